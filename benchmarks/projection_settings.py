"""Do settings of projection by transport hold for languages that they were not chosen on?

For each language, the settings with the best mean F1 on all other languages, and the F1 that they give there; beside
it the F1 of the default settings, and the best F1 that any settings of the grid give (which is chosen on the language
itself). The data is that of projection.py.

    [XNER_DATA=FOLDER] python benchmarks/projection_settings.py
"""

from itertools import product
from statistics import mean
from typing import Any

from common import EncoderOption, JsonOption, LimitOption, make_table, report, run, show
from projection import project, score
from projection_data import align, read_languages

from spacy_xner.projection.transport_projection import TransportProjection

GRID = {"null_share": (0.3, 0.4, 0.5, 0.6), "neighbours": (0.0, 0.05, 0.1), "least_edge": (0.01, 0.02, 0.03)}


def score_settings(encoder: str, limit: int | None) -> dict[tuple[float, ...], dict[str, float]]:
    """F1 on each language, by the values of the settings."""
    found: dict[tuple[float, ...], dict[str, float]] = {values: {} for values in product(*GRID.values())}
    for lang, pairs in read_languages(limit).items():
        alignments = align(pairs, encoder)
        for values, of_lang in found.items():
            algorithm = TransportProjection(**dict(zip(GRID, values, strict=True)))
            of_lang[lang] = score(lang, "", project(pairs, alignments, algorithm), pairs.gold_spans).f1
    return found


def main(encoder: EncoderOption = "embedded", limit: LimitOption = None, json: JsonOption = None) -> None:
    """Choose on all languages but one, score on this one, print both."""
    found = score_settings(encoder, limit)
    columns = ("language", "settings chosen on the others", "F1", "F1 of the defaults", "best F1 of the grid")
    table = make_table("Settings of projection, chosen on other languages", *columns, n_left=2)
    figures: dict[str, float] = {}
    rows: list[dict[str, Any]] = []
    algorithm = TransportProjection()
    default = found[tuple(getattr(algorithm, name) for name in GRID)]
    for lang in default:
        best = max(found, key=lambda values: mean(f1 for other, f1 in found[values].items() if other != lang))
        f1 = found[best][lang]
        figures[f"span_f1_en_{lang}_chosen_elsewhere"] = f1
        settings = dict(zip(GRID, best, strict=True))
        rows.append({"language": lang, "settings": settings, "f1": f1, "f1_default": default[lang]})
        text = ", ".join(f"{name} {value}" for name, value in settings.items())
        highest = max(of_lang[lang] for of_lang in found.values())
        table.add_row(lang, text, f"{f1:.2f}", f"{default[lang]:.2f}", f"{highest:.2f}")
    show(table)
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)

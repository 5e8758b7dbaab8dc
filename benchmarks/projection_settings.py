"""Do settings of transport that were chosen on one language suit another?

The default settings are among many on Spanish and French reviews that do about as well. This shows the F1 on Spanish
with the settings that are best on French, the other way round, and the F1 on both with the settings that are best on
names in other languages. The data is that of projection.py.

    XNER_DATA=FOLDER python benchmarks/projection_settings.py
"""

from itertools import product
from typing import Any

from common import EncoderOption, JsonOption, LimitOption, data_folder, make_table, report, run, show
from projection import project, score
from projection_data import NAMES, align, read_languages

from spacy_xner.projection.transport_projection import TransportProjection

GRID = {"null": (0.15, 0.2, 0.25, 0.3), "neighbours": (0.0, 0.05, 0.1), "least_edge": (0.01, 0.02, 0.03)}


def score_settings(encoder: str, limit: int | None) -> dict[tuple[float, ...], dict[str, float]]:
    """F1 on each language, by the values of the settings."""
    found: dict[tuple[float, ...], dict[str, float]] = {values: {} for values in product(*GRID.values())}
    for lang, pairs in read_languages(limit).items():
        alignments = align(pairs, encoder)
        for values, of_lang in found.items():
            projected = project(pairs, alignments, TransportProjection(*values))
            of_lang[lang] = score(lang, "", projected, pairs.gold_spans).f1
    return found


def main(encoder: EncoderOption = "embedded", limit: LimitOption = None, json: JsonOption = None) -> None:
    """Choose on one language, score on another, print both."""
    data_folder("projection")
    found = score_settings(encoder, limit)
    columns = ("chosen on", "settings", "F1 there", "language", "F1")
    table = make_table("Settings chosen on one language, F1 on the other", *columns, n_left=4)
    figures: dict[str, float] = {}
    rows: list[dict[str, Any]] = []
    for chosen_on, lang in (("fr", "es"), ("es", "fr"), ("names", "es"), ("names", "fr")):
        of = NAMES if chosen_on == "names" else (chosen_on,)
        best = max(found, key=lambda values: sum(found[values][name] for name in of))
        f1, there = found[best][lang], sum(found[best][name] for name in of) / len(of)
        figures[f"span_f1_en_{lang}_chosen_on_{chosen_on}"] = f1
        settings = dict(zip(GRID, best, strict=True))
        rows.append({"chosen_on": chosen_on, "settings": settings, "f1_there": there, "language": lang, "f1": f1})
        text = ", ".join(f"{name} {value}" for name, value in settings.items())
        table.add_row(chosen_on, text, f"{there:.2f}", lang, f"{f1:.2f}")
    show(table)
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)

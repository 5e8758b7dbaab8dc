"""Do settings of links that were chosen on three pairs of languages hold for a fourth?

For each pair of languages with gold alignments, the settings with the lowest mean AER on the other three, and the AER
that they give there; beside it the AER of the default settings, and the lowest AER that any settings of the grid give
(which is chosen on the pair itself). The data is that of alignment.py.

    XNER_DATA=FOLDER python benchmarks/alignment_settings.py
"""

from itertools import product
from statistics import mean
from typing import Any

from alignment import Gold, read_sets, score
from common import EncoderOption, JsonOption, LimitOption, make_table, report, run, show

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.alignment.links import LEAST_SHARE, NEIGHBOURS, NULL_SHARE, link_shares
from spacy_xner.alignment.transport_alignment import TransportAlignment

GRID = {
    "null_share": (0.15, 0.2, 0.25, 0.3),
    "neighbours": (0.1, 0.15, 0.2),
    "least_share": (0.8, 0.85, 0.9, 0.95),
}


def score_settings(encoder: str, limit: int | None) -> dict[tuple[float, ...], dict[str, float]]:
    """AER on each pair of languages, by the values of the settings."""
    found: dict[tuple[float, ...], dict[str, float]] = {values: {} for values in product(*GRID.values())}
    pairs, gold = read_sets(limit)
    aligner = EmbeddingAligner(encoder)
    for name in pairs:
        alignments = list(aligner.align(pairs[name]))
        for null_share, neighbours in product(GRID["null_share"], GRID["neighbours"]):
            for least_share, aer in error_rates(alignments, gold[name], null_share, neighbours).items():
                found[null_share, neighbours, least_share][name] = aer
    return found


def error_rates(alignments: list[Any], gold: list[Gold], null_share: float, neighbours: float) -> dict[float, float]:
    """AER by the least share. The words of these sets are split, so that units are words."""
    shares = []
    for alignment in alignments:
        assert isinstance(alignment, TransportAlignment)
        shares.append(link_shares(alignment.affinities, null_share, neighbours))
    return {least: score((s.chosen(least) for s in shares), gold)["aer"] for least in GRID["least_share"]}


def main(encoder: EncoderOption = "embedded", limit: LimitOption = None, json: JsonOption = None) -> None:
    """Choose on all pairs of languages but one, score on this one, print both."""
    found = score_settings(encoder, limit)
    columns = ("pair", "settings chosen on the others", "AER", "AER of the defaults", "lowest AER of the grid")
    table = make_table("Settings of links, chosen on other pairs of languages", *columns, n_left=2)
    figures: dict[str, float] = {}
    rows: list[dict[str, Any]] = []
    default = found[NULL_SHARE, NEIGHBOURS, LEAST_SHARE]
    for name in default:
        best = min(found, key=lambda values: mean(aer for other, aer in found[values].items() if other != name))
        aer = found[best][name]
        figures[f"aer_{name}_chosen_elsewhere"] = aer
        settings = dict(zip(GRID, best, strict=True))
        rows.append({"pair": name, "settings": settings, "aer": aer, "aer_default": default[name]})
        text = ", ".join(f"{key} {value}" for key, value in settings.items())
        lowest = min(of_pair[name] for of_pair in found.values())
        table.add_row(name, text, f"{aer:.2f}", f"{default[name]:.2f}", f"{lowest:.2f}")
    show(table)
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)

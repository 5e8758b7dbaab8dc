"""How many sentence pairs a second are aligned, beside the package simalign?

The package and `EmbeddingAligner` on the same pairs, encoder, layer, method ("inter") and threads, in one process and
in turn; links are compared for equality. Then the fast mode (`inference="auto"`), whose links may differ: its AER is
compared with that in float32. And transport, the default method. Pairs: English-French of WPT 2003 and
Romanian-English of WPT 2005, in $XNER_DATA/alignment, each once. A speedup is the median of the ratios within a turn.

    XNER_DATA=FOLDER python benchmarks/align_speed.py [--repeat 3] [--stream 0] [--json FILE]

With `--stream N`, N pairs more (the same again and again, numbered, so that none is known) go through the fast mode,
and the most memory that the process has taken is printed as they pass.
"""

import argparse
import logging
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import srsly
import torch
from alignment import SETS, read_gold, score
from measuring_data import data_folder, read_pairs
from rich.table import Table

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.alignment.simalign_package import SimAlignAligner
from spacy_xner.cli.console import make_console
from spacy_xner.files import atomic_path

THEIRS = "simalign (package)"
OURS, FAST, TRANSPORT, TRANSPORT_FAST = "inter, float32", "inter, fast", "transport, float32", "transport, fast"


def stream(aligner: Any, pairs: list[tuple[list[str], list[str]]], n_pairs: int) -> None:
    """Align many pairs, and say now and then how much memory the process has taken at most."""

    def numbered() -> Iterator[tuple[list[str], list[str]]]:
        for i in range(n_pairs):
            source, target = pairs[i % len(pairs)]
            yield [*source, str(i)], [*target, str(i)]

    start = time.perf_counter()
    unit = 2**20 if sys.platform == "darwin" else 2**10
    for i, _ in enumerate(aligner.align(numbered()), start=1):
        if i % max(1, n_pairs // 10) == 0:
            seconds = time.perf_counter() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
            print(f"{i:,} pairs, {i / seconds:.0f} a second, peak memory {peak:.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="embedded", help="embedded, a folder, or a name on the hub")
    parser.add_argument("--layer", type=int, default=6)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--stream", type=int, default=0, help="pairs to stream through the fast mode")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    logging.getLogger("simalign").setLevel(logging.WARNING)

    folder = data_folder("alignment")
    sets = {name: list(read_pairs(folder / f"{name}.src-tgt.gz")) for name in SETS}
    gold = {name: read_gold(folder / f"{name}.gold.gz") for name in SETS}
    pairs = [pair for name in SETS for pair in sets[name]]
    encoder, layer = arguments.encoder, arguments.layer
    aligners: dict[str, Any] = {
        THEIRS: SimAlignAligner(encoder, layer, "inter"),
        OURS: EmbeddingAligner(encoder, layer, "inter", join_unspaced=False),
        FAST: EmbeddingAligner(encoder, layer, "inter", join_unspaced=False, inference="auto"),
        TRANSPORT: EmbeddingAligner(encoder),
        TRANSPORT_FAST: EmbeddingAligner(encoder, inference="auto"),
    }
    speeds: dict[str, list[float]] = {name: [] for name in aligners}
    links: dict[str, list[Any]] = {}
    for turn in range(arguments.repeat + 1):
        for name, aligner in aligners.items():
            chosen = pairs if turn else pairs[:50]  # the first turn loads and warms up
            start = time.perf_counter()
            found = [alignment.links for alignment in aligner.align(chosen)]
            if turn:
                speeds[name].append(len(chosen) / (time.perf_counter() - start))
                links[name] = found

    title = f"{len(pairs)} pairs, {arguments.repeat} turns, {torch.get_num_threads()} threads, layer {layer}"
    table = Table(title=title, title_justify="left")
    for column in ("aligner", "pairs/s", "min-max", "times simalign", "same links", *(f"AER {name}" for name in SETS)):
        table.add_column(column, justify="left" if column == "aligner" else "right")
    rows = []
    for name, found in speeds.items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(found, speeds[THEIRS], strict=True))
        same = statistics.mean(ours == theirs for ours, theirs in zip(links[name], links[THEIRS], strict=True))
        first = len(sets[SETS[0]])
        parts = dict(zip(SETS, (links[name][:first], links[name][first:]), strict=True))
        aer = [score(parts[s], gold[s])["aer"] for s in SETS]
        median, low, high = statistics.median(found), min(found), max(found)
        rows.append({"aligner": name, "pairs_per_second": median, "ratio": ratio, "same": same, "aer": aer})
        cells = (f"{median:.0f}", f"{low:.0f}-{high:.0f}", f"{ratio:.2f}", f"{same:.1%}")
        table.add_row(name, *cells, *(f"{value:.2f}" for value in aer))
    make_console().print(table)
    by_name = {row["aligner"]: row for row in rows}
    changes = [fast - exact for fast, exact in zip(by_name[FAST]["aer"], by_name[OURS]["aer"], strict=True)]
    figures = {
        "speedup": by_name[OURS]["ratio"],
        "share_of_equal_pairs": by_name[OURS]["same"],
        "speedup_fast": by_name[FAST]["ratio"],
        "aer_change_fast": max(changes, key=abs),
    }
    make_console().print(", ".join(f"{name} {figure:.3f}" for name, figure in figures.items()))
    if arguments.stream:
        stream(aligners[FAST], pairs, arguments.stream)
    if arguments.json:
        with atomic_path(arguments.json) as path:
            srsly.write_json(path, {"figures": figures, "rows": rows})


if __name__ == "__main__":
    main()

"""How much memory does aligning a long stream of sentence pairs take?

Aligns as many pairs as --pairs says in the fast mode: those of WPT 2003 and 2005 in $XNER_DATA/alignment again and
again, numbered, so that none occurs twice. Prints ten times the speed so far and the peak memory of the process.

    XNER_DATA=FOLDER python benchmarks/alignment_memory.py --pairs 40000
"""

import resource
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from alignment import SETS, Words, read_sets
from common import EncoderOption, JsonOption, LimitOption, report, run

from spacy_xner.alignment.embedding import EmbeddingAligner

KIB_PER_UNIT = 1 / 1024 if sys.platform == "darwin" else 1  # ru_maxrss is in bytes on macOS


def number_pairs(pairs: Sequence[tuple[Words, Words]], n_pairs: int) -> Iterator[tuple[Words, Words]]:
    """The pairs again and again, each with its number as a further word."""
    for i in range(n_pairs):
        source, target = pairs[i % len(pairs)]
        yield [*source, str(i)], [*target, str(i)]


def main(
    encoder: EncoderOption = "embedded",
    pairs: Annotated[int, typer.Option(help="Pairs to align.")] = 40_000,
    limit: LimitOption = None,
    json: JsonOption = None,
) -> None:
    """Align the pairs and print speed and memory."""
    sets, _ = read_sets(limit)
    known = [pair for name in SETS for pair in sets[name]]
    aligner = EmbeddingAligner(encoder, join_unspaced=False, inference="auto", method="inter", layers=6)
    rows: list[dict[str, Any]] = []
    start = time.perf_counter()
    for i, _ in enumerate(aligner.align(number_pairs(known, pairs)), start=1):
        if i % max(1, pairs // 10) == 0:
            peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB_PER_UNIT / 1024
            rows.append({"pairs": i, "pairs_per_second": i / (time.perf_counter() - start), "peak_mb": peak_mb})
            print(f"{i:,} pairs, {rows[-1]['pairs_per_second']:.0f} a second, peak memory {peak_mb:.0f} MB", flush=True)
    report({"peak_mb_first": rows[0]["peak_mb"], "peak_mb": rows[-1]["peak_mb"]}, rows, json)


if __name__ == "__main__":
    run(main)

"""Does `EmbeddingAligner` give the links of the package simalign, for the same encoder, layer and method?

On the sentence pairs of WPT 2003 (English and French) and WPT 2005 (Romanian and English) in $XNER_DATA/alignment. Each
pair that differs is shown, with the margin by which its links were decided: margins near 0 are ties that float32 breaks
one way in a batch and another way alone.

    XNER_DATA=FOLDER python benchmarks/align_equality.py [--encoder embedded] [--layer N] [--pairs N] [--json FILE]
"""

import argparse
import json
import time
from collections.abc import Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from measuring_data import data_folder, read_pairs

from spacy_xner.alignment import Aligner, Alignment
from spacy_xner.alignment.embedding import TOKEN_TYPES, EmbeddingAligner
from spacy_xner.alignment.matching import METHODS
from spacy_xner.alignment.simalign_package import SimAlignAligner
from spacy_xner.files import atomic_path

Pairs = Sequence[tuple[list[str], list[str]]]


def timed(aligner: Aligner, pairs: Pairs) -> tuple[list[Alignment], float]:
    """Alignments and seconds, without loading the encoder."""
    _ = aligner.identity
    start = time.perf_counter()
    return list(aligner.align(pairs)), time.perf_counter() - start


def explain(ours: Alignment, theirs: Alignment) -> str:
    """The links that differ, and how narrowly they were decided."""
    difference = float(np.abs(ours.similarity - theirs.similarity).max())
    only = set(ours.links) ^ set(theirs.links)
    margins = []
    for i, j in only:
        rivals = np.concatenate([np.delete(theirs.similarity[i], j), np.delete(theirs.similarity[:, j], i)])
        margins.append(float(np.abs(rivals - theirs.similarity[i, j]).min(initial=1.0)))
    margin = min(margins)
    reason = "a tie in float32" if margin <= 2 * difference else "not a tie between words (perhaps between pieces)"
    return (
        f"only ours {sorted(set(ours.links) - set(theirs.links))}, only simalign's "
        f"{sorted(set(theirs.links) - set(ours.links))}: margin {margin:.1e}, similarities differ by up to "
        f"{difference:.1e}: {reason}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="embedded", help="embedded, a folder, or a name on the hub")
    parser.add_argument("--layer", type=int, help="0 is the embedding layer; default: the aligners' own")
    parser.add_argument("--pairs", type=int, help="so many pairs of each file; default: all")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()

    folder = data_folder("alignment")
    files = [folder / "enfr.src-tgt.gz", folder / "roen.src-tgt.gz"]
    pairs = list(chain.from_iterable(islice(read_pairs(file), arguments.pairs) for file in files))
    figures: dict[str, float] = {"pairs": len(pairs)}
    rows: list[dict[str, Any]] = []
    print(f"{len(pairs)} sentence pairs")
    print(f"{'method':8} {'pieces':6} {'identical':>9} {'share':>8} {'ours':>8} {'simalign':>8}")
    for method in METHODS:
        for token_type in TOKEN_TYPES:
            ours, our_time = timed(
                EmbeddingAligner(arguments.encoder, arguments.layer, method, token_type, join_unspaced=False), pairs
            )
            theirs, their_time = timed(SimAlignAligner(arguments.encoder, arguments.layer, method, token_type), pairs)
            different = [i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a.links != b.links]
            share = 1 - len(different) / len(pairs)
            print(
                f"{method:8} {token_type:6} {len(pairs) - len(different):9} {share:8.2%} {our_time:7.1f}s "
                f"{their_time:7.1f}s",
                flush=True,
            )
            for i in different:
                print(f"    {' '.join(pairs[i][0])} ||| {' '.join(pairs[i][1])}\n      {explain(ours[i], theirs[i])}")
            figures[f"identical_share_{method}" + ("" if token_type == "bpe" else f"_{token_type}")] = share
            rows.append(
                {
                    "method": method,
                    "token_type": token_type,
                    "pairs": len(pairs),
                    "identical": len(pairs) - len(different),
                    "seconds": round(our_time, 2),
                    "seconds_simalign": round(their_time, 2),
                    "different": [{"pair": i, "why": explain(ours[i], theirs[i])} for i in different],
                }
            )
    if arguments.json:
        with atomic_path(arguments.json) as path:
            path.write_text(json.dumps({"figures": figures, "rows": rows}, indent=2) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()

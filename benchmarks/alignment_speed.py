"""How many sentence pairs are aligned in a second, and are the links those of the package simalign?

The package and `EmbeddingAligner` on the same pairs, encoder, layer, method ("inter") and threads, in one process and
in turn; links are compared for equality. Then the fast mode (`inference="auto"`), whose links may differ: its AER is
compared with that of float32. Then transport, the default method. Pairs: English-French of WPT 2003 and
Romanian-English of WPT 2005 in $XNER_DATA/alignment, each once. A speedup is the median of the ratios within a turn.

    XNER_DATA=FOLDER python benchmarks/alignment_speed.py --repeat 3

--equality compares the links of every method of simalign, by word pieces and by words, and prints each pair whose links
differ, with the margin by which they were decided: margins near 0 are ties, which float32 decides otherwise in a batch
than alone.
"""

import logging
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import numpy as np
import torch
import typer
from alignment import Words, read_sets, score
from common import EncoderOption, JsonOption, LimitOption, RepeatOption, make_table, report, run, show

from spacy_xner.alignment import Alignment
from spacy_xner.alignment.embedding import TOKEN_TYPES, EmbeddingAligner
from spacy_xner.alignment.matching import METHODS
from spacy_xner.alignment.simalign_package import SimAlignAligner

SETS = ("enfr", "roen")
THEIRS = "simalign (package)"
OURS, FAST, TRANSPORT, TRANSPORT_FAST = "inter, float32", "inter, fast", "transport, float32", "transport, fast"

Pairs = Sequence[tuple[Words, Words]]


def make_aligners(encoder: str, layer: int) -> dict[str, Any]:
    """The aligners by their names in the table. The package cannot join words of scripts without spaces."""
    return {
        THEIRS: SimAlignAligner(encoder, layer, "inter"),
        OURS: EmbeddingAligner(encoder, layer, "inter", join_unspaced=False),
        FAST: EmbeddingAligner(encoder, layer, "inter", join_unspaced=False, inference="auto"),
        TRANSPORT: EmbeddingAligner(encoder, join_unspaced=False),
        TRANSPORT_FAST: EmbeddingAligner(encoder, join_unspaced=False, inference="auto"),
    }


def measure(aligners: dict[str, Any], pairs: Pairs, repeat: int) -> tuple[dict[str, list[float]], dict[str, list[Any]]]:
    """Pairs in a second of each turn, and the links, of each aligner."""
    speeds: dict[str, list[float]] = {name: [] for name in aligners}
    links: dict[str, list[Any]] = {}
    for turn in range(repeat + 1):
        for name, aligner in aligners.items():
            chosen = pairs if turn else pairs[:50]  # the first turn loads and warms up
            start = time.perf_counter()
            found = [alignment.links for alignment in aligner.align(chosen)]
            if turn:
                speeds[name].append(len(chosen) / (time.perf_counter() - start))
                links[name] = found
    return speeds, links


def compare_links(encoder: str, layer: int, pairs: Pairs) -> Iterator[dict[str, Any]]:
    """For each method and token type, how many pairs have the links of the package, and why the others differ."""
    for method in METHODS:
        for token_type in TOKEN_TYPES:
            ours = EmbeddingAligner(encoder, layer, method, token_type, join_unspaced=False).align(pairs)
            theirs = SimAlignAligner(encoder, layer, method, token_type).align(pairs)
            alignments = enumerate(zip(ours, theirs, strict=True))
            different = [{"pair": i, "why": explain(a, b)} for i, (a, b) in alignments if a.links != b.links]
            identical = len(pairs) - len(different)
            print(f"{method}, {token_type}: {identical} of {len(pairs)} pairs identical", flush=True)
            for each in different:
                print(f"  pair {each['pair']}: {each['why']}")
            yield {"method": method, "token_type": token_type, "identical": identical, "different": different}


def explain(ours: Alignment, theirs: Alignment) -> str:
    """The links that differ, and by which margin they were decided."""
    difference = float(np.abs(ours.similarity - theirs.similarity).max())
    margins = []
    for i, j in set(ours.links) ^ set(theirs.links):
        rivals = np.concatenate([np.delete(theirs.similarity[i], j), np.delete(theirs.similarity[:, j], i)])
        margins.append(float(np.abs(rivals - theirs.similarity[i, j]).min(initial=1.0)))
    margin = min(margins)
    reason = "a tie in float32" if margin <= 2 * difference else "not a tie between words (perhaps between pieces)"
    return (
        f"only ours {sorted(set(ours.links) - set(theirs.links))}, only simalign's "
        f"{sorted(set(theirs.links) - set(ours.links))}: margin {margin:.1e}, similarities differ by up to "
        f"{difference:.1e}: {reason}"
    )


def main(
    encoder: EncoderOption = "embedded",
    layer: Annotated[int, typer.Option(help="Layer that simalign's methods read; 0 is the embedding layer.")] = 6,
    limit: LimitOption = None,
    repeat: RepeatOption = 3,
    equality: Annotated[bool, typer.Option("--equality", help="Compare the links of all methods of simalign.")] = False,
    json: JsonOption = None,
) -> None:
    """Measure speeds, compare links, print both."""
    logging.getLogger("simalign").setLevel(logging.WARNING)
    sets, gold = read_sets(limit, SETS)
    pairs = [pair for name in SETS for pair in sets[name]]
    aligners = make_aligners(encoder, layer)
    speeds, links = measure(aligners, pairs, repeat)

    title = f"{len(pairs)} pairs, {repeat} turns, {torch.get_num_threads()} threads, layer {layer}"
    columns = ("aligner", "pairs/s", "min-max", "times simalign", "same links", *(f"AER {name}" for name in SETS))
    table = make_table(title, *columns)
    rows: list[dict[str, Any]] = []
    for name, found in speeds.items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(found, speeds[THEIRS], strict=True))
        same = statistics.mean(ours == theirs for ours, theirs in zip(links[name], links[THEIRS], strict=True))
        first = len(sets[SETS[0]])
        aer = [
            score(part, gold[s])["aer"]
            for s, part in zip(SETS, (links[name][:first], links[name][first:]), strict=True)
        ]
        median, low, high = statistics.median(found), min(found), max(found)
        rows.append({"aligner": name, "pairs_per_second": median, "ratio": ratio, "same": same, "aer": aer})
        cells = (f"{median:.0f}", f"{low:.0f}-{high:.0f}", f"{ratio:.2f}", f"{same:.1%}")
        table.add_row(name, *cells, *(f"{value:.2f}" for value in aer))
    show(table)
    by_name = {row["aligner"]: row for row in rows}
    changes = [fast - exact for fast, exact in zip(by_name[FAST]["aer"], by_name[OURS]["aer"], strict=True)]
    figures = {
        "speedup": by_name[OURS]["ratio"],
        "share_of_equal_pairs": by_name[OURS]["same"],
        "speedup_fast": by_name[FAST]["ratio"],
        "aer_change_fast": max(changes, key=abs),
    }
    for row in compare_links(encoder, layer, pairs) if equality else ():
        name = f"identical_share_{row['method']}" + ("" if row["token_type"] == "bpe" else f"_{row['token_type']}")
        figures[name] = row["identical"] / len(pairs)
        rows.append(row)
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)

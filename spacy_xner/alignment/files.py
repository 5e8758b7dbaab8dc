"""Word alignment of files: reads sentence pairs, writes links."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from ..errors import XnerError
from ..files import atomic_path, check_output_path, file_sha256, open_text
from ..journal import Journal, Progress
from ..lines import read_lines, words_of_line
from .types import Aligner, Alignment

SEPARATOR = "|||"


def read_pairs(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the pairs of a file with `source ||| target` a line, words separated by spaces; plain or gzipped.

    RAISES: XnerError for a line without the separator or with several, and for a file that cannot be read.
    """
    for number, line in read_lines(path):
        sides = line.split(SEPARATOR)
        if len(sides) != 2:
            raise XnerError(
                f"{path}:{number}: found {len(sides) - 1} times '{SEPARATOR}' in '{line[:60]}', expected once: "
                f"source words {SEPARATOR} target words."
            )
        yield words_of_line(sides[0]), words_of_line(sides[1])


def align_file(
    path: Path,
    output: Path,
    aligner: Aligner,
    progress: Progress = lambda items, start, total: items,
) -> Counter[str]:
    """Align the pairs of a file. An interrupted run is resumed; the output file appears only when it is complete.

    Writes a line for each pair: 0-based links `i-j` separated by spaces (the Pharaoh format); or, for an output ending
    in .jsonl, `{"links": [[i, j, score], ...]}` with the similarity of the two words as score.

    progress: receives the stream of results, the number of results of earlier, interrupted runs, and that of all pairs.
    RETURNS: counts of "pairs", "links", "pairs without links", "pairs with an empty side".
    RAISES: XnerError for a malformed line, before any work is done.
    """
    check_output_path(output, path)
    total = sum(1 for _ in read_pairs(path))  # also finds malformed lines before hours of work
    if not total:
        raise XnerError(f"{path}: the file is empty, expected sentence pairs: source words {SEPARATOR} target words.")
    with Journal(output, {"align": file_sha256(path), **aligner.identity}) as journal:
        waiting = islice(read_pairs(path), journal.done, None)
        results = journal.add(scored_links(alignment) for alignment in aligner.align(waiting))
        for _ in progress(results, journal.done, total):
            pass
        counts = write_links(path, output, journal)
        journal.remove()
    return counts


def write_links(path: Path, output: Path, found: Iterable[list[tuple[int, int, float]]]) -> Counter[str]:
    """Write the links of a file's pairs. RETURNS: see `align_file`."""
    counts: Counter[str] = Counter(dict.fromkeys(("pairs", "links", "pairs without links"), 0))
    scored = Path(output.name.removesuffix(".gz")).suffix == ".jsonl"
    with atomic_path(output) as temporary, open_text(temporary) as file:
        for (source, target), links in zip(read_pairs(path), found, strict=True):
            counts["pairs"] += 1
            counts["links"] += len(links)
            counts["pairs without links"] += not links
            counts["pairs with an empty side"] += not source or not target
            file.write(json.dumps({"links": links}) if scored else " ".join(f"{i}-{j}" for i, j, _ in links))
            file.write("\n")
    return counts


def scored_links(alignment: Alignment) -> list[tuple[int, int, float]]:
    """Links with their scores."""
    return [(i, j, round(float(alignment.similarity[i, j]), 4)) for i, j in alignment.links]

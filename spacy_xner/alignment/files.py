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
from . import link_scores
from .types import Aligner, Alignment

SEPARATOR = "|||"
ScoredLink = tuple[int, int, float]


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
    min_score: float = 0.0,
    scores: bool = False,
) -> Counter[str]:
    """Align the pairs of a file. An interrupted run is resumed; the output file appears only when it is complete.

    Writes a line for each pair: 0-based links `i-j` separated by spaces (the Pharaoh format); or, for an output ending
    in .jsonl, `{"links": [[i, j, score], ...]}`. For scores see `Alignment.scores`.

    progress: receives the stream of results, the number of results of earlier, interrupted runs, and that of all pairs.
    min_score (float): leave out links with a lower score.
    scores (bool): write links with their scores, `i-j:0.93`.
    RETURNS: counts of "pairs", "links", "links below the least score" (with a `min_score`), "pairs without links" and
        "pairs with an empty side".
    RAISES: XnerError for a malformed line and for a min_score outside [0, 1], before any work is done.
    """
    if not 0 <= min_score <= 1:
        raise XnerError(f"The least score of links is {min_score}, expected a number from 0 to 1.")
    check_output_path(output, path)
    total = sum(1 for _ in read_pairs(path))  # also finds malformed lines before hours of work
    if not total:
        raise XnerError(f"{path}: the file is empty, expected sentence pairs: source words {SEPARATOR} target words.")
    with Journal(output, {"align": file_sha256(path), "scores": link_scores.identity(), **aligner.identity}) as journal:
        waiting = islice(read_pairs(path), journal.done, None)
        results = journal.add(scored_links(alignment) for alignment in aligner.align(waiting))
        for _ in progress(results, journal.done, total):
            pass
        counts = write_links(path, output, journal, min_score, scores)
        journal.remove()
    return counts


def write_links(
    path: Path, output: Path, found: Iterable[list[ScoredLink]], min_score: float, scores: bool
) -> Counter[str]:
    """Write the links of a file's pairs. RETURNS: see `align_file`."""
    counts: Counter[str] = Counter(dict.fromkeys(("pairs", "links", "pairs without links"), 0))
    as_json = Path(output.name.removesuffix(".gz")).suffix == ".jsonl"
    with atomic_path(output) as temporary, open_text(temporary) as file:
        for (source, target), every in zip(read_pairs(path), found, strict=True):
            links = [link for link in every if link[2] >= min_score]
            counts["pairs"] += 1
            counts["links"] += len(links)
            if min_score:
                counts["links below the least score"] += len(every) - len(links)
            counts["pairs without links"] += not links
            counts["pairs with an empty side"] += not source or not target
            file.write(json.dumps({"links": links}) if as_json else format_links(links, scores))
            file.write("\n")
    return counts


def format_links(links: Iterable[ScoredLink], scores: bool) -> str:
    """Links in the Pharaoh format, `i-j`; with scores `i-j:0.93`."""
    return " ".join(f"{i}-{j}:{score:.2f}" if scores else f"{i}-{j}" for i, j, score in links)


def scored_links(alignment: Alignment) -> list[ScoredLink]:
    """Links with their scores, see `Alignment.scores`."""
    return [(i, j, round(score, 4)) for (i, j), score in zip(alignment.links, alignment.scores, strict=True)]

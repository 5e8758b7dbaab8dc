"""Word alignment of files: reads sentence pairs, writes links."""

import json
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from ..errors import XnerError
from ..files import atomic_path, check_output_path, file_sha256, open_text
from ..journal import Journal, Progress
from ..languages import tokenizer
from ..lines import read_lines, words_of_line
from . import link_scores
from .types import Aligner, Alignment, SpacedWords, Words
from .word_kinds import is_unsegmented

SEPARATOR = "|||"
ScoredLink = tuple[int, int, float]
Split = Callable[[str], Words]
Warn = Callable[[str], object]


def split_by(tokenize: bool) -> Split:
    """A function that splits a sentence at spaces, or with `tokenize` by the multilingual tokenizer."""
    if not tokenize:
        return words_of_line
    split = tokenizer.multilingual_tokenizer()

    def words_of_text(text: str) -> SpacedWords:
        doc = split(" ".join(text.split()))
        return SpacedWords((token.text for token in doc), (bool(token.whitespace_) for token in doc))

    return words_of_text


def read_pairs(path: Path, split: Split = words_of_line) -> Iterator[tuple[Words, Words]]:
    """Yield the pairs of a file with `source ||| target` a line, words separated by spaces; plain or gzipped.

    split (Callable): gives the words of a sentence, see `split_by`.
    RAISES: XnerError for a line without the separator or with several, and for a file that cannot be read.
    """
    for number, line in read_lines(path):
        sides = line.split(SEPARATOR)
        if len(sides) != 2:
            raise XnerError(
                f"{path}:{number}: found {len(sides) - 1} times '{SEPARATOR}' in '{line[:60]}', expected once: "
                f"source words {SEPARATOR} target words."
            )
        yield split(sides[0]), split(sides[1])


def read_segmented_pairs(
    path: Path, warn: Warn = warnings.warn, or_else: str = "", limit: int | None = None
) -> Iterator[tuple[Words, Words]]:
    """Yield pairs as `read_pairs`; at the end, warn of those whose text without spaces was not split into words.

    limit (int | None): read this many pairs alone.
    warn (Callable): receives the sentence of the warning, with the number of such pairs and the line of the first.
    or_else (str): what else than spaces in the file would help.
    """
    n_found = first = number = 0
    for number, pair in enumerate(islice(read_pairs(path), limit), start=1):
        if any(map(is_unsegmented, pair)):
            n_found, first = n_found + 1, first or number
        yield pair
    if n_found:
        warn(
            f"{n_found:,} of {number:,} pairs have text of a script without spaces, such as Chinese, Japanese or "
            f"Thai, that is not split into words (first: {path}:{first}): it is aligned as one long word. Separate "
            f"the words, or the characters, by spaces{or_else}."
        )


def align_file(
    path: Path,
    output: Path,
    aligner: Aligner,
    progress: Progress = lambda items, start, total: items,
    min_score: float = 0.0,
    scores: bool = False,
    tokenize: bool = False,
    warn: Warn = warnings.warn,
) -> Counter[str]:
    """Align the pairs of a file. An interrupted run is resumed; the output file appears only when it is complete.

    Writes a line for each pair: 0-based links `i-j` separated by spaces (the Pharaoh format); or, for an output ending
    in .jsonl, `{"links": [[i, j, score], ...]}`, and with `tokenize` also the words as "source" and "target". For
    scores see `Alignment.scores`.

    progress: receives the stream of results, the number of results of earlier, interrupted runs, and that of all pairs.
    min_score (float): leave out links with a lower score.
    scores (bool): write links with their scores, `i-j:0.93`.
    tokenize (bool): split sentences by `spacy_xner.MultilingualTokenizer.v1`, and not at spaces. It needs an output
        ending in .jsonl, since links count words that are not in the file.
    warn (Callable): receives a warning of pairs that are not split into words, before they are aligned.
    RETURNS: counts of "pairs", "links", "links below the least score" (with a `min_score`), "pairs without links" and
        "pairs with an empty side".
    RAISES: XnerError for a malformed line, for a min_score outside [0, 1], and for `tokenize` with another output,
        before any work is done.
    """
    if not 0 <= min_score <= 1:
        raise XnerError(f"The least score of links is {min_score}, expected a number from 0 to 1.")
    if tokenize and not _is_json(output):
        raise XnerError(f"The output of tokenized sentences is {output}, expected a name that ends in .jsonl.")
    check_output_path(output, path)
    or_else = ", or align with --tokenize (in Python: tokenize=True)"
    checked = read_pairs(path) if tokenize else read_segmented_pairs(path, warn, or_else)
    total = sum(1 for _ in checked)  # also finds malformed lines before hours of work
    if not total:
        raise XnerError(f"{path}: the file is empty, expected sentence pairs: source words {SEPARATOR} target words.")
    split = split_by(tokenize)
    setting = {"align": file_sha256(path), "scores": link_scores.identity(), **aligner.identity}
    with Journal(output, {**setting, **({"tokenizer": tokenizer.NAME} if tokenize else {})}) as journal:
        waiting = islice(read_pairs(path, split), journal.done, None)
        results = journal.add(scored_links(alignment) for alignment in aligner.align(waiting))
        for _ in progress(results, journal.done, total):
            pass
        pairs = read_pairs(path, split)
        counts = write_links(pairs, output, journal, min_score, scores, with_words=tokenize)
        journal.remove()
    return counts


def write_links(
    pairs: Iterable[tuple[Words, Words]],
    output: Path,
    found: Iterable[list[ScoredLink]],
    min_score: float,
    scores: bool,
    with_words: bool,
) -> Counter[str]:
    """Write the links that were found in pairs, and, `with_words`, the words. RETURNS: see `align_file`."""
    counts: Counter[str] = Counter(dict.fromkeys(("pairs", "links", "pairs without links"), 0))
    as_json = _is_json(output)
    with atomic_path(output) as temporary, open_text(temporary) as file:
        for (source, target), every in zip(pairs, found, strict=True):
            links = [link for link in every if link[2] >= min_score]
            counts["pairs"] += 1
            counts["links"] += len(links)
            if min_score:
                counts["links below the least score"] += len(every) - len(links)
            counts["pairs without links"] += not links
            counts["pairs with an empty side"] += not source or not target
            row = {"links": links, **({"source": source, "target": target} if with_words else {})}
            file.write(json.dumps(row, ensure_ascii=False) if as_json else format_links(links, scores))
            file.write("\n")
    return counts


def _is_json(output: Path) -> bool:
    return Path(output.name.removesuffix(".gz")).suffix == ".jsonl"


def format_links(links: Iterable[ScoredLink], scores: bool) -> str:
    """Links in the Pharaoh format, `i-j`; with scores `i-j:0.93`."""
    return " ".join(f"{i}-{j}:{score:.2f}" if scores else f"{i}-{j}" for i, j, score in links)


def scored_links(alignment: Alignment) -> list[ScoredLink]:
    """Links with their scores, see `Alignment.scores`."""
    return [(i, j, round(score, 4)) for (i, j), score in zip(alignment.links, alignment.scores, strict=True)]

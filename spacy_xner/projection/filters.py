"""Filters of projected sentences, each with a name: a sentence that fails one is dropped.

They are those of Ebing and Glavaš 2025 (https://arxiv.org/abs/2505.10507): COMP-SRC, COMP-TGT and COMP-INS.

- "unaligned": a word of a source entity has no alignment link;
- "gaps": between the first and the last target word that an entity is linked with is a word that it is not linked with;
- "label_counts": source and target do not have the same number of entities of each label. A projector places each
  entity at most once, so its sentence fails if an entity has no target span, for any reason: missing, overlapping or
  below the minimum score.

The first two ask for the alignment's links, for every projection algorithm: the paper defines them by links, every
aligner has links, and links do not depend on settings of the algorithm. The mass that words send in the plan of
`TransportProjection` would say less: nearly every word sends more than the least share that counts there (`MIN_SENT`).
In alignments by transport, links need a plan of their own, which is computed only if one of these two filters is used.

Punctuation does not count, on both sides (unless an entity is punctuation alone): tokenizers that split at hyphens and
apostrophes give words which often have no link, where the words of the paper are split at spaces.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import tee
from typing import Any

from spacy.tokens import Doc

from ..alignment.types import Aligner, Alignment, Words
from ..alignment.word_kinds import is_punctuation
from ..errors import XnerError
from .doc_words import PairWords
from .types import SourceSpan

REVISION = 1  # raise it if a filter drops other sentences for the same alignment: keys of journals have it


def is_unaligned(pair: PairWords, alignment: Alignment, labels: Mapping[str, int]) -> bool:
    """Whether a word of a source entity has no link."""
    linked = {i for i, _ in alignment.links}
    return any(not linked.issuperset(content_of(span, pair.source.words)) for span in pair.spans)


def has_gaps(pair: PairWords, alignment: Alignment, labels: Mapping[str, int]) -> bool:
    """Whether the target words that an entity is linked with are not next to each other."""
    target = pair.target.words
    linked: dict[int, set[int]] = defaultdict(set)
    for i, j in alignment.links:
        linked[i].add(j)
    for span in pair.spans:
        found = set().union(*(linked[i] for i in content_of(span, pair.source.words)))
        words = {j for j in found if not is_punctuation(target[j])} or found
        between = range(min(words, default=0), max(words, default=0))
        if any(j not in words and not is_punctuation(target[j]) for j in between):
            return True
    return False


def has_other_label_counts(pair: PairWords, alignment: Alignment, labels: Mapping[str, int]) -> bool:
    """Whether the numbers of entities by label differ."""
    return Counter([span.label for span in pair.spans] + [span.label for span in pair.blank]) != labels


FILTERS: dict[str, Callable[[PairWords, Alignment, Mapping[str, int]], bool]] = {
    "unaligned": is_unaligned,
    "gaps": has_gaps,
    "label_counts": has_other_label_counts,
}
NAMES = tuple(FILTERS)
NEED_LINKS = ("unaligned", "gaps")


def content_of(span: SourceSpan, words: Words) -> set[int]:
    """The words of a span that are no punctuation, or all if it has no others."""
    every = set(range(span.start, span.end))
    return {i for i in every if not is_punctuation(words[i])} or every


def failed_filters(
    names: Iterable[str], pair: PairWords, alignment: Alignment, labels: Iterable[str]
) -> tuple[str, ...]:
    """The filters among `names` that a projected sentence fails.

    labels (Iterable[str]): the labels of the target's entities.
    """
    counts = Counter(labels)
    return tuple(name for name in names if FILTERS[name](pair, alignment, counts))


def filter_pairs(pairs: Iterable[tuple[Doc, Doc]], names: Sequence[str], aligner: Aligner) -> Iterator[tuple[str, ...]]:
    """Yield the filters that each pair of a source doc and its projected translation fails, lazily, in order.

    It does not matter how the entities were projected. Words are aligned only for filters that need links.

    RAISES: XnerError for an unknown filter.
    """
    names = check_filters(names, "The list of filters")
    with_links = any(name in NEED_LINKS for name in names)
    read, ahead = tee((PairWords.of(source, target, {}), target) for source, target in pairs)
    alignments = aligner.align((pair.source.words, pair.target.words) for pair, _ in ahead if with_links and pair.spans)
    for pair, target in read:
        alignment = next(alignments) if with_links and pair.spans else Alignment.empty(0, 0)
        yield failed_filters(names, pair, alignment, (entity.label_ for entity in target.ents))


def check_filters(names: Iterable[str], where: str) -> tuple[str, ...]:
    """The names of filters in the order of `NAMES`, each once.

    where (str): what names them, for the message, such as "The setting filters of the projection".
    RAISES: XnerError for anything else than names of filters.
    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise XnerError(f"{where} is {names!r}: expected a list of names from {', '.join(NAMES)}.")
    given = list(names)
    if unknown := [name for name in given if name not in FILTERS]:
        raise XnerError(f"{where} has {unknown[0]!r}, which is no filter: expected one of {', '.join(NAMES)}.")
    return tuple(name for name in NAMES if name in given)


def identity(names: Iterable[str]) -> dict[str, Any]:
    """What determines which sentences are dropped, as plain JSON: the revision of each filter, by name."""
    return dict.fromkeys(names, REVISION)

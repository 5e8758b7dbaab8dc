"""Which translations are good enough to learn from; each reason for leaving one out has a name, and is counted."""

import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz
from spacy.tokens import Doc

from ..alignment.transport import NEIGHBOURS, NULL, transport_plan
from ..alignment.types import Aligner
from ..annotations.attributes import meta_of
from ..errors import XnerError
from ..languages.identification import is_in_another_language
from ..translation import Translator
from .translate import translate_texts

LEAST_CHARACTERS = 20  # of a text, for its length beside another's, which says nothing of short ones
Pair = tuple[Doc, Doc]
Quality = Callable[[Sequence[Pair]], Iterator[float | None]]  # None where it cannot be told


@dataclass(frozen=True)
class Filters:
    """What a translation has to be like. Each filter can be switched off.

    length_ratio (float): its length over that of its source is at most so many times the corpus's median, and at least
        the median over this; 0 switches off.
    copied (float): it is less alike to its source than this, as normalised Indel similarity of the characters, in
        [0, 1]; 1 switches off.
    language (bool): it is not surely in another language than it should be (`is_in_another_language`).
    duplicates (bool): no other has the same text, case and white space aside.
    quality (float): the score of a `Quality` is at least this; 0 switches off.
    RAISES: XnerError for settings out of range.
    """

    length_ratio: float = 2.5
    copied: float = 0.9
    language: bool = True
    duplicates: bool = True
    quality: float = 0.3

    def __post_init__(self) -> None:
        if self.length_ratio != 0 and self.length_ratio <= 1:
            raise XnerError(f"The greatest length ratio is {self.length_ratio}, expected more than 1, or 0 for none.")
        for name in ("copied", "quality"):
            if not 0 <= getattr(self, name) <= 1:
                raise XnerError(f"The setting {name} is {getattr(self, name)}, expected a number from 0 to 1.")


def filter_translations(
    pairs: Sequence[Pair], filters: Filters, counts: Counter[str], quality: Quality | None = None
) -> Iterator[Pair]:
    """Yield the (source, translation) pairs that pass, the translations with their quality as score in their meta.

    counts (Counter[str]): is given the numbers of "another length", "copies of the source", "another language",
        "duplicates", "of low quality", "of unknown quality" and "kept"; each pair is counted once, under the first that
        it fails.
    """
    counts.update(dict.fromkeys(("another length", "copies of the source", "another language", "duplicates"), 0))
    passed = passing(pairs, filters, counts)
    if quality is None or not filters.quality:
        for pair in passed:
            counts["kept"] += 1
            yield pair
        return
    left = list(passed)
    counts["of low quality"] += 0
    for (source, translation), score in zip(left, quality(left), strict=True):
        if score is None:
            counts["of unknown quality"] += 1
            continue
        if score < filters.quality:
            counts["of low quality"] += 1
            continue
        translation._.xner_meta = {**meta_of(translation), "score": round(score, 6)}
        counts["kept"] += 1
        yield source, translation


def passing(pairs: Sequence[Pair], filters: Filters, counts: Counter[str]) -> Iterator[Pair]:
    """The pairs that pass the filters which need no model."""
    ratios = [len(b.text) / len(a.text) for a, b in pairs if min(len(a.text), len(b.text)) >= LEAST_CHARACTERS]
    median = statistics.median(ratios) if ratios else 1.0
    seen: set[str] = set()
    for source, translation in pairs:
        even = " ".join(translation.text.casefold().split())
        if filters.length_ratio and of_another_length(source.text, translation.text, median, filters.length_ratio):
            counts["another length"] += 1
        elif filters.copied < 1 and fuzz.ratio(source.text.casefold(), even) >= 100 * filters.copied:
            counts["copies of the source"] += 1
        elif filters.language and is_in_another_language(translation.text, meta_of(translation)["lang"]):
            counts["another language"] += 1
        elif filters.duplicates and even in seen:
            counts["duplicates"] += 1
        else:
            seen.add(even)
            yield source, translation


def of_another_length(source: str, translation: str, median: float, greatest: float) -> bool:
    """Whether a translation is far longer or shorter than those of the corpus are, beside their sources."""
    if max(len(source), len(translation)) < LEAST_CHARACTERS:
        return False
    ratio = len(translation) / max(1, len(source)) / median
    return not 1 / greatest <= ratio <= greatest


def alignment_quality(aligner: Aligner) -> Quality:
    """A measure of translations: the share of both sentences' words that find a counterpart, in [0, 1].

    It is the mass that the transport plan moves (see `transport_plan`).

    RAISES: XnerError, on use, for an aligner that does not align by transport.
    """

    def measure(pairs: Sequence[Pair]) -> Iterator[float]:
        words = (([t.text for t in a if not t.is_space], [t.text for t in b if not t.is_space]) for a, b in pairs)
        for alignment in aligner.align(words):
            if alignment.affinity is None:
                raise XnerError('Quality by alignment needs an aligner with the method "transport".')
            yield float(transport_plan(alignment.affinity, NULL, NEIGHBOURS).sum())

    return measure


def round_trip_quality(back: Translator, cache: Path | bool = True) -> Quality:
    """A measure of translations: how alike the source is to the translation's own translation back, in [0, 1].

    None where there is no translation back.

    Somers 2005, "Round-trip translation: what is it good for?" (ALTA), on what it is not good for: it also blames the
    way back. As similarity, the normalised Indel similarity of the characters.

    back (Translator): from the target language into the source language.
    cache (Path | bool): as for `translate_docs`.
    """

    def measure(pairs: Sequence[Pair]) -> Iterator[float | None]:
        texts = translate_texts([translation.text for _, translation in pairs], back, cache)
        for (source, _), text in zip(pairs, texts, strict=True):
            yield None if text is None else fuzz.ratio(source.text.casefold(), text.casefold()) / 100

    return measure

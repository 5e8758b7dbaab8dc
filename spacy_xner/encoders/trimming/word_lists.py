"""The most frequent words of a language, in the forms that occur in text."""

from collections.abc import Iterable, Iterator
from typing import Any

import regex

from ...errors import XnerError
from ...extras import needs_extra
from ...languages.scripts import is_unspaced_text

# Forms of a word in running text, as shares of its occurrences. Rough numbers suffice: word lists are lower-cased, and
# the shares only decide which pieces are left out if there are too many.
TITLE, UPPER = 0.2, 0.02
# Directly after another character (a bracket, a hyphen, an apostrophe), where it has no word-start mark.
INSIDE, INSIDE_UNSPACED = 0.1, 0.95

INSTEAD = ", or give texts in these languages instead (--texts)."
_DIGIT = regex.compile(r"\d")


def word_forms(lang: str, n_words: int) -> Iterator[tuple[str, float, bool]]:
    """Yield the forms of a language's most frequent words: as listed, capitalised and in capitals.

    lang (str): language code, such as `de`.
    n_words (int): number of words; numbers are skipped, since the lists write all digits as 0.
    YIELDS (tuple[str, float, bool]): a form, its share of the words in running text, and whether it directly follows
        another character.
    RAISES: XnerError where the library `wordfreq` is not installed or has no list for the language.
    """
    frequencies = _frequencies(lang)
    words = [word for word in frequencies if not _DIGIT.search(word)]
    words.sort(key=lambda word: (-frequencies[word], word))
    for word in words[:n_words]:
        frequency = frequencies[word]
        inside = INSIDE_UNSPACED if is_unspaced_text(word[:1]) else INSIDE
        title, upper = word[:1].upper() + word[1:], word.upper()
        forms = [(word, 1.0)] if title == word else [(word, 1 - TITLE - UPPER), (title, TITLE)]
        for form, share in forms:
            yield form, frequency * share * (1 - inside), False
            yield form, frequency * share * inside, True
        if upper not in (word, title):
            yield upper, frequency * UPPER, False


def without_word_list(langs: Iterable[str]) -> list[str]:
    """The languages that have no word list. RAISES: XnerError where the library `wordfreq` is not installed."""
    available = _wordfreq().available_languages()
    return [lang for lang in langs if lang not in available]


def check_languages(langs: list[str]) -> None:
    """RAISES: XnerError where a language has no word list, or `wordfreq` is not installed."""
    for lang in langs:
        _frequencies(lang)


def _wordfreq() -> Any:
    with needs_extra("trim", "Word lists by language (--lang) need", INSTEAD):
        import wordfreq
    return wordfreq


def _frequencies(lang: str) -> dict[str, float]:
    wordfreq = _wordfreq()
    available = sorted(wordfreq.available_languages())
    if lang not in available:
        raise XnerError(
            f"--lang: found {lang!r}, for which there is no word list. Expected some of {', '.join(available)}; for "
            "another language, give texts in it instead (--texts)."
        )
    frequencies: dict[str, float] = wordfreq.get_frequency_dict(lang)
    return frequencies

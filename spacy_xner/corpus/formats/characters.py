"""Column files whose tokens are characters: blanks are spaces (KLUE), numbers count characters in words (Weibo)."""

from collections.abc import Sequence

import regex

CHARACTER = regex.compile(r"\X")
MOST = 0.95  # of the tokens of a file of characters; there can be a word such as a link
LEAST_NUMBERED = 3  # tokens, from which numbers behind characters are recognised


def has_blank_tokens(tokens: Sequence[str]) -> bool:
    """Whether nearly all tokens are characters, and some are blanks: these are the spaces of the text."""
    words = [token for token in tokens if token.strip()]
    return len(words) < len(tokens) and " " in tokens and are_characters(words)


def are_characters(words: Sequence[str]) -> bool:
    """Whether nearly all tokens are single characters (grapheme clusters)."""
    return bool(words) and sum(bool(CHARACTER.fullmatch(word)) for word in words) >= MOST * len(words)


def has_numbers(tokens: Sequence[str]) -> bool:
    """Whether each token is a character with its number in its word: 科0 技1 全0, as in the Weibo corpus."""
    words = without_numbers(tokens)
    if words is None or len(words) < LEAST_NUMBERED or not are_characters(words):
        return False
    return any(token != f"{word}0" for token, word in zip(tokens, words, strict=True))


def without_numbers(tokens: Sequence[str]) -> list[str] | None:
    """The tokens without the numbers behind them; None where a token has neither 0 nor the number that follows."""
    words, before = [], -1
    for token in tokens:
        number = next((n for n in (before + 1, 0) if token.endswith(str(n)) and len(token) > len(str(n))), None)
        if number is None:
            return None
        words.append(token.removesuffix(str(number)))
        before = number
    return words

"""Which language a text is in, where that is sure."""

from functools import cache
from typing import Any

LEAST_CHARACTERS = 20  # letters of a text whose language can be told
SURE = 0.9  # probability of another language than the one that was asked for


def is_in_another_language(text: str, lang: str) -> bool:
    """Whether a text is surely in another language; False for languages that the identifier does not know.

    By py3langid (Barbaresi), which knows 97 languages.
    """
    if sum(map(str.isalpha, text)) < LEAST_CHARACTERS or lang.split("-")[0] not in known_languages():
        return False
    found, probability = identifier().classify(text)
    return found != lang.split("-")[0] and float(probability) >= SURE


@cache
def identifier() -> Any:
    """py3langid's classifier, with probabilities."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@cache
def known_languages() -> frozenset[str]:
    """The codes that py3langid knows."""
    return frozenset(map(str, identifier().nb_classes))

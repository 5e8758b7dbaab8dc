"""Language identification: find text that is almost certainly not in the expected language."""

from functools import cache
from typing import Any

from ..extras import needs_extra

MIN_LETTERS = 20  # the language of a text with fewer letters cannot be identified
MIN_PROBABILITY = 0.9  # of the identified language

# Groups of close relatives that the identifier confuses, or to which it gives one common code
RELATED_LANGUAGES = (
    {"zh", "wuu", "yue", "hak", "nan", "gan", "hsn"},
    {"ku", "ckb", "kmr", "sdh"},
    {"bs", "hr", "sr", "sh"},
    {"id", "ms"},
    {"nb", "no", "nn"},
)


def is_in_another_language(text: str, lang: str) -> bool:
    """Whether a text is in another language, with a probability of at least MIN_PROBABILITY.

    False for a close relative of the language, for a language that the identifier does not know, and for short texts.
    Uses py3langid (Barbaresi), which knows 97 languages.
    """
    language = lang.split("-")[0]
    if sum(map(str.isalpha, text)) < MIN_LETTERS or language not in known_languages():
        return False
    found, probability = load_identifier().classify(text)
    accepted = next((related for related in RELATED_LANGUAGES if language in related), {language})
    return found not in accepted and float(probability) >= MIN_PROBABILITY


@cache
def load_identifier() -> Any:
    """The classifier of py3langid, with normalised probabilities."""
    with needs_extra("train", "The identification of languages needs"):
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@cache
def known_languages() -> frozenset[str]:
    """The codes of the languages that py3langid knows."""
    return frozenset(map(str, load_identifier().nb_classes))

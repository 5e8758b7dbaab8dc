"""Which language a text is in, where that is sure."""

from functools import cache
from typing import Any

LEAST_CHARACTERS = 20  # letters of a text whose language can be told
SURE = 0.9  # probability of another language than the one that was asked for

# Languages that the identifier calls by the code of a relative, or mixes up with it
RELATIVES = (
    {"zh", "wuu", "yue", "hak", "nan", "gan", "hsn"},
    {"ku", "ckb", "kmr", "sdh"},
    {"bs", "hr", "sr", "sh"},
    {"id", "ms"},
    {"nb", "no", "nn"},
)


def is_in_another_language(text: str, lang: str) -> bool:
    """Whether a text is surely in another language, which is no near relative; False for those not known.

    By py3langid (Barbaresi), which knows 97 languages.
    """
    language = lang.split("-")[0]
    if sum(map(str.isalpha, text)) < LEAST_CHARACTERS or language not in known_languages():
        return False
    found, probability = identifier().classify(text)
    same = next((relatives for relatives in RELATIVES if language in relatives), {language})
    return found not in same and float(probability) >= SURE


@cache
def identifier() -> Any:
    """py3langid's classifier, with probabilities."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@cache
def known_languages() -> frozenset[str]:
    """The codes that py3langid knows."""
    return frozenset(map(str, identifier().nb_classes))

"""Check that translations are in the target language, and stop when most of them are not."""

from collections import Counter
from pathlib import Path

from ..errors import XnerError
from ..extras import needs_extra
from ..languages.identification import is_in_another_language
from ..languages.scripts import is_in_script, scripts_of_language
from ..translation import Translator
from ..translation.cache import default_folder
from ..translation.streams import describe_translator

MIN_TRANSLATIONS = 5  # with fewer, most of them may be in another script or language by chance
MAX_SHARE = 0.5  # of translations that may be in another script or language
# An early check after this number of translations avoids hours of useless work. It fails if nearly all are wrong.
EARLY, EARLY_MAX_SHARE = 100, 0.9


def check_installed() -> None:
    """RAISES: XnerError where a package that checks translations is missing. Called before texts are translated."""
    with needs_extra("train", "Translation of a corpus needs"):
        import babel  # noqa: F401
        import py3langid  # noqa: F401
        import rapidfuzz  # noqa: F401


def count_translation(translation: str | None, lang: str, counts: Counter[str]) -> str | None:
    """Count a translation as described in `translate_docs`.

    RETURNS (str | None): the translation without white space at its ends; None if nothing is left.
    """
    counts["docs"] += 1
    text = (translation or "").strip()
    if text:
        counts["translated"] += 1
        if not is_in_script(text, lang):
            counts["in another script"] += 1
        elif is_in_another_language(text, lang):
            counts["in another language"] += 1
        return text
    counts["without translation" if translation is None else "translated to nothing"] += 1
    return None


def check_language_early(lang: str, counts: Counter[str], translator: Translator, cache: Path | bool) -> None:
    """After the first EARLY translations, stop if nearly all of them (EARLY_MAX_SHARE) are wrong."""
    if counts["translated"] == EARLY:
        check_language(lang, counts, translator, cache, EARLY_MAX_SHARE)


def check_language_of_part(
    lang: str, counts: Counter[str], translator: Translator, cache: Path | bool, is_part: bool
) -> None:
    """As `check_language`; with `is_part` only for EARLY translations or more, see `translate_pairs`."""
    if not is_part or counts["translated"] >= EARLY:
        check_language(lang, counts, translator, cache)


def check_language(
    lang: str, counts: Counter[str], translator: Translator, cache: Path | bool, max_share: float = MAX_SHARE
) -> None:
    """Check the counts of `count_translation`.

    cache (Path | bool): as in `translate_docs`, for the message.
    max_share (float): the largest accepted share of translations in another script or language.
    RAISES: XnerError if the share is larger, for MIN_TRANSLATIONS or more.
    """
    n_script, n_language = counts["in another script"], counts["in another language"]
    n_translated = counts["translated"]
    if n_translated < MIN_TRANSLATIONS or n_script + n_language <= max_share * n_translated:
        return
    name = describe_translator(translator)
    if n_script >= n_language:
        scripts = ", ".join(sorted(scripts_of_language(lang)))
        found = f"{n_script:,} of {n_translated:,} translations by {name} are not in a script of the "
        found += f"language {lang!r} ({scripts})"
    else:
        found = f"{n_language:,} of {n_translated:,} translations by {name} are not in the language "
        found += f"{lang!r}"
    folder = cache and (default_folder() if cache is True else cache)
    raise XnerError(
        f"{found}: expected a translator into that language. Check its settings and the target language."
        + (f" Translations are cached in {folder}: to translate again, name another folder." if folder else "")
    )

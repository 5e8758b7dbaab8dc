"""Trims the encoder of an adaptation to the word pieces that its texts and languages need."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..encoders.trimming import needed_pieces
from ..encoders.trimming.needed_pieces import N_WORDS, Wanted
from ..encoders.trimming.trim import TrimReport, load_vocabulary, trim_encoder
from ..encoders.trimming.word_lists import without_word_list
from ..errors import XnerError
from ..extras import install_line


def why_not_trimmed(encoder: str, langs: Sequence[str]) -> str:
    """Why an encoder cannot be trimmed for languages, in a sentence; empty where it can be.

    A language without a list of frequent words would only keep the pieces of a few texts, and other words would be cut
    into small pieces: accuracy would drop.
    """
    try:
        missing = without_word_list(langs)
    except XnerError:
        return (
            f"Word lists come from the library wordfreq, which is not installed: {install_line('trim')}, or --no-trim."
        )
    if missing:
        return f"There is no list of frequent words for {', '.join(missing)}."
    try:
        load_vocabulary(encoder)
    except XnerError as error:
        return str(error)
    return ""


def identity(max_pieces: int | None) -> dict[str, Any] | None:
    """What a trimmed encoder depends on, beside its texts, languages and the encoder; None without trimming."""
    if max_pieces is None:
        return None
    return {"max_pieces": max_pieces, "words": N_WORDS, "revision": needed_pieces.REVISION}


def trim_for(
    encoder: str, dest: Path, texts: Iterable[str], langs: Sequence[str], max_pieces: int, progress: bool
) -> TrimReport:
    """Trim an encoder for texts, and for the frequent words of languages.

    encoder (str): its folder. dest (Path): the folder to write.
    RAISES: XnerError as `trim_encoder`.
    """
    wanted = Wanted(list(dict.fromkeys(texts)), langs, N_WORDS, max_pieces)
    return trim_encoder(encoder, dest, wanted, progress=progress)

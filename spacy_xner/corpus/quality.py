"""Quality estimates for translations: by word alignment, and by translating back."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from spacy.tokens import Doc

from ..alignment.transport import transport_plan
from ..alignment.types import Aligner
from ..errors import XnerError
from ..extras import needs_extra
from ..translation import Translator
from .translate import translate_texts

# Affinity of the bins and weight of neighbouring pairs, see `transport_plan`. With this affinity, few sentences that
# are no translations of each other exchange 0.3 of their mass, and nearly all translations do.
NULL, NEIGHBOURS = 0.25, 0.15

TranslationPair = tuple[Doc, Doc]  # source, translation
# Yields a quality in [0, 1] for each pair; None if it cannot be estimated.
Quality = Callable[[Sequence[TranslationPair]], Iterator[float | None]]


def alignment_quality(aligner: Aligner) -> Quality:
    """Estimate quality by the share of both sentences' words that are aligned, in [0, 1].

    It is the mass that the transport plan moves (see `transport_plan`).

    RAISES: XnerError, when the estimate is used, for an aligner that does not align by transport.
    """

    def estimate(pairs: Sequence[TranslationPair]) -> Iterator[float]:
        words = (([t.text for t in a if not t.is_space], [t.text for t in b if not t.is_space]) for a, b in pairs)
        for alignment in aligner.align(words):
            if alignment.affinity is None:
                raise XnerError('Quality by alignment needs an aligner with the method "transport".')
            yield float(transport_plan(alignment.affinity, NULL, NEIGHBOURS, alignment.masses).sum())

    return estimate


def round_trip_quality(back: Translator, cache: Path | bool = True) -> Quality:
    """Estimate quality by the similarity of the source and the back-translation, in [0, 1]; None without one.

    The similarity is the normalised Indel similarity of the characters. Errors of the back-translation lower it too
    (Somers 2005, "Round-trip translation: what is it good for?", ALTA).

    back (Translator): translates from the target language into the source language.
    cache (Path | bool): as in `translate_docs`.
    """

    with needs_extra("train", "Quality by back-translation needs"):
        from rapidfuzz import fuzz

    def estimate(pairs: Sequence[TranslationPair]) -> Iterator[float | None]:
        texts = translate_texts([translation.text for _, translation in pairs], back, cache)
        for (source, _), text in zip(pairs, texts, strict=True):
            yield None if text is None else fuzz.ratio(source.text.casefold(), text.casefold()) / 100

    return estimate

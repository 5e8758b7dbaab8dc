"""The gold projections that projection.py, projection_settings.py and projection_calibration.py read, see there."""

from collections.abc import Sequence
from dataclasses import dataclass

from common import ROOT, Tagged, find_data, read_iob, read_labelled

from spacy_xner.alignment import Alignment
from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.projection import SourceSpan

REVIEWS = ("es", "fr")
NAMES = ("de", "nl", "ru", "zh", "ja", "ko", "ar", "th", "tr")
CALIBRATION_NAMES = ("es", "zh")
SHIFT = 7
PEERS = ("fast_align", "mgiza", "simalign", "awesome")

Spans = Sequence[Sequence[SourceSpan]]


@dataclass(frozen=True)
class Pairs:
    """A language: sentences, their translations with gold spans, and the spans that other systems projected."""

    source: list[Tagged]
    gold: list[Tagged]
    peers: dict[str, Spans]

    @property
    def gold_spans(self) -> Spans:
        return [sentence.spans for sentence in self.gold]


def read_names(lang: str, limit: int | None, folder: str = "gold_projections") -> list[Tagged]:
    """Sentences of gold_projections/ or calibration_projections/, with the words of the project's tokenizer."""
    sentences = []
    for doc in read_labelled(ROOT / f"benchmarks/{folder}/{lang}.txt", lang, limit):
        tags = [f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else "O" for token in doc]
        sentences.append(Tagged([token.text for token in doc], tags))
    return sentences


def read_languages(limit: int | None = None) -> dict[str, Pairs]:
    """All languages whose data is there."""
    names = {lang: Pairs(read_names("en", limit), read_names(lang, limit), {}) for lang in NAMES}
    return read_reviews(limit) | names


def read_reviews(limit: int | None = None) -> dict[str, Pairs]:
    """The reviews, if they are there."""
    languages = {}
    if folder := find_data("projection"):
        for lang in REVIEWS:
            files = (folder / f"en-{lang}.{name}.iob.gz" for name in ("source", "gold", *PEERS))
            source, gold, *peers = (read_iob(file)[:limit] for file in files)
            of_peers: dict[str, Spans] = {
                name: [s.spans for s in peer] for name, peer in zip(PEERS, peers, strict=True)
            }
            languages[lang] = Pairs(source, gold, of_peers)
    return languages


def read_calibration(limit: int | None = None) -> dict[str, Pairs]:
    """The data that scores are fitted on: the reviews, and other names than those of `read_languages`."""
    folder = "calibration_projections"
    source = read_names("en", limit, folder)
    names = {f"{lang}_names": Pairs(source, read_names(lang, limit, folder), {}) for lang in CALIBRATION_NAMES}
    return {f"{lang}_reviews": pairs for lang, pairs in read_reviews(limit).items()} | names


def align(pairs: Pairs, encoder: str, method: str = "transport", inference: str = "float32") -> list[Alignment]:
    """Word alignments of all pairs."""
    words = [(s.words, t.words) for s, t in zip(pairs.source, pairs.gold, strict=True)]
    return list(EmbeddingAligner(encoder, method=method, inference=inference).align(words))


def shift(pairs: Pairs, lines: int = SHIFT) -> Pairs:
    """Each source sentence with the translation of another one, `lines` further; the first ones follow the last."""
    lines %= max(1, len(pairs.gold))
    return Pairs(pairs.source, pairs.gold[lines:] + pairs.gold[:lines], {})

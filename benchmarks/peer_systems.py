"""Recognisers of several kinds behind one interface, for peers.py: spaCy pipelines, Hugging Face and GLiNER models."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from spacy_xner.errors import XnerError
from spacy_xner.ner.fitting import recognisers_of

Entities = set[tuple[int, int, str]]  # first token, end, label
Predict = Callable[[Sequence[Doc]], list[Entities]]

LABELS = {  # of other label sets; entities of others, such as dates, are left out
    **dict.fromkeys(("PER", "PERSON"), "PER"),
    **dict.fromkeys(("LOC", "LOCATION", "GPE", "FAC"), "LOC"),
    **dict.fromkeys(("ORG", "ORGANIZATION"), "ORG"),
    **dict.fromkeys(("MISC", "MISCELLANEOUS", "NORP", "EVENT", "WORK_OF_ART", "PRODUCT", "LANGUAGE", "LAW"), "MISC"),
}
GLINER_LABELS = ("person", "location", "organization", "miscellaneous")
NOT_NEEDED = ("tagger", "morphologizer", "parser", "senter", "attribute_ruler", "lemmatizer", "trainable_lemmatizer")
EXTRAS = {"transformers": "pip install transformers", "gliner": "pip install gliner"}


@dataclass
class Peer:
    """A recogniser.

    languages (frozenset[str]): that it was made for; empty for any.
    predict (Predict): finds the entities of docs, whose tokens are those of the data.
    megabytes (float | None): its size on the disk.
    scores (str): what an entity's score is. longest (str): the longest text that is read to its end.
    speeds (list[float]): words a second, of each turn.
    """

    name: str
    languages: frozenset[str]
    predict: Predict
    megabytes: float | None
    licence: str
    scores: str
    longest: str
    speeds: list[float] = field(default_factory=list)

    def reads(self, lang: str) -> bool:
        """Whether it was made for a language."""
        return not self.languages or lang in self.languages


def load_peer(name: str) -> Peer:
    """Load `NAME` (spaCy), `hf:NAME` or `gliner:NAME`. RAISES: XnerError for what is not installed or not found."""
    kind, _, rest = name.partition(":")
    makers = {"hf": hugging_face_peer, "gliner": gliner_peer}
    try:
        return makers[kind](rest) if rest and kind in makers else spacy_peer(name)
    except (OSError, ValueError) as error:
        raise XnerError(f"{name} cannot be loaded: {error}") from error


def spacy_peer(name: str) -> Peer:
    nlp = spacy.load(name)
    nlp.disable_pipes(*(pipe for pipe in nlp.pipe_names if pipe in NOT_NEEDED))  # only the recogniser is measured
    return Peer(
        Path(name).name if Path(name).is_dir() else name,
        frozenset(nlp.meta.get("languages") or ([] if nlp.lang == "xx" else [nlp.lang])),
        lambda docs: list(map(entities_of, nlp.pipe(copies(nlp, docs)))),
        folder_size(nlp.path),
        nlp.meta.get("license") or "not stated",
        "calibrated" if recognisers_of(nlp) else "none",
        f"{nlp.max_length:,} characters",
    )


def hugging_face_peer(name: str) -> Peer:
    need("transformers")
    from transformers import pipeline

    model: Any = pipeline("token-classification", model=name, aggregation_strategy="first", device="cpu")

    def predict(docs: Sequence[Doc]) -> list[Entities]:
        found = model([doc.text for doc in docs], batch_size=8)
        return [
            tokens_of(doc, ((e["start"], e["end"], e["entity_group"]) for e in own))
            for doc, own in zip(docs, found, strict=True)
        ]

    longest = f"{model.tokenizer.model_max_length:,} word pieces"
    return Peer(name, frozenset(), predict, folder_size(Path(name)), "see its model card", "softmax", longest)


def gliner_peer(name: str) -> Peer:
    need("gliner")
    from gliner import GLiNER  # type: ignore[import-not-found,unused-ignore]

    model: Any = GLiNER.from_pretrained(name)

    def predict(docs: Sequence[Doc]) -> list[Entities]:
        found = (model.predict_entities(doc.text, list(GLINER_LABELS), threshold=0.5) for doc in docs)
        return [
            tokens_of(doc, ((e["start"], e["end"], e["label"]) for e in own))
            for doc, own in zip(docs, found, strict=True)
        ]

    longest = f"{model.config.max_len:,} tokens"
    return Peer(name, frozenset(), predict, folder_size(Path(name)), "see its model card", "sigmoid", longest)


def need(module: str) -> None:
    if find_spec(module) is None:
        raise XnerError(f"The package {module} is not installed: {EXTRAS[module]}")


def copies(nlp: Language, docs: Iterable[Doc]) -> Iterable[Doc]:
    """The tokens of docs, without their labels, in the pipeline's vocabulary."""
    for doc in docs:
        yield Doc(nlp.vocab, words=[token.text for token in doc], spaces=[bool(token.whitespace_) for token in doc])


def entities_of(doc: Doc) -> Entities:
    """The entities of a doc whose labels have a counterpart."""
    return {(ent.start, ent.end, LABELS[ent.label_]) for ent in doc.ents if ent.label_ in LABELS}


def tokens_of(doc: Doc, found: Iterable[tuple[int, int, str]]) -> Entities:
    """Entities in tokens, from those in characters: all tokens of which a part is inside."""
    spans = (
        (doc.char_span(start, end, alignment_mode="expand"), LABELS.get(label.upper())) for start, end, label in found
    )
    return {(span.start, span.end, label) for span, label in spans if span is not None and label}


def folder_size(path: Path | None) -> float | None:
    """Megabytes of the files in a folder; None if there is no such folder, as for a name on a hub."""
    if path is None or not path.is_dir():
        return None
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6

"""Recognisers of several kinds behind one interface, for peers.py: spaCy pipelines, Hugging Face and GLiNER models."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc

from spacy_xner.annotations.examples import copy_tokens
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
        lambda docs: list(map(entities_of, nlp.pipe(copy_tokens(doc, nlp.vocab) for doc in docs))),
        folder_size(nlp.path),
        nlp.meta.get("license") or "not stated",
        "calibrated" if recognisers_of(nlp) else "none",
        f"{nlp.max_length:,} characters",
    )


def hugging_face_peer(name: str) -> Peer:
    from transformers import pipeline

    model: Any = pipeline("token-classification", model=name, aggregation_strategy="first", device="cpu")

    def predict(docs: Sequence[Doc]) -> list[Entities]:
        found = model([doc.text for doc in docs], batch_size=8)
        return tokens_of(docs, found, "entity_group")

    return hub_peer(name, predict, "softmax", f"{model.tokenizer.model_max_length:,} word pieces")


def gliner_peer(name: str) -> Peer:
    if find_spec("gliner") is None:
        raise XnerError("The package gliner is not installed: pip install gliner")
    from gliner import GLiNER  # type: ignore[import-not-found,unused-ignore]

    model: Any = GLiNER.from_pretrained(name)

    def predict(docs: Sequence[Doc]) -> list[Entities]:
        found = (model.predict_entities(doc.text, list(GLINER_LABELS), threshold=0.5) for doc in docs)
        return tokens_of(docs, found, "label")

    return hub_peer(name, predict, "sigmoid", f"{model.config.max_len:,} tokens")


def hub_peer(name: str, predict: Predict, scores: str, longest: str) -> Peer:
    """A model of a hub, or in a folder: made for any language, as far as its name says."""
    return Peer(name, frozenset(), predict, folder_size(Path(name)), "see its model card", scores, longest)


def entities_of(doc: Doc) -> Entities:
    """The entities of a doc whose labels have a counterpart."""
    return {(ent.start, ent.end, LABELS[ent.label_]) for ent in doc.ents if ent.label_ in LABELS}


def tokens_of(docs: Iterable[Doc], found: Iterable[Iterable[Mapping[str, Any]]], key: str) -> list[Entities]:
    """Entities of docs in tokens, from those in characters: all tokens of which a part is inside.

    key (str): what a system calls the label.
    """
    return [
        {
            (span.start, span.end, LABELS[label])
            for each in own
            if (label := each[key].upper()) in LABELS
            and (span := doc.char_span(each["start"], each["end"], alignment_mode="expand")) is not None
        }
        for doc, own in zip(docs, found, strict=True)
    ]


def folder_size(path: Path | None) -> float | None:
    """Megabytes of the files in a folder; None if there is no such folder, as for a name on a hub."""
    if path is None or not path.is_dir():
        return None
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6

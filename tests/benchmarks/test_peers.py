"""Peers: their labels and tokens, and systems of a hub, made tiny or put in place of a package."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import elsewhere
import peer_systems
import peers
import pytest
import spacy
from spacy.tokens import Doc, Span
from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer

from spacy_xner.errors import XnerError


def make_doc(*entities: tuple[int, int, str]) -> Doc:
    doc = Doc(spacy.blank("xx").vocab, words=["Angela", "Merkel", "visited", "Vienna", "."])
    doc.ents = tuple(Span(doc, *entity) for entity in entities)
    return doc


def test_labels_of_others() -> None:
    """Those of OntoNotes are mapped, and dates left out."""
    doc = make_doc((0, 2, "PERSON"), (2, 3, "DATE"), (3, 4, "GPE"))
    assert peer_systems.entities_of(doc) == {(0, 2, "PER"), (3, 4, "LOC")}


def test_characters_become_tokens() -> None:
    doc = make_doc()
    found = [
        {"start": start, "end": end, "label": label}
        for start, end, label in [(2, 13, "person"), (22, 28, "LOC"), (14, 21, "DATE")]
    ]
    assert peer_systems.tokens_of([doc], [found], "label") == [{(0, 2, "PER"), (3, 4, "LOC")}]


def test_counts() -> None:
    """Without MISC, neither side has it."""
    gold = [make_doc((0, 2, "PER"), (3, 4, "MISC"))]
    found = [{(0, 2, "PER"), (2, 3, "MISC")}]
    for misc, expected in ((True, (1, 1, 1)), (False, (1, 0, 0))):
        (counts,) = elsewhere.count_entities(found, map(peer_systems.entities_of, gold), misc)
        assert (counts.tp, counts.fp, counts.fn) == expected


def test_spacy_pipeline(tiny_pipeline: Path) -> None:
    peer = peer_systems.load_peer(str(tiny_pipeline))
    assert peer.scores == "calibrated"
    assert peer.megabytes is not None
    assert peer.megabytes > 0
    assert len(peer.predict([make_doc(), make_doc()])) == 2


def test_token_classifier(tiny_encoder: Path, tmp_path: Path) -> None:
    """A model of transformers that finds a person in every word: its bias says so."""
    names = {0: "O", 1: "B-PER", 2: "I-PER"}
    config = AutoConfig.from_pretrained(tiny_encoder, id2label=names, label2id={v: k for k, v in names.items()})
    model: Any = AutoModelForTokenClassification.from_config(config)
    model.classifier.weight.data.zero_()
    model.classifier.bias.data.copy_(model.classifier.bias.data.new_tensor([0.0, 5.0, 0.0]))
    model.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_encoder).save_pretrained(tmp_path)
    peer = peer_systems.load_peer(f"hf:{tmp_path}")
    (found,) = peer.predict([make_doc()])
    assert {label for _, _, label in found} == {"PER"}
    assert peer.reads("de")
    assert "word pieces" in peer.longest


def test_gliner(monkeypatch: pytest.MonkeyPatch) -> None:
    def predict_entities(text: str, labels: list[str], threshold: float) -> list[dict[str, Any]]:
        assert text.startswith("Angela Merkel")
        assert "person" in labels
        return [{"start": 0, "end": 13, "label": "person", "score": 0.9}]

    module = ModuleType("gliner")
    model = SimpleNamespace(predict_entities=predict_entities, config=SimpleNamespace(max_len=384))
    module.__dict__["GLiNER"] = SimpleNamespace(from_pretrained=lambda name: model)
    module.__spec__ = SimpleNamespace(name="gliner")  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, "gliner", module)
    peer = peer_systems.load_peer("gliner:someone/model")
    assert peer.predict([make_doc()]) == [{(0, 2, "PER")}]
    assert peer.longest == "384 tokens"


def test_what_is_not_there(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A line says what is missing and how to install it; the others are measured."""
    with pytest.raises(XnerError, match="no_such_pipeline cannot be loaded"):
        peer_systems.load_peer("no_such_pipeline")
    monkeypatch.setattr(peer_systems, "find_spec", lambda name: None)
    assert peers.load_peers(["gliner:x"]) == []
    assert "The package gliner is not installed: pip install gliner" in capsys.readouterr().out

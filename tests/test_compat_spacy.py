"""The private parts of spaCy and thinc that compat_spacy.py uses: one test for each function, as in test_compat.py."""

import ast
import itertools
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.pipeline.functions import DocCleaner
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.training import Example
from spacy_transformers import Transformer
from spacy_transformers.data_classes import TransformerData
from spacy_transformers.layers import TransformerListener, TransformerModel
from spacy_transformers.pipeline_component import install_extensions
from spacy_transformers.span_getters import get_doc_spans
from thinc import registry, schedules
from transformers.utils import ModelOutput

from spacy_xner import compat_spacy

from .test_compat import read


def changed(package: str, part: str, function: str) -> str:
    return (
        f"{package} {version(package)}: {part} is not there any more, or works differently. Change "
        f"spacy_xner/compat_spacy.py::{function}."
    )


@pytest.fixture
def docs() -> list[Doc]:
    return [spacy.blank("xx").make_doc("Angela Merkel visited Paris .")]


def test_read_stored(docs: list[Doc]) -> None:
    docs[0].ents = [Span(docs[0], 0, 2, "PER"), Span(docs[0], 3, 4, "LOC")]
    Doc.set_extension("tests_stored", default=None, force=True)
    docs[0]._.tests_stored = {"lang": "en"}
    doc_bin = DocBin(store_user_data=True, docs=[*docs, spacy.blank("xx").make_doc("Paris")])
    found = list(compat_spacy.read_stored(DocBin().from_bytes(doc_bin.to_bytes()), "tests_stored"))
    message = changed("spacy", "DocBin.attrs, tokens or user_data", "read_stored")
    assert found == [({"lang": "en"}, 2), (None, 0)], message


def test_part_of_docbin(docs: list[Doc]) -> None:
    blank = spacy.blank("xx")
    docs += [Doc(blank.vocab, words=["a", "b"]), blank.make_doc("Paris")]
    docs[1].cats = {"A": 1.0}
    docs[2].spans["sc"] = [Span(docs[2], 0, 1, "LOC")]
    docs[2].user_data["x"] = 1
    whole = DocBin().from_bytes(DocBin(store_user_data=True, docs=docs).to_bytes())
    _, second, third = whole.get_docs(blank.vocab)
    found = list(compat_spacy.part_of_docbin(whole, 1, None).get_docs(blank.vocab))
    message = changed("spacy", "an attribute of DocBin", "part_of_docbin")
    assert [doc.to_bytes() for doc in found] == [second.to_bytes(), third.to_bytes()], message
    assert len(compat_spacy.part_of_docbin(whole, 1, 2)) == 1, message


def test_imports_nothing_heavy() -> None:
    code = "import sys, spacy_xner.compat_spacy; print({'spacy', 'thinc'} & sys.modules.keys())"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


def test_every_function_has_a_test() -> None:
    public = {node.name for node in read(compat_spacy.__file__).body if isinstance(node, ast.FunctionDef)}
    called = {node.attr for node in ast.walk(read(__file__)) if isinstance(node, ast.Attribute)}
    assert public - called == set()


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.constant(0.5),
        schedules.decaying(0.5, 0.25, t=2),
        schedules.warmup_linear(0.5, 3, 9),
        schedules.cyclic_triangular(0.25, 0.5, 3),
    ],
    ids=lambda schedule: schedule.__name__,
)
@pytest.mark.parametrize("n_taken", [1, 4])
def test_read_schedule(schedule: Any, n_taken: int) -> None:
    for _ in range(n_taken):
        next(schedule)
    message = changed("thinc", "the local variables of its schedules", "read_schedule")
    found = compat_spacy.read_schedule(schedule)
    assert found is not None, message
    name, arguments, taken = found
    again = itertools.islice(registry.get("schedules", name)(**arguments), taken, None)
    assert [next(again) for _ in range(12)] == [next(schedule) for _ in range(12)], message


def test_schedules_that_cannot_be_read() -> None:
    assert compat_spacy.read_schedule(iter([0.5])) is None
    assert compat_spacy.read_schedule(rate for rate in [0.5]) is None
    assert compat_spacy.read_schedule(schedules.compounding(1.0, 2.0, 1.5)) is None


def test_get_attribute_key(docs: list[Doc]) -> None:
    span = docs[0][0:2]
    key = compat_spacy.get_attribute_key(span, "any_name")
    message = changed("spacy", "Underscore._get_key", "get_attribute_key")
    assert key == ("._.", "any_name", 0, 13), message


def test_unpack_spans(docs: list[Doc]) -> None:
    span = Span(docs[0], 0, 2, "PER", kb_id="Q1", span_id="x")
    found = compat_spacy.unpack_spans(SpanGroup(docs[0], spans=[span]).to_bytes())
    message = changed("spacy", "the message of SpanGroup.to_bytes", "unpack_spans")
    assert found == [(span.id, span.kb_id, span.label, 0, 2, 0, 13)], message


def test_get_encoder_output(docs: list[Doc]) -> None:
    install_extensions()
    assert compat_spacy.get_encoder_output(docs[0]) is None
    docs[0]._.trf_data = data = TransformerData.empty()
    message = changed("spacy", "the key of custom attributes in Doc.user_data", "get_encoder_output")
    assert compat_spacy.get_encoder_output(docs[0]) is data, message


def test_is_output_deleted(docs: list[Doc]) -> None:
    install_extensions()
    message = changed("spacy", "the key of custom attributes in Doc.user_data", "is_output_deleted")
    assert not compat_spacy.is_output_deleted(docs[0]), message
    docs[0]._.trf_data = TransformerData.empty()
    assert not compat_spacy.is_output_deleted(docs[0]), message
    DocCleaner({"_.trf_data": None})(docs[0])
    assert compat_spacy.is_output_deleted(docs[0]), message


def test_get_accumulated_gradients(tiny_encoder: Path, docs: list[Doc]) -> None:
    """What each of two listeners finds when it sends its gradients."""
    found: list[list[int]] = []

    class Listener(TransformerListener):
        def receive(self, batch_id: int, outputs: Any, backprop: Any) -> None:
            found.append([len(arrays) for arrays in compat_spacy.get_accumulated_gradients(backprop)])
            zeros = [ModelOutput(last_hidden_state=data.model_output.last_hidden_state * 0) for data in outputs]
            pairs = zip(outputs, zeros, strict=True)
            backprop([TransformerData(data.wordpieces, zero, data.align) for data, zero in pairs])

    transformer = Transformer(docs[0].vocab, TransformerModel(str(tiny_encoder), get_doc_spans))
    transformer.initialize(list)
    for name in ("one", "two"):
        transformer.add_listener(Listener("*"), name)
    transformer.update([Example(doc, doc) for doc in docs])
    message = changed("spacy-transformers", "d_tensors in Transformer.update", "get_accumulated_gradients")
    assert found == [[], [1]], message
    assert compat_spacy.get_accumulated_gradients(lambda d: d) == [], message

"""`PipelineTeacher`: span probabilities of a real pipeline, and pipelines that cannot be teachers."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.annotations.examples import copy_tokens
from spacy_xner.distillation.span_teacher import PipelineTeacher
from spacy_xner.errors import XnerError
from spacy_xner.projection import SpanProjector
from spacy_xner.projection.link_projection import LinkProjection

TEXT = "Angela Merkel visited Paris and London"


@pytest.fixture(scope="module")
def teacher(tiny_pipeline: Path) -> PipelineTeacher:
    return PipelineTeacher(str(tiny_pipeline))


def test_probabilities_are_those_of_the_component(teacher: PipelineTeacher) -> None:
    """Entities that the pipeline predicts have their confidence, in docs of another vocabulary with own labels."""
    words = [TEXT.split(), ["Paris"], ["nothing", "about", "Angela", "Merkel"]]
    docs = [Doc(Vocab(), words=each) for each in words]
    docs[0].ents = [Span(docs[0], 2, 4, label="OTHER")]
    before = docs[0].to_bytes()
    found = teacher.read(docs)
    assert docs[0].to_bytes() == before
    n_entities = 0
    for doc, each in zip(docs, found, strict=True):
        predicted = teacher.nlp(Doc(teacher.nlp.vocab, words=[token.text for token in doc]))
        for entity in predicted.ents:
            (probability,) = each.of(entity.label_, np.array([entity.start]), np.array([entity.end - 1])).flat
            assert probability == pytest.approx(entity._.confidence, abs=1e-4)
            n_entities += 1
    assert n_entities >= 4
    tokens = np.arange(6)
    every = found[0].of("LOC", tokens, tokens)
    assert every.shape == (6, 6)
    assert every[3, 3] == every.max() > 0.5  # Paris
    assert (every[np.tril_indices(6, -1)] == 0).all()


def test_docs_keep_their_tokens(teacher: PipelineTeacher) -> None:
    """Also if the pipeline would split the text in another way, and white space is in between."""
    doc = Doc(Vocab(), words=["Angela", "\n", "Merkel,Paris"], spaces=[True, False, False])
    (found,) = teacher.read([doc])
    assert found.scores.shape == (3, len(teacher.recogniser.scheme))
    every = found.of("PER", np.arange(3), np.arange(3))
    assert every[1].sum() == every[:, 1].sum() == 0  # no entity begins or ends with white space
    assert list(teacher.read([])) == []


@pytest.mark.parametrize("spaces", [None, [True, False]])
def test_copies_of_docs_know_as_much_about_spaces(spaces: list[bool] | None) -> None:
    """Spaces that are unknown stay unknown, and labels are left out."""
    doc = Doc(Vocab(), words=["Angela", "Merkel"], spaces=spaces)
    doc.ents = [Span(doc, 0, 2, label="PER")]
    copy = copy_tokens(doc, Vocab())
    assert [token.text_with_ws for token in copy] == [token.text_with_ws for token in doc]
    assert copy.has_unknown_spaces == (spaces is None)
    assert not copy.has_annotation("ENT_IOB")


def test_one_pipeline_is_loaded_once_and_not_pickled(tiny_pipeline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    load = spacy.load

    def recorded(name: str) -> Any:
        loaded.append(name)
        return load(name)

    monkeypatch.setattr(spacy, "load", recorded)
    teacher = PipelineTeacher(str(tiny_pipeline))
    assert loaded == []
    assert set(teacher.labels) == {"PER", "LOC"}
    assert teacher.identity == teacher.identity
    (first,) = teacher.read([Doc(Vocab(), words=["Paris"])])
    assert loaded == [str(tiny_pipeline)]
    data = pickle.dumps(teacher)
    assert len(data) < 2000
    copy = pickle.loads(data)
    (second,) = copy.read([Doc(Vocab(), words=["Paris"])])
    np.testing.assert_allclose(second.scores, first.scores, atol=1e-5)
    assert copy.identity == teacher.identity
    assert len(teacher.identity["pipeline"]) == 64


def test_pipelines_that_are_no_teachers(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler")
    nlp.to_disk(tmp_path / "rules")
    teacher = PipelineTeacher(str(tmp_path / "rules"))
    for use in (lambda: teacher.identity, lambda: teacher.read([nlp.make_doc("a")])):
        with pytest.raises(XnerError, match=r"has 0 components made by the factory 'xner' in its pipeline \(entity_ru"):
            use()
    with pytest.raises(XnerError, match="no installed package or folder of that name"):
        PipelineTeacher("no_such_pipeline").labels  # noqa: B018


def test_projection_with_a_pipeline(teacher: PipelineTeacher, tiny_encoder: Path) -> None:
    """The title is aligned with the name too; the teacher knows that the name is the entity."""
    source = Doc(Vocab(), words=["Angela", "Merkel", "visited", "Paris"])
    source.ents = [Span(source, 0, 2, label="PER"), Span(source, 3, 4, label="LOC")]
    target = Doc(Vocab(), words=["Frau", "Angela", "Merkel", "visited", "Paris"])

    class Links(EmbeddingAligner):
        def align(self, pairs: Any) -> Any:
            for found in super().align(pairs):
                found.__dict__["links"] = [(0, 0), (0, 1), (1, 2), (2, 3), (3, 4)]
                yield found

    aligner = Links(str(tiny_encoder), 0, "inter")
    expected = {None: [(0, 3, "PER"), (4, 5, "LOC")], 1.0: [(1, 3, "PER"), (4, 5, "LOC")]}
    for weight, spans in expected.items():
        opinion: Any = {} if weight is None else {"teacher": teacher, "teacher_weight": weight}
        (found,) = SpanProjector(aligner, LinkProjection(), 0, **opinion).project([(source, target)])
        assert [(s.start, s.end, s.label) for s in found.spans] == spans

"""What every way of a labelled doc keeps: identifiers and scores of entities, and missing annotation."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_xner.adapt.labelling import find_entities, labelled_docs
from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.annotations.attributes import CONFIDENCE, install_extensions
from spacy_xner.corpus.carry import carry_docs
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.corpus.formats.write import WRITERS
from spacy_xner.corpus.pairs import pair_docs
from spacy_xner.corpus.project import project_corpus
from spacy_xner.corpus.project_files import pair_files
from spacy_xner.corpus.reader import Corpus
from spacy_xner.corpus.translate import translate_docs
from spacy_xner.files import open_text
from spacy_xner.languages.tokenizer import multilingual_blank
from spacy_xner.projection import SpanProjector
from spacy_xner.projection.link_projection import LinkProjection
from spacy_xner.translation.label_carriers import Markers, Placeholders, Xml

WORDS = ["Berlin", "is", "big", "and", "Paris", "too"]
VOCAB = Vocab()
Way = Callable[[Doc, Path, Path], Doc]


class Copy:
    """Translates each text into itself."""

    identity: dict[str, Any] = {"name": "Copy"}  # noqa: RUF012

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        yield from texts


def source(*, partly: bool = False) -> Doc:
    """Berlin has identifiers and a score, Paris has not. Of a partly labelled doc, nobody looked at "is" and "too"."""
    install_extensions()
    doc = Doc(VOCAB, words=WORDS, spaces=[True] * 5 + [False])
    entities = [Span(doc, 0, 1, "LOC", kb_id="Q64", span_id="b"), Span(doc, 4, 5, "LOC")]
    doc.set_ents(entities, missing=[doc[1:2], doc[5:6]] if partly else [])
    doc.ents[0]._.set(CONFIDENCE, 0.5)
    doc.spans["xner"] = [doc.ents[0]]
    doc.spans["xner"].attrs["scores"] = [0.5]
    doc._.xner_meta = {"id": "en:1", "lang": "en", "score": 1.0}
    return doc


def projector(encoder: Path) -> SpanProjector:
    return SpanProjector(EmbeddingAligner(str(encoder), 0, "inter"), LinkProjection())


def convert_docbin(doc: Doc, encoder: Path, room: Path) -> Doc:
    write_docs(room / "a.spacy", [doc])
    (found,) = convert_files([room / "a.spacy"], None, Counter())
    return found


def convert_jsonl(doc: Doc, encoder: Path, room: Path) -> Doc:
    with open_text(room / "a.jsonl") as file:
        WRITERS["jsonl"](file, [doc], Counter())
    (found,) = convert_files([room / "a.jsonl"], None, Counter())
    return found


def project_by_id(doc: Doc, encoder: Path, room: Path, ending: str = ".spacy") -> Doc:
    pairs = pair_docs([doc], list(translate_docs([doc], Copy(), "de", Counter(), cache=False)), Counter())
    project_corpus(room / f"out{ending}", pairs, projector(encoder), Counter())
    (found,) = convert_files([room / f"out{ending}"], None, Counter())
    return found


def project_by_order(doc: Doc, encoder: Path, room: Path) -> Doc:
    write_docs(room / "en.spacy", [doc])
    (room / "de.txt").write_text(doc.text, encoding="utf8")
    pairs = pair_files(room / "en.spacy", room / "de.txt", Counter(), lang="de")
    project_corpus(room / "out.spacy", pairs, projector(encoder), Counter())
    (found,) = load_docs(room / "out.spacy")
    return found


def project_jsonl(doc: Doc, encoder: Path, room: Path) -> Doc:
    """From JSON lines to JSON lines."""
    convert_jsonl(doc, encoder, room)
    (room / "de.txt").write_text(doc.text, encoding="utf8")
    pairs = pair_files(room / "a.jsonl", room / "de.txt", Counter(), lang="de")
    project_corpus(room / "out.jsonl", pairs, projector(encoder), Counter())
    (found,) = convert_files([room / "out.jsonl"], None, Counter())
    return found


def component(doc: Doc, encoder: Path, room: Path) -> Doc:
    nlp = spacy.blank("de")
    aligner = {"@misc": "spacy_xner.EmbeddingAligner.v1", "model": str(encoder), "layers": 0, "method": "inter"}
    nlp.add_pipe("xner_projector", config={"aligner": aligner, "projection": {"@misc": "spacy_xner.SpanProjection.v1"}})
    target = nlp.make_doc(doc.text)
    target._.xner_source = doc
    return nlp(target)


def carry(doc: Doc, encoder: Path, room: Path, carrier: Any = None) -> Doc:
    (found,) = carry_docs([doc], Copy(), "de", Counter(), carrier or Placeholders(), cache=False)
    return found


def read(doc: Doc, encoder: Path, room: Path) -> Doc:
    """The training reader."""
    write_docs(room / "a.spacy", [doc])
    (example,) = Corpus(room / "a.spacy")(multilingual_blank("xx"))
    return example.reference


def read_split(doc: Doc, encoder: Path, room: Path) -> Doc:
    """The training reader, of a doc that it splits into sentences."""
    long = Doc.from_docs([doc, source()])
    assert long is not None
    for i, token in enumerate(long):
        token.is_sent_start = i in (0, len(WORDS))
    write_docs(room / "a.spacy", [long])
    return next(iter(Corpus(room / "a.spacy", max_length=len(WORDS))(multilingual_blank("xx")))).reference


def adapt(doc: Doc, encoder: Path, room: Path) -> Doc:
    """A text that a pipeline has labelled."""
    nlp = multilingual_blank("xx")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "LOC", "pattern": "Paris"}])  # type: ignore[attr-defined]
    text = nlp.make_doc(doc.text)
    text._.xner_meta = {"id": "en:1", "lang": "en", "provenance": []}

    def predicted(texts: Iterable[str]) -> Iterator[Doc]:
        yield doc

    nlp.pipe = predicted  # type: ignore[assignment, method-assign]
    (found,) = labelled_docs([(text, next(find_entities(nlp, [text])))], nlp, room, 0.0, Counter())
    return found


KEEPING: dict[str, Way] = {"docbin": convert_docbin, "jsonl": convert_jsonl, "read": read, "split": read_split}
PROJECTING: dict[str, Way] = {
    "by id": project_by_id,
    "by id into jsonl": partial(project_by_id, ending=".jsonl"),
    "by order": project_by_order,
    "jsonl to jsonl": project_jsonl,
    "component": component,
}
CARRYING: dict[str, Way] = {
    "placeholders": carry,
    "markers": partial(carry, carrier=Markers()),
    "xml": partial(carry, carrier=Xml()),
}
WAYS = {**KEEPING, **PROJECTING, **CARRYING, "adapt": adapt}


@pytest.mark.parametrize("name", WAYS)
def test_identifiers_and_scores_survive(tiny_encoder: Path, tmp_path: Path, name: str) -> None:
    doc = WAYS[name](source(), tiny_encoder, tmp_path)
    first, second = doc.ents
    assert (first.text, first.label_, first.kb_id_, first.id_) == ("Berlin", "LOC", "Q64", "b")
    assert (second.text, second.kb_id_, second.id_) == ("Paris", "", "")
    if name in PROJECTING:  # the projection's own
        assert 0 < first._.confidence <= 1
        assert doc.spans["xner"].attrs["scores"] == pytest.approx([e._.confidence for e in doc.ents])
    else:
        assert first._.confidence == 0.5
    assert all(token.ent_iob_ == "O" for token in doc if not token.ent_type)


@pytest.mark.parametrize("name", [*KEEPING, *PROJECTING, *CARRYING])
def test_partial_annotation_stays_partial(tiny_encoder: Path, tmp_path: Path, name: str) -> None:
    """In a translation, any token outside of its entities may translate one that nobody looked at."""
    doc = WAYS[name](source(partly=True), tiny_encoder, tmp_path)
    kept = ["B", "", "O", "O", "B", ""]
    assert [token.ent_iob_ for token in doc] == (kept if name in KEEPING else ["B", "", "", "", "B", ""])


@pytest.mark.parametrize("ending", [".iob", ".txt"])
def test_text_formats_leave_partly_labelled_sentences_out(tiny_encoder: Path, tmp_path: Path, ending: str) -> None:
    docs = [source(), source(partly=True)]
    docs[1]._.xner_meta = {"id": "en:2", "lang": "en"}
    pairs = pair_docs(docs, list(translate_docs(docs, Copy(), "de", Counter(), cache=False)), Counter())
    counts: Counter[str] = Counter()
    project_corpus(tmp_path / f"out{ending}", pairs, projector(tiny_encoder), counts)
    assert counts["partly labelled sources"] == counts["partly labelled sentences left out"] == 1
    (doc,) = convert_files([tmp_path / f"out{ending}"], "de", Counter())
    assert [entity.text for entity in doc.ents] == ["Berlin", "Paris"]


def test_a_lost_entity_is_missing_annotation(tiny_encoder: Path, tmp_path: Path) -> None:
    """Neither O in a DocBin and in JSON lines, nor for the training; text formats leave the sentence out."""
    doc = source()
    (target,) = translate_docs([doc], Copy(), "de", Counter(), cache=False)
    lost = Doc(target.vocab, words=["Berlin", "ist", "groß"])
    lost._.xner_meta = target._.xner_meta
    for ending in (".spacy", ".jsonl", ".iob", ".txt"):
        counts: Counter[str] = Counter()
        pairs = pair_docs([doc], [lost.copy()], counts)
        out = tmp_path / f"out{ending}"
        project_corpus(out, pairs, projector(tiny_encoder), counts)
        assert counts["missing"] == 1
        if ending in (".iob", ".txt"):
            assert counts["partly labelled sentences left out"] == 1
            assert out.read_text() == ""
            continue
        (found,) = convert_files([out], None, Counter())
        assert [(token.text, token.ent_iob_) for token in found] == [("Berlin", "B"), ("ist", ""), ("groß", "")]
    nlp = multilingual_blank("xx")
    (example,) = Corpus(tmp_path / "out.spacy")(nlp)
    assert example.get_aligned_ner() == ["U-LOC", None, None]


def test_a_sentence_that_lost_all_is_unlabelled(tiny_encoder: Path, tmp_path: Path) -> None:
    doc = source()
    (target,) = translate_docs([doc], Copy(), "de", Counter(), cache=False)
    other = Doc(target.vocab, words=["xyz"])
    other._.xner_meta = target._.xner_meta
    strict = SpanProjector(projector(tiny_encoder).aligner, LinkProjection(), min_score=1.0)
    project_corpus(tmp_path / "out.spacy", pair_docs([doc], [other], Counter()), strict, Counter())
    (found,) = load_docs(tmp_path / "out.spacy")
    assert not found.has_annotation("ENT_IOB")
    assert found._.xner_meta["score"] == 0

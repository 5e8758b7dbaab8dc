"""Distillation: the teachers' distributions and averages, selection, agreement with projected entities."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from typer.testing import CliRunner

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.annotations.soft_labels import get_soft_labels
from spacy_xner.cli import app
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.corpus.provenance import text_hash
from spacy_xner.distillation.combination import COUNTS
from spacy_xner.distillation.distill import distill_file
from spacy_xner.distillation.distiller import Distiller
from spacy_xner.distillation.selection import Selection, entity_agreement
from spacy_xner.distillation.teachers import Teachers
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_blank
from spacy_xner.projection import SpanProjector
from spacy_xner.projection.link_projection import LinkProjection

from ..projection.util import SomeLinks

TEXTS = ["Angela Merkel visited Paris .", "", "日本 😀 שלום", "London and Paris", "nothing"]


@pytest.fixture(scope="module")
def teacher(tiny_pipeline: Path) -> Language:
    return spacy.load(tiny_pipeline)


def unlabelled(*texts: str, lang: str = "de") -> list[Doc]:
    docs = [multilingual_blank("xx").make_doc(text) for text in texts]
    for i, doc in enumerate(docs):
        doc._.xner_meta = {"id": f"t:{i}", "lang": lang, "score": 1.0}
    return docs


def test_one_teacher_says_what_its_pipeline_does(teacher: Language) -> None:
    predictions = list(Teachers([teacher]).label(TEXTS, batch_size=2))
    for text, prediction in zip(TEXTS, predictions, strict=True):
        expected = teacher(text)
        assert [(e.start, e.end, e.label_) for e in prediction.doc.ents] == [
            (e.start, e.end, e.label_) for e in expected.ents
        ]
        scores = [e._.confidence for e in expected.ents]
        assert [e._.confidence for e in prediction.doc.ents] == pytest.approx(scores, abs=1e-4)
        soft = get_soft_labels(prediction.doc)
        assert soft is not None
        assert soft[1].shape[0] == len(expected)
        np.testing.assert_allclose(soft[1].sum(axis=1), 1, atol=1e-3)
        assert prediction.certainty <= min([1.0, *scores]) + 1e-6
        assert not any(key[1] == "trf_data" for key in prediction.doc.user_data)  # the encoder's layers are large
    assert predictions[1].certainty == 1


def test_a_teacher_with_rules_before_it(tiny_pipeline: Path) -> None:
    """An entity of a rule has no score, and does not lower the certainty."""
    nlp = spacy.load(tiny_pipeline)
    nlp.add_pipe("entity_ruler", before="xner").add_patterns([{"label": "LOC", "pattern": "Xanten"}])  # type: ignore[attr-defined]
    (prediction,) = Teachers([nlp]).label(["Xanten"])
    assert [(ent.text, ent._.confidence) for ent in prediction.doc.ents] == [("Xanten", None)]
    assert prediction.certainty == 1


def test_average_by_hand(teacher: Language, tiny_pipeline: Path) -> None:
    """The average of a teacher and the same teacher with another temperature."""
    other: Any = spacy.load(tiny_pipeline)
    recogniser = other.get_pipe("xner")
    recogniser.cfg["temperature"] = 3.0
    both = next(iter(Teachers([teacher, other]).label(TEXTS[:1])))
    alone = [next(iter(Teachers([nlp]).label(TEXTS[:1]))) for nlp in (teacher, other)]
    found, *parts = (get_soft_labels(prediction.doc) for prediction in (both, *alone))
    assert found is not None
    np.testing.assert_allclose(found[1], (parts[0][1] + parts[1][1]) / 2, atol=1e-5)  # type: ignore[index]


def test_teachers_that_do_not_fit(teacher: Language, tiny_pipeline: Path) -> None:
    with pytest.raises(XnerError, match="There is no teacher"):
        Teachers([])
    with pytest.raises(XnerError, match="has 0 components made by the factory 'xner'"):
        Teachers([spacy.blank("en")])
    other: Any = spacy.load(tiny_pipeline)
    other.get_pipe("xner").cfg["labels"] = ["PER", "OTHER"]
    with pytest.raises(XnerError, match=r"Teachers have different labels: LOC, PER in .*and OTHER, PER in"):
        Teachers([teacher, other])


def test_soft_labels_alone(teacher: Language, tmp_path: Path) -> None:
    counts: Counter[str] = Counter()
    docs = unlabelled(*(text for text in TEXTS if text))
    made = list(Distiller(Teachers([teacher]), Selection()).distill(docs, counts))
    assert counts["docs"] == counts["kept"] == len(docs)
    assert not any(doc.has_annotation("ENT_IOB") for doc in made)
    assert [doc._.xner_meta["id"] for doc in made] == [doc._.xner_meta["id"] for doc in docs]
    assert made[0]._.xner_meta["provenance"][-1]["step"] == "distill"
    write_docs(tmp_path / "a.spacy", made)
    loaded = load_docs(tmp_path / "a.spacy")
    assert [doc.text for doc in loaded] == [doc.text for doc in docs]
    assert all(get_soft_labels(doc) is not None for doc in loaded)


def test_unsure_sentences_are_left_out_and_counted(teacher: Language) -> None:
    docs = unlabelled(*(text for text in TEXTS if text))
    sure = {o.doc.text: o.certainty for o in Teachers([teacher]).label(doc.text for doc in docs)}
    least = sorted(sure.values())[1]
    counts: Counter[str] = Counter()
    made = list(Distiller(Teachers([teacher]), Selection(certainty=least)).distill(docs, counts))
    assert {doc.text for doc in made} == {text for text, certainty in sure.items() if certainty >= least}
    assert counts["unsure"] == len(docs) - len(made) > 0


def test_projected_entities(teacher: Language, tiny_encoder: Path) -> None:
    """Sources are labelled in their language, and the entities found there are projected."""
    sources = unlabelled("Angela Merkel visited Paris .", "nothing", lang="en")
    docs = unlabelled("Angela Merkel visited Paris .", "nothing", "not translated from anything")
    projector = SpanProjector(EmbeddingAligner(str(tiny_encoder), 0, "inter"), LinkProjection())
    by_id = {doc._.xner_meta["id"]: doc for doc in sources}
    counts: Counter[str] = Counter()
    made = list(Distiller(Teachers([teacher]), Selection(agreement=1.0), by_id, projector).distill(docs, counts))
    found = {doc.text: [(entity.text, entity.label_) for entity in doc.ents] for doc in made}
    assert found[docs[0].text] == [(entity.text, entity.label_) for entity in teacher(docs[0].text).ents]
    assert counts["kept with projected entities"] == 2
    assert counts["without a source"] == 1
    assert not made[-1].has_annotation("ENT_IOB")
    # combined: both find the same
    counts.clear()
    combined = Distiller(Teachers([teacher]), Selection(), by_id, projector, combine=True)
    again = list(combined.distill(docs, counts))
    assert {doc.text: [(entity.text, entity.label_) for entity in doc.ents] for doc in again} == found
    assert counts["disagreements: the teacher is chosen"] == counts["disagreements: the projection is chosen"] == 0
    assert again[0]._.xner_meta["provenance"][-1]["combine"] is True
    assert combined.identity == {**combined.identity, "combine": True}
    # a source that has nothing to do with it
    by_id["t:0"] = sources[1]
    counts.clear()
    distiller = Distiller(Teachers([teacher]), Selection(agreement=0.5), by_id, projector)
    made = list(distiller.distill(unlabelled(docs[0].text), counts))
    assert made == []
    assert counts["teacher and projection disagree"] == 1
    assert "combine" not in distiller.identity  # as in journals of earlier versions
    combined = Distiller(Teachers([teacher]), Selection(), by_id, projector, combine=True)
    (one,) = combined.distill(unlabelled(docs[0].text), counts)
    n_found = len(teacher(docs[0].text).ents)
    assert n_found > 0
    assert sum(counts[name] for name in COUNTS) == n_found
    assert not one.ents


@pytest.mark.parametrize(
    ("capitalised", "kept"),
    [
        (None, 0),
        ({"LOC": ["de"]}, 1),
        ({"LOC": ["fr"]}, 0),
        ({"PER": ["de"]}, 0),
        ("${corpora.dev.capitalised}", 1),
    ],
)
def test_agreement_in_the_convention_of_the_teacher(tiny_pipeline: Path, capitalised: Any, kept: int) -> None:
    """A projected name without a capital letter does not count where the teacher has learned that it is none."""
    teacher = spacy.load(tiny_pipeline)
    teacher.config["corpora"] = {"train": {"capitalised": capitalised}, "dev": {"capitalised": {"LOC": ["de"]}}}
    (source,) = unlabelled("Angela Merkel visited Paris .", lang="en")
    docs = unlabelled("Angela Merkel visited paris .")
    assert [entity.text for entity in teacher(docs[0].text).ents] == ["Angela Merkel"]
    projector = SpanProjector(SomeLinks([(i, i) for i in range(5)]), LinkProjection())
    counts: Counter[str] = Counter()
    distiller = Distiller(Teachers([teacher]), Selection(agreement=0.9), {"t:0": source}, projector)
    made = list(distiller.distill(docs, counts))
    assert (len(made), counts["teacher and projection disagree"]) == (kept, 1 - kept)
    for doc in made:  # the reader takes them out of what is learned, as it does everywhere
        assert [entity.text for entity in doc.ents] == ["Angela Merkel", "paris"]
    assert ("capitalised" in distiller.identity) == (capitalised is not None)


def test_a_source_is_labelled_once(teacher: Language, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with translations into several languages; the projected entities are the same."""
    text = "Angela Merkel visited Paris ."
    (source,) = unlabelled(text, lang="en")
    targets = unlabelled(text) + unlabelled(text, lang="nl") + unlabelled(text, lang="es")
    teachers = Teachers([teacher])
    asked: list[str] = []
    label = teachers.label
    monkeypatch.setattr(teachers, "label", lambda texts: label([asked.append(text) or text for text in texts]))  # type: ignore[func-returns-value]
    projector = SpanProjector(EmbeddingAligner(str(tiny_encoder), 1, "inter"), LinkProjection())
    made = list(Distiller(teachers, Selection(), {"t:0": source}, projector, batch_size=2).distill(targets, Counter()))
    assert asked == [text, text, text, text]  # three translations and their source
    expected = [(e.start, e.end, e.label_) for e in next(iter(label([text]))).doc.ents]
    assert expected
    assert [[(e.start, e.end, e.label_) for e in doc.ents] for doc in made] == [expected] * 3


def test_a_translation_of_another_text_is_refused(teacher: Language, tiny_encoder: Path) -> None:
    """Where a line was inserted into the source and it was not translated again; nothing is labelled then."""
    sources = {doc._.xner_meta["id"]: doc for doc in unlabelled("a new line", "Paris", lang="en")}
    (doc,) = unlabelled("Paris")
    step = {"step": "translate", "translator": {"name": "Apertium.v1"}, "source": text_hash("Paris"), "revision": 1}
    doc._.xner_meta = {**doc._.xner_meta, "provenance": [step]}
    projector = SpanProjector(EmbeddingAligner(str(tiny_encoder), 0, "inter"), LinkProjection())
    distiller = Distiller(
        Teachers([teacher]), Selection(), sources, projector, source_file="en.spacy", target_file="de.spacy"
    )
    with pytest.raises(XnerError, match=r"de\.spacy: the doc t:0 .* en\.spacy \('a new line'\), but from the one") as e:
        list(distiller.distill([doc], Counter()))
    assert "`xner corpus translate en.spacy --output de.spacy --lang de --translator apertium`" in str(e.value)


def test_identifiers_of_entities_are_kept(tiny_pipeline: Path, tiny_encoder: Path) -> None:
    """Those that a component of the teacher gives the entities of a source."""
    nlp = spacy.load(tiny_pipeline)
    ruler: Any = nlp.add_pipe("entity_ruler", before="xner")
    ruler.add_patterns([{"label": "LOC", "pattern": "Paris", "id": "Q90"}])
    projector = SpanProjector(EmbeddingAligner(str(tiny_encoder), 0, "inter"), LinkProjection())
    sources = {"t:0": unlabelled("Paris", lang="en")[0]}
    (doc,) = Distiller(Teachers([nlp]), Selection(), sources, projector).distill(unlabelled("Paris"), Counter())
    assert [(entity.text, entity.label_, entity.id_) for entity in doc.ents] == [("Paris", "LOC", "Q90")]


def test_labelled_text_is_refused(teacher: Language) -> None:
    (doc,) = unlabelled("Paris")
    doc.set_ents([])
    with pytest.raises(XnerError, match=r"t:0 is labelled \('Paris'\), expected unlabelled text"):
        list(Distiller(Teachers([teacher]), Selection()).distill([doc], Counter()))


def test_bad_input_is_found_before_anything_is_labelled(
    teacher: Language, tiny_pipeline: Path, tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A labelled doc at the end, sources of another corpus, teachers that tokenize a text at the end differently."""
    labelled = unlabelled("Paris", "London")
    labelled[1].set_ents([])
    other: Any = spacy.load(tiny_pipeline)
    other.tokenizer = spacy.blank("en").tokenizer
    projector = SpanProjector(EmbeddingAligner(str(tiny_encoder), 0, "inter"), LinkProjection())
    (strange,) = unlabelled("Paris", lang="en")
    plain, both = Teachers([teacher]), Teachers([teacher, other])
    cases = [
        (Distiller(plain, Selection()), labelled, "t:1 is labelled"),
        (Distiller(both, Selection()), unlabelled("Paris", "It isn't."), r"tokenize the text 'It isn't\.' differently"),
        (
            Distiller(plain, Selection(), {"x:1": strange}, projector),
            unlabelled("Paris"),
            r"the first text is t:0, the first source x:1",
        ),
    ]
    monkeypatch.setattr(Teachers, "label", lambda *_: pytest.fail("something was labelled"))
    for distiller, docs, message in cases:
        with pytest.raises(XnerError, match=message):
            distill_file(tmp_path / "out.spacy", docs, distiller, Counter())
        with pytest.raises(XnerError, match=message):
            list(distiller.distill(docs, Counter()))


def test_an_interrupted_run_is_resumed(teacher: Language, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It continues after its last full batch, and ends with the same bytes and counts as an uninterrupted run."""
    docs = unlabelled(*(f"{text} {number}" for number in range(2) for text in TEXTS))
    uninterrupted: Counter[str] = Counter()
    distiller = Distiller(Teachers([teacher]), Selection(certainty=0.01), batch_size=2)
    assert distill_file(tmp_path / "whole.spacy", docs, distiller, uninterrupted)[0] == uninterrupted["kept"]

    def stop(batches: Iterable[Any], done: int, total: int) -> Iterator[Any]:
        assert (done, total) == (0, 5)
        for number, batch in enumerate(batches):
            if number == 2:
                raise KeyboardInterrupt
            yield batch

    with pytest.raises(KeyboardInterrupt):
        distill_file(tmp_path / "out.spacy", docs, distiller, Counter(), stop)
    asked: list[str] = []
    label = Teachers.label
    monkeypatch.setattr(Teachers, "label", lambda self, texts: label(self, [asked.append(t) or t for t in texts]))  # type: ignore[func-returns-value]
    counts: Counter[str] = Counter()
    again = Distiller(Teachers([teacher]), Selection(certainty=0.01), batch_size=2)
    assert distill_file(tmp_path / "out.spacy", docs, again, counts)[0] == counts["kept"]
    assert asked == [doc.text for doc in docs[6:]]  # the third batch was done when it was stopped
    assert counts == uninterrupted
    assert (tmp_path / "out.spacy").read_bytes() == (tmp_path / "whole.spacy").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if "jsonl" in path.name) == []


def test_selection_out_of_range() -> None:
    with pytest.raises(XnerError, match="minimum agreement is 2"):
        Selection(agreement=2)


def test_entity_agreement_by_hand() -> None:
    a, b, c = (0, 1, "PER"), (0, 1, "LOC"), (3, 4, "LOC")
    assert entity_agreement(set(), set()) == 1
    assert entity_agreement({a}, {b}) == 0
    assert entity_agreement({a, c}, {a}) == pytest.approx(2 / 3)


def test_command(tiny_pipeline: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    for lang in ("de", "fr"):
        write_docs(tmp_path / f"{lang}.spacy", unlabelled("Angela Merkel", "Paris", lang=lang))
    arguments = ["corpus", "distill", f"{tiny_pipeline},{tiny_pipeline}", tmp_path / "{lang}.spacy"]
    arguments += ["--output", tmp_path / "out/{lang}.spacy", "--lang", "de,fr"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    assert len(load_docs(tmp_path / "out/fr.spacy")) == 2
    write_docs(tmp_path / "en.spacy", unlabelled("Angela Merkel", "Paris", lang="en"))
    sources = ["--sources", tmp_path / "en.spacy", "--encoder", tiny_encoder]
    result = CliRunner().invoke(app, [str(argument) for argument in (*arguments, *sources)])
    assert result.exit_code == 0, result.output
    assert "kept with projected entities" in result.output
    before = (tmp_path / "en.spacy").read_bytes()
    arguments[3:] = [tmp_path / "de.spacy", "--output", tmp_path / "en.spacy"]
    result = CliRunner().invoke(app, [str(argument) for argument in (*arguments, *sources)])
    assert "is also an input and would be lost" in result.output.replace("\n", " ")
    assert (tmp_path / "en.spacy").read_bytes() == before
    result = CliRunner().invoke(app, [*map(str, arguments), "--agreement", "0.5"])
    assert "expected the source sentences as --sources" in result.output

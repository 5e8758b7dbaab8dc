"""Steps on rows give what the commands give for a file with the same sentences."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.annotations.attributes import meta_of
from spacy_xner.annotations.soft_labels import set_soft_labels
from spacy_xner.corpus.carry import carry_docs
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import docs_by_id, load_docs, write_docs
from spacy_xner.corpus.filters import Filters
from spacy_xner.corpus.pairs import pair_docs
from spacy_xner.corpus.project import project_corpus
from spacy_xner.corpus.synthesize import synthesize
from spacy_xner.corpus.translate import translate_docs
from spacy_xner.distillation.distill import distill_file
from spacy_xner.distillation.distiller import Distiller
from spacy_xner.distillation.selection import Selection
from spacy_xner.distillation.span_teacher import PipelineTeacher
from spacy_xner.distillation.teachers import Teachers
from spacy_xner.errors import XnerError
from spacy_xner.projection import SpanProjector
from spacy_xner.projection.link_projection import LinkProjection
from spacy_xner.shards.row import Row
from spacy_xner.shards.row_docs import row_of_doc, row_of_pair, source_doc
from spacy_xner.shards.rows import read_rows, write_row_docs
from spacy_xner.shards.steps import (
    OTHER_TOKENS,
    SOFT_LEFT_OUT,
    distill_batch,
    project_batch,
    synthesize_batch,
    translate_batch,
)
from spacy_xner.translation.label_carriers import Placeholders

ENGLISH = (
    "[Angela Merkel](PER) visited [London](LOC).\nthe President\nunknown [Paris](LOC)\n[Berlin](LOC) blank\n"
    "the president of [Paris](LOC)\nthe President visited the President and [Angela](PER) [Paris](LOC) [London](LOC)\n"
)
GERMAN = {
    "Angela Merkel visited London.": " London Angela Merkel. ",
    "the President": "President 👩‍👩‍👧",
    "Berlin blank": " ",
    "the president of Paris": "president 👩‍👩‍👧",
    "the President visited the President and Angela Paris London": "President",
}


class Table:
    """A translator that looks texts up, like a translation memory."""

    identity = {"name": "table", "source": "en", "target": "de"}  # noqa: RUF012

    def __init__(self, table: dict[str, str]) -> None:
        self.table = table

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        return (self.table.get(text) for text in texts)


@pytest.fixture
def english(tmp_path: Path) -> Path:
    (tmp_path / "en.txt").write_text(ENGLISH, encoding="utf8")
    write_docs(tmp_path / "en.spacy", convert_files([tmp_path / "en.txt"], "en", Counter()))
    return tmp_path / "en.spacy"


@pytest.fixture
def rows(english: Path) -> list[Row]:
    found = list(read_rows(english.with_suffix(".txt"), lang="en"))
    assert found == list(read_rows(english))  # of the text, and of the DocBin that was made of it
    return found


@pytest.fixture(scope="module")
def projector(tiny_encoder: Path) -> SpanProjector:
    return SpanProjector(EmbeddingAligner(str(tiny_encoder), 0, "inter"), LinkProjection())


@pytest.fixture(scope="module")
def teacher(tiny_pipeline: Path) -> Language:
    return spacy.load(tiny_pipeline)


def same_bytes(folder: Path, rows: Iterable[Row], docs: Iterable[Doc]) -> bool:
    write_row_docs(folder / "rows.spacy", rows)
    write_docs(folder / "docs.spacy", docs)
    return (folder / "rows.spacy").read_bytes() == (folder / "docs.spacy").read_bytes()


def test_translate(english: Path, rows: list[Row], tmp_path: Path) -> None:
    counts, expected = Counter[str](), Counter[str]()
    translated = translate_batch(rows, Table(GERMAN), "de", counts)
    docs = translate_docs(load_docs(english), Table(GERMAN), "de", expected)
    assert same_bytes(tmp_path, translated, docs)
    assert counts == expected
    assert counts["translated"] == len(translated) == 4
    first = translated[0]
    assert (first.lang, first.source_lang, first.words) == ("de", "en", ["London", "Angela", "Merkel", "."])
    assert meta_of(source_doc(first, Vocab())) == {**rows[0].meta, "id": "en:1", "lang": "en", "score": 1}
    # translated again, from the source
    again = translate_batch(translated, Table(GERMAN), "de", Counter())
    assert again == translated


def test_translate_with_labels(english: Path, rows: list[Row], tmp_path: Path) -> None:
    class Swap(Table):
        def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
            """The words in the other order."""
            return (" ".join(reversed(text.removesuffix(".").split())) for text in texts)

    table, rows = Swap({}), rows[:3]
    counts, expected = Counter[str](), Counter[str]()
    translated = translate_batch(rows, table, "es", counts, carrier=Placeholders(), cache=False)
    docs = carry_docs(load_docs(english)[:3], table, "es", expected, Placeholders(), cache=False)
    write_docs(tmp_path / "es.spacy", docs)
    write_row_docs(tmp_path / "rows.spacy", translated)  # attributes in another order, so other bytes
    assert list(read_rows(tmp_path / "rows.spacy")) == list(read_rows(tmp_path / "es.spacy"))
    assert counts == expected
    assert [tuple(span) for span in translated[0].spans or ()] == [(0, 1, "LOC", 1, "", ""), (2, 4, "PER", 1, "", "")]
    assert counts["arrived"] == 3


def test_language_is_checked_from_a_hundred_translations_on(rows: list[Row]) -> None:
    """In a file, most of five are an error."""
    copies = Table({" ".join(["the President"] * 5): "the President"})
    row = row_of_doc(next(iter(docs_of("the President " * 4 + "the President"))))
    counts = Counter[str]()
    assert len(translate_batch([row] * 99, copies, "ru", counts, cache=False)) == counts["in another script"] == 99
    with pytest.raises(XnerError, match=r"100 of 100 translations by table .* not in a script of the language 'ru'"):
        translate_batch([row] * 100, copies, "ru", Counter(), cache=False)


def docs_of(*texts: str, lang: str = "en") -> list[Doc]:
    from spacy_xner.languages.tokenizer import multilingual_tokenizer

    docs = [multilingual_tokenizer()(text) for text in texts]
    for i, doc in enumerate(docs):
        doc._.xner_meta = {"id": f"t:{i}", "lang": lang, "score": 1.0}
    return docs


def test_soft_labels_of_sources_are_counted() -> None:
    (doc,) = docs_of("the President")
    set_soft_labels(doc, ["O"], [[1.0]] * 2)
    counts = Counter[str]()
    (row,) = translate_batch([row_of_doc(doc)], Table(GERMAN), "de", counts)
    assert row.soft_labels is None
    assert counts[SOFT_LEFT_OUT] == 1


def test_synthesize(english: Path, rows: list[Row], tmp_path: Path) -> None:
    counts, expected = Counter[str](), Counter[str]()
    filters = Filters(language=False, quality=0.2)

    def quality(pairs: Any) -> Iterator[float]:
        return (1 / len(target) for _, target in pairs)

    made = synthesize_batch(rows, Table(GERMAN), "de", filters, counts, quality)
    docs = synthesize(load_docs(english), Table(GERMAN), "de", filters, expected, quality)
    assert same_bytes(tmp_path, made, docs)
    assert counts == expected
    assert (counts["duplicates"], counts["another length"], counts["of low quality"]) == (1, 1, 1)
    assert [(row.score, row.spans) for row in made] == [(0.25, None)]
    # ids may occur twice, since a row has its own source
    twice = synthesize_batch([*rows, *rows], Table(GERMAN), "de", filters, Counter(), quality)
    assert twice == made


def test_project(english: Path, rows: list[Row], projector: SpanProjector, tmp_path: Path) -> None:
    targets = {text: text.replace("the ", "") for text in (doc.text for doc in load_docs(english))}
    translated = translate_batch(rows, Table(targets), "de", Counter())
    counts, expected = Counter[str](), Counter[str]()
    made = project_batch(translated, projector, counts)
    sources = load_docs(english)
    pairs = pair_docs(sources, list(translate_docs(sources, Table(targets), "de", Counter())), Counter())
    project_corpus(tmp_path / "docs.spacy", pairs, projector, expected)
    write_row_docs(tmp_path / "rows.spacy", made)
    assert (tmp_path / "rows.spacy").read_bytes() == (tmp_path / "docs.spacy").read_bytes()
    assert counts == expected
    assert [len(row.spans or ()) for row in made] == [2, 0, 1, 1, 0, 2]
    assert made[0].source_spans == rows[0].source_spans
    assert [row.complete for row in made] == [True, True, True, True, False, False]


def test_project_drops_rows(rows: list[Row], tiny_encoder: Path) -> None:
    strict = SpanProjector(EmbeddingAligner(str(tiny_encoder), 0, "inter"), LinkProjection(), filters=["label_counts"])
    translated = translate_batch(rows, Table({**GERMAN, "unknown Paris": "Paris"}), "de", Counter())
    counts = Counter[str]()
    kept = project_batch(translated, strict, counts)
    assert len(kept) < len(translated)
    assert {row.id for row in kept} == {"en:2", "en:3"}


def test_project_refuses_rows(rows: list[Row], projector: SpanProjector) -> None:
    with pytest.raises(XnerError, match="The row en:1 has no target words, expected a translation"):
        project_batch(rows, projector, Counter())
    (unlabelled, labelled) = docs_of("Paris", "Angela")
    with pytest.raises(XnerError, match="The source of the row t:1 is unlabelled, expected entities"):
        project_batch([row_of_pair(unlabelled, labelled)], projector, Counter())
    first, *_ = translate_batch(rows, Table(GERMAN), "de", Counter())
    first.source_words[-1] = "!"
    with pytest.raises(XnerError, match=r"en:1: its target \('London Angela Merkel\.'\) was not made from its source"):
        project_batch([first], projector, Counter())


def test_distill(teacher: Language, tmp_path: Path) -> None:
    docs = docs_of("Angela Merkel visited Paris .", "London and Paris", "nothing", "Paris")
    counts, expected = Counter[str](), Counter[str]()
    distiller = Distiller(Teachers([teacher]), Selection(certainty=0.05), batch_size=3)
    made = distill_batch([row_of_doc(doc) for doc in docs], distiller, counts)
    distill_file(tmp_path / "docs.spacy", docs, distiller, expected)
    write_row_docs(tmp_path / "rows.spacy", made)
    assert list(read_rows(tmp_path / "rows.spacy")) == list(read_rows(tmp_path / "docs.spacy"))
    assert counts == expected
    assert made[0].words is None
    assert made[0].soft_labels is not None


def test_distill_with_sources(teacher: Language, projector: SpanProjector, tmp_path: Path) -> None:
    sources = docs_of("Angela Merkel visited Paris .", "nothing")
    targets = docs_of("Angela Merkel visited Paris .", "nothing", lang="de")
    counts, expected = Counter[str](), Counter[str]()
    rows = [row_of_pair(*pair) for pair in zip(sources, targets, strict=True)]
    selection = Selection(agreement=1.0)
    made = distill_batch(rows, Distiller(Teachers([teacher]), selection, None, projector), counts)
    by_file = Distiller(Teachers([teacher]), selection, docs_by_id(sources), projector)
    distill_file(tmp_path / "docs.spacy", targets, by_file, expected)
    write_row_docs(tmp_path / "rows.spacy", made)
    assert list(read_rows(tmp_path / "rows.spacy")) == list(read_rows(tmp_path / "docs.spacy"))
    assert counts == expected
    assert counts["kept with projected entities"] == 2
    assert [span.label for span in made[0].spans or ()] == [e.label_ for e in teacher(sources[0].text).ents]


def test_distill_keeps_entities(teacher: Language) -> None:
    """Those of a row stay beside the soft labels; a row that has lost one, or all, is left out."""
    whole, partly, lost, inside = docs_of(*["Angela Merkel visited Paris ."] * 4, lang="de")
    whole.set_ents([Span(whole, 3, 4, label="LOC", kb_id="Q90")])
    partly.set_ents([Span(partly, 3, 4, label="LOC")], default="missing")
    lost._.xner_meta = {**meta_of(lost), "provenance": [{"step": "project", "missing": 2}]}
    (inside,) = [Doc(teacher.vocab, words=["An", "gela Merkel"], spaces=[False, False])]
    inside._.xner_meta = meta_of(whole)
    inside.set_ents([Span(inside, 0, 1, label="PER")])
    rows = [row_of_doc(doc) for doc in (whole, partly, lost, inside)]
    distiller = Distiller(Teachers([teacher]), Selection())
    with pytest.raises(XnerError, match=r"The row t:0 is labelled \('Angela Merkel.*set keep_entities"):
        distill_batch(rows, distiller, Counter())
    counts = Counter[str]()
    (row,) = distill_batch(rows, distiller, counts, keep_entities=True)
    assert [tuple(span) for span in row.source_spans or ()] == [(3, 4, "LOC", 1.0, "Q90", "")]
    assert row.source_complete
    assert row.soft_labels is not None
    assert (counts["not fully projected"], counts[OTHER_TOKENS], counts["kept"]) == (3, 1, 1)
    assert row.meta["provenance"][-1]["agreement"] == 0


def test_new_words_are_forgotten(teacher: Language, tiny_encoder: Path, tiny_pipeline: Path) -> None:
    """Memory does not grow with the number of different words."""
    opinion = PipelineTeacher(str(tiny_pipeline))
    projector = SpanProjector(EmbeddingAligner(str(tiny_encoder), 0), teacher=opinion)
    distiller = Distiller(Teachers([teacher]), Selection(), None, projector)
    (source,), (target,) = docs_of("Angela visited Xyz"), docs_of("Angela besuchte Xyz", lang="de")
    source.set_ents([Span(source, 2, 3, label="LOC")])
    row = row_of_pair(source, target)
    first = distill_batch([row], distiller, Counter()), project_batch([row], projector, Counter())
    sizes = [len(nlp.vocab.strings) for nlp in (teacher, opinion.nlp)]
    assert not {"besuchte", "Xyz"} & {*teacher.vocab.strings, *opinion.nlp.vocab.strings}
    new = replace(row, words=["Neue", "Worte"], spaces=[True, False], meta={}, source_words=["Qwertz", "a", "b"])
    distill_batch([new], distiller, Counter())
    project_batch([new], projector, Counter())
    assert [len(nlp.vocab.strings) for nlp in (teacher, opinion.nlp)] == sizes
    assert (distill_batch([row], distiller, Counter()), project_batch([row], projector, Counter())) == first

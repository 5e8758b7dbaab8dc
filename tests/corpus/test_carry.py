"""Corpora translated with their labels."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from spacy.tokens import Doc, Span

from spacy_xner.corpus.carry import carry_docs
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.errors import XnerError
from spacy_xner.projection import SpanProjector
from spacy_xner.translation.label_carriers import Markers, Placeholders, Xml

ENGLISH = (
    "[Angela Merkel](PER) visited [London](LOC)'s [EU](ORG) office.\nno name\nwhat? [Paris](LOC)\n[Rome](LOC) twice\n"
)


class Engine:
    """Returns capitals except for entities, None for a text with a question mark; "twice" repeats the first word."""

    identity: dict[str, Any] = {"name": "Engine", "source": "en", "target": "de"}  # noqa: RUF012

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        for text in texts:
            words = [word if word[0].isupper() or word[0] in "[<" else word.upper() for word in text.split()]
            again = words[:1] if "twice" in text else []
            yield None if "?" in text else " ".join([*words, *again])


@pytest.fixture
def source(tmp_path: Path) -> list[Doc]:
    (tmp_path / "a.txt").write_text(ENGLISH, encoding="utf8")
    return list(convert_files([tmp_path / "a.txt"], "en", Counter()))


@pytest.mark.parametrize("way", [Placeholders(), Markers(), Xml()])
def test_carry(source: list[Doc], tmp_path: Path, way: Any) -> None:
    counts: Counter[str] = Counter()
    write_docs(tmp_path / "de.spacy", carry_docs(source, Engine(), "de", counts, way, complete=True))
    first, second = load_docs(tmp_path / "de.spacy")
    assert first.text == "Angela Merkel VISITED London's EU OFFICE."
    assert [(ent.text, ent.label_) for ent in first.ents] == [
        ("Angela Merkel", "PER"),
        ("London", "LOC"),
        ("EU", "ORG"),
    ]
    assert first.spans["xner"].attrs["scores"] == [1.0] * 3
    assert (second.text, second.ents, second.has_annotation("ENT_IOB")) == ("NO NAME", (), True)
    meta = first._.xner_meta
    assert (meta["id"], meta["lang"], meta["score"]) == ("a:1", "de", 1.0)
    assert (meta["provenance"][1]["step"], meta["provenance"][1]["way"]) == ("carry", type(way).__name__)
    assert +counts == {
        "docs": 4, "translated": 3, "without translation": 1, "entities": 4, "arrived": 4, "duplicated": 1,
        "docs left out": 1, "entities left out": 1,
    }  # fmt: skip


def test_incomplete_ones_may_stay(source: list[Doc]) -> None:
    *_, last = carry_docs(source, Engine(), "de", Counter(), Placeholders())
    assert [ent.text for ent in last.ents] == ["Rome", "Rome"]
    assert last._.xner_meta["score"] == 0.0


def test_damaged_ones_never(source: list[Doc]) -> None:
    class Cutter(Engine):
        def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
            return (text[1:] for text in texts)

    counts: Counter[str] = Counter()
    found = list(carry_docs(source[-1:], Cutter(), "de", counts, Placeholders(), complete=False, cache=False))
    assert (found, counts["docs left out"], counts["lost"]) == ([], 1, 1)


def test_another_language_is_seen_early(source: list[Doc]) -> None:
    """Also if the hundredth sentence is left out because of a duplicated entity."""
    docs = [*source[:1] * 99, source[3], *source[:1] * 200]
    with pytest.raises(XnerError, match=r"^100 of 100 translations by Engine .* not in a script of the language 'ru'"):
        list(carry_docs(docs, Engine(), "ru", Counter(), Placeholders(), complete=True, cache=False))


def test_unlabelled(source: list[Doc]) -> None:
    source[1] = Doc(source[0].vocab, words=["a"])
    source[1]._.xner_meta = {"id": "a:2", "lang": "en"}
    with pytest.raises(XnerError, match="source doc a:2 is unlabelled, expected entities to carry"):
        list(carry_docs(source, Engine(), "de", Counter(), Placeholders()))


class Copy:
    """Copies the text, without what matches `lost`."""

    identity: dict[str, Any] = {"name": "Copy", "source": "en", "target": "de"}  # noqa: RUF012

    def __init__(self, *lost: str) -> None:
        self.lost = lost

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        for text in texts:
            for part in self.lost:
                text = text.replace(part, "")
            yield text


def test_a_lost_entity_is_missing_annotation(source: list[Doc]) -> None:
    """Never O; and the reason is counted."""
    counts: Counter[str] = Counter()
    (found,) = carry_docs(source[:1], Copy("<b>"), "de", counts, Xml(), cache=False)
    assert found.text == source[0].text
    assert [ent.text for ent in found.ents] == ["Angela Merkel", "EU"]
    assert {token.ent_iob_ for token in found if not token.ent_type} == {""}
    assert (counts["lost"], counts["lost: tag without its pair"], found._.xner_meta["score"]) == (1, 1, 0.0)


@pytest.fixture
def nested(source: list[Doc]) -> Doc:
    """The University of Oxford hired Ada: one of its two entities, and two nested ones in a span group."""
    doc = Doc(source[0].vocab, words=["The", "University", "of", "Oxford", "hired", "Ada"])
    doc.ents = [Span(doc, 1, 4, "ORG", kb_id="Q34433"), Span(doc, 5, 6, "PER")]
    doc.spans["sc"] = [Span(doc, 1, 4, "SCHOOL"), Span(doc, 3, 4, "CITY", kb_id="Q34217", span_id="o")]
    doc._.xner_meta = {"id": "a:1", "lang": "en"}
    return doc


def test_a_span_group(nested: Doc, tmp_path: Path) -> None:
    counts: Counter[str] = Counter()
    carried = carry_docs([nested], Copy(), "de", counts, Xml(), cache=False, spans_key="sc")
    write_docs(tmp_path / "de.spacy", carried)
    (found,) = load_docs(tmp_path / "de.spacy")
    assert [(ent.text, ent.label_, ent.kb_id_) for ent in found.ents] == [
        ("University of Oxford", "ORG", "Q34433"),
        ("Ada", "PER", ""),
    ]
    assert [(span.text, span.label_, span.kb_id_, span.id_) for span in found.spans["sc"]] == [
        ("University of Oxford", "SCHOOL", "", ""),
        ("Oxford", "CITY", "Q34217", "o"),
    ]
    assert (counts["entities"], counts["arrived"]) == (3, 3)  # places
    assert found._.xner_meta["provenance"][-1]["spans_key"] == "sc"


def test_a_span_group_is_whole_or_the_doc_is_left_out(nested: Doc) -> None:
    """Since a group cannot say that a span is missing. A lost entity can be missing annotation."""
    counts: Counter[str] = Counter()
    assert not list(carry_docs([nested], Copy("<b>"), "de", counts, Xml(), cache=False, spans_key="sc"))
    assert (counts["docs left out"], counts["entities left out"], counts["lost"]) == (1, 2, 1)
    (found,) = carry_docs([nested], Copy("<c>"), "de", counts, Xml(), cache=False, spans_key="sc")
    assert [span.text for span in found.spans["sc"]] == ["University of Oxford", "Oxford"]
    assert [token.ent_iob_ for token in found] == ["", "B", "I", "I", "", ""]


def test_a_span_group_without_entities(nested: Doc) -> None:
    nested.set_ents([], default="missing")
    (found,) = carry_docs([nested], Copy(), "de", Counter(), Xml(), cache=False, spans_key="sc")
    assert (len(found.spans["sc"]), found.has_annotation("ENT_IOB")) == (2, False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"carrier": Markers(), "spans_key": "sc"},
            r"^Markers cannot carry the span group 'sc', .* \(--carry xml\)\.$",
        ),
        ({"spans_key": "x"}, r"^No source doc has a span group 'x', found: sc\.$"),
        ({"spans_key": "xner"}, "^The span group 'xner' has the entities themselves"),
        ({"spans_key": "sc", "projector": SpanProjector()}, "cannot be compared with a projection"),
    ],
)
def test_span_groups_that_cannot_be_carried(nested: Doc, options: dict[str, Any], message: str) -> None:
    with pytest.raises(XnerError, match=message):
        list(carry_docs([nested], Copy(), "de", Counter(), **{"carrier": Xml(), **options}))

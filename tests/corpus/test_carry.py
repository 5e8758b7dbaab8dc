"""Corpora translated with their labels."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from spacy.tokens import Doc

from spacy_xner.corpus.carry import carry_docs
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.errors import XnerError
from spacy_xner.translation.label_carriers import Markers, Placeholders

ENGLISH = (
    "[Angela Merkel](PER) visited [London](LOC)'s [EU](ORG) office.\nno name\nwhat? [Paris](LOC)\n[Rome](LOC) twice\n"
)


class Engine:
    """Returns capitals except for entities, None for a text with a question mark; "twice" repeats the first word."""

    identity: dict[str, Any] = {"name": "Engine", "source": "en", "target": "de"}  # noqa: RUF012

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        for text in texts:
            words = [word if word[0].isupper() or word[0] == "[" else word.upper() for word in text.split()]
            again = words[:1] if "twice" in text else []
            yield None if "?" in text else " ".join([*words, *again])


@pytest.fixture
def source(tmp_path: Path) -> list[Doc]:
    (tmp_path / "a.txt").write_text(ENGLISH, encoding="utf8")
    return list(convert_files([tmp_path / "a.txt"], "en", Counter()))


@pytest.mark.parametrize("way", [Placeholders(), Markers()])
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

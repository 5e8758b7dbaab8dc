"""Corpora translated and projected."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from spacy.tokens import Doc, Span

from spacy_xner import __version__
from spacy_xner.alignment.registry import embedding_aligner_v1
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.corpus.pairs import Pairs, pair_docs
from spacy_xner.corpus.project import project_corpus
from spacy_xner.corpus.provenance import text_hash
from spacy_xner.corpus.translate import REVISION, language_of, parse_settings, translate_docs
from spacy_xner.errors import XnerError
from spacy_xner.projection import SpanProjector
from spacy_xner.projection.registry import span_projection_v1

ENGLISH = "[Angela Merkel](PER) visited [London](LOC).\nthe President\nunknown [Paris](LOC)\n[Berlin](LOC) blank\n"


class Table:
    """A translator that looks texts up, like a translation memory."""

    def __init__(self, table: dict[str, str], surplus: int = 0) -> None:
        self.table, self.surplus = table, surplus

    @property
    def identity(self) -> dict[str, Any]:
        return {"name": "table", "table": self.table}

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        yield from (self.table.get(text) for text in texts)
        yield from [""] * self.surplus


TABLE = Table(
    {"Angela Merkel visited London.": " London Angela Merkel. ", "the President": "President", "Berlin blank": " "}
)


@pytest.fixture
def source(tmp_path: Path) -> list[Doc]:
    (tmp_path / "a.txt").write_text(ENGLISH, encoding="utf8")
    return list(convert_files([tmp_path / "a.txt"], "en", Counter()))


def test_translate(source: list[Doc], tmp_path: Path) -> None:
    counts: Counter[str] = Counter()
    write_docs(tmp_path / "de.spacy", translate_docs(source, TABLE, "de", counts))
    first, second = load_docs(tmp_path / "de.spacy")
    assert (first.text, second.text) == ("London Angela Merkel.", "President")
    assert not first.has_annotation("ENT_IOB")
    assert (first._.xner_meta["id"], first._.xner_meta["lang"]) == ("a:1", "de")
    made = {"source": text_hash("Angela Merkel visited London."), "revision": REVISION, "version": __version__}
    assert first._.xner_meta["provenance"][1] == {"step": "translate", "translator": TABLE.identity, **made}
    assert counts == {"docs": 4, "translated": 2, "without translation": 1, "translated to nothing": 1}
    assert source[0]._.xner_meta["lang"] == "en"


def test_translator_must_give_one_for_each(source: list[Doc]) -> None:
    with pytest.raises(
        XnerError, match=r"table \(languages unknown\) gave more translations than it got texts, after 4 texts"
    ):
        list(translate_docs(source, Table({}, surplus=1), "de", Counter()))


def test_wrong_language(source: list[Doc]) -> None:
    """Some translations may be names in Latin letters, but not most of them."""
    counts: Counter[str] = Counter()
    copies = Table({doc.text: doc.text for doc in source})
    assert len(list(translate_docs(source, copies, "ru", counts))) == counts["in another script"] == 4
    with pytest.raises(XnerError, match=r"8 of 8 translations by table .* not in a script of the language 'ru' \(Cyrl"):
        list(translate_docs(source * 2, copies, "ru", Counter()))


def test_another_language_in_the_same_script(source: list[Doc]) -> None:
    """A translator into French, and one that returns the English text, with Spanish as target."""
    nlp = source[0].vocab
    words = ["The", "president", "visited", "the", "old", "town", "yesterday", "with", "all", "his", "friends"]
    docs = [Doc(nlp, words=[*words, str(number)]) for number in range(6)]
    for doc in docs:
        doc._.xner_meta = {"id": doc[-1].text, "lang": "en"}
    french = "Le président a visité hier la vieille ville avec tous ses amis"
    for table in (Table({doc.text: french for doc in docs}), Table({doc.text: doc.text for doc in docs})):
        counts: Counter[str] = Counter()
        with pytest.raises(XnerError, match=r"6 of 6 translations by table .* are not in the language 'es': expected"):
            list(translate_docs(docs, table, "es", counts))
        assert counts["in another language"] == 6
    mostly = Table({doc.text: "El presidente visitó ayer la ciudad vieja" for doc in docs[:4]} | {docs[4].text: french})
    counts = Counter()
    assert len(list(translate_docs(docs, mostly, "es", counts))) == 5
    assert counts["in another language"] == 1


def test_nothing_but_another_script_is_seen_early(source: list[Doc], tmp_path: Path) -> None:
    """After the first hundred; the message names the folder of cached translations."""
    asked = []

    class Copies(Table):
        def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
            return (asked.append(text) or f"{text} {len(asked)}" for text in texts)  # type: ignore[func-returns-value]

    with pytest.raises(XnerError, match=r"100 of 100 translations .* cached in .*cache: to translate again"):
        list(translate_docs(source * 100, Copies({}), "ru", Counter(), tmp_path / "cache"))
    assert len(asked) <= 100


def test_kept_or_not(source: list[Doc], tmp_path: Path) -> None:
    class Counting(Table):
        n_asked = 0

        def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
            for text in texts:
                self.n_asked += 1
                yield text

    for cache, n_asked in ((tmp_path / "cache", 4), (True, 4), (False, 8)):
        translator = Counting({})
        for _ in range(2):
            list(translate_docs(source, translator, "de", Counter(), cache))
        assert translator.n_asked == n_asked


def test_language_and_settings(source: list[Doc]) -> None:
    assert language_of(source, "a.spacy") == "en"
    source[0]._.xner_meta = {"id": "x", "lang": "fr"}
    with pytest.raises(XnerError, match=r"a\.spacy: found docs in en, fr, expected one language per file"):
        language_of(source, "a.spacy")
    assert parse_settings(["batch_size=5", "path=a=b", "mode="]) == {"batch_size": 5, "path": "a=b", "mode": ""}
    with pytest.raises(XnerError, match=r"a\.spacy: found no texts, expected at least one"):
        language_of([], "a.spacy")
    with pytest.raises(XnerError, match="'batch_size' has no value"):
        parse_settings(["batch_size"])


@pytest.fixture
def projector(tiny_encoder: Path) -> SpanProjector:
    return SpanProjector(embedding_aligner_v1(str(tiny_encoder), method="inter"), span_projection_v1())


def test_project(source: list[Doc], projector: SpanProjector, tmp_path: Path) -> None:
    """Onto a copy of the text, where every word finds itself."""
    copies = Table({doc.text: doc.text for doc in source[:2]})
    source[0].set_ents([Span(source[0], 0, 2, "PER", kb_id="Q567", span_id="merkel"), source[0].ents[1]])
    counts: Counter[str] = Counter()
    pairs = pair_docs(source, list(translate_docs(source, copies, "de", Counter())), counts)
    assert counts == {"pairs": 2, "translations without their source": 0, "sources without a translation": 2}
    project_corpus(tmp_path / "de.spacy", pairs, projector, counts)
    first, second = load_docs(tmp_path / "de.spacy")
    assert [(ent.text, ent.label_) for ent in first.ents] == [("Angela Merkel", "PER"), ("London", "LOC")]
    assert [ent.kb_id_ for ent in first.ents] == [ent.kb_id_ for ent in source[0].ents] == ["Q567", ""]
    assert [ent.id_ for ent in first.ents] == ["merkel", ""]
    scores = first.spans["xner"].attrs["scores"]
    assert [ent._.confidence for ent in first.ents] == pytest.approx(scores)
    assert first._.xner_meta["score"] == pytest.approx(min(scores), abs=1e-6)
    step = first._.xner_meta["provenance"][2]
    assert (step["step"], step["missing"]) == ("project", 0)
    assert json.loads(json.dumps(step["aligner"])) == projector.identity["aligner"]  # a list comes back as a tuple
    assert step["source"] == text_hash("Angela Merkel visited London.")
    assert second.has_annotation("ENT_IOB")
    assert (second.ents, second._.xner_meta["score"]) == ((), 1.0)
    assert counts["projected"] == 2


def test_incomplete_sentences_are_dropped(source: list[Doc], tiny_encoder: Path, tmp_path: Path) -> None:
    aligner = embedding_aligner_v1(str(tiny_encoder))
    strict = SpanProjector(aligner, span_projection_v1(), min_score=1.0, filters=["label_counts"])
    other = Table({doc.text: "xyz" for doc in source})
    pairs = pair_docs(source, list(translate_docs(source, other, "de", Counter())), Counter())
    counts: Counter[str] = Counter()
    project_corpus(tmp_path / "de.spacy", pairs, strict, counts)
    assert [doc._.xner_meta["id"] for doc in load_docs(tmp_path / "de.spacy")] == ["a:2"]
    assert counts["dropped_sentences"] == counts["dropped_by_label_counts"] == 3
    for filters in (["gaps"], ["gaps", "label_counts"]):  # each is in the provenance; one that drops nothing counts 0
        strict = SpanProjector(aligner, span_projection_v1(), filters=filters)
        counts.clear()
        copies = Table({doc.text: doc.text for doc in source})
        pairs = pair_docs(source, list(translate_docs(source, copies, "de", Counter())), Counter())
        project_corpus(tmp_path / "all.spacy", pairs, strict, counts)
        assert [counts[f"dropped_by_{name}"] for name in filters] == [0] * len(filters)
        step = load_docs(tmp_path / "all.spacy")[0]._.xner_meta["provenance"][-1]
        assert step["filters"] == dict.fromkeys(filters, 1)


class KilledError(Exception):
    pass


@pytest.mark.parametrize("ending", [".spacy", ".jsonl"])
def test_an_interrupted_run_is_resumed(
    source: list[Doc], projector: SpanProjector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """The same bytes and counts as an undisturbed run, and nothing projected twice."""

    def pairs(counts: Counter[str]) -> Pairs:
        copies = Table({doc.text: doc.text for doc in source})
        return pair_docs(source, list(translate_docs(source, copies, "de", Counter(), cache=False)), counts)

    whole, resumed = Counter[str](), Counter[str]()
    project_corpus(tmp_path / f"whole{ending}", pairs(whole), projector, whole)
    n_projected, original = 0, SpanProjector.project

    def dies(self: SpanProjector, to_project: Any) -> Any:
        yield from islice(original(self, to_project), 3)
        raise KilledError

    def counted(self: SpanProjector, to_project: Any) -> Any:
        nonlocal n_projected
        for found in original(self, to_project):
            n_projected += 1
            yield found

    output = tmp_path / f"resumed{ending}"
    monkeypatch.setattr(SpanProjector, "project", dies)
    with pytest.raises(KilledError):
        project_corpus(output, pairs(Counter()), projector, Counter())
    assert not output.exists()
    monkeypatch.setattr(SpanProjector, "project", counted)
    project_corpus(output, pairs(resumed), projector, resumed)
    assert n_projected == 1
    assert resumed == whole
    assert output.read_bytes() == (tmp_path / f"whole{ending}").read_bytes()
    assert not list(tmp_path.glob(".resumed*"))


def test_bad_pairs(source: list[Doc]) -> None:
    (translated,) = translate_docs(source[:1], TABLE, "de", Counter())
    with pytest.raises(XnerError, match="No translated doc has the id of a source doc"):
        pair_docs(source[1:], [translated], Counter())
    with pytest.raises(XnerError, match="source doc a:1 is unlabelled"):
        pair_docs([translated], [translated], Counter())
    with pytest.raises(XnerError, match="Two source docs have the id a:1, expected distinct ids"):
        pair_docs([*source, source[0].copy()], [translated], Counter())

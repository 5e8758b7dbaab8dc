"""Filters of translations: each drops and counts the pairs that it should, and no others."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from spacy.tokens import Doc
from typer.testing import CliRunner

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.cli import app
from spacy_xner.corpus.docs import load_docs
from spacy_xner.corpus.filters import Filters, filter_translations
from spacy_xner.corpus.quality import alignment_quality, round_trip_quality
from spacy_xner.corpus.synthesize import synthesize
from spacy_xner.corpus.texts import read_unlabelled
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_blank

NONE = Filters(length_ratio=0, copied=1, language=False, duplicates=False, quality=0)
GOOD = ("The president visited the town yesterday.", "Der Präsident besuchte gestern die Stadt.")


def pair(source: str, translation: str, lang: str = "de") -> tuple[Doc, Doc]:
    nlp = multilingual_blank("xx")
    docs = nlp.make_doc(source), nlp.make_doc(translation)
    for doc, code in zip(docs, ("en", lang), strict=True):
        doc._.xner_meta = {"id": source, "lang": code, "score": 1.0}
    return docs


def kept(filters: Filters, *pairs: tuple[Doc, Doc], quality: Any = None) -> tuple[list[str], Counter[str]]:
    counts: Counter[str] = Counter()
    return [b.text for _, b in filter_translations(pairs, filters, counts, quality)], +counts


@pytest.mark.parametrize(
    ("filters", "wrong", "reason"),
    [
        (replace(NONE, length_ratio=2.0), ("A short sentence that is here.", "Ein Satz. " * 20), "another length"),
        (
            replace(NONE, length_ratio=2.0),
            ("A long sentence that is here. " * 5, "Ein kurzer Satz, nur."),
            "another length",
        ),
        (
            replace(NONE, copied=0.9),
            ("Nothing was translated here!", "Nothing was translated here."),
            "copies of the source",
        ),
        (replace(NONE, language=True), ("x", "El presidente visitó ayer la ciudad de Madrid."), "another language"),
        (replace(NONE, duplicates=True), ("x", " der präsident besuchte  GESTERN die Stadt."), "duplicates"),
    ],
)
def test_each_filter(filters: Filters, wrong: tuple[str, str], reason: str) -> None:
    good = [GOOD, ("He was in Berlin in the summer of that year.", "Er war im Sommer jenes Jahres in Berlin.")]
    texts, counts = kept(filters, *(pair(*texts) for texts in (*good, wrong)))
    assert texts == [translation for _, translation in good]
    assert counts == {reason: 1, "kept": 2}


def test_switched_off_nothing_is_left_out() -> None:
    pairs = [pair("a", "a"), pair("a", "a"), pair("b" * 40, "c"), pair("", "😀"), pair("x", "שלום עולם", "he")]
    assert kept(NONE, *pairs)[1] == {"kept": 5}


def test_short_texts_and_unknown_languages_pass_the_language_filter() -> None:
    some = replace(NONE, language=True)
    assert kept(some, pair("x", "Yes."), pair("x", "This is a sentence in English.", "tlh"))[1] == {"kept": 2}


def test_quality_by_alignment(embedded_encoder: Path) -> None:
    """A translation has a higher quality than the translation of another sentence."""
    measure = alignment_quality(EmbeddingAligner(str(embedded_encoder)))
    good, bad = measure([pair(*GOOD), pair(GOOD[0], "Kühe fressen im Sommer sehr viel frisches Gras.")])
    assert good is not None
    assert bad is not None
    assert 1 >= good > 0.6
    assert bad < good - 0.2
    texts, counts = kept(replace(NONE, quality=(good + bad) / 2), pair(*GOOD), quality=measure)
    assert texts == [GOOD[1]]
    assert counts == {"kept": 1}


class Back:
    """A translator with a few known texts."""

    @property
    def identity(self) -> dict[str, Any]:
        return {"name": "back"}

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        for text in texts:
            yield GOOD[0] if text == GOOD[1] else None


def test_quality_by_round_trip() -> None:
    pairs = [pair(*GOOD), pair("Another one.", "Noch einer.")]
    texts, counts = kept(replace(NONE, quality=0.5), *pairs, quality=round_trip_quality(Back()))
    assert texts == [GOOD[1]]
    assert counts == {"of unknown quality": 1, "kept": 1}
    assert pairs[0][1]._.xner_meta["score"] == 1


@pytest.mark.parametrize("settings", [{"length_ratio": 1.0}, {"copied": 2}, {"quality": -1}])
def test_out_of_range(settings: dict[str, float]) -> None:
    with pytest.raises(XnerError, match="expected"):
        Filters(**settings)  # type: ignore[arg-type]


def test_quality_without_a_measure() -> None:
    with pytest.raises(XnerError, match="no quality estimate is given"):
        list(synthesize([], Back(), "de", Filters(), Counter()))


def test_command(tmp_path: Path) -> None:
    """From a text file to unlabelled docs with the ids of their sources, and counts of the dropped ones."""
    (tmp_path / "news.txt").write_text(
        f"{GOOD[0]}\nNobody knows this.\nBerlin and Paris are cities .\n", encoding="utf8"
    )
    memory = f"en\tde\n{GOOD[0]}\t{GOOD[1]}\nBerlin and Paris are cities .\tBerlin and Paris are cities .\n"
    (tmp_path / "memory.tsv").write_text(memory, encoding="utf8")
    arguments = ["corpus", "synthesize", tmp_path / "news.txt", "--output", tmp_path / "{lang}.spacy", "--lang", "de"]
    arguments += ["--memory", tmp_path / "memory.tsv", "--quality", "none"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    assert "copies of the source" in result.output
    (doc,) = load_docs(tmp_path / "de.spacy")
    assert (doc.text, doc._.xner_meta["id"], doc._.xner_meta["lang"]) == (GOOD[1], "news:1", "de")
    assert not doc.has_annotation("ENT_IOB")


@pytest.mark.parametrize(("options", "kept"), [([], 1), (["--keep-duplicates"], 2)])
def test_command_with_duplicates(tmp_path: Path, options: list[str], kept: int) -> None:
    (tmp_path / "news.txt").write_text(f"{GOOD[0]}\n{GOOD[0]}\n", encoding="utf8")
    (tmp_path / "memory.tsv").write_text(f"en\tde\n{GOOD[0]}\t{GOOD[1]}\n", encoding="utf8")
    arguments = ["corpus", "synthesize", tmp_path / "news.txt", "--output", tmp_path / "de.spacy", "--lang", "de"]
    arguments += ["--memory", tmp_path / "memory.tsv", "--quality", "none", *options]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    assert re.search(rf"duplicates +{2 - kept}", result.output)
    assert len(load_docs(tmp_path / "de.spacy")) == kept


@pytest.mark.parametrize("quality", ["alignment", "round-trip"])
def test_command_with_quality(tmp_path: Path, embedded_encoder: Path, quality: str) -> None:
    """The translation of another sentence is dropped, by its alignment and by its back-translation."""
    wrong = "Kühe fressen im Sommer sehr viel frisches Gras."
    other = "Her brother sold the red car last week."
    (tmp_path / "news.txt").write_text(f"{GOOD[0]}\n{other}\n", encoding="utf8")
    cows = "Cows eat a lot of fresh grass in summer."  # the first one of a text is its translation back
    memory = f"en\tde\n{GOOD[0]}\t{GOOD[1]}\n{cows}\t{wrong}\n{other}\t{wrong}\n"
    (tmp_path / "memory.tsv").write_text(memory, encoding="utf8")
    arguments = ["corpus", "synthesize", tmp_path / "news.txt", "--output", tmp_path / "de.spacy", "--lang", "de"]
    arguments += ["--memory", tmp_path / "memory.tsv", "--quality", quality, "--min-quality", "0.6"]
    arguments += ["--encoder", embedded_encoder]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    assert re.search(r"of low quality +1", result.output)
    assert [doc.text for doc in load_docs(tmp_path / "de.spacy")] == [GOOD[1]]


def test_unknown_ending(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_text("x")
    with pytest.raises(XnerError, match="found the ending"):
        list(read_unlabelled(tmp_path / "a.docx", "en", Counter()))


def test_text_of_any_format(tmp_path: Path) -> None:
    """Entities in the file are ignored and counted; a link is not an entity."""
    files = {
        "a.txt": "See [the site](https://example.org).\n",
        "b.iob": "Ada\tB-PER\nsings\tO\n",
        "c.jsonl": '{"text": "Ada sings", "spans": [{"start": 0, "end": 3, "label": "PER"}]}\n',
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf8")
    counts: Counter[str] = Counter()
    texts = [doc.text for name in files for doc in read_unlabelled(tmp_path / name, "en", counts)]
    assert texts == ["See [the site](https://example.org).", "Ada sings", "Ada sings"]
    assert counts == {"texts": 3, "entities in the file, not looked at": 2}


def test_empty_texts_are_counted_and_long_ones_read(tmp_path: Path) -> None:
    lines = ['{"text": ""}', '{"text": "Ada sings"}', '{"text": "' + "Ada sings. " * 100_000 + '"}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf8")
    counts: Counter[str] = Counter()
    texts = [doc.text for doc in read_unlabelled(tmp_path / "a.jsonl", "en", counts)]
    assert [len(text) for text in texts] == [9, 1_100_000]
    assert counts == {"texts": 2, "empty texts left out": 1}


def test_way_back(tmp_path: Path) -> None:
    """A dictionary is read the other way round; where a setting is for one direction, another one is asked for."""
    (tmp_path / "news.txt").write_text("the old town is here\n", encoding="utf8")
    (tmp_path / "en-de.tsv").write_text("the\tdie\nold\talte\ntown\tStadt\nis\tist\nhere\thier\n", encoding="utf8")
    arguments = ["corpus", "synthesize", tmp_path / "news.txt", "--output", tmp_path / "de.spacy", "--lang", "de"]
    arguments += ["--translator", "lexicon", "-s", f"path={tmp_path / 'en-de.tsv'}", "-s", "ranked=false"]
    result = CliRunner().invoke(app, [str(argument) for argument in (*arguments, "--quality", "round-trip")])
    assert result.exit_code == 0, result.output
    (doc,) = load_docs(tmp_path / "de.spacy")
    assert (doc.text, doc._.xner_meta["score"]) == ("die alte Stadt ist hier", 1)
    assert re.search(r"Lexicon\.v1, texts not in the cache", result.output)
    result = CliRunner().invoke(app, [str(argument) for argument in (*arguments, "--back-setting", "path=x")])
    assert "expected it with --quality round-trip" in result.output

import multiprocessing
import signal
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from diskcache import Cache
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy import registry
from typer.testing import CliRunner

from spacy_xner.cli.corpus import corpus_app
from spacy_xner.errors import XnerError
from spacy_xner.translation.cache import CachedTranslator, with_cache
from spacy_xner.translation.memory import TranslationMemory
from spacy_xner.translation.pivot import Pivot
from spacy_xner.translation.streams import translate_items

from .util import Reverser

AWKWARD = ["", " ", "a\0b", "tab\tnew\nline", "שלום עולם", "👩‍👩‍👧 family", "\ud800 lone", "x" * 100_000, "null", '"']


def test_nothing_is_translated_twice(tmp_path: Path) -> None:
    texts = ["one", "two", "one", "what?", "two", "what?"]
    expected = ["eno", "owt", "eno", None, "owt", None]
    first, second = Reverser(), Reverser()
    assert list(CachedTranslator(first, tmp_path).translate(texts)) == expected
    assert first.asked == ["one", "two", "what?"]
    assert list(CachedTranslator(second, tmp_path).translate([*texts, "new"])) == [*expected, "wen"]
    assert second.asked == ["new"]
    assert CachedTranslator(first, tmp_path).identity == first.identity


def test_other_translators_have_other_translations(tmp_path: Path) -> None:
    list(CachedTranslator(Reverser(), tmp_path).translate(["one"]))
    for other in (Reverser(target="fr"), Reverser(name="Other")):
        list(CachedTranslator(other, tmp_path).translate(["one"]))
        assert other.asked == ["one"]


def test_awkward_texts(tmp_path: Path) -> None:
    for _ in range(2):
        translator = Reverser()
        assert list(CachedTranslator(translator, tmp_path).translate(AWKWARD)) == [text[::-1] for text in AWKWARD]
    assert translator.asked == []


@settings(max_examples=25)
@given(texts=st.lists(st.sampled_from("abcdef?"), max_size=30), known=st.sets(st.sampled_from("abcdef?")))
@pytest.mark.parametrize(("ahead", "batch_size"), [(1, 1), (4, 3), (3, 100)])
def test_order(
    tmp_path_factory: pytest.TempPathFactory, ahead: int, batch_size: int, texts: list[str], known: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    list(CachedTranslator(Reverser(), folder).translate(sorted(known)))
    translator = Reverser(batch_size=batch_size)
    expected = [None if text == "?" else text for text in texts]
    assert list(CachedTranslator(translator, folder, ahead).translate(texts)) == expected
    assert sorted(translator.asked) == sorted(set(texts) - known)


def test_reads_at_most_ahead(tmp_path: Path) -> None:
    read = 0

    def count() -> Iterator[str]:
        nonlocal read
        for read in range(1, 1001):
            yield f"text {read % 70}"

    translations = CachedTranslator(Reverser(batch_size=100), tmp_path, ahead=20).translate(count())
    furthest = 0
    for number, _ in enumerate(translations):
        furthest = max(furthest, read - number)
    assert (number, furthest) == (999, 20)


def test_stored_immediately(tmp_path: Path) -> None:
    translations = CachedTranslator(Reverser(batch_size=1), tmp_path).translate(["one", "two", "three"])
    next(translations)
    other = Reverser()
    assert list(CachedTranslator(other, tmp_path).translate(["one", "two"])) == ["eno", "owt"]
    assert other.asked == ["two"]
    assert list(translations) == ["owt", "eerht"]


def test_two_processes_yield_the_same(tmp_path: Path) -> None:
    class Shouter(Reverser):
        def translate(self, texts):  # type: ignore[no-untyped-def]
            return (text.upper() for text in texts)

    both = zip(
        CachedTranslator(Reverser(batch_size=1), tmp_path).translate("ab"),
        CachedTranslator(Shouter(), tmp_path).translate("ab"),
        strict=True,
    )
    assert list(both) == [("a", "a"), ("b", "b")]


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        ({"surplus": -1}, r"Reverser \(en to es\) gave fewer .* the last 2 of a block, from text 4 on \('four'\)"),
        ({"surplus": 1}, r"gave more translations than it got texts, after 5 texts"),
        ({"crash_at": "four"}, r"stopped at text 4 \('four'\): RuntimeError: out of memory"),
    ],
)
def test_translator_errors(tmp_path: Path, mistake: dict[str, Any], message: str) -> None:
    texts = ["one", "two", "three", "four", "five"]
    translator = Reverser(batch_size=5, **mistake)
    if mistake == {"surplus": -1}:
        translator.batch_size, translator.surplus = 5, -2
    with pytest.raises(XnerError, match=message + r".*Earlier translations are stored in .*: the next run resumes"):
        list(CachedTranslator(translator, tmp_path).translate(texts))
    after = Reverser()
    list(CachedTranslator(after, tmp_path).translate(texts))
    assert after.asked == texts[3 if "crash_at" in mistake else 0 :]  # after a wrong count, no translation is certain


@pytest.mark.parametrize("mistake", ["loses a line", "adds a line"])
def test_doubtful_translations_are_deleted(tmp_path: Path, mistake: str) -> None:
    """A missing or additional line shifts all later ones; translations of earlier blocks are kept."""

    class Slipping(Reverser):
        def translate(self, texts):  # type: ignore[no-untyped-def]
            for text in texts:
                if text == "six" and mistake == "adds a line":
                    yield "?"
                if text != "six" or mistake == "adds a line":
                    yield text[::-1]

    texts = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
    with pytest.raises(XnerError, match=r"(more|fewer) translations than it got"):
        list(CachedTranslator(Slipping(), tmp_path, ahead=4).translate(texts))
    after = Reverser()
    assert list(CachedTranslator(after, tmp_path).translate(texts)) == [text[::-1] for text in texts]
    assert after.asked == texts[4:]


@pytest.mark.parametrize("cache", [True, False])
def test_texts_are_numbered_from_the_start(tmp_path: Path, cache: bool) -> None:
    """Also after the first block, after cached texts, and in a pivot."""
    texts = [f"text {number}" for number in range(25)]
    broken = Reverser("es", "ca", batch_size=1, crash_at="text 18"[::-1])
    pivot = Pivot([Reverser("en", "es"), CachedTranslator(broken, tmp_path, ahead=4) if cache else broken])
    items = ((text, text if number % 3 else None) for number, text in enumerate(texts, start=1))
    with pytest.raises(XnerError, match=r"stopped at text 19 \('81 txet'\): RuntimeError: out of memory"):
        list(translate_items(pivot, items, ahead=7))


def test_pivot_names_the_cache_once(tmp_path: Path) -> None:
    broken = Reverser("en", "es", batch_size=1, crash_at="two")
    pivot = with_cache(Pivot([broken, Reverser("es", "ca")], ahead=5), tmp_path)
    assert isinstance(pivot, Pivot)
    assert pivot.ahead == 5
    with pytest.raises(XnerError) as error:
        list(pivot.translate(["one", "two"]))
    assert str(error.value).count(f"stored in {tmp_path}") == 1


def test_errors_of_the_input_are_raised_unchanged(tmp_path: Path) -> None:
    def broken() -> Iterator[str]:
        yield "one"
        raise OSError("disk on fire")

    with pytest.raises(OSError, match="disk on fire"):
        list(CachedTranslator(Reverser(batch_size=1), tmp_path).translate(broken()))


def test_not_a_text(tmp_path: Path) -> None:
    class Number(Reverser):
        def translate(self, texts):  # type: ignore[no-untyped-def]
            return (len(text) for text in texts)

    with pytest.raises(XnerError, match=r"gave 3 for text 1 \('one'\), expected a text or None"):
        list(CachedTranslator(Number(), tmp_path).translate(["one"]))


def test_no_pickle_is_read(tmp_path: Path) -> None:
    list(CachedTranslator(Reverser(), tmp_path).translate(["one"]))
    with Cache(str(tmp_path)) as cache:
        (key,) = cache.iterkeys()
        cache[key] = ["a list"]
    with pytest.raises(XnerError, match="has a value that is not a text"):
        list(CachedTranslator(Reverser(), tmp_path).translate(["one"]))


def test_bad_folders(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(XnerError, match="cannot be used"):
        list(CachedTranslator(Reverser(), tmp_path / "file").translate(["one"]))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/cache.db").write_bytes(b"no database at all" * 1000)
    with pytest.raises(XnerError, match="cannot be used: file is not a database"):
        list(CachedTranslator(Reverser(), tmp_path / "cache").translate(["one"]))
    with pytest.raises(XnerError, match="at least 1"):
        CachedTranslator(Reverser(), tmp_path, ahead=0)


def test_bad_identity(tmp_path: Path) -> None:
    class Odd(Reverser):
        identity = {"name": Path()}  # noqa: RUF012

    with pytest.raises(XnerError, match="expected plain JSON"):
        CachedTranslator(Odd(), tmp_path)


def test_with_cache(tmp_path: Path) -> None:
    (tmp_path / "m.tsv").write_text("en\tes\nYes\tSí\n")
    memory = TranslationMemory(tmp_path / "m.tsv", "en", "es")
    assert with_cache(memory) is memory
    last = Reverser(source="es", target="ca")
    pivot = with_cache(Pivot([memory, last]), tmp_path / "cache")
    for _ in range(2):
        assert list(pivot.translate(["Yes", "No"])) == ["íS", None]
    assert last.asked == ["Sí"]
    assert pivot.identity["steps"] == [memory.identity, last.identity]


class Slow(Reverser):
    """Takes its time for each text, and writes the text to a file before it is translated."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self.log = log

    def translate(self, texts: Iterable[str]) -> Iterator[str]:
        for text in texts:
            time.sleep(0.02)
            with self.log.open("a", encoding="utf8") as file:
                file.write(f"{text}\n")
            yield text[::-1]


def test_killed_runs_resume(tmp_path: Path) -> None:
    """A run that is killed twice while writing writes the same bytes as an undisturbed run."""
    texts = [f"this is sentence {number}" for number in range(120)]
    (tmp_path / "en.txt").write_text("\n".join(texts))
    source, output = tmp_path / "en.spacy", tmp_path / "es.spacy"
    call("convert", tmp_path / "en.txt", "--output", source, "--lang", "en", "--format", "plain")
    translate = [
        "translate",
        str(source),
        "--output",
        str(output),
        "--lang",
        "es",
        "--translator",
        "tests.Slow",
        "--cache",
    ]
    log = tmp_path / "log"
    log.touch()
    registry.misc("tests.Slow", func=lambda source, target: Slow(log))
    fork = multiprocessing.get_context("fork")  # with all imports done: a new interpreter takes seconds for them
    for wanted in (25, 70):
        process = fork.Process(target=corpus_app, args=([*translate, str(tmp_path / "cache")],))
        process.start()
        while len(log.read_text().splitlines()) < wanted:
            assert process.is_alive()
            time.sleep(0.01)
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert not output.exists()
    asked = log.read_text().splitlines()
    with sqlite3.connect(tmp_path / "cache/cache.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    last = Reverser()
    registry.misc("tests.Slow", func=lambda source, target: last)
    call(*translate, tmp_path / "cache")
    asked += last.asked
    assert len(asked) <= len(texts) + 2  # at most the current text is translated again
    assert sorted(set(asked)) == sorted(texts)
    undisturbed = tmp_path / "again.spacy"
    call("translate", source, "--output", undisturbed, *translate[4:], tmp_path / "another cache")
    assert len(last.asked) > len(texts)
    assert undisturbed.read_bytes() == output.read_bytes()


def call(*arguments: str | Path) -> None:
    result = CliRunner().invoke(corpus_app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output

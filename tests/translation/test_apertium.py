import json
import os
import stat
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacy_xner.errors import XnerError
from spacy_xner.languages.codes import normalise_code
from spacy_xner.translation import apertium_modes
from spacy_xner.translation.apertium import Apertium
from spacy_xner.translation.apertium_modes import find_mode
from spacy_xner.translation.apertium_stream import INVALID_CHARACTERS

from ..programs import require_apertium

MODES = {"es": "eng-spa", "ca": "eng-cat", "gl": "en-gl"}


@pytest.fixture(scope="module", params=[pytest.param(lang, marks=pytest.mark.program) for lang in MODES])
def engine(request: pytest.FixtureRequest) -> Apertium:
    require_apertium(("en", request.param))
    return Apertium("en", request.param)


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fake engine, which fails on demand in the ways the real one can."""
    program = tmp_path / "apertium"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys, time\n"
        "if sys.argv[1] == '-l': sys.exit(print('  eng-qaa\\n  eng-qab'))\n"
        "if sys.argv[1] == '-V': sys.exit(print('Apertium 0.0'))\n"
        "if sys.argv[-1] == 'eng-qab': sys.exit('no such data')\n"
        "stream = sys.stdin.buffer.read()\n"
        "for field in stream.split(b'\\0'):\n"
        "    if b'CRASH' in field: sys.exit('out of memory')\n"
        "    if b'SLEEP' in field: time.sleep(60)\n"
        "    if b'SKIP' in field: continue\n"
        "    if b'SWAP' in field: field = b'else[][#9]'\n"
        "    sys.stdout.buffer.write(field + b'\\0')\n"
        "if b'LATE' in stream: sys.exit(3)\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


def test_translates(engine: Apertium) -> None:
    texts = ["The president visited London on Monday.", "", "The houses are big."]
    expected = {
        "es": ["El presidente visitó Londres el lunes.", "", "Las casas son grandes."],
        "ca": ["El president va visitar Londres en dilluns.", "", "Les cases són grans."],
        "gl": ["O presidente visitou Londres en luns.", "", "As casas son grandes."],
    }[engine.target]
    assert [text and text.lower() for text in engine.translate(texts)] == [text.lower() for text in expected]


def test_identity(engine: Apertium) -> None:
    identity = engine.identity
    assert (identity["name"], identity["source"], identity["target"]) == ("Apertium.v1", "en", engine.target)
    assert identity["mode"] == MODES[engine.target]
    assert identity["engine"]
    assert json.loads(json.dumps(identity)) == identity


NASTY = st.sampled_from(
    ["[", "]", "{", "}", "^", "$", "/", "\\", "@", "<", ">", "~", "\n", "\r", "\t", "\0", " ", "  ", ".", "#", "*",
     "...", "[]", "[][#0]", "[][#1]", "[[t:x:1]]", "[[/]]", "^dog<n>$", "\\n", "[<STREAMCMD:FLUSH>]", "a@b.example",
     "\ud800", "\ufffe", "\U0001ffff", "\u2028", "\x85", "\xa0", "\xad", "\ufeff", "\u200d", "\x01", "\x1b", "\x7f",
     "👨‍👩‍👧", "e\u0301", "שלום", "مرحبا", "你好", "don't", "’s", "the", "dog", "of", "Bill", "I",
     "1,000.50", "[=0]", "New York", "&amp;", "<b>", "x" * 700]
)  # fmt: skip
TEXTS = st.lists(st.lists(NASTY | st.text(st.characters(), max_size=8), max_size=12).map("".join), max_size=40)
SHORT_RUN = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


@SHORT_RUN
@given(texts=TEXTS)
def test_each_text_gets_its_own_translation(engine: Apertium, texts: list[str]) -> None:
    tagged = [f"{text} Qzx{i}qz" for i, text in enumerate(texts)]
    translations = list(engine.translate(tagged))
    assert len(translations) == len(texts)
    for i, (text, translation) in enumerate(zip(tagged, translations, strict=True)):
        assert translation.lower().count(f"qzx{i}qz") == text.lower().count(f"qzx{i}qz")
        for sign in "[]{}^$\\@<>~\n\r\t":
            assert translation.count(sign) == INVALID_CHARACTERS.sub(" ", text).count(sign), sign


@SHORT_RUN
@given(texts=TEXTS)
def test_other_texts_of_the_batch_do_not_matter(engine: Apertium, texts: list[str]) -> None:
    together = list(engine.translate(texts))
    assert list(engine.translate(texts[::-1])) == together[::-1]
    assert list(engine.translate(texts[:1])) == together[:1]


def test_batches_are_streamed_in_order() -> None:
    engine = real_engine(batch_size=7)
    drawn = []

    def texts():  # type: ignore[no-untyped-def]
        for i in range(30):
            drawn.append(i)
            yield f"Qzx{i}qz"

    translations = engine.translate(texts())
    assert next(translations) == "Qzx0qz"
    assert len(drawn) == 7
    assert list(translations) == [f"Qzx{i}qz" for i in range(1, 30)]


@pytest.mark.program
def test_byte_order_mark_at_the_start_of_the_stream() -> None:
    assert list(real_engine().translate(["\ufeff", "\ufeffQzx", "Qzx"])) == ["\ufeff", "\ufeffQzx", "Qzx"]


@pytest.mark.program
def test_awkward_sizes() -> None:
    engine = real_engine()
    many_words = " ".join(["dog"] * 10_000)
    long, giant, many = engine.translate(["x" * 501, "^" + "y" * 200_000 + " dog", many_words])
    assert long == "x" * 501
    assert giant.startswith("^" + "y" * 200_000)
    assert "perro" in giant.lower()
    assert len(many.split()) >= 10_000
    assert list(engine.translate([])) == []


def real_engine(**settings: int) -> Apertium:
    require_apertium(("en", "es"))
    return Apertium("en", "es", **settings)  # type: ignore[arg-type]


def test_only_soft_hyphens_are_dropped(engine: Apertium) -> None:
    letters = "".join(chr(code) for code in range(0x20, 0x3000) if unicodedata.category(chr(code))[0] in "LMN")
    [translation] = engine.translate([" ".join(f"Q{letter}z" for letter in letters[:400])])
    assert len(translation.split()) == 400


@pytest.mark.program
def test_pair_not_installed() -> None:
    real_engine()
    with pytest.raises(
        XnerError, match=r"no mode en-is installed. On Debian or Ubuntu: apt-get install .* apertium-isl-eng\."
    ):
        Apertium("eng", "isl")
    with pytest.raises(
        XnerError, match=r"no mode en-pl installed. Search for a package with `apt-cache search apertium`"
    ):
        Apertium("en", "pl")
    with pytest.raises(XnerError, match=r"no mode eng-spa_XX installed.*Installed modes: .*eng-spa"):
        Apertium("en", "es", mode="eng-spa_XX")
    with pytest.raises(XnerError, match=r"mode 'eng-cat' does not translate from 'en' to 'es'"):
        Apertium("en", "es", mode="eng-cat")


@pytest.mark.program
def test_two_and_three_letters() -> None:
    real_engine()
    assert find_mode("en", "es") == "eng-spa"
    assert Apertium("eng", "spa").identity == Apertium("en", "es").identity


@pytest.mark.parametrize(
    ("source", "target", "mode", "found"),
    [
        ("en", "ca", None, "eng-cat"),
        ("en-us", "ca-valencia", None, "eng-cat_valencia"),
        ("en", "ca-valencia", "eng-cat_valencia", "eng-cat_valencia"),
        ("en", "ca-es", None, "eng-cat"),
        ("es", "pt-BR", None, "es-pt_BR"),
    ],
)
def test_regions(monkeypatch: pytest.MonkeyPatch, source: str, target: str, mode: str | None, found: str) -> None:
    modes = ["eng-cat", "eng-cat_valencia", "es-pt", "es-pt_BR"]
    monkeypatch.setattr(apertium_modes, "list_modes", lambda: modes)
    assert find_mode(normalise_code(source), normalise_code(target), mode) == found


def test_data_without_a_known_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The hash of the content identifies the data, so that cached translations are not used after an upgrade."""
    modes = tmp_path / "share/apertium/modes"
    modes.mkdir(parents=True)
    monkeypatch.setattr(apertium_modes, "find_engine", lambda: str(tmp_path / "bin/apertium"))
    data = tmp_path / "a b.bin"
    (modes / "x-y.mode").write_text(f"lt-proc $1 '{data}' | lt-proc -g {tmp_path}/missing.bin\n")
    found = []
    for content in ("one", "two", "one"):
        data.write_text(content)
        apertium_modes.data_hash.cache_clear()
        found.append(apertium_modes.data_hash("x-y"))
    assert found[0] == found[2] != found[1]
    assert apertium_modes.data_hash("y-x") is None


def test_engine_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        XnerError, match=r"`apertium` is not installed. On Debian or Ubuntu: apt-get install .*-eng-spa"
    ):
        Apertium("en", "es")


@pytest.mark.parametrize("setting", ["batch_size", "timeout", "max_token"])
def test_bad_settings(setting: str) -> None:
    with pytest.raises(XnerError, match=f"{setting} must be above 0, but it is 0"):
        Apertium("en", "es", **{setting: 0})  # type: ignore[arg-type]


@pytest.mark.usefixtures("stub")
class TestEngineThatFails:
    def test_mode_that_cannot_run(self) -> None:
        with pytest.raises(XnerError, match=r"lists the mode eng-qab, but it does not work: status 1, no such data"):
            Apertium("en", "qab")

    @pytest.mark.parametrize(
        ("trouble", "message"),
        [
            ("CRASH", r"did not return text 6 \('CRASH', in the batch of texts 5 to 8\).*status 1: out of memory"),
            ("SKIP", r"did not return text 6 \('SKIP', in the batch of texts 5 to 8\); it ended with status 0\."),
            ("SWAP", r"did not return text 6 .* It returned 'else\[\]\[#9\]' instead"),
            ("LATE", r"ended with status 3 on texts 5 to 8"),
        ],
    )
    def test_says_which_text(self, trouble: str, message: str) -> None:
        texts = ["a", "b", "c", "d", "e", trouble, "f", "g", "h"]
        translations = Apertium("en", "qaa", batch_size=4).translate(texts)
        assert [next(translations) for _ in range(5)] == texts[:5]  # earlier translations are not lost
        with pytest.raises(XnerError, match=message):
            list(translations)

    def test_timeout(self) -> None:
        with pytest.raises(XnerError, match=r"took more than 1 s for 1 texts. Increase `timeout`"):
            list(Apertium("en", "qaa", timeout=1).translate(["SLEEP"]))

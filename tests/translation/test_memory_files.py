"""Parallel files and TMX as translation memories."""

import gzip
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_xner.errors import XnerError
from spacy_xner.translation.memory import TranslationMemory
from spacy_xner.translation.memory_tmx import Unit, read_units

from .test_memory import CELL, write

DOCTYPE = '<!DOCTYPE tmx SYSTEM "tmx14.dtd">'


def tmx(*units: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>\n') -> str:
    """A TMX file with a unit a line, from line 4 on."""
    header = (
        '<header creationtool="t" segtype="sentence" adminlang="en" srclang="en" datatype="x"><note>N</note></header>'
    )
    body = "".join(f"<tu>{unit}</tu>\n" for unit in units)
    return f'{head}<tmx version="1.4">\n{header}<body>\n{body}</body></tmx>\n'


def tuv(lang: str, text: str) -> str:
    return f'<tuv xml:lang="{lang}"><prop type="x">no text</prop><seg>{text}</seg></tuv>'


@pytest.mark.parametrize("stem", ["corpus.en-de", "corpus", "a.b.c"])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_parallel_files(tmp_path: Path, stem: str, ending: str) -> None:
    english = write(tmp_path / f"{stem}.en{ending}", "Yes\n\nNo\nBoth\tof us\n")
    write(tmp_path / f"{stem}.de", "Ja\nleer\nNein\nWir\tbeide\n")
    for path in (english, tmp_path / f"{stem}.de", tmp_path / stem, tmp_path):
        memory = TranslationMemory(path, "en", "de")
        assert list(memory.translate(["No", "Yes", "Both of us", "leer"])) == ["Nein", "Ja", "Wir\tbeide", None]
        assert (memory.counts.pairs, memory.counts.empty) == (3, 1)
    assert list(TranslationMemory(tmp_path, "de", "en").translate(["Nein"])) == ["No"]


def test_several_pairs_in_a_folder(tmp_path: Path) -> None:
    for name in ("a.en-de.en", "b.en-fr.en", "a.en-de.de", "b.en-fr.fr", "README.md", "c.pt_BR", "c.en"):
        write(tmp_path / name, f"{name}\n")
    write(tmp_path / "d.tsv", "de\ten\nzwei\ttwo\n")
    memory = TranslationMemory(tmp_path, "en", "de")
    assert list(memory.translate(["a.en-de.en", "two", "b.en-fr.en"])) == ["a.en-de.de", "zwei", None]
    assert memory.counts.other_files == 2
    assert list(TranslationMemory(tmp_path, "en", "pt").translate(["c.en"])) == ["c.pt_BR"]  # a region of Portuguese
    assert memory.identity["sha256"] != TranslationMemory(tmp_path, "de", "en").identity["sha256"]


def test_other_line_ends(tmp_path: Path) -> None:
    """A separator of Unicode is no end of a line; Windows' line ends and a missing last one are no difference."""
    write(tmp_path / "a.en", "One\u2028two\r\nthree\r\n")
    write(tmp_path / "a.de", "Eins\nzwei")
    memory = TranslationMemory(tmp_path / "a.en", "en", "de")
    assert list(memory.translate(["One\u2028two", "three"])) == ["Eins", "zwei"]


@pytest.mark.parametrize(
    ("files", "path", "message"),
    [
        ({"a.en": "1\n2\n3\n", "a.de": "1\n2\n"}, "a.en", "a.en:3: this line has no partner, .*a.de ends after 2"),
        ({"a.en": "1\n", "a.de": "1\n\n"}, "", "a.de:2: this line has no partner, since .*a.en ends after 1 lines"),
        ({"a.en": "1\n"}, "a.en", "a.en has no partner: expected a.de or a.de.gz beside it"),
        ({"a.en": "1\n"}, "a", "a.en has no partner: expected a.de or a.de.gz beside it"),
        ({"a.en-de.de": "1\n", "b.tsv": "en\tde\n"}, "", "a.en-de.de has no partner: expected a.en-de.en or"),
        ({"a.en": "1\n"}, "", "for en to de in .* only one of the two"),
        ({"a.en": "1\n", "a.en.gz": "1\n", "a.de": "1\n"}, "", "a.en and a.en.gz are for the same language"),
        ({"a.en": "1\n", "a.de_AT": "1\n", "a.de_CH": "1\n"}, "a.en", "'de' can be de-at or de-ch, expected one"),
        ({"a.fr": "1\n", "a.es": "1\n"}, "a", "No translation memory at .*a: expected a .tsv or .tmx file, parallel"),
        ({"a.en": b"\xff\n", "a.de": "1\n"}, "a.en", "a.en:1: found the byte 0xff"),
        ({"a.tsv": "en\tde-AT\tde-CH\n"}, "a.tsv", "a.tsv:1: 'de' can be de-at or de-ch"),
    ],
)  # fmt: skip
def test_bad_parallel_files(tmp_path: Path, files: dict[str, str | bytes], path: str, message: str) -> None:
    for name, content in files.items():
        write(tmp_path / name, content)
    with pytest.raises(XnerError, match=message):
        TranslationMemory(tmp_path / path, "en", "de")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1", "windows-1252"])
def test_tmx(tmp_path: Path, encoding: str) -> None:
    """As Trados and others export it: in several encodings, with regions of languages and a DTD that is not there."""
    declared = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16"}.get(encoding, encoding)
    head = f'<?xml version="1.0" encoding="{declared}" ?>\n{DOCTYPE}'
    units = [
        tuv("en-US", "Müller &amp; Söhne") + tuv("DE", "Müller und Söhne") + tuv("fr_FR", "Fils"),
        tuv("de-DE", "Gute\n   Nacht") + tuv("EN", " Good night "),
        tuv("en-GB", "only here") + tuv("fr-FR", "ici"),
    ]
    path = tmp_path / "m.tmx"
    path.write_bytes(("\ufeff" * (encoding == "utf-16-le") + tmx(*units, head=head)).encode(encoding))
    memory = TranslationMemory(path, "en", "de")
    assert list(memory.translate(["Müller & Söhne", "Good night", "only here"])) == [
        "Müller und Söhne",
        "Gute Nacht",
        None,
    ]
    assert (memory.counts.pairs, memory.counts.other_units) == (2, 1)
    assert list(TranslationMemory(path, "fr", "en").translate(["ici"])) == ["only here"]


def test_varieties_of_a_language(tmp_path: Path) -> None:
    """A region is chosen by its name; without one, the first variety is kept and others are counted."""
    units = [tuv("en", "boot") + tuv("de-AT", "Kofferraum A") + tuv("de-CH", "Kofferraum C")]
    path = write(tmp_path / "m.tmx", tmx(*units))
    memory = TranslationMemory(path, "en", "de")
    assert list(memory.translate(["boot"])) == ["Kofferraum A"]
    assert memory.counts.conflicting == 1
    assert list(TranslationMemory(path, "en", "de_ch").translate(["boot"])) == ["Kofferraum C"]
    with pytest.raises(XnerError, match=r"for en to de-de in .*: en, de-at, de-ch\. Name two"):
        TranslationMemory(path, "en", "de-DE")


def test_inline_tags(tmp_path: Path) -> None:
    """Codes are dropped with their content, highlighted text is kept; both are counted."""
    text = 'See <bpt i="1">&lt;b&gt;</bpt>page <hi>one</hi><ept i="1">&lt;/b&gt;</ept><ph>{<sub>note</sub>}</ph>.'
    path = write(
        tmp_path / "m.tmx.gz", tmx(tuv("en", text) + tuv("de", "Siehe <it pos='begin'>x</it>Seite <![CDATA[<1>]]>."))
    )
    memory = TranslationMemory(path, "en", "de")
    assert list(memory.translate(["See page one."])) == ["Siehe Seite <1>."]
    assert memory.counts.inline_tags == 6


def test_old_tmx(tmp_path: Path) -> None:
    path = write(tmp_path / "m.tmx", tmx('<tuv lang="EN-US"><seg>a</seg></tuv><tuv lang="x-none"><seg>b</seg></tuv>'))
    assert list(read_units(path)) == [Unit([("EN-US", "a"), ("x-none", "b")])]
    with pytest.raises(XnerError, match=r"The languages are: .*m\.tmx: en-us, x-none\. Name two"):
        TranslationMemory(path, "en", "de")


LAUGHS = '<!DOCTYPE tmx [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>\n'
OUTSIDE = '<!DOCTYPE tmx [<!ENTITY a SYSTEM "{}">]>\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (tmx(tuv("en", "a"))[:-20], r"m\.tmx:4: not well-formed XML \(no element found, column \d+\), expected a TMX"),
        (tmx("</tuv>"), r"m\.tmx:4: not well-formed XML \(mismatched tag"),
        ("en\tde\n", r"m\.tmx:1: not well-formed XML \(syntax error"),
        ("", r"m\.tmx:1: not well-formed XML \(no element found"),
        ('<?xml version="1.0"?>\n<xliff/>', r"m\.tmx:2: found <xliff>, expected <tmx>"),
        (tmx(tuv("en", "a") + "<tuv><seg>b</seg></tuv>"), r"m\.tmx:4: found a <tuv> without a language, expected its"),
        (tmx(tuv("en", "&nbsp;"), head=DOCTYPE), r"m\.tmx:3: found &nbsp;, which the file does not define"),
        (tmx(tuv("en", "&b;"), head=LAUGHS), r"m\.tmx:1: the file declares the entity 'a', .* expected none"),
        (tmx(tuv("en", "&a;"), head=OUTSIDE), r"m\.tmx:1: the file declares the entity 'a', .* expected none"),
        (tmx(head='<?xml version="1.0" encoding="klingon"?>'), r"m\.tmx:1: .*encoding"),
        (tmx(tuv("en", "a")).encode() + b"\xff", r"m\.tmx:6: not well-formed XML"),
    ],
)  # fmt: skip
def test_bad_tmx(tmp_path: Path, content: str | bytes, message: str) -> None:
    secret = write(tmp_path / "secret", "never read")
    content = content.replace("{}", secret.as_uri()) if isinstance(content, str) else content
    with pytest.raises(XnerError, match=message) as error:
        TranslationMemory(write(tmp_path / "m.tmx", content), "en", "de")
    assert "never read" not in str(error.value)


def test_damaged_gzip(tmp_path: Path) -> None:
    path = tmp_path / "m.tmx.gz"
    path.write_bytes(gzip.compress(tmx(tuv("en", "a") * 100).encode())[:-20])
    with pytest.raises(XnerError, match=r"m\.tmx\.gz:\d+: not a valid compressed file"):
        TranslationMemory(path, "en", "de")


def test_units_are_read_one_by_one(tmp_path: Path) -> None:
    """A file that is damaged at its end gives its units before: no more than a part of it is in memory."""
    whole = tmx(*(tuv("en", f"text {number}") for number in range(5000)))
    units = read_units(write(tmp_path / "m.tmx", whole[:-10]))
    assert next(units).texts == [("en", "text 0")]
    with pytest.raises(XnerError, match=re.escape("m.tmx:5004: not well-formed")):
        list(units)


@settings(max_examples=30, deadline=None)
@given(pairs=st.dictionaries(CELL, CELL, max_size=9))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, pairs: dict[str, str]) -> None:
    """What can be written as XML is read as it was."""
    from xml.sax.saxutils import escape

    def is_xml(text: str) -> bool:
        return all(c >= " " and c not in "\x7f\ufffe\uffff\ufeff" for c in text)

    kept = {text: translation for text, translation in pairs.items() if is_xml(text + translation)}
    units = [tuv("en", escape(text)) + tuv("de", escape(translation)) for text, translation in kept.items()]
    path = write(tmp_path_factory.mktemp("tmx") / "m.tmx", tmx(*units, tuv("en", "a") + tuv("de", "b")))
    assert list(TranslationMemory(path, "en", "de").translate(kept)) == list(kept.values())

"""Docs that keep what they were made from: hashes, revisions, and what is refused."""

import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_xner import __version__
from spacy_xner.corpus.docs import content_of, hash_of, load_docs
from spacy_xner.corpus.pairs import pair_docs
from spacy_xner.corpus.provenance import check_sources, command_for, text_hash
from spacy_xner.errors import XnerError

from ..cli.util import ok, xner

NEWS = ["[Rome](LOC) is old", "[Lima](LOC) is big", "[Oslo](LOC) is cold"]
TABLE = (
    "en\tde\nRome is old\tRome ist alt\nLima is big\tLima ist groß\nOslo is cold\tOslo ist kalt\nI am here\tIch bin\n"
)


def refused(*args: object) -> str:
    """Run a command that fails. RETURNS: the error on one line."""
    result = xner(*args)
    assert result.exit_code == 1, result.output
    return " ".join(result.stderr.split())


def doc(text: str, id: str, *steps: dict[str, Any], lang: str = "en") -> Doc:
    made = Doc(Vocab(), words=text.split(), spaces=[True] * (len(text.split()) - 1) + [False])
    made._.xner_meta = {"id": id, "lang": lang, "provenance": list(steps)}
    return made


def labelled(text: str, id: str) -> Doc:
    made = doc(text, id)
    made.set_ents([Span(made, 0, 1, "LOC")])
    return made


def translation(text: str, id: str, source: str, **step: Any) -> Doc:
    step = {"step": "translate", "translator": {"name": "Apertium.v1"}, "source": text_hash(source), **step}
    return doc(text, id, step, lang="de")


def test_a_line_is_inserted_into_the_source(
    tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old commands end with an error, not with shifted pairs; the command in the error mends it."""
    monkeypatch.chdir(tmp_path)
    Path("table.tsv").write_text(TABLE, encoding="utf8")
    project: list[object] = ["project", "en.spacy", "de.text.spacy", "--output", "de.spacy"]
    project += ["--encoder", tiny_encoder, "--layers", "0", "--method", "inter"]

    def convert(lines: list[str]) -> None:
        Path("news.txt").write_text("\n".join(lines) + "\n", encoding="utf8")
        ok("corpus", "convert", "news.txt", "--output", "en.spacy", "--lang", "en")

    convert(NEWS)
    translate = "corpus translate en.spacy --output de.text.spacy --lang de --translator memory --memory table.tsv"
    ok(*translate.split())
    step = load_docs("de.text.spacy")[0]._.xner_meta["provenance"][-1]
    assert (step["source"], step["revision"], step["version"]) == (text_hash("Rome is old"), 1, __version__)
    ok(*project)
    before = Path("de.spacy").read_bytes()
    convert([NEWS[0], "I am here", *NEWS[1:]])  # lines 2 and 3 have another text now, line 4 is new
    message = refused(*project)
    assert (
        "de.text.spacy: the doc news:2 ('Lima ist groß') was not made from the text of this id in en.spacy" in message
    )
    assert "('I am here'), but from the one that is now news:3 there. So it is with 2 of 3 docs." in message
    assert f"`xner {translate}`" in message
    assert Path("de.spacy").read_bytes() == before
    assert "was not made from the text" in refused(*project, "--pair-by", "id")
    ok(*translate.split())
    ok(*project)
    docs = load_docs("de.spacy")
    assert [(d.text, [e.text for e in d.ents]) for d in docs] == [
        ("Rome ist alt", ["Rome"]),
        ("Ich bin", []),
        ("Lima ist groß", ["Lima"]),
        ("Oslo ist kalt", ["Oslo"]),
    ]
    assert docs[0]._.xner_meta["provenance"][-1]["source"] == text_hash("Rome is old")


def test_pairs_by_order_are_checked_too(tiny_encoder: Path, tmp_path: Path) -> None:
    from spacy_xner.corpus.docs import write_docs

    source, target = tmp_path / "en.spacy", tmp_path / "de.spacy"
    write_docs(source, [labelled("Rome is old", "a"), labelled("Lima is big", "b")])
    write_docs(target, [translation("Lima", "x", "Lima is big"), translation("Rome", "y", "Rome is old")])
    options = ["--encoder", tiny_encoder, "--pair-by", "order", "--output", tmp_path / "out.spacy"]
    assert "the doc x ('Lima') was not made from the text" in refused("project", source, target, *options)


def test_docs_without_a_hash_are_counted() -> None:
    """As those of other programs, and of old versions."""
    sources = [labelled("Rome is old", "a"), labelled("Lima is big", "b")]
    targets = [doc("Rom", "a", {"step": "translate"}), translation("Lima", "b", "Lima is big")]
    counts: Counter[str] = Counter()
    assert len(pair_docs(sources, targets, counts)) == 2
    assert counts["by id alone"] == 1
    assert check_sources([(sources[1], targets[1])]) == 0


def test_a_text_that_is_nowhere_else() -> None:
    pairs = [(labelled("Rome is new", "a"), translation("Rom", "a", "Rome is old"))]
    with pytest.raises(XnerError, match=r"but from one that no other doc there has\. So it is with 1 of 1 docs"):
        check_sources(pairs, "en.spacy", "de.spacy")


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({}, "corpus translate 'my en.spacy' --output de.spacy --lang de --translator apertium"),
        (
            {"translator": {"name": "Seq2Seq.v1", "model": "org/opus"}},
            "corpus translate 'my en.spacy' --output de.spacy --lang de --translator seq2seq -s model=org/opus",
        ),
        (
            {"translator": {"name": "Http.v1", "server": "http://host:5000", "protocol": "libretranslate"}},
            "corpus translate 'my en.spacy' --output de.spacy --lang de --translator http -s url=http://host:5000 "
            "-s protocol=libretranslate",
        ),
        (
            {"translator": {"name": "LanguageModel.v1", "server": "http://host/v1", "model": "m"}},
            "corpus translate 'my en.spacy' --output de.spacy --lang de --translator llm -s url=http://host/v1 "
            "-s model=m",
        ),
        (
            {"step": "carry", "way": "Markers"},
            "corpus translate 'my en.spacy' --output de.spacy --lang de --translator apertium --carry markers",
        ),
        (
            {"step": "carry", "way": "Xml", "tags": "<a>", "spans_key": "s c", "agree": {}},
            "corpus translate 'my en.spacy' --output de.spacy --lang de --translator apertium --carry xml --tags '<a>' "
            "--spans-key 's c' --agree",
        ),
        ({"step": "project", "translator": None}, "project 'my en.spacy' TRANSLATION --output de.spacy"),
    ],
)
def test_the_command_that_makes_it_again(step: dict[str, Any], expected: str) -> None:
    found = command_for(translation("Rom", "a", "Rome", **step), "my en.spacy", "de.spacy")
    assert found == f"xner {expected}"
    assert shlex.split(found)[0] == "xner"


def test_a_source_that_is_no_docbin_is_converted_first() -> None:
    pair = labelled("Rome is new", "a"), translation("Rom", "a", "Rome is old")
    with pytest.raises(XnerError) as error:
        check_sources([pair], "s.txt", "de.spacy")
    command = "xner corpus convert s.txt --output s.txt.spacy --lang en && xner corpus translate s.txt.spacy --output"
    assert command in str(error.value)
    found = command_for(pair[1], "s.jsonl", "de.spacy")
    assert found.startswith("xner corpus convert s.jsonl --output s.jsonl.spacy --lang SOURCE_LANG && xner corpus tr")


def test_synthetic_text_is_synthesized_again() -> None:
    target = translation("Rom", "a", "Rome")
    target._.xner_meta["provenance"].append({"step": "synthesize"})
    assert command_for(target, "news.txt", "de.spacy").startswith("xner corpus synthesize news.txt --output de.spacy")


def test_missing_annotation_has_another_hash() -> None:
    """Than O. Unlabelled docs have another one than docs without entities."""
    tags = [["B-LOC", "O", "O"], ["B-LOC", "O", ""], ["B-LOC", "", ""], ["O", "O", "O"]]
    docs = [Doc(Vocab(), words=["Rome", "is", "old"], ents=each) for each in tags]
    docs.append(Doc(Vocab(), words=["Rome", "is", "old"]))
    assert len({hash_of(content_of(each)) for each in docs}) == len(docs)
    assert content_of(docs[0])[1] == [(0, 1, "LOC")]  # as in the records of old versions

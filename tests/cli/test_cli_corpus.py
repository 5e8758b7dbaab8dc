"""`xner corpus`: from text to projected DocBin on the command line."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spacy_xner.cli.corpus import corpus_app
from spacy_xner.cli.options import parse_layers
from spacy_xner.cli.progress import print_counts
from spacy_xner.cli.usage import UsageError
from spacy_xner.corpus.docs import load_docs
from spacy_xner.errors import XnerError


def run(*args: str | Path) -> Result:
    result = CliRunner().invoke(corpus_app, [str(arg) for arg in args])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "en.txt").write_text("[Angela](PER) visited [London](LOC).\nthe [Paris](LOC)\n", encoding="utf8")
    (tmp_path / "memory.tsv").write_text("en\tde\nAngela visited London.\tAngela visited London.\n", encoding="utf8")
    return tmp_path


def test_convert_translate_project_stats(room: Path, tiny_encoder: Path) -> None:
    en, text, de = room / "en.spacy", room / "de.text.spacy", room / "de.spacy"
    assert "entities" in run("convert", room / "en.txt", "--output", en, "--lang", "en").stdout
    out = run("translate", en, "-o", text, "--lang", "de", "--memory", room / "memory.tsv").stdout
    assert "without translation" in out
    out = run("project", en, text, de, "--encoder", tiny_encoder, "--layers", "1,2", "--method", "inter").stdout
    assert "below min score" in out
    rows = json.loads(run("stats", en, de, "--json", "-").stdout)
    assert [(row["lang"], row["origin"], row["docs"], row["entities"]) for row in rows] == [
        ("en", "convert", 2, 3),
        ("de", "convert > translate > project", 1, 2),
    ]
    table = run("stats", en, de).stdout
    assert "lang" in table
    assert "PER" in table


def test_what_a_memory_left_out_is_said(room: Path) -> None:
    unit = '<tuv xml:lang="{}"><seg>Angela visited <ph>x</ph>London.</seg></tuv>'
    units = f"<tu>{unit.format('en')}{unit.format('de-DE')}</tu><tu>{unit.format('fr')}</tu>"
    (room / "m.tmx").write_text(f"<tmx version='1.4'><header/><body>{units}</body></tmx>")
    run("convert", room / "en.txt", "--output", room / "en.spacy", "--lang", "en")
    out = run(
        "translate", room / "en.spacy", "-o", room / "de.spacy", "--lang", "de", "--memory", room / "m.tmx"
    ).stdout
    assert re.search(r"other units +1 *\n *inline tags +3 *\n", out)
    (doc,) = load_docs(room / "de.spacy")
    assert doc._.xner_meta["provenance"][-1]["translator"]["counts"]["inline_tags"] == 3


@pytest.mark.parametrize("way", ["placeholders", "markers", "xml"])
def test_carry(room: Path, way: str) -> None:
    (room / "d.tsv").write_text("visited\tbesuchte\nlondon\tStadt London\nthe\tdas\n", encoding="utf8")
    en, de = room / "en.spacy", room / "de.spacy"
    run("convert", room / "en.txt", "--output", en, "--lang", "en")
    dictionary = f"path={room / 'd.tsv'}"
    translate = ["translate", str(en), "-o", str(de), "--lang", "de", "--translator", "lexicon", "-s", dictionary]
    out = run(*translate, "--carry", way, "--cache", room / "cache").stdout
    assert "arrived" in out
    (row,) = json.loads(run("stats", de, "--json", "-").stdout)
    assert (row["docs"], row["entities"], row["origin"]) == (2, 3, "convert > carry")
    assert (room / "cache").is_dir()


def test_carry_and_agree(room: Path, tiny_encoder: Path) -> None:
    (room / "d.tsv").write_text("visited\tbesuchte\nlondon\tStadt London\nthe\tdas\n", encoding="utf8")
    en, de = room / "en.spacy", room / "de.spacy"
    run("convert", room / "en.txt", "--output", en, "--lang", "en")
    options = (
        "--translator",
        "lexicon",
        "-s",
        f"path={room / 'd.tsv'}",
        "--carry",
        "xml",
        "--tags",
        "[e1]",
        "--no-cache",
    )
    out = run("translate", en, "-o", de, "--lang", "de", *options, "--agree", "--encoder", tiny_encoder).stdout
    counted = dict(re.findall(r"^ *(agreed|at another place|only carried|only projected) +(\d+)", out, re.MULTILINE))
    assert len(counted) == 4
    n_carried = sum(int(counted[kind]) for kind in ("agreed", "at another place", "only carried"))
    assert n_carried == 3
    (row,) = json.loads(run("stats", de, "--json", "-").stdout)
    assert row["entities"] == int(counted["agreed"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--agree"], "Found --agree with no --carry"),
        (["--tags", "[a]"], "Found --tags with no --carry"),
        (["--carry", "markers", "--spans-key", "sc"], "Found --spans-key with --carry markers"),
        (["--carry", "xml", "--tags", "<x>"], "The tags of the carrier are '<x>', expected <a>, <e1>"),
        (["--carry", "xml", "--spans-key", "sc", "--agree"], "Found --agree with --spans-key"),
    ],
)
def test_options_that_need_a_carrier(room: Path, options: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run("translate", room / "en.txt", "-o", room / "de.spacy", "--lang", "de", *options)


def test_convert_reads_exports(tmp_path: Path) -> None:
    """The options of the command arrive at the reader, and what it left out is printed."""
    marks = [
        {"label": "PER", "start_offset": 0, "end_offset": end, "user": user} for end, user in ((3, 1), (7, 2), (3, 2))
    ]
    record = {"id": 1, "content_": "Ada Obi left.", "annotations": marks}
    (tmp_path / "a.json").write_text(json.dumps([record]), encoding="utf8")
    options = ("--annotator", "2", "--overlaps", "longest", "--text-key", "content_", "--offsets", "utf16")
    done = run("convert", tmp_path / "a.json", "-o", "-", "--lang", "en", *options)
    (entity,) = json.loads(done.stdout)["entities"]
    assert (entity["start"], entity["end"], entity["label"]) == (0, 7, "PER")
    assert "1 entities that overlap a longer one left out" in done.stderr
    with pytest.raises(XnerError, match="--overlaps longest"):
        run("convert", tmp_path / "a.json", "-o", "-", "--lang", "en", *options[:2], *options[4:])


def test_convert_says_what_it_recognised_and_left_out(room: Path) -> None:
    (room / "t.conll").write_text("-DOCSTART- -X- O O\n\n# c d\nI N I-NP O\n'm V I-VP O\nAda N I-NP I-PER\n. . O O\n")
    out = run("convert", room / "t.conll", "-o", room / "t.spacy", "--lang", "en").stdout
    assert "t.conll: columns: token, -, -, NER; scheme IO or IOB1; 1 sentence; 1 document; natural spaces" in out
    assert "1 lines of comments left out (first: " in out
    assert "t.conll:3)" in out
    assert [doc.text for doc in load_docs(room / "t.spacy")] == ["I'm Ada."]
    text = room / "plain.txt"
    text.write_bytes("caf\u00e9\n".encode("latin-1"))
    options = ["--lang", "fr", "--encoding", "latin-1", "--empty"]
    out = run("convert", text, "-o", room / "p.spacy", *options).stdout
    assert "plain text: 1 lines, no entities (--empty)" in out
    (doc,) = load_docs(room / "p.spacy")
    assert (doc.text, doc.has_annotation("ENT_IOB")) == ("caf\u00e9", True)


def test_convert_hands_its_options_to_the_readers(room: Path) -> None:
    (room / "t.conll").write_text("#x B\n'm I\n'm O\n")
    run("convert", room / "t.conll", "-o", room / "t.spacy", "--lang", "en", "--label", "X", "--spaces", "keep")
    (doc,) = load_docs(room / "t.spacy")
    assert (doc.text, [(ent.text, ent.label_) for ent in doc.ents]) == ("#x 'm 'm", [("#x 'm", "X")])
    (room / "t.conll").write_text("#x y PER\na b PER\n")
    run("convert", room / "t.conll", "-o", room / "t.spacy", "--lang", "en", "--scheme", "io", "--comments")
    (doc,) = load_docs(room / "t.spacy")
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("a", "PER")]
    rows = ["1-2\tal", "1\ta", "2\tel"]
    (room / "t.conllu").write_text("".join(row + "\t_" * 7 + "\tNER=O\n" for row in rows))
    run("convert", room / "t.conllu", "-o", room / "t.spacy", "--lang", "es", "--contractions", "keep")
    (doc,) = load_docs(room / "t.spacy")
    assert doc.text == "al"


def test_a_folder_is_converted(room: Path) -> None:
    (room / "in").mkdir()
    for name in ("one.txt", "two.txt"):
        (room / "in" / name).write_bytes((room / "en.txt").read_bytes())
    run("convert", room / "in", "-o", room / "out.spacy", "--lang", "en")
    assert json.loads(run("stats", room / "out.spacy", "--json", "-").stdout)[0]["docs"] == 4


def test_convert_into_shards(room: Path) -> None:
    """A folder of files with at most so many docs; what would be lost or has no use is an error."""
    (room / "big.txt").write_text("".join(f"line {number}\n" for number in range(7)))
    convert = ["convert", str(room / "big.txt"), "--lang", "en", "--shard-size", "3", "--output"]
    run(*convert, room / "shards")
    found = {path.name: [doc.text for doc in load_docs(path)] for path in sorted((room / "shards").iterdir())}
    assert [len(texts) for texts in found.values()] == [3, 3, 1]
    assert [text for texts in found.values() for text in texts] == [f"line {number}" for number in range(7)]
    run(*convert, room / "shards")  # replaced
    with pytest.raises(UsageError, match=r"Found --shard-size and the output .*a\.spacy, expected a folder"):
        run(*convert, room / "a.spacy")
    with pytest.raises(XnerError, match=r"holds something else than shards, such as big\.txt"):
        run(*convert, room)
    (room / "shards/big.txt").write_text("a\n")
    (room / "shards/big.txt").rename(room / "shards/shard-00009.spacy")
    convert[1] = str(room / "shards/shard-00009.spacy")
    with pytest.raises(XnerError, match=r"shard-00009\.spacy is in .*shards and would be lost"):
        run(*convert, room / "shards")


def test_check(room: Path) -> None:
    (room / "corpus.toml").write_text('source = "en"\ntargets = []\nlabels = ["PER", "LOC"]\n')
    (room / "en").mkdir()
    (room / "en/train.txt").write_bytes((room / "en.txt").read_bytes())
    with pytest.raises(XnerError, match="found 0 dev sentences"):
        run("check", room)
    for split in ("dev", "test"):
        (room / f"en/{split}.txt").write_text(f"{split} in [Rome](LOC)\n")
    result = run("check", room)
    assert result.exit_code == 0
    assert "No errors." in result.stdout
    assert "dev sentences without entities" in result.stdout
    assert [row["origin"] for row in json.loads(run("stats", room, "--json", "-").stdout)] == ["train", "dev", "test"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["convert", "a.txt"], "Found one file, a.txt, and no --output"),
        (["convert", "a.txt", "-o", "b.txt"], "with the ending .spacy"),
        (["convert", "nowhere.txt", "-o", "b.spacy", "--lang", "en"], "nowhere.txt: found no file"),
        (["translate", "a.spacy", "-o", "b.spacy", "--lang", "de"], "expected it as --memory"),
        (["translate", "a.spacy", "-o", "b.spacy", "--lang", "de", "--memory", "x"], "a.spacy: cannot be read"),
        (
            ["translate", "en.txt", "-o", "b.spacy", "--lang", "de", "--memory", "x", "--cache", "c", "--no-cache"],
            "Found --cache c together with --no-cache",
        ),
        (
            ["translate", "en.spacy", "-o", "b.spacy", "--lang", "", "--memory", "memory.tsv"],
            "--lang names no language",
        ),
        (
            ["translate", "en.spacy", "-o", "b.spacy", "--lang", "eng", "--memory", "memory.tsv"],
            "the language of the texts",
        ),
        (["check", "nowhere"], "file not found. Expected the folder"),
    ],
)
def test_mistakes(room: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], message: str) -> None:
    monkeypatch.chdir(room)
    if "en.spacy" in args:
        run("convert", "en.txt", "-o", "en.spacy", "--lang", "en")
    with pytest.raises(XnerError, match=message):
        run(*args)


def test_nothing_is_written_after_a_mistake(room: Path) -> None:
    (room / "bad.txt").write_text("[Bob](PER) and\n[Ada](PER\n")
    with pytest.raises(XnerError, match=r"bad\.txt:2"):
        run("convert", room / "en.txt", room / "bad.txt", "-o", room / "out.spacy", "--lang", "en")
    assert not list(room.glob("*out*"))


def test_layers() -> None:
    assert (parse_layers(None), parse_layers("6"), parse_layers("5,6")) == (None, 6, [5, 6])
    with pytest.raises(XnerError, match="expected numbers separated by commas"):
        parse_layers("x")


@pytest.mark.parametrize("command", ["convert", "translate", "project", "stats", "check"])
def test_help_has_an_example(command: str) -> None:
    assert f"xner corpus {command} " in run(command, "--help").stdout


def test_several_languages(tmp_path: Path) -> None:
    for lang, text in (("de", "[Berlin](LOC)"), ("nl", "[Delft](LOC) en [Gouda](LOC)")):
        (tmp_path / f"{lang}.txt").write_text(text + "\n", encoding="utf8")
    arguments = [str(tmp_path / "{lang}.txt"), "-o", str(tmp_path / "out" / "{lang}.spacy"), "--lang"]
    assert run("convert", *arguments, "de,nl").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["de.spacy", "nl.spacy"]


def test_languages_need_a_place_in_the_name(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x\n", encoding="utf8")
    with pytest.raises(XnerError, match=r"expected \{lang\} in its name"):
        run("convert", tmp_path / "a.txt", "-o", tmp_path / "b.spacy", "--lang", "de,nl")
    with pytest.raises(XnerError, match="--lang de,es,fr"):
        run("convert", tmp_path / "{lang}.txt", "-o", tmp_path / "b.spacy")


def test_an_input_is_not_overwritten(room: Path) -> None:
    en = room / "en.spacy"
    run("convert", room / "en.txt", "--output", en, "--lang", "en")
    before = en.read_bytes()
    with pytest.raises(XnerError, match="is also an input and would be lost"):
        run("translate", en, "-o", en, "--lang", "de", "--memory", room / "memory.tsv")
    assert en.read_bytes() == before


def test_output_is_a_folder(room: Path) -> None:
    (room / "folder.spacy").mkdir()
    with pytest.raises(XnerError, match="is a folder, expected the name of a file"):
        run("convert", room / "en.txt", "-o", room / "folder.spacy", "--lang", "en")


def test_settings_that_the_corpus_says(room: Path) -> None:
    run("convert", room / "en.txt", "-o", room / "en.spacy", "--lang", "en")
    with pytest.raises(XnerError, match="--setting cannot set target"):
        run("translate", room / "en.spacy", "-o", room / "de.spacy", "--lang", "de", "-s", "target=es", "-s", "path=x")


def test_no_language_code(room: Path) -> None:
    with pytest.raises(XnerError, match="'english' is not a language code"):
        run("convert", room / "en.txt", "-o", room / "en.spacy", "--lang", "english")


def test_file_names_are_no_markup(capfd: pytest.CaptureFixture[str]) -> None:
    print_counts("out[/draft]x.spacy", {"a [b]": 1})
    output = capfd.readouterr()
    assert "out[/draft]x.spacy" in output.out + output.err
    assert "a [b]" in output.out + output.err

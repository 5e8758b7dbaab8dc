"""What all commands share: --output and its old spelling, --quiet, --json, `-`, exit status."""

import json
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc

from spacy_xner.corpus.docs import load_docs, write_docs

from .util import COMMANDS, Command, failing, misused, ok, xner

TRANSLATE = ("corpus", "translate", "en.spacy", "--lang", "de", "--memory", "memory.tsv")
NINE_LINES = "Anna\tB-PER\nlives\tO\nin\tO\nParis\tB-LOC\n\nHe\tO\nleft\tO\nRome\tB-LOC\n\n"


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "en.iob").write_text(NINE_LINES, encoding="utf8")
    (tmp_path / "memory.tsv").write_text("en\tde\nAnna lives in Paris\tAnna lebt in Paris\n", encoding="utf8")
    ok("corpus", "convert", tmp_path / "en.iob", "-o", tmp_path / "en.spacy", "--lang", "en")
    return tmp_path


def test_output_as_an_argument_still_works(room: Path) -> None:
    """With a note on standard error, and the same result."""
    memory = ["--lang", "de", "--memory", room / "memory.tsv"]
    for new, old in (
        (
            ["convert", room / "en.iob", "-o", room / "a.spacy", "--lang", "en"],
            ["convert", room / "en.iob", room / "b.spacy", "--lang", "en"],
        ),
        (
            ["translate", room / "en.spacy", "--output", room / "a.spacy", *memory],
            ["translate", room / "en.spacy", room / "b.spacy", *memory],
        ),
        (
            ["synthesize", room / "en.spacy", "--output", room / "a.spacy", "--quality", "none", *memory],
            ["synthesize", room / "en.spacy", room / "b.spacy", "--quality", "none", *memory],
        ),
    ):
        assert "deprecated" not in xner("corpus", *new).stderr
        result = xner("corpus", *old)
        assert result.exit_code == 0, result.output
        notes = [line for line in result.stderr.splitlines() if line.startswith("Note:")]
        assert notes == [f"Note: an output without an option is deprecated, write --output {room / 'b.spacy'}."]
        assert (room / "a.spacy").read_bytes() == (room / "b.spacy").read_bytes()


def test_one_output(room: Path) -> None:
    translate = ["corpus", "translate", room / "en.spacy", "--lang", "de", "--memory", room / "memory.tsv"]
    assert "Missing option '--output' / '-o'." in misused(*translate)
    assert "Found two outputs, b.spacy and --output c.spacy" in misused(*translate, "b.spacy", "-o", "c.spacy")


def test_a_hidden_argument_is_not_in_the_help() -> None:
    for command in (["corpus", "translate"], ["encoder", "trim"], ["package"]):
        assert "output_argument" not in ok(*command, "--help").lower()


RESULTS_ONLY = [("corpus", "check"), ("evaluate",)]  # these print no notes


@pytest.mark.parametrize("command", [each for each in COMMANDS if each not in RESULTS_ONLY], ids=" ".join)
def test_quiet_is_everywhere(command: Command) -> None:
    """Wherever notes or progress are printed, with the same help."""
    out = ok(*command, "--help")
    assert "--quiet" in out
    assert "Print results and errors only." in " ".join(out.replace("│", " ").split())


def test_quiet(room: Path) -> None:
    """No notes, no progress bar, no note on the old spelling; results and errors stay."""
    convert = ["corpus", "convert", room / "en.iob", "--lang", "en"]
    loud = xner(*convert, "--output", room / "a.spacy")
    assert "entities" in loud.stdout
    assert "Converting" in loud.stderr
    for quiet in ([room / "a.spacy", "-q"], ["--output", room / "a.spacy", "--quiet"]):
        assert xner(*convert, *quiet).output == ""
    result = xner("corpus", "stats", room / "a.spacy", "--quiet")
    assert "PER" in result.stdout
    assert result.stderr == ""
    assert "found no file" in failing("corpus", "convert", room / "nowhere.iob", "-o", room / "b.spacy", "-q")
    assert "entities" in xner(*convert, "--output", room / "a.spacy").stdout  # not quiet for ever


def test_json_to_a_file(room: Path) -> None:
    out = ok("corpus", "stats", room / "en.spacy", "--json", room / "new/counts.json")
    assert "PER" in out
    (row,) = json.loads((room / "new/counts.json").read_text())
    assert (row["lang"], row["docs"], row["entities"]) == ("en", 2, 3)
    assert json.loads(ok("corpus", "stats", room / "en.spacy", "--json", "-")) == [row]


def test_json_of_a_check(room: Path) -> None:
    (room / "corpus.toml").write_text('source = "en"\ntargets = []\nlabels = ["PER", "LOC"]\n')
    (room / "en").mkdir()
    for split in ("train", "dev", "test"):
        (room / f"en/{split}.txt").write_text(f"{split} in [Rome](LOC)\n")
    found = json.loads(ok("corpus", "check", room, "--json", "-"))
    assert found["errors"] == []
    assert found["shares"]
    (room / "en/test.txt").write_text("Nobody in [Rome](PLACE)\n")
    result = xner("corpus", "check", room, "--json", "-")
    assert result.exit_code == 1
    assert "PLACE" in json.loads(result.stdout)["errors"][0]


def test_convert_standard_input_to_standard_output(room: Path) -> None:
    """Nothing but data is on standard output, and JSON lines give the same docs as a DocBin."""
    convert = ["corpus", "convert", "-", "--format", "columns", "--lang", "en"]
    result = xner(*convert, "--output", "-", input=NINE_LINES)
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["text"], line["id"], line["lang"]) for line in lines] == [
        ("Anna lives in Paris", "stdin:1", "en"),
        ("He left Rome", "stdin:6", "en"),
    ]
    assert "entities" in result.stderr
    ok("corpus", "convert", "-", "--format", "jsonl", "-o", room / "again.spacy", input=result.stdout)
    before, after = (
        [[(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents] for doc in load_docs(room / name)]
        for name in ("en.spacy", "again.spacy")
    )
    assert before == after
    plain = xner("corpus", "convert", "-", "--format", "plain", "--lang", "en", "-o", "-", "-q", input="Nobody.\n")
    assert plain.output == '{"text": "Nobody.", "id": "stdin:1", "lang": "en"}\n'  # unlabelled: no entities


def test_json_lines_hold_partial_annotation(room: Path) -> None:
    nlp = spacy.blank("xx")
    doc = Doc(nlp.vocab, words=["Anna", "lives", "in", "Paris"], ents=["B-PER", "", "", ""])
    doc._.xner_meta = {"id": "a:1", "lang": "en"}
    write_docs(room / "partial.spacy", [doc])
    data = json.loads(ok("corpus", "convert", room / "partial.spacy", "-o", "-", "-q"))
    assert (data["text"][5:19], data["unlabelled"], len(data["entities"])) == ("lives in Paris", [[5, 19]], 1)


def test_malformed_standard_input(room: Path) -> None:
    """The message names standard input, and nothing is printed as data."""
    convert = ["corpus", "convert", "-", "--format", "jsonl", "--lang", "en", "-o", "-"]
    result = xner(*convert, input='{"text": "Good."}\n{"text": 1}\n')
    assert (result.exit_code, result.stdout) == (1, "")
    assert "<stdin>:2: found no object" in " ".join(result.stderr.split())


def test_align_standard_input_to_standard_output(tiny_encoder: Path, room: Path) -> None:
    pairs = "Berlin is big ||| Berlin ist groß\nParis ||| Paris\n"
    options = ["--encoder", tiny_encoder, "--layers", "0", "--method", "inter"]
    (room / "pairs.txt").write_text(pairs, encoding="utf8")
    ok("align", room / "pairs.txt", "--output", room / "links.txt", *options)
    result = xner("align", "-", "--output", "-", *options, input=pairs)
    assert result.exit_code == 0, result.output
    assert result.stdout == (room / "links.txt").read_text(encoding="utf8")
    result = xner("align", "-", "--output", "-", "--quiet", *options, input="no separator\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "<stdin>:1: found 0 times '|||'" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("args", "name"),
    [
        (["corpus", "translate", "-", "-o", "x.spacy", "--lang", "de"], "SOURCE"),
        (["corpus", "translate", "x.spacy", "-o", "-", "--lang", "de"], "--output"),
        (["corpus", "stats", "a.spacy", "-"], "PATHS"),
        (["layers", "xx_nowhere", "--plot", "-"], "--plot"),
        (["report", "records", "--output", "-"], "--output"),
        (["encoder", "fetch", "-o", "-"], "--output"),
        (["align", "show", "-"], "FILE"),
    ],
)
def test_streams_are_refused_elsewhere(args: list[str], name: str) -> None:
    assert f"Found '-' as {name}, which cannot be standard input or output." in misused(*args)


def test_standard_input_has_no_ending() -> None:
    assert "expected its format as --format" in misused("corpus", "convert", "-", "-o", "x.spacy", "--lang", "en")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["corpus", "convert", "en.iob", "-o", "x.spacy", "--lang", "english"], "'english' is not a language code"),
        (["corpus", "convert", "en.iob", "-o", "x.pdf", "--lang", "en"], "with the ending .spacy"),
        (["corpus", "convert", "en.iob", "-", "--lang", "en"], "expected it as --output -"),
        (["encoder", "trim", "embedded", "-o", "x"], "--texts"),
        (["project", "en.iob", "en.iob", "-o", "x.pdf"], "found the ending '.pdf'"),
        (["corpus", "convert", "{lang}.iob", "-o", "x.spacy"], "expected its languages as --lang"),
        (["corpus", "convert", "en.iob", "-o", "x.spacy", "--lang", "en,de"], "expected {lang} in its name"),
        (
            ["corpus", "translate", "en.spacy", "-o", "x.spacy", "--lang", "en", "--memory", "memory.tsv"],
            "--lang names en",
        ),
        (["corpus", "translate", "en.spacy", "-o", "x.spacy", "--lang", "de"], "expected it as --memory"),
        (["corpus", "translate", "en.spacy", "-o", "x.spacy", "--lang", "de", "-s", "path"], "has no value"),
        (["corpus", "translate", "en.spacy", "-o", "x.spacy", "--lang", "de", "-s", "source=en"], "--setting cannot"),
        (
            ["corpus", "translate", "en.spacy", "-o", "x.spacy", "--lang", "de", "--translator", "x"],
            "No translator 'x'",
        ),
        (
            [*TRANSLATE, "-o", "x.spacy", "--cache", "c", "--no-cache"],
            "Found --cache c together with --no-cache",
        ),
        (["corpus", "synthesize", "en.iob", "-o", "x.spacy", "--lang", "de", "--length-ratio", "0.5"], "length ratio"),
        (
            ["corpus", "synthesize", "en.iob", "-o", "x.spacy", "--lang", "de", "--back-setting", "a=1"],
            "--quality round",
        ),
        (["corpus", "distill", "xx_no", "en.spacy", "-o", "x.spacy", "--agreement", "0.5"], "expected the source"),
        (["align", "pairs.txt", "-o", "x", "--layers", "x"], "The layers are 'x'"),
        (["adapt", "en_core_web_sm", "--texts", "en.iob", "--to", "es", "--name", "my-model"], "xx_my-model"),
    ],
)
def test_wrong_values_of_options_are_wrong_usage(
    room: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], message: str
) -> None:
    """Exit status 2, the sentence, and where to read on."""
    monkeypatch.chdir(room)
    found = misused(*args)
    assert message in found
    assert found.endswith("--help'.")
    assert f" {' '.join(args[: 1 + (args[0] in ('corpus', 'encoder'))])} " in found.rpartition("Try '")[2]


@pytest.mark.parametrize(
    "args",
    [
        ["corpus", "convert", "en.iob", "-o", "x.spacy", "--format", "pdf"],
        ["corpus", "translate", "en.spacy", "-o", "x.spacy"],
        ["corpus", "distill", "xx_no", "en.spacy", "-o", "x.spacy", "--certainty", "2"],
        ["align", "pairs.txt", "-o", "x", "--batch-size", "0"],
        ["evaluate", "xx_no"],
    ],
)
def test_what_typer_refuses_is_wrong_usage(room: Path, monkeypatch: pytest.MonkeyPatch, args: list[str]) -> None:
    monkeypatch.chdir(room)
    assert xner(*args).exit_code == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["corpus", "convert", "nowhere.iob", "-o", "x.spacy", "--lang", "en"], "found no file"),
        (["corpus", "convert", "bad.iob", "-o", "x.spacy", "--lang", "en"], "bad.iob:1"),
        (["corpus", "convert", "en.iob", "-o", "x.spacy"], "the language is unknown"),
        (
            ["corpus", "translate", "en.spacy", "-o", "en.spacy", "--lang", "de", "--memory", "memory.tsv"],
            "also an input",
        ),
        (["corpus", "translate", "en.spacy", "-o", "x.spacy", "--lang", "de", "--memory", "nowhere"], "nowhere"),
        (["align", "nowhere.txt", "-o", "x"], "nowhere.txt"),
    ],
)
def test_wrong_files_are_errors_in_data(
    room: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], message: str
) -> None:
    monkeypatch.chdir(room)
    (room / "bad.iob").write_text("Anna\tX-PER\n")
    assert message in failing(*args)


def test_a_misspelt_command_of_a_group_with_a_short_form(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`xner align FILE` is short for `xner align file FILE`, but a misspelt command is no file."""
    monkeypatch.chdir(room)
    assert "Did you mean 'show'?" in misused("align", "shwo", "x")
    (room / "shwo").write_text("no pair\n")
    assert "shwo:1: found 0 times" in failing("align", "shwo", "--output", "x")


def test_brackets_in_file_names_are_no_markup(tiny_encoder: Path, room: Path) -> None:
    page = room / "page[de][/red].html"
    (room / "pairs.txt").write_text("Paris ||| Paris\n", encoding="utf8")
    options = ["--encoder", tiny_encoder, "--layers", "0", "--method", "inter"]
    assert "page[de][/red].html" in ok("align", "show", room / "pairs.txt", "--output", page, *options)

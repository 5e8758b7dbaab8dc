"""Each code block of README.md works as printed, and the names in the text exist.

Shell commands run in order in a folder with the files that they name, with few training steps and a tiny encoder in
models/encoder. The set-up commands take too long for a test: .ci/steps.sh must run them, and project.yml must
have what they use. A command without a rule fails.
"""

import ast
import configparser
import json
import re
import shlex
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from spacy.util import dot_to_object, load_config, registry
from typer.main import get_command
from weasel.util.config import load_project_config

import spacy_xner
from spacy_xner.cli import app
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import write_docs

from .cli.util import ok, run_spacy
from .programs import require_apertium

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf8")
FEW_STEPS = ["--training.max_steps", "2", "--training.eval_frequency", "1"]
NEWS = [
    ("Angela/B-PER Merkel/I-PER visited/O Vienna/B-LOC ./O", "Angela Merkel besuchte Wien."),
    ("The/O talks/O in/O Paris/B-LOC lasted/O two/O days/O ./O", "Die Gespräche in Paris dauerten zwei Tage."),
    ("It/O rained/O ./O", "Es regnete."),
]


class Block(NamedTuple):
    """A fenced block: the heading of its section, its language and its text."""

    section: str
    language: str
    code: str


def read_blocks(text: str) -> list[Block]:
    section, found = "", []
    for match in re.finditer(r"^## (.+)$|^```(.*)\n([\s\S]*?)^```$", text, re.MULTILINE):
        if match[1]:
            section = match[1]
        else:
            found.append(Block(section, match[2], match[3]))
    return found


BLOCKS = read_blocks(README)
PYTHON = [block for block in BLOCKS if block.language == "python"]
SHELL = {
    section: [
        line
        for block in BLOCKS
        if (block.section, block.language) == (section, "bash")
        for line in block.code.splitlines()
    ]
    for section in dict.fromkeys(block.section for block in BLOCKS if block.language == "bash")
}


@pytest.fixture
def room(tmp_path: Path, tiny_encoder: Path, tiny_pipeline: Path, tiny_corpus: Path) -> Path:
    """A folder with the files that the commands name."""
    for name, target in {
        "training/xner_agg/model-last": tiny_pipeline,
        "training/teacher/model-last": tiny_pipeline,
        "corpora/dev": tiny_corpus,
        "corpora/train": tiny_corpus,
        "corpus": ROOT / "corpus",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).symlink_to(target)
    blocks = ["".join(f"{token.replace('/', ' ')}\n" for token in tagged.split()) for tagged, _ in NEWS]
    for name in ("news.iob", "news.dev.iob"):
        (tmp_path / name).write_text("\n".join(blocks), encoding="utf8")
    english = [re.sub(r"/\S+", "", tagged) for tagged, _ in NEWS]
    memory = ["en\tde"]  # with the spaces that `xner corpus convert` makes
    memory += [f"{text.replace(' .', '.')}\t{german}" for text, (_, german) in zip(english, NEWS, strict=True)]
    (tmp_path / "translations.tsv").write_text("".join(f"{line}\n" for line in memory), encoding="utf8")
    (tmp_path / "en.iob").write_text("\n".join(blocks), encoding="utf8")
    (tmp_path / "news.txt").write_text("".join(f"{text}\n" for text in english), encoding="utf8")
    (tmp_path / "de.txt").write_text("".join(f"{german}\n" for _, german in NEWS), encoding="utf8")
    pairs = [f"{text} ||| {german}\n" for text, (_, german) in zip(english, NEWS, strict=True)]
    (tmp_path / "pairs.txt").write_text("".join(pairs), encoding="utf8")
    plain = tmp_path / "plain.txt"
    plain.write_text("Angela Merkel visitó Viena.\n", encoding="utf8")
    write_docs(tmp_path / "synthetic/es.spacy", convert_files([plain], "es", Counter(), "plain"))
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    (tmp_path / "models").mkdir()
    (tmp_path / "models/encoder").symlink_to(tiny_encoder)
    return tmp_path


def test_all_blocks_are_of_a_kind_that_is_tested() -> None:
    assert README.count("```") == 2 * len(BLOCKS)
    assert {block.language for block in BLOCKS} == {"bash", "python", "ini", "mermaid"}
    assert len(PYTHON) >= 2
    assert all(lines for lines in SHELL.values())


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "ini"])
def test_parts_of_a_config(block: Block) -> None:
    """Their sections exist in the project's config, and can be resolved."""
    config, parser = load_config(ROOT / "configs/xner.cfg"), configparser.ConfigParser()
    parser.read_string(block.code)
    for section in parser.sections():
        part = dot_to_object(config, section)
        part.update({key: json.loads(value) for key, value in parser[section].items()})
        registry.resolve({"part": part})


@pytest.mark.parametrize("section", SHELL)
def test_shell(
    section: str, room: Path, tiny_site: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(room)
    monkeypatch.syspath_prepend(tiny_site)
    for line in SHELL[section]:
        for part in line.split("&&"):
            match shlex.split(part):
                case ["pip", "install", *_] | ["python", "-m", "pytest"]:
                    assert line in set_up_lines(), f".ci/steps.sh does not run: {line}"
                case ["python", "-m", "spacy", "project", "run", name, *rest]:
                    check_project_run(name, rest)
                case ["python", "-m", "spacy", "train", *_] as command:
                    run_spacy(*command[3:], *FEW_STEPS)
                    assert (room / command[command.index("--output") + 1] / "model-last/meta.json").is_file()
                case ["xner", *args] if "apertium" in args:  # which need not be installed
                    check_options(args)
                case ["xner", "align", "train", *args]:
                    ok("align", "train", *args, "--encoder", "models/encoder", "--layers", "1", "--steps", "1")
                case ["xner", *args]:
                    if args[:2] == ["corpus", "project"] or args[0] in ("align", "project"):
                        request.getfixturevalue("embedded_encoder")
                    ok(*args)
                    assert all(
                        (room / arg).is_file() for arg in args if arg.endswith((".spacy", ".iob", ".html", ".jsonl"))
                    )
                case command:
                    pytest.fail(f"no rule tests this command: {shlex.join(command)}")


def set_up_lines() -> list[str]:
    """The README's set-up commands that .ci/steps.sh has as values and runs word for word."""
    steps = (ROOT / ".ci/steps.sh").read_text(encoding="utf8")
    return [line for name, line in re.findall(r"^(\w+)='(.*)'$", steps, re.MULTILINE) if f'run_line "${name}"' in steps]


def check_options(args: list[str]) -> None:
    """The command and its options exist, and accept these values."""
    command: Any = get_command(app)
    while hasattr(command, "commands"):
        command, args = command.commands[args[0]], args[1:]
    command.make_context("xner", list(args))


def check_project_run(name: str, rest: list[str]) -> None:
    """For `project run NAME [.] [--vars.KEY VALUE]...`: project.yml has that workflow or command, and the variables."""
    project: dict[str, Any] = load_project_config(ROOT)
    assert name in {*project["workflows"], *(command["name"] for command in project["commands"])}
    if rest:
        folder, *overrides = rest  # spaCy takes settings after the folder only
        assert folder == "."
        assert {f"--vars.{key}" for key in project["vars"]} >= set(overrides[::2])


def check_use(printed: str) -> None:
    """A list of names, labels and scores."""
    found = ast.literal_eval(printed)
    assert found
    assert all(label in ("PER", "LOC") and 0 < score <= 1 for _, label, score in found)


def check_projector(printed: str) -> None:
    """Names with labels and scores."""
    assert re.fullmatch(r"Wien LOC (0\.\d+|1\.0)\nAngela Merkel PER (0\.\d+|1\.0)\n", printed)


def check_nothing(printed: str) -> None:
    """Makes a pipeline, and prints nothing."""
    assert printed == ""


def check_alignment(printed: str) -> None:
    """Names with labels and scores."""
    assert re.fullmatch(r"Angela Merkel PER (0\.\d+|1\.0)\nViena LOC (0\.\d+|1\.0)\n", printed)


PRINTS: dict[str, list[Callable[[str], None]]] = {  # what each block of a section prints
    "Use the pipeline": [check_use],
    "Project entities in your own pipeline": [check_projector, check_nothing],
    "Align words and project labels of files": [check_alignment],
}


def params(block: Block) -> Any:
    """The block as a parameter, marked where it needs a program of its own."""
    marks = [pytest.mark.program] if "Apertium.v1" in block.code else []
    return pytest.param(block, marks=marks, id=block.section)


@pytest.mark.parametrize("block", map(params, PYTHON))
def test_python(
    block: Block,
    tiny_site: Path,
    room: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As in a module of its own: a block imports what it uses."""
    monkeypatch.chdir(room)
    monkeypatch.syspath_prepend(tiny_site)
    if "Apertium.v1" in block.code:
        require_apertium(("es", "en"))
    if "rojector" in block.code:
        request.getfixturevalue("embedded_encoder")
    number = [other for other in PYTHON if other.section == block.section].index(block)
    capsys.readouterr()
    exec(compile(block.code, "README.md", "exec"), {"__name__": "__main__"})
    PRINTS[block.section][number](capsys.readouterr().out)


def test_names_can_be_used() -> None:
    """Each `spacy_xner.Name.v1` (or `Name.v1`) is registered."""
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.read(ROOT / "setup.cfg", encoding="utf8")
    registered = "\n".join(parser["options.entry_points"].values())
    named = set(re.findall(r"`(?:spacy_xner\.)?(\w+\.v\d+)`", README))
    assert len(named) > 5
    assert [name for name in sorted(named) if f"spacy_xner.{name} = " not in registered] == []


def test_links_to_files() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", re.sub(r"`[^`\n]*`", "", README))
    assert links
    package = Path(spacy_xner.__file__).parent  # not below ROOT where a wheel is tested
    files = [package.parent / link if link.startswith("spacy_xner/") else ROOT / link for link in links]
    assert [str(file) for file in files if not file.exists()] == []


def test_no_placeholder_is_left() -> None:
    assert "<!--" not in README

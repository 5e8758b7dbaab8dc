"""How a block of each kind is run: few steps of training, a tiny encoder. A command without a rule fails."""

import configparser
import importlib.util
import inspect
import json
import re
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import spacy
import yaml
from spacy.util import dot_to_object, load_config, registry
from thinc.api import Config
from typer.main import get_command
from weasel.util.config import load_project_config

from spacy_xner.cli import app
from spacy_xner.translation.factory import SHORT_NAMES

from ..cli.util import ok, run_spacy
from .blocks import ROOT, Block, commands

FEW_STEPS = ["--training.max_steps", "2", "--training.eval_frequency", "1"]
OUTPUTS = (".spacy", ".iob", ".html", ".jsonl")


def run(block: Block, number: int, room: Path, request: pytest.FixtureRequest) -> None:
    """Run a block in the current folder, which is `room`; of one that is not run, check what can be.

    number (int): its number among those that run in this folder.
    """
    match block.language:
        case "python" if block.reason:
            compile(block.code, block.page, "exec")
        case "python":
            run_python(block, number, room, request)
        case "bash":
            for line in commands(block.code):
                if block.reason:
                    check_line(line)
                else:
                    run_line(line, room, request)
        case "ini":
            check_config(block.code)
        case "yaml":
            assert list(yaml.safe_load_all(block.code))
        case "toml":
            assert tomllib.loads(block.code)
        case "json":
            assert json.loads(block.code)
        case other:
            pytest.fail(f"{block.page}: no rule for blocks of the language {other!r}")


def run_python(block: Block, number: int, room: Path, request: pytest.FixtureRequest) -> None:
    """As a file of its own: it imports what it uses. What it prints is compared with comments: `print(x)  # output`."""
    if re.search("rojector|ProjectSpec|Aligner", block.code):
        request.getfixturevalue("embedded_encoder")
    capsys: pytest.CaptureFixture[str] = request.getfixturevalue("capsys")
    capsys.readouterr()
    name = f"block_{number}"
    file = room / f"{name}.py"
    file.write_text(block.code, encoding="utf8")
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    request.getfixturevalue("monkeypatch").setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    printed = capsys.readouterr().out
    expected = re.findall(r"^print\(.*\)  # (.+)$", block.code, re.MULTILINE)
    if expected:
        assert printed.splitlines() == expected
    print(printed, end="")


def run_line(line: str, room: Path, request: pytest.FixtureRequest) -> None:
    """Run a line of a shell block; parts with `&&` one after the other."""
    for part in line.split("&&"):
        match shlex.split(part):
            case ["pip", "install", "-c", *_] | ["python", "-m", "pytest"]:
                assert line in set_up_lines(), f".ci/steps.sh does not run: {line}"
            case ["pip", "install", package]:
                check_extras(package)
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
                assert all((room / arg).is_file() for arg in args if arg.endswith(OUTPUTS))
            case command:
                pytest.fail(
                    f"No rule runs this command: {shlex.join(command)}. Add one to tests/docs/rules.py, or write "
                    "<!-- not run: the reason --> in the line before the block."
                )


def check_line(line: str) -> None:
    """Of a line that is not run: packages have the extras, and commands of xner the options, that it names."""
    match shlex.split(line):
        case ["pip", "install", package] if package.startswith("spacy-xner"):
            check_extras(package)
        case ["xner", *args]:
            check_options(args)


def set_up_lines() -> list[str]:
    """The set-up commands that .ci/steps.sh has as values and runs word for word."""
    steps = (ROOT / ".ci/steps.sh").read_text(encoding="utf8")
    return [line for name, line in re.findall(r"^(\w+)='(.*)'$", steps, re.MULTILINE) if f'run_line "${name}"' in steps]


def check_extras(package: str) -> None:
    """`spacy-xner[one,two]`: setup.cfg has these extras."""
    match = re.fullmatch(r"spacy-xner\[([\w,-]+)\]", package)
    assert match, f"Found pip install {package}, expected spacy-xner with extras."
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf8")
    assert {*match[1].split(",")} <= {*parser["options.extras_require"]}


def check_options(args: list[str]) -> None:
    """The command and its options exist, and accept these values; so do the settings of a translator."""
    command: Any = get_command(app)
    args = [arg for arg in args if arg not in ("|", ">")]
    while hasattr(command, "commands"):
        name = args[0] if args[0] in command.commands else "file"  # `xner align FILE`
        command, args = command.commands[name], args[1:] if name == args[0] else args
    with command.make_context("xner", list(args)) as context:
        if (name := context.params.get("translator")) and (function := SHORT_NAMES.get(name)):
            settings = dict(each.split("=", 1) for each in context.params.get("setting") or ())
            inspect.signature(registry.misc.get(function)).bind_partial(**settings)


def check_project_run(name: str, rest: list[str]) -> None:
    """For `project run NAME [.] [--vars.KEY VALUE]...`: project.yml has that workflow or command, and the variables."""
    project: dict[str, Any] = load_project_config(ROOT)
    assert name in {*project["workflows"], *(command["name"] for command in project["commands"])}
    if rest:
        folder, *overrides = rest  # spaCy takes settings after the folder only
        assert folder == "."
        assert {f"--vars.{key}" for key in project["vars"]} >= set(overrides[::2])


def check_config(text: str) -> None:
    """Part of a config: in place of the same sections of configs/xner.cfg it has functions and settings that exist."""
    headings = re.findall(r"^\[(.+)\]$", text, re.MULTILINE)
    block = Config().from_str(_with_parents(text), interpolate=False)
    paths = {"paths.train": "corpora/train", "paths.dev": "corpora/dev"}
    config = load_config(ROOT / "configs/xner.cfg", overrides=paths, interpolate=False).merge(block).interpolate()
    sections = [part for each in headings if (part := _outermost(block, each))]
    assert sections, "the block names no registered function"
    for section in dict.fromkeys(sections):
        part = dot_to_object(config, section)
        if "factory" in part:
            settings = {key: value for key, value in part.items() if key != "factory"}
            spacy.blank("xx").add_pipe(part["factory"], config=settings)
        else:
            registry.fill({"part": part})


def _with_parents(text: str) -> str:
    """The text of a config with the headings that it lacks, empty sections, each before its first part."""
    known: set[str] = set()

    def with_those_above(match: re.Match[str]) -> str:
        parts = match[1].split(".")
        path = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
        new = [f"[{each}]" for each in path[:-1] if each not in known]
        known.update(path)
        return "\n".join([*new, match[0]])

    return re.sub(r"^\[(.+)\]$", with_those_above, text, flags=re.MULTILINE)


def _outermost(block: Config, section: str) -> str | None:
    """The first section of a path that names a function."""
    path = section.split(".")
    for end in range(1, len(path) + 1):
        part = dot_to_object(block, ".".join(path[:end]))
        if "factory" in part or any(key.startswith("@") for key in part):
            return ".".join(path[:end])
    return None

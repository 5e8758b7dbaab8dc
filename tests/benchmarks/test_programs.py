"""Every benchmark: its size, its options, its help, and what it does without the measuring data."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import CliRunner

from .conftest import BENCHMARKS

FILES = sorted(BENCHMARKS.glob("*.py"))
PROGRAMS = [file.stem for file in FILES if "\n    run(main)\n" in file.read_text(encoding="utf8")]
SHARED = ("encoder", "limit", "repeat", "seed", "errors", "json")
README = (BENCHMARKS / "README.md").read_text(encoding="utf8")


def make_command(name: str) -> Any:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(importlib.import_module(name).main)
    return typer.main.get_command(app)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_size(file: Path) -> None:
    text = file.read_text(encoding="utf8")
    assert text.count("\n") < 150
    assert text.startswith('"""')


@pytest.mark.parametrize("name", PROGRAMS)
def test_shared_options(name: str) -> None:
    """An option that several programs have has the same help, and each program can write its figures."""
    common = importlib.import_module("common")
    for option in make_command(name).params:
        if option.name in SHARED:
            expected = getattr(common, f"{option.name.capitalize()}Option").__metadata__[0].help
            assert option.help == expected, option.name
    makes_files = name in ("alignment_pairs", "conll_corpora", "wikineural_corpora")
    assert makes_files or any(option.opts == ["--json"] for option in make_command(name).params)


@pytest.mark.parametrize("name", ["alignment", "alignment_speed", "conll_corpora", "elsewhere", "inference"])
def test_without_data(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line says what is missing; the exit status is 1 where another step of the project needs the result."""
    monkeypatch.delenv("XNER_DATA", raising=False)
    result = CliRunner().invoke(make_command(name), [])
    assert re.match(r"Skipped: this reads \w+/ in the folder that \$XNER_DATA names, which is not set", result.output)
    assert result.exit_code == (1 if name == "conll_corpora" else 0)


def commands_in_readme() -> list[str]:
    return sorted(set(re.findall(r"(?:python )?benchmarks/[a-z_]+\.py[^`|]*", README)))


@pytest.mark.parametrize("line", commands_in_readme())
def test_commands_in_readme(line: str) -> None:
    """Each program that the README names is there, and has the options that it is called with."""
    file = re.search(r"benchmarks/([a-z_]+\.py)", line)
    assert file is not None
    assert (BENCHMARKS / file[1]).is_file()
    known = {name for option in make_command(file[1].removesuffix(".py")).params for name in option.opts}
    assert set(re.findall(r"(?<= )--[a-z-]+", line)) <= known


def test_readme_lists_every_program() -> None:
    missing = [name for name in PROGRAMS if f"benchmarks/{name}.py" not in README]
    assert missing == []

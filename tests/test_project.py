"""project.yml: what a step needs must be there before it, or the step would skip or fail for ever."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from weasel.util.config import load_project_config

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return load_project_config(ROOT)


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = listed.stdout.splitlines()
    return {str(Path(*Path(file).parts[:i])) for file in files for i in range(1, len(Path(file).parts) + 1)}


def commands(project: dict[str, Any], workflow: str = "all") -> list[dict[str, Any]]:
    by_name = {command["name"]: command for command in project["commands"]}
    return [by_name[name] for name in project["workflows"][workflow]]


def test_every_dep_is_there_before_its_step(project: dict[str, Any], tracked: set[str]) -> None:
    """Each dep is a tracked file or folder, or an earlier output or a folder of one."""
    for workflow in project["workflows"]:
        made: set[str] = set()
        for command in commands(project, workflow):
            for dep in command.get("deps", []):
                below = any(
                    output == dep or output.startswith(f"{dep}/") or dep.startswith(f"{output}/") for output in made
                )
                assert dep in tracked or below, f"{command['name']}: {dep} is neither tracked nor made before"
            outputs = set(command.get("outputs", []))
            assert not outputs & set(command.get("deps", [])), f"{command['name']}: an output is its own dep"
            assert not outputs & made, f"{command['name']}: made twice"
            made |= outputs


def test_every_output_is_written_by_its_script(project: dict[str, Any]) -> None:
    for command in project["commands"]:
        script = " ".join(command["script"])
        for output in command.get("outputs", []):
            stem = re.sub(r"/(model-last|dist)$", "", output)
            stem = stem if stem in script else str(Path(stem).parent)
            assert stem in script, f"{command['name']}: no line of its script writes {output}"


def test_every_path_in_a_script_is_a_dep_or_output(project: dict[str, Any]) -> None:
    """A file that is read but is no dep can change without its step running again."""
    for command in project["commands"]:
        known = [*command.get("deps", []), *command.get("outputs", [])]
        if command["name"] == "show":  # reads the installed package
            known.append("packages")
        for path in re.findall(
            r"(?:corpora|models|training|metrics|configs|corpus)/[\w./{}-]*", " ".join(command["script"])
        ):
            path = path.split("/{lang}")[0]
            related = any(path.startswith(k) or k.startswith(path) for k in known)
            assert related, f"{command['name']}: {path} is neither dep nor output"


def test_all_variables_are_used(project: dict[str, Any]) -> None:
    raw = (ROOT / "project.yml").read_text(encoding="utf8")
    for name in yaml.safe_load(raw)["vars"]:
        assert f"${{vars.{name}}}" in raw, f"the variable {name} is not used"

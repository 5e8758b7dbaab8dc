"""project.yml: what a step needs must be there before it, or the step would skip or fail for ever."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from spacy.util import load_config
from thinc.api import Config
from weasel.util.config import load_project_config

from spacy_xner.experiments.comparability import differences
from spacy_xner.experiments.plan_file import read_study
from spacy_xner.experiments.run import Run
from spacy_xner.experiments.training import prepared_config

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


def training(project: dict[str, Any], name: str) -> dict[str, Any]:
    """What a command of project.yml that calls `spacy train` changes in its training config, by dotted name."""
    (line,) = next(command["script"] for command in project["commands"] if command["name"] == name)
    words = shlex.split(line)
    assert words[:5] == ["python", "-m", "spacy", "train", "configs/xner.cfg"]
    options = dict(zip(words[5::2], words[6::2], strict=True))
    return {key.removeprefix("--"): value_of(text) for key, text in options.items() if "." in key}


def value_of(text: str) -> Any:
    """A value of the command line. spaCy reads it with ujson, for which 0.3 is 0.30000000000000004."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def test_the_study_trains_what_the_main_job_trains(project: dict[str, Any]) -> None:
    """The arms b_start and e have the settings of train-baseline, distill and train; e has fewer steps."""
    study = read_study(ROOT / "configs/studies/shipped.cfg")
    variables = project["vars"]
    student = study.arms["e"]
    assert (study.config, study.batch_words) == ("configs/xner.cfg", None)
    assert study.held_back == 0
    assert (study.gold, student.projected) == (f"corpora/train/{variables['source']}.spacy", variables["projected"])
    assert (student.teacher, study.start_of(student)) == ("b_start", "b_start")
    first = study.arms["b_start"]
    assert first.projected is first.synthetic is first.start is None
    for arm, command, before in (("b_start", "train-baseline", []), ("e", "train", [variables["projected"]])):
        main = training(project, command)
        run = Run(study, study.arms[arm], variables["seed"])
        paths = {name: main.pop(f"paths.{name}") for name in ("encoder", "train", "dev")}
        start = main.pop("paths.start", None)
        assert (paths["encoder"], paths["dev"]) == (study.encoder, study.dev)
        train = paths["train"] if isinstance(paths["train"], list) else [paths["train"]]
        assert train == [study.gold, *before, *([variables["distilled"]] if arm == "e" else [])]
        assert (start is None) == (run.start is None)
        prepared = prepared_config(ROOT / "configs/xner.cfg", study.batch_words, Path("curve"))
        changed = differences(
            load_config(ROOT / "configs/xner.cfg", overrides=main, interpolate=True),
            Config().from_str(prepared.to_str(), overrides=run.overrides(), interpolate=True),
        )
        logger = {name for name in changed if name.startswith("training.logger.")}
        fewer = {"training.max_steps", "training.optimizer.learn_rate.total_steps"} if arm == "e" else set()
        assert changed.keys() - logger == {"training.eval_frequency", *fewer}
    assert not student.start_share
    (line,) = next(command["script"] for command in project["commands"] if command["name"] == "distill")
    words = shlex.split(line)
    assert words[words.index("--lang") + 1].split(",") == list(student.synthetic_languages)
    assert {words[4], words[5]} == {"distill", "training/zero_shot/model-last"}
    assert words[6] == f"{student.synthetic}/{{lang}}.spacy"
    assert {word.split("=")[0] for word in words if word.startswith("--")} == {"--output", "--lang", "--gpu-id"}
    assert (student.certainty, student.agreement, student.with_sources) == (0, 0, False)
    (arms,) = next(command["script"] for command in project["commands"] if command["name"] == "arms")
    assert f"--encoder {study.encoder} " in arms
    tested = set(variables["targets"].split(","))
    assert {*student.synthetic_languages} <= tested


def test_arms_of_the_study_differ_in_one_thing() -> None:
    """Compared arms have the same steps in all, and the same settings unless they are compared for these."""
    study = read_study(ROOT / "configs/studies/shipped.cfg")
    steps = {arm: study.steps_of(study.arms[arm]) for arm in study.arms}
    assert {steps[arm] + steps[str(study.start_of(study.arms[arm]))] for arm in ("a", "b", "c", "bc", "d", "e")} == {
        420
    }

    def sources(arm: str) -> set[str]:
        return {str(path) for path in (study.arms[arm].projected, study.arms[arm].synthetic) if path}

    for pair in ("e-b", "c-a", "bc-b", "d-b", "e-bc", "b-a"):
        one, other = (study.arms[name] for name in pair.split("-"))
        alike = (one.settings, study.start_of(one)) == (other.settings, study.start_of(other))
        assert alike == (pair != "b-a"), pair
        assert sources(one.name) >= sources(other.name)
        assert len(sources(one.name) - sources(other.name)) == {"e-b": 2, "b-a": 0}.get(pair, 1)

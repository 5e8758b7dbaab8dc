"""`xner report`, as one types it."""

import json
import re
from pathlib import Path

import pytest

from ..experiments.records_util import record, simulated
from .util import failing, misused, ok, xner

FEW = ("--resamples", "100", "--permutations", "100")


@pytest.fixture
def records(tmp_path: Path) -> Path:
    folder = tmp_path / "records"
    folder.mkdir()
    for arm, quality in {"a": 0.5, "b": 0.6, "e": 0.8}.items():
        for seed in (0, 1, 2):
            (folder / f"{arm}-{seed}.json").write_text(json.dumps(simulated(arm, seed, quality, n=20)))
    return folder


def test_page_markdown_and_study_file(records: Path, tmp_path: Path) -> None:
    page, text, study, figures = (
        tmp_path / "out" / name for name in ("report.html", "report.md", "study.json", "figures.json")
    )
    out = ok("report", records, "--output", page, "--markdown", text, "--study", study, "--json", figures, *FEW)
    assert "e (arm E) scores higher than a (arm A): +" in out
    assert f"Wrote {page} and {text} and {study} and {figures}." in out
    numbers = json.loads(figures.read_text())
    f1 = [row["f1"] for row in numbers["rows"] if row["of"] == "mean"]
    assert f1 == [numbers["figures"][f"f1_{arm}"] for arm in "abe"]
    difference = numbers["figures"]["e_minus_a"]
    assert difference == pytest.approx(f1[2] - f1[0], abs=1e-3)
    assert 0 < numbers["figures"]["e_minus_a_low"] < difference < numbers["figures"]["e_minus_a_high"]
    written = json.loads(study.read_text())
    assert (len(written["runs"]), written["figures"]) == (9, numbers["figures"])
    again = tmp_path / "again.html"
    ok("report", study, "--output", again, *FEW)  # the study file is all that it needs
    assert again.read_bytes() == page.read_bytes()
    assert sorted(path.name for path in page.parent.iterdir()) == [
        "figures.json",
        "report.html",
        "report.md",
        "study.json",
    ]


def test_if_any(records: Path, tmp_path: Path) -> None:
    """A step of a project that ends well where there are no records yet, and is an ordinary report where there are."""
    page = tmp_path / "report.html"
    (tmp_path / "empty").mkdir()
    for name in ("nowhere", "empty"):
        out = ok("report", tmp_path / name, "--if-any", "-o", page, *FEW)
        assert f"There are no records in {tmp_path / name}: nothing is written." in out
        assert not page.exists()
        assert "found no record" in failing("report", tmp_path / name, "-o", page, *FEW)
    ok("report", records, "--if-any", "-o", page, *FEW)
    assert page.exists()


def test_titles_with_brackets(records: Path, tmp_path: Path) -> None:
    for path in records.iterdir():
        content = json.loads(path.read_text())
        path.write_text(json.dumps({**content, "title": "b [no projection] [/x]"}))
    assert "[no projection] [/x]" in ok("report", records, "--output", tmp_path / "report.html", *FEW)


def test_other_comparisons(records: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    out = ok("report", records, "-o", page, "--compare", "e-b, b-a", *FEW)
    pairs = [re.findall(r"\b(\w) \(arm", line) for line in out.splitlines()[2:4]]
    assert pairs == [["e", "b"], ["b", "a"]]
    out = ok("report", records, "-o", page, "--baseline", "b", *FEW)
    assert [re.findall(r"\b(\w) \(arm", line) for line in out.splitlines()[2:4]] == [["a", "b"], ["e", "b"]]


def add_settings(records: Path, **settings: dict[str, object]) -> None:
    """Give the records of arms the settings that they would have in a study."""
    for path in records.iterdir():
        content = json.loads(path.read_text())
        arm = {"name": content["arm"], "settings": {}, **settings.get(content["arm"], {})}
        path.write_text(json.dumps({**content, "setting": {"steps": 300, "arm": arm}}))


def test_a_warning_names_arms_that_differ_in_more_than_one_thing(records: Path, tmp_path: Path) -> None:
    """On standard error, also where standard output has data, and in the report; not with --quiet."""
    add_settings(records, b={"projected": "x"}, e={"projected": "x", "settings": {"vars.learn_rate": 0.1}})
    page, text = tmp_path / "report.html", tmp_path / "report.md"
    command = ("report", records, "-o", page, "--markdown", text, "--compare", "e-a,e-b,b-a", *FEW)
    result = xner(*command)
    expected = "cannot be ascribed to one of them: e − a (text, rate)."
    assert result.stderr.startswith("Warning: Arms that differ in more than one thing are compared")
    assert result.stderr.endswith(f"{expected}\n")
    assert expected in page.read_text(encoding="utf8")
    assert expected in text.read_text(encoding="utf8")
    assert xner(*command, "--json", "-").stderr.startswith("Warning: ")
    assert xner(*command, "--quiet").stderr == ""
    assert xner("report", records, "-o", page, "--compare", "e-b,b-a", *FEW).stderr == ""


def test_answer_order_and_distant_languages(records: Path, tmp_path: Path) -> None:
    """From the study file; an option comes before it."""
    plan = tmp_path / "study.cfg"
    arms = "".join(f"[arms.{arm}]\n" for arm in "ebxa")
    head = '[study]\nname = "made-up"\ngold = "g"\ndev = "d"\ntest = "t"\nanswer = "b-a"\n'
    plan.write_text(f"{head}[arms]\n{arms}", encoding="utf8")
    page, figures = tmp_path / "report.html", tmp_path / "figures.json"
    command = ("report", records, "-o", page, "--plan", plan, "--json", figures, *FEW)
    out = ok(*command, "--distant", "nl, de")
    assert "b (arm B) has " in out.splitlines()[0]
    found = json.loads(figures.read_text())
    assert [row["arm"] for row in found["rows"] if row["of"] == "mean"] == ["e", "b", "a"]
    near = [row["f1"] for row in found["rows"] if row["of"] == "mean without de, nl"]
    assert near == [row["f1"] for row in found["rows"] if row["of"] == "es"]
    out = ok(*command, "--answer", "e-b", "--distant", "")
    assert "e (arm E) has " in out.splitlines()[0]
    assert "mean without" not in page.read_text(encoding="utf8")
    assert "no target language 'zh'" in failing(*command, "--distant", "zh")
    assert "is also an input and would be lost" in failing(*command[:3], plan, *command[4:])


@pytest.mark.parametrize("kind", ["more", "optional"])
def test_the_plan_of_a_further_test(records: Path, tmp_path: Path, kind: str) -> None:
    """Records of NAME-TEST are of the study NAME that has this test."""
    plan = tmp_path / "study.cfg"
    rest = 'gold = "g"\ndev = "d"\ntest = "t"\n\n[arms]\n' + "".join(f"[arms.{arm}]\n" for arm in "bea")
    command = ("report", records, "-o", tmp_path / "report.html", "--plan", plan, *FEW)
    plan.write_text(
        f'[study]\nname = "made"\n{rest}'.replace("\n[arms]", f'[study.{kind}_tests]\nup = "u"\n\n[arms]', 1)
    )
    ok(*command)
    plan.write_text(f'[study]\nname = "made"\n{rest}')
    assert "of the study 'made', the records of 'made-up'" in failing(*command)


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--answer", "e-x"], "--answer: 'e-x' is not a pair of arms, expected ARM-OTHER with two of a, b, e."),
        (["--compare", "e-x"], "--compare: 'e-x' is not a pair of arms, expected ARM-OTHER with two of a, b, e."),
        (["--compare", "e"], "--compare: 'e' is not a pair of arms"),
        (["--compare", "e-a,e-a"], "--compare: 'e-a,e-a' contains a pair twice"),
        (["--baseline", "x"], "There are no runs of an arm 'x', expected one of a, b, e."),
        (["--markdown", "report.html"], "Expected a different name for each output"),
    ],
)
def test_mistakes(records: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], sentence: str) -> None:
    monkeypatch.chdir(records.parent)
    assert sentence in misused("report", "records", *args, *FEW)
    assert "is also an input and would be lost" in failing("report", "records", "--study", "records/a-0.json", *FEW)
    assert [path.name for path in records.parent.iterdir()] == ["records"]


def test_broken_records(records: Path) -> None:
    (records / "z.json").write_text(json.dumps(record("z", study=None)))
    assert "z.json: `study` is missing." in failing("report", records, *FEW)

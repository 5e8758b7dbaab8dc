"""The files around the package say the same: CITATION.cff, CHANGELOG.md, CONTRIBUTING.md, templates, spaCy Universe."""

import ast
import configparser
import json
import re
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
import srsly
from packaging.specifiers import SpecifierSet

import spacy_xner

ROOT = Path(__file__).parents[1]
SETUP = configparser.ConfigParser(delimiters=("=",))
SETUP.read(ROOT / "setup.cfg", encoding="utf8")
METADATA = SETUP["metadata"]
CITATION: dict[str, Any] = srsly.read_yaml(ROOT / "CITATION.cff")
UNIVERSE: dict[str, Any] = json.loads((ROOT / "docs/spacy-universe.json").read_text(encoding="utf8"))
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf8")
# Of spaCy's website/UNIVERSE.md, and the categories of its universe.json for projects.
FIELDS = {
    *("id", "title", "slogan", "description", "github", "pip", "code_example", "code_language", "url", "thumb"),
    *("image", "author", "author_links", "category", "tags"),
}
CATEGORIES = {
    *("pipeline", "training", "conversational", "research", "scientific", "visualizers", "apis", "nonpython"),
    *("standalone", "models"),
}
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_citation() -> None:
    assert CITATION["version"] == spacy_xner.__version__
    assert CITATION["license"] == METADATA["license"]
    assert CITATION["title"].startswith(f"{METADATA['name']}: ")
    assert [author["name"] for author in CITATION["authors"]] == [METADATA["author"]]
    licence = (ROOT / "LICENSE").read_text(encoding="utf8")
    assert METADATA["author"].removeprefix("The ") in licence


def test_one_address() -> None:
    """The repository's address is the same everywhere, or nowhere."""
    urls = dict(line.split(" = ") for line in METADATA.get("project_urls", "").strip().splitlines())
    address = CITATION.get("repository-code")
    assert urls.get("Source") == address
    assert UNIVERSE.get("github") == (address and address.removeprefix("https://github.com/"))


def test_universe() -> None:
    assert UNIVERSE.keys() <= FIELDS
    assert set(UNIVERSE["category"]) <= CATEGORIES
    assert (UNIVERSE["id"], UNIVERSE["pip"], UNIVERSE["author"]) == ("spacy-xner", METADATA["name"], METADATA["author"])


def test_example_of_universe(embedded_encoder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints what its last line says."""
    lines = UNIVERSE["code_example"]
    exec("\n".join(lines), {})
    assert capsys.readouterr().out.strip() == lines[-1].removeprefix("# ")


def test_changelog() -> None:
    """Keep a Changelog: versions, the latest first, each with kinds of changes in their order."""
    versions = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
    assert versions[0] == "Unreleased" or versions[0].startswith(spacy_xner.__version__)
    assert all(re.fullmatch(r"Unreleased|\d+\.\d+\.\d+( - \d{4}-\d\d-\d\d)?", version) for version in versions)
    for part in re.split(r"^## .+$", CHANGELOG, flags=re.MULTILINE)[1:]:
        kinds = re.findall(r"^### (.+)$", part, re.MULTILINE)
        assert kinds == [kind for kind in KINDS if kind in kinds]


def test_files_to_copy() -> None:
    """Each path in CONTRIBUTING.md is there, and each test and name that it gives with a path."""
    named = re.findall(r"`((?:spacy_xner|tests|docs|benchmarks|\.ci|\.github)/[\w./-]+)(?:::(\w+))?`", CONTRIBUTING)
    package = Path(spacy_xner.__file__).parent  # not below ROOT where a wheel is tested
    assert len(named) > 20
    for path, name in named:
        file = package.parent / path if path.startswith("spacy_xner/") else ROOT / path
        assert file.exists() or not (ROOT / ".ci").exists(), path
        if name:
            tree = ast.parse(file.read_text(encoding="utf8"))
            assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, name
    for page in ("translators.md", "formats.md"):
        assert f"`{page}`" in CONTRIBUTING
        assert list(ROOT.glob(f"docs/**/{page}"))
    for names, path in re.findall(r"`([A-Z_]+)`\s+(?:of|in)\s+`([\w/.]+)`", CONTRIBUTING):
        file = package.parent / path if path.startswith("spacy_xner/") else ROOT / path
        assert re.search(rf"\b{names}\b", file.read_text(encoding="utf8")), names
    assert '`pip install -c constraints.txt -e ".[test]" && python -m pytest`' in CONTRIBUTING.replace(
        "```bash\n", "`"
    ).replace("\n```", "`")


@pytest.mark.skipif(not (ROOT / ".github").is_dir(), reason="not a checkout: it has no .github")
def test_issue_templates() -> None:
    """Fields have ids and labels, as GitHub's forms need."""
    paths = [path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml"]
    assert len(paths) == 3
    for path in paths:
        form: dict[str, Any] = srsly.read_yaml(path)
        assert form.keys() == {"name", "description", "labels", "body"}
        fields = [field for field in form["body"] if field["type"] != "markdown"]
        assert {field["type"] for field in fields} <= {"input", "textarea", "dropdown", "checkboxes"}
        assert len({field["id"] for field in fields}) == len(fields)
        assert all(field["attributes"]["label"] for field in fields)


def test_pinned_versions_run_on_the_first_python() -> None:
    """constraints.txt serves all of Python 3.11: Debian 12 has 3.11.2, which some newer packages refuse."""
    pinned = dict(
        re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf8"), re.MULTILINE)
    )
    pinned = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pinned.items()}
    needs = {
        f"{each.name}=={each.version}": each.metadata["Requires-Python"]
        for each in distributions()
        if pinned.get(re.sub(r"[-_.]+", "-", each.name).lower()) == each.version
    }
    assert len(needs) > 50
    assert {name: needed for name, needed in needs.items() if needed and "3.11.0" not in SpecifierSet(needed)} == {}

"""README.md: the names in it and in docs/ exist, and its links lead somewhere. tests/docs/ runs its blocks."""

import configparser
import re
from pathlib import Path

import spacy_xner

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf8")


def test_names_can_be_used() -> None:
    """Each `spacy_xner.Name.v1` in README.md and in docs/ is registered."""
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.read(ROOT / "setup.cfg", encoding="utf8")
    registered = "\n".join(parser["options.entry_points"].values())
    pages = README + "\n".join(page.read_text(encoding="utf8") for page in (ROOT / "docs").rglob("*.md"))
    named = set(re.findall(r"`spacy_xner\.(\w+\.v\d+)`", pages))
    assert len(named) > 5
    assert [name for name in sorted(named) if f"spacy_xner.{name} = " not in registered] == []


def test_links_to_files() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", re.sub(r"`[^`\n]*`", "", README))
    assert links
    package = Path(spacy_xner.__file__).parent  # not below ROOT where a wheel is tested
    files = [package.parent / link if link.startswith("spacy_xner/") else ROOT / link for link in links]
    assert [str(file) for file in files if not file.exists()] == []


def test_no_placeholder_is_left() -> None:
    assert set(re.findall(r"<!-- [\w ]+", README)) <= {"<!-- not run"}

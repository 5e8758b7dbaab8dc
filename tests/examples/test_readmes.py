"""Each example has a README, whose commands exist, a page of the site, and a test."""

import re
from pathlib import Path

import pytest

from ..docs.blocks import commands, read_blocks
from ..docs.rules import check_extras, check_line, run
from .util import EXAMPLES, ROOT

FOLDERS = sorted(path for path in EXAMPLES.iterdir() if path.is_dir())
INDEX = (EXAMPLES / "README.md").read_text(encoding="utf8")


def test_index() -> None:
    """The table has each folder, and the site each README."""
    names = [folder.name for folder in FOLDERS]
    assert sorted(re.findall(r"^\| \[`(\w+)/`\]\(\1/README\.md\)", INDEX, re.MULTILINE)) == names
    assert sorted(path.stem for path in (ROOT / "docs/examples").glob("*.md")) == names
    for name in names:
        page = (ROOT / f"docs/examples/{name}.md").read_text(encoding="utf8")
        assert page == f"<!-- file: examples/{name}/README.md -->\n"
        assert (ROOT / f"tests/examples/test_{name}.py").is_file()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_readme(folder: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """It names the files of its folder; options and extras in its commands exist; other blocks can be parsed."""
    text = (folder / "README.md").read_text(encoding="utf8")
    files = [path.name for path in folder.iterdir() if path.is_file() and path.name != "README.md"]
    assert files
    assert all(f"]({name})" in text for name in files)
    assert re.search(r"^## Install", text, re.MULTILINE)
    for package in re.findall(r"spacy-xner\[[\w,-]+\]", text):
        check_extras(package)
    blocks = read_blocks(f"examples/{folder.name}/README.md", text)
    assert len(re.findall(r"^```", text, re.MULTILINE)) == 2 * len(blocks)
    for number, block in enumerate(blocks):
        if block.language == "bash":
            assert block.reason
            for line in commands(block.code):
                check_line(line)
        else:
            run(block, number, tmp_path, request)

"""docs/security.md names tests that exist and are in the default run."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf8")


def test_the_named_tests_exist() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)?::(test_\w+)`", PAGE)
    assert len(named) > 25
    file = ""
    for path, name in named:
        file = path or file  # `::test_x` is in the file named before
        functions = {
            node.name: node
            for node in ast.parse((ROOT / file).read_text(encoding="utf8")).body
            if isinstance(node, ast.FunctionDef)
        }
        assert name in functions, f"{file}::{name}"
        marks = {ast.unparse(mark) for mark in functions[name].decorator_list}
        assert not marks & {"pytest.mark.slow", "pytest.mark.network", "pytest.mark.program"}, f"{file}::{name}"


def test_links() -> None:
    assert "](docs/security.md)" in (ROOT / "README.md").read_text(encoding="utf8")
    assert "](docs/security.md)" in (ROOT / "SECURITY.md").read_text(encoding="utf8")

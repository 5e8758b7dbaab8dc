"""docs/reference/translators.md: its code runs, and each translator has its settings there."""

import importlib.util
import inspect
import re
from pathlib import Path

import pytest
import spacy

from spacy_xner.files import file_sha256
from spacy_xner.translation.ctranslate2_loading import convert_command
from spacy_xner.translation.factory import SHORT_NAMES

DOCS = Path(__file__).parents[2] / "docs/reference"
PAGE = (DOCS / "translators.md").read_text(encoding="utf8")
SECTIONS = dict(re.findall(r"^## `?([\w-]+)`?\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def test_own_translator(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The block is a file of a user, as printed; the second block uses it."""
    code, use = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len([line for line in code.splitlines() if line]) < 10
    file = tmp_path / "translators.py"
    file.write_text(code, encoding="utf8")
    spec = importlib.util.spec_from_file_location("page_translators", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(__import__("sys").modules, "page_translators", module)
    spec.loader.exec_module(module)
    names: dict[str, object] = {}
    exec(use, names)
    assert capsys.readouterr().out.strip() == use.split("# ")[-1].strip()
    identity = names["translator"].identity  # type: ignore[attr-defined]
    assert (identity["name"], identity["code"]) == ("mine.Shout.v1", file_sha256(file))


@pytest.mark.parametrize("name", SHORT_NAMES)
def test_settings(name: str) -> None:
    """A section for each translator with each setting, and its default where that is plain; or a page of its own."""
    if name not in SECTIONS:  # a page of its own, which is linked
        assert any(
            f"`{SHORT_NAMES[name]}`" in path.read_text(encoding="utf8") for path in DOCS.glob("translators-*.md")
        )
        return
    make = spacy.registry.misc.get(SHORT_NAMES[name])
    assert f"| `{name}` | `{SHORT_NAMES[name]}` |" in PAGE
    for setting, parameter in inspect.signature(make).parameters.items():
        if setting in ("source", "target"):
            continue
        if name == "memory":
            assert f"{setting}=" in SECTIONS[name]
            continue
        (row,) = re.findall(rf"^\| `{setting}` \| (.*?) \|", SECTIONS[name], re.MULTILINE)
        if parameter.default not in (None, inspect.Parameter.empty, 0):
            assert row.strip("`").lower() == f"{parameter.default}".lower().removesuffix(".0")


def test_conversion() -> None:
    assert convert_command("Helsinki-NLP/opus-mt-en-de", "opus-mt-en-de-ct2") in PAGE


def test_links() -> None:
    page = (Path(__file__).parents[2] / "docs/tasks/own-labels.md").read_text(encoding="utf8")
    assert "](../reference/translators.md)" in page

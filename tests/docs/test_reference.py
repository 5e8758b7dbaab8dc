"""The reference that the site makes from the code: nothing is missing, and its configs and commands can be used."""

import re
import sys
from types import SimpleNamespace

import pytest
from confection import ConfigValidationError

from .blocks import ROOT, commands
from .rules import check_config, check_options

EXTENSIONS = ROOT / "docs/_ext"
PAGES = {path: path.read_text(encoding="utf8") for path in sorted((ROOT / "docs/reference").rglob("*.md"))}


@pytest.fixture(scope="module")
def made() -> SimpleNamespace:
    """The modules of the site that make Markdown."""
    sys.path.insert(0, str(EXTENSIONS))
    try:
        import commands
        import docstrings
        import functions
    finally:
        sys.path.remove(str(EXTENSIONS))
    return SimpleNamespace(commands=commands, docstrings=docstrings, functions=functions)


def parts(kind: str) -> list[list[str]]:
    found = [re.findall(rf"^<!-- made from the code: {kind}(.*) -->$", text, re.MULTILINE) for text in PAGES.values()]
    return [words.split() for lines in found for words in lines]


def test_each_function_is_on_one_page(made: SimpleNamespace) -> None:
    shown = [function.name for selected in parts("functions") for function in made.functions.select(*selected)]
    assert sorted(shown) == sorted(made.functions.FUNCTIONS)


def test_functions(made: SimpleNamespace) -> None:
    """Each has all arguments, with what they mean, and a config block that spaCy accepts in configs/xner.cfg."""
    for name, function in made.functions.FUNCTIONS.items():
        text = made.functions.markdown_of(function)
        explained = re.findall(r"^`(\w+)` \(.*\)\n: \S", text, re.MULTILINE)
        assert explained == [each.name for each in function.parameters], name
        check_config(made.functions.config_block(function))


def test_each_group_of_commands_has_a_page(made: SimpleNamespace) -> None:
    from typer.main import get_command

    from spacy_xner.cli import app

    groups = [name for name, command in get_command(app).commands.items() if hasattr(command, "commands")]  # type: ignore[attr-defined]
    assert sorted(parts("commands")) == sorted([[], *([name] for name in groups)])


def test_examples_of_commands(made: SimpleNamespace) -> None:
    """The commands in the help have options that exist."""
    for path in parts("commands"):
        blocks = re.findall(r"^```bash\n(.*?)^```$", made.commands.markdown(*path), re.MULTILINE | re.DOTALL)
        assert blocks
        for line in (line for block in blocks for line in commands(block)):
            check_options(re.sub(r"^.*\bxner | > \S+$", "", line).split())


def test_docstrings(made: SimpleNamespace) -> None:
    lines = """Do something; the arguments are those of `Other`.

    number (int | None): a number,
        or None.

        More of it.
    first, second (Callable[[str], int]): functions.
    note (that): this is text.
    RETURNS (list[int]): numbers.
    RAISES: XnerError for others.

    The end.""".replace("\n    ", "\n").splitlines()
    found = made.docstrings.parse(lines, frozenset({"number", "first", "second"}))
    assert found.arguments == {
        "number": ("int | None", "a number,\nor None.\n\nMore of it."),
        "first": ("Callable[[str], int]", "functions."),
        "second": ("Callable[[str], int]", "functions."),
    }
    assert found.ends == {"RETURNS": ("list[int]", "numbers."), "RAISES": ("", "XnerError for others.")}
    assert found.text.startswith("Do something")
    assert found.text.endswith("note (that): this is text.\n\nThe end.")
    assert made.docstrings.named_elsewhere(found.text, with_see=False) == ["Other"]


def test_a_missing_argument_is_an_error(made: SimpleNamespace) -> None:
    def make(path: str, size: int) -> None:
        """Make something.

        path (str): where.
        """

    function = made.functions.Function("misc", "spacy_xner.Make.v1", make)
    with pytest.raises(made.functions.DocstringError, match=r"No docstring explains size of spacy_xner\.Make\.v1\."):
        made.functions.markdown_of(function)


def test_a_config_block_can_have_sections_with_different_parents() -> None:
    text = '[training.logger]\n@loggers = "spacy_xner.ConsoleLogger.v1"\n\n[components.xner]\nfactory = "xner"\n'
    check_config(text)
    with pytest.raises(ConfigValidationError, match="threshhold"):
        check_config(f"{text}threshhold = 0.5\n")

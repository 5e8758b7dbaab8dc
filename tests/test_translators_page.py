"""The configs and commands of docs/reference/translators-http.md name settings and options that exist."""

import inspect
import re
import shlex
from pathlib import Path

import pytest
from spacy import registry
from thinc.api import Config
from typer.main import get_command

from spacy_xner.cli import app

PAGE = (Path(__file__).parents[1] / "docs/reference/translators-http.md").read_text(encoding="utf8")
CONFIGS = re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL)
SHELL = "".join(re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)).replace("\\\n", "")
COMMANDS = [line for line in SHELL.splitlines() if line.startswith("xner")]


def check_settings(name: str, settings: dict[str, object]) -> None:
    inspect.signature(registry.misc.get(name)).bind(**settings)


@pytest.mark.parametrize("text", CONFIGS)
def test_configs(text: str) -> None:
    block = Config().from_str(text.replace("components.xner_projector.", ""))["translator"]
    check_settings(block.pop("@misc"), block)


def test_number_of_blocks() -> None:
    assert len(CONFIGS) == 4
    assert len(COMMANDS) == 5


@pytest.mark.parametrize("line", COMMANDS)
def test_commands(line: str) -> None:
    _, group, name, *arguments = shlex.split(line)
    command = get_command(app).commands[group].commands[name]  # type: ignore[attr-defined]
    context = command.make_context(name, arguments)
    settings = dict(setting.split("=", 1) for setting in context.params.get("setting") or [])
    if translator := context.params.get("translator"):
        short = {"http": "spacy_xner.Http.v1", "llm": "spacy_xner.LanguageModel.v1"}[translator]
        check_settings(short, {"source": "en", "target": "de", **settings})


def test_settings_in_the_text() -> None:
    """The section of settings has all that there are, and no others."""
    section = PAGE[PAGE.index("## Settings") : PAGE.index("\n- `structured`")]
    named = set(re.findall(r"`([a-z_]+)`", section)) - {"libretranslate", "deepl", "http", "llm"}
    makers = [registry.misc.get(f"spacy_xner.{name}.v1") for name in ("Http", "LanguageModel")]
    names = {name for make in makers for name in inspect.signature(make).parameters}
    assert named == names - {"source", "target", "api_key"}

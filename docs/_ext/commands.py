"""The reference of the command line, made by typer from the commands."""

import re
from typing import Any

import typer
from typer.cli import get_docs_for_click
from typer.main import get_command

from spacy_xner.cli import app

BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)  # without a language


def markdown(*path: str) -> str:
    """The commands of a group, such as ("corpus",), with options and examples; without a path, those beside the groups.

    Each heading is a target: `xner corpus stats`.
    """
    group: Any = get_command(app)
    context = typer.Context(group, info_name="xner")
    for name in path:
        group = group.commands[name]
        context = typer.Context(group, info_name=name, parent=context)
    leaves = [name for name, command in group.commands.items() if not hasattr(command, "commands")]
    prefix = " ".join(("xner", *path))
    intro = group.help if path else ""
    return "\n\n".join([intro, *(_command(group.commands[name], context, name, prefix) for name in leaves)])


def _command(command: Any, context: Any, name: str, prefix: str) -> str:
    text = get_docs_for_click(obj=command, ctx=context, indent=1, name=name, call_prefix=prefix)
    text = re.sub(r"^## `(.*)`$", r"(\1)=\n## `\1`", text, flags=re.MULTILINE)
    return BLOCK.sub(lambda match: f"```{'bash' if 'xner ' in match[1] else 'text'}\n{match[1]}```", text).strip()

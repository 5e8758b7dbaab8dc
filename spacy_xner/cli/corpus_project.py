"""`xner corpus project`: the deprecated spelling of `xner project`."""

import inspect
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from .project import PairByName
from .project import project as new_project

HELP = """Deprecated: use `xner project`, which does the same with more formats.

Example of the old spelling, and of the new one:

```
xner corpus project en.spacy de.text.spacy de.spacy
xner project en.spacy de.text.spacy --output de.spacy --pair-by id
```
"""
NOT_HERE = ("pair_by", "tokenized")  # options that only the new spelling has


def project(**options: Any) -> None:
    """Run `xner project`, and say how to write that."""
    words = [str(options[name]) for name in ("source", "target")]
    words = ["xner", "project", *words, "--output", str(options["output"]), "--pair-by", "id"]
    if not options["quiet"]:
        typer.echo(f"`xner corpus project` is deprecated: write `{shlex.join(words)}` and the same options.", err=True)
    new_project(**options, pair_by=PairByName["id"])


def signature_of(command: Any) -> inspect.Signature:
    """The signature of `xner project` with its output as an argument, and without some options."""
    signature = inspect.signature(command)
    parameters = [parameter for name, parameter in signature.parameters.items() if name not in NOT_HERE]
    output = Annotated[Path, typer.Argument(help="DocBin to write: the translation with entities and their scores.")]
    changed = [p.replace(annotation=output) if p.name == "output" else p for p in parameters]
    names = [p.name for p in changed]
    target = changed.pop(names.index("target")).replace(default=inspect.Parameter.empty)
    changed.insert(names.index("source") + 1, target)  # before the output, since all three are arguments
    return signature.replace(parameters=changed)


# Typer reads the options from these, so that `xner project` has the only list of them.
project.__signature__ = signature_of(new_project)  # type: ignore[attr-defined]
project.__annotations__ = {name: each.annotation for name, each in inspect.signature(project).parameters.items()}
project.__doc__ = HELP

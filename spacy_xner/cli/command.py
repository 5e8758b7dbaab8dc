"""Classes for the commands and groups of `xner`: exit status, `-` as a file name, quiet runs, hidden arguments."""

import errno
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperCommand, TyperGroup

from ..errors import XnerError
from ..files import DISK_ERRORS
from ..paths import is_special
from .console import STREAM, running
from .streams import special_files, standard_stream
from .usage import UsageError

Function = TypeVar("Function", bound=Callable[..., Any])
OUTPUTS = ("output", "json")  # parameters that can send data to standard output
WRITTEN = frozenset(
    {*OUTPUTS, "output_argument", "plot", "markdown", "study", "html"}
)  # parameters with a file to write
# Commands whose output is a folder, which no pipe or device can hold.
FOLDER_COMMANDS = frozenset({"adapt", "average", "calibrate", "fetch", "package", "train", "trim"})


def accepts_streams(*parameters: str) -> Callable[[Function], Function]:
    """Mark the parameters of a command that accept `-` for standard input or output; `json` always does."""

    def mark(function: Function) -> Function:
        function.streams = frozenset(parameters)  # type: ignore[attr-defined]
        return function

    return mark


class XnerCommand(TyperCommand):
    """A command that rejects `-` where it cannot be used, and applies --quiet to everything that it prints."""

    def invoke(self, ctx: Any) -> Any:
        try:
            self._name_streams(ctx)
            self._check_streams(ctx)
            to_stdout = any(standard_stream(ctx.params.get(name)) == STREAM for name in OUTPUTS)
            printing = running(quiet=bool(ctx.params.get("quiet")), data_on_stdout=to_stdout)
            with printing, special_files(ctx.params, WRITTEN):
                return super().invoke(ctx)
        except UsageError as error:
            error.command = error.command or ctx.command_path
            raise

    def _name_streams(self, ctx: Any) -> None:
        """Write /dev/stdin and /dev/stdout as `-` where that is accepted."""
        for name in self._streams & ctx.params.keys():
            value = ctx.params[name]
            many = isinstance(value, list | tuple)
            ctx.params[name] = type(value)(map(standard_stream, value)) if many else standard_stream(value)

    @property
    def _streams(self) -> frozenset[str]:
        return frozenset({"json", *getattr(self.callback, "streams", ())})

    def _check_streams(self, ctx: Any) -> None:
        allowed = self._streams
        values = [each for value in ctx.params.values() for each in (value if isinstance(value, list) else [value])]
        if sum(value == STREAM for value in values) - sum(ctx.params.get(name) == STREAM for name in OUTPUTS) > 1:
            raise UsageError("Found '-' for several inputs, expected standard input for one of them.")
        output = ctx.params.get("output") or ctx.params.get("output_argument")
        if self.name in FOLDER_COMMANDS and isinstance(output, Path) and is_special(output):
            raise UsageError(
                f"Found {output} as the output, a pipe or a device, expected the name of a folder to write."
            )
        for parameter in self.params:
            value = ctx.params.get(parameter.name)
            if parameter.name not in allowed and STREAM in (value if isinstance(value, list | tuple) else [value]):
                name = (
                    max(parameter.opts, key=len) if parameter.opts[0].startswith("-") else str(parameter.name).upper()
                )
                raise UsageError(
                    f"Found '-' as {name}, which cannot be standard input or output. Expected the name of a file or "
                    "folder (for one called -, its absolute path)."
                )
        if sum(ctx.params.get(name) == STREAM for name in OUTPUTS) > 1:
            raise UsageError("Found '-' for both --output and --json, expected standard output for one of them.")

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The parts of the usage line, without hidden arguments."""
        shown = [parameter for parameter in self.get_params(ctx) if not getattr(parameter, "hidden", False)]
        pieces = [self.options_metavar] if self.options_metavar else []
        return pieces + [piece for parameter in shown for piece in parameter.get_usage_pieces(ctx)]


class XnerTyper(typer.Typer):
    """A `Typer` whose commands are `XnerCommand`s."""

    def command(self, name: str | None = None, *, cls: type[TyperCommand] | None = None, **kwargs: Any) -> Any:
        return super().command(name, cls=cls or XnerCommand, **kwargs)


FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
NO_SPACE = DISK_ERRORS.keys() - FORBIDDEN


class XnerGroup(TyperGroup):
    """Prints a user error as one sentence; exits with status 2 (usage) or 1 (data, or a disk that cannot be written).

    Any other exception is a bug and keeps its traceback.
    """

    def invoke(self, ctx: Any) -> Any:
        try:
            try:
                return super().invoke(ctx)
            except OSError as error:
                if error.errno in FORBIDDEN:
                    raise XnerError(
                        f"{error}: this user may not read or write there. Change the rights of the file or its folder, "
                        "or name another place, and run the command again."
                    ) from error
                if error.errno not in NO_SPACE and "temporary directory" not in str(error):
                    raise
                raise XnerError(
                    f"{error}: there is no space to write. Files appear whole or not at all: free some space, or name "
                    "another place, and run the command again."
                ) from error
        except XnerError as error:
            if ctx.params.get("verbose"):
                traceback.print_exc()
            console = Console(stderr=True, soft_wrap=True, highlight=False)
            console.print(Text.assemble(("✘ ", "red"), str(error)))
            if not isinstance(error, UsageError):
                raise typer.Exit(1) from error
            if error.command:
                console.print(Text(f"Try '{error.command} --help'."))
            raise typer.Exit(2) from error

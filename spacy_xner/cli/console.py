"""Where commands print: results on standard output, notes there or on standard error, or nowhere with --quiet."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple

import typer
from rich.console import Console

FILE_WIDTH = 160  # columns of tables in a file or log, where rich would truncate them to 80
STREAM = Path("-")  # standard input or output


class Printing(NamedTuple):
    """What a command may print.

    quiet (bool): no notes and no progress bars.
    data_on_stdout (bool): an output is `-`: standard output holds these data alone, and notes go to standard error.
    """

    quiet: bool = False
    data_on_stdout: bool = False


DEFAULT = Printing()
_names: ContextVar[dict[str, str]] = ContextVar("names", default={})  # noqa: B039  (never changed)
_printing: ContextVar[Printing] = ContextVar("printing", default=DEFAULT)


@contextmanager
def running(*, quiet: bool, data_on_stdout: bool) -> Iterator[None]:
    """Set what the command that runs in the block may print."""
    token = _printing.set(Printing(quiet, data_on_stdout))
    try:
        yield
    finally:
        _printing.reset(token)


@contextmanager
def shown_as(path: Path, name: str) -> Iterator[None]:
    """In the block, consoles print a name in place of a path, such as that of a temporary file."""
    token = _names.set(_names.get() | {str(path): name})
    try:
        yield
    finally:
        _names.reset(token)


class NamingConsole(Console):
    """A console that prints temporary files under the names of `shown_as`."""

    def print(self, *objects: Any, **settings: Any) -> None:
        """Print as `rich` does; strings with the names in place of the paths."""
        super().print(*(with_names(each) if isinstance(each, str) else each for each in objects), **settings)


def with_names(text: str) -> str:
    """A text with the names of `shown_as` in place of the paths."""
    for path, name in _names.get().items():
        text = text.replace(path, name)
    return text


def is_quiet() -> bool:
    """Whether the running command has --quiet. False outside of commands."""
    return _printing.get().quiet


def make_console() -> Console:
    """A console for results, on standard output; silent where an output is `-`.

    It prints text as it is, without markup: file names may have brackets. Where standard output is no terminal, it is
    wide enough for any table.
    """
    return _make_console(stderr=False, quiet=_printing.get().data_on_stdout)


def make_notes() -> Console:
    """A console for notes: as `make_console`, but on standard error where an output is `-`, and silent if quiet."""
    quiet, data_on_stdout = _printing.get()
    return _make_console(stderr=data_on_stdout, quiet=quiet)


def print_warning(text: str) -> None:
    """Print a warning on standard error, also with --quiet."""
    _make_console(stderr=True, quiet=False).print(f"Warning: {text}", soft_wrap=True)


def _make_console(*, stderr: bool, quiet: bool) -> Console:
    settings: dict[str, Any] = {"stderr": stderr, "quiet": quiet, "markup": False, "highlight": False}
    console = NamingConsole(**settings)
    wide = console.is_terminal or console.is_jupyter
    return console if wide else NamingConsole(**settings, width=max(FILE_WIDTH, console.width))


def write_json(path: Path, value: Any) -> None:
    """Write JSON to a file, so that no partial file is left, or to standard output for `-`."""
    import srsly

    from ..files import atomic_path

    text = srsly.json_dumps(value, indent=2)
    if path == STREAM:
        typer.echo(text)
    else:
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf8")

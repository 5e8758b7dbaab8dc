"""The terminal, or the file that stands in for it."""

from rich.console import Console

FILE_WIDTH = 160  # columns of tables that go into a file or a log; rich would take 80 and cut them


def make_console() -> Console:
    """A console on standard output; where that is no terminal, wide enough for any table."""
    console = Console()
    return console if console.is_terminal or console.is_jupyter else Console(width=max(FILE_WIDTH, console.width))

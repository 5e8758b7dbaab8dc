"""Errors in how a command was called, which are not errors in data."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import XnerError


class UsageError(XnerError):
    """A wrong option, option value or argument. The command prints the message and exits with status 2, not 1.

    command (str): the command that raised it, such as `xner corpus convert`; set by `XnerCommand`.
    """

    command = ""


@contextmanager
def usage_errors(before: str = "") -> Iterator[None]:
    """Turn an `XnerError` in the block into a `UsageError`: for library calls that check the values of options.

    before (str): text to begin the message with, such as the name of the option.
    """
    try:
        yield
    except XnerError as error:
        raise UsageError(f"{before}{error}") from error

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
def usage_errors() -> Iterator[None]:
    """Turn an `XnerError` in the block into a `UsageError`: for library calls that check the values of options."""
    try:
        yield
    except XnerError as error:
        raise UsageError(str(error)) from error

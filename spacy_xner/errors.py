"""The exception for errors that a user can fix."""

from .redaction import redact


class XnerError(ValueError):
    """An error in input, settings or environment. The message says how to fix it.

    Commands print only the message and exit with status 1. Library code can catch it as a `ValueError`. Keys and
    passwords in the message are replaced, since messages end up in logs (see `redact`).
    """

    def __init__(self, message: object = "", *arguments: object) -> None:
        super().__init__(redact(message) if isinstance(message, str) else message, *arguments)

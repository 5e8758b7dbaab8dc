"""The exception for errors that a user can fix."""


class XnerError(ValueError):
    """An error in input, settings or environment. The message says how to fix it.

    Commands print only the message and exit with status 1. Library code can catch it as a `ValueError`.
    """

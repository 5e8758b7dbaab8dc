"""The one exception type for mistakes that a user can mend."""


class XnerError(ValueError):
    """A mistake in input, settings or environment, said in a sentence with its mend.

    Commands print the message alone and exit with status 1; library callers can catch it as a `ValueError`.
    """

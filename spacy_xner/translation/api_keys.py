"""Keys of servers: read from the environment alone, since settings end up in configs, journals and provenance."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..errors import XnerError
from ..redaction import IN_QUERY, is_secret_name

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class ApiKey:
    """The key that an environment variable holds.

    variable (str): its name, such as `DEEPL_AUTH_KEY`. The name must say that it holds a key, since only the values of
        such variables are hidden in messages (see `redact`).
    scheme (str): what stands before the key in the header `Authorization`, such as `Bearer`; "" where the key is not
        sent in a header.
    RAISES: XnerError for another name, such as the key itself.
    """

    variable: str
    scheme: str = ""

    def __post_init__(self) -> None:
        if not VARIABLE.fullmatch(self.variable) or not is_secret_name(self.variable):
            raise XnerError(
                "The setting key_variable is not the name of an environment variable for a key. Expected a name that "
                "ends in _API_KEY, _AUTH_KEY or _TOKEN, such as OPENAI_API_KEY, and the key as that variable's value."
            )

    @property
    def value(self) -> str | None:
        """The key; None where the variable is not set. RAISES: XnerError for characters that no key has."""
        value = os.environ.get(self.variable)
        if value and (not value.isascii() or not value.isprintable() or " " in value):
            raise XnerError(
                f"The environment variable {self.variable} has white space or other characters in its value that no "
                "key has. Set it again, without them."
            )
        return value or None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that send the key."""
        return {"Authorization": f"{self.scheme} {self.value}"} if self.scheme and self.value else {}

    def describe(self) -> str:
        """What the variable holds now and what to do, for messages about a key that was refused."""
        if self.value:
            return f"The environment variable {self.variable} has a key that the server does not accept: correct it."
        return f"The environment variable {self.variable} is not set: set it to your key."


def refuse_keys(settings: Mapping[str, Any], variable: str) -> None:
    """RAISES: XnerError where one of the settings is a key, or an address that has one in it.

    variable (str): the environment variable that the key belongs into, for the message.
    """
    for name, value in settings.items():
        if is_secret_name(name) and value not in (None, ""):
            found = f"The setting {name} is a key"
        elif isinstance(value, str) and has_key(value):
            found = f"The setting {name} is an address with a key or a password in it"
        elif isinstance(value, Mapping):
            refuse_keys(value, variable)
            continue
        else:
            continue
        raise XnerError(
            f"{found}, which would be stored with the results. Remove it, and set the environment variable {variable} "
            "to the key."
        )


def has_key(address: str) -> bool:
    """Whether a web address has a user name, a password or a key in it."""
    if "://" not in address:
        return False
    try:
        parts = urlsplit(address)
    except ValueError:  # the client says what is wrong with it
        return False
    return "@" in parts.netloc or IN_QUERY.search(address) is not None

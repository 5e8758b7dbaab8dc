"""Removes keys and passwords from text that is printed or stored."""

import os
import re
from typing import Any

HIDDEN = "[hidden]"
SECRET_NAME = re.compile(
    r"(^|[_\W])(api_?keys?|auth|authorization|(access|auth|hub|hf|use_auth)?_?tokens?|password|passwd|secret|"
    r"credentials?|"
    r"(auth|private|secret|access|account|subscription|deepl|openai|azure|google)_?keys?(_?id)?|cookie)$",
    re.IGNORECASE,
)
"""Names of settings and environment variables whose value is a key: `api_key`, `HF_TOKEN`, `password`."""
NO_SECRET = re.compile(r"(max|min|n|num|pad|unk|cls|sep|mask|bos|eos)_?tokens?$", re.IGNORECASE)
MIN_LENGTH = 8  # characters of a value that is searched for: shorter ones occur by chance

IN_ADDRESS = re.compile(r"(?<=://)[^\s/@'\"<>]+(?=@)")  # user:password@ or token@
KEY_FORMS = re.compile(
    r"\bhf_[A-Za-z0-9]{16,}|\bapi_org_[A-Za-z0-9]{16,}|\bsk-[\w-]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}|"
    r"\bgithub_pat_\w{20,}|\bAKIA[0-9A-Z]{16}\b|(?<=Bearer )[\w.~+/=-]{8,}|"
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:fx\b"
)
"""Keys that can be recognised by their form: Hugging Face, OpenAI and others, GitHub, AWS, bearer tokens, DeepL."""
IN_QUERY = re.compile(
    r"(?<=[?&;])((?:[\w-]*[_-])?(?:api_?key|key|token|secret|password|sig|signature)=)[^\s&#'\"]+", re.I
)


def redact(text: str) -> str:
    """Replace keys and passwords in a text by `[hidden]`.

    Replaced are values of environment variables whose name says that they are secret (`HF_TOKEN`, `..._API_KEY`), user
    names and passwords in web addresses, and keys that can be recognised by their form.
    """
    for value in secret_values():
        text = text.replace(value, HIDDEN)
    text = IN_ADDRESS.sub(HIDDEN, text)
    text = IN_QUERY.sub(rf"\1{HIDDEN}", text)
    return KEY_FORMS.sub(HIDDEN, text)


def redact_json(value: Any) -> Any:
    """A copy of plain JSON in which strings are redacted, and the values of keys such as `api_key` are replaced."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {
            key: HIDDEN if isinstance(item, str) and item and is_secret_name(str(key)) else redact_json(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact_json(item) for item in value]
    return value


def is_secret_name(name: str) -> bool:
    """Whether a setting or an environment variable of this name holds a key or a password."""
    return SECRET_NAME.search(name) is not None and NO_SECRET.search(name) is None


def secret_values() -> list[str]:
    """The values of environment variables that hold keys, longest first."""
    found = {value for name, value in os.environ.items() if is_secret_name(name) and len(value) >= MIN_LENGTH}
    return sorted(found, key=len, reverse=True)

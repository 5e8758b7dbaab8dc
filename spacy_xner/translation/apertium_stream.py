"""Encodes texts in Apertium's stream format, and decodes what the engine returns.

Format: <https://wiki.apertium.org/wiki/Apertium_stream_format>. A backslash escapes reserved characters. Text in square
brackets is a "superblank", which the engine copies without reading it. Where escaping is not enough, a part of the text
is protected: it is kept here, and a superblank with its number is sent instead. Each text ends with a superblank that
has the text's number, so that a lost or merged text is detected.
"""

import re
from dataclasses import dataclass
from functools import cache

RESERVED = re.compile(r"[\[\]{}$/\\<>]")
NONCHARACTERS = "".join(chr(plane + low) for plane in range(0, 0x110000, 0x10000) for low in (0xFFFE, 0xFFFF))
# NUL ends a text of the stream; lone surrogates and noncharacters are not valid text and stop the engine.
INVALID_CHARACTERS = re.compile(f"[\x00\ud800-\udfff\ufdd0-\ufdef{NONCHARACTERS}]")
BLANK_OR_ESCAPE = re.compile(r"\[=(\d+)\]|\\(.)|[\[\]]", re.DOTALL)


@cache
def protected_pattern(max_token: int) -> re.Pattern[str]:
    """Matches what the engine must not read: characters that escaping does not make safe, and very long tokens.

    A tilde joins words; a newline ends a header; an escaped `^` after the last word removes the end of the text
    (3.8.3, with exit status 0); a byte order mark at the start of the stream is lost; some mail addresses are returned
    twice. Time grows with the square of a token's length: 41 s for 200,000 characters.
    """
    return re.compile(rf"\S{{{max_token + 1},}}|[^\s@]*@\S*|[~^\n\r\t\ufeff]")


@dataclass(frozen=True)
class StreamText:
    """One text in Apertium's stream format.

    stream (str): input for the engine, without the final NUL.
    suffix (str): required end of the engine's output for this text.
    protected (list[str]): parts that are not sent to the engine, in the order of their numbers.
    """

    stream: str
    suffix: str
    protected: list[str]

    @classmethod
    def encode(cls, text: str, number: int, max_token: int) -> "StreamText":
        """Encode a text. Invalid characters become spaces; addresses and tokens over `max_token` are protected."""
        protected: list[str] = []

        def protect(match: re.Match[str]) -> str:
            protected.append(match[0])
            return f"\0{len(protected) - 1}\0"

        parts = protected_pattern(max_token).sub(protect, INVALID_CHARACTERS.sub(" ", text)).split("\0")
        parts[::2] = [RESERVED.sub(r"\\\g<0>", part) for part in parts[::2]]
        parts[1::2] = [f"[={part}]" for part in parts[1::2]]
        suffix = f"[][#{number}]"
        return cls("".join(parts) + suffix + "\n", suffix, protected)

    def decode(self, output: str) -> str | None:
        """Decode the engine's output; None where it is the output of another text, or incomplete."""
        output = output.removesuffix("\n")
        if not output.endswith(self.suffix):
            return None
        restored: list[int] = []

        def restore(match: re.Match[str]) -> str:
            if match[1] is None:
                return match[2] or ""
            restored.append(int(match[1]))
            return self.protected[restored[-1]] if restored[-1] < len(self.protected) else ""

        text = BLANK_OR_ESCAPE.sub(restore, output.removesuffix(self.suffix))
        return text if sorted(restored) == list(range(len(self.protected))) else None

"""Apertium's stream format: texts in, as blocks that nothing in them can break out of, and back out.

The format's rules (<https://wiki.apertium.org/wiki/Apertium_stream_format>): reserved characters are escaped by a
backslash; what stands in square brackets is a blank, which the engine carries along unread. Where escaping is not
enough, a text's part stays with us and a blank with its number travels in its place. Every block ends in a blank with
the block's number, by which it is told from its neighbours.
"""

import re
from dataclasses import dataclass
from functools import cache

RESERVED = re.compile(r"[\[\]{}$/\\<>]")
NONCHARACTERS = "".join(chr(plane + low) for plane in range(0, 0x110000, 0x10000) for low in (0xFFFE, 0xFFFF))
# NUL ends a block; lone surrogates and noncharacters are no text, and stop the engine.
NO_TEXT = re.compile(f"[\x00\ud800-\udfff\ufdd0-\ufdef{NONCHARACTERS}]")
BLANK_OR_ESCAPE = re.compile(r"\[=(\d+)\]|\\(.)|[\[\]]", re.DOTALL)


@cache
def hidden_parts(max_token: int) -> re.Pattern[str]:
    """What the engine must not see: its own signs that escaping does not disarm, and tokens that cost too much.

    A tilde joins words, a newline ends a header, an escaped `^` after the last word swallows the end of the block
    (3.8.3, with exit status 0), a byte order mark vanishes at the start of the stream, and some mail addresses come
    back twice. Time grows with the square of a token's length: 41 s for 200,000 characters.
    """
    return re.compile(rf"\S{{{max_token + 1},}}|[^\s@]*@\S*|[~^\n\r\t\ufeff]")


@dataclass(frozen=True)
class Block:
    """One text on its way through the engine.

    stream (str): what the engine reads, without the final NUL. suffix (str): how it must end when it comes back.
    hidden (list[str]): the parts that stay here, in the order of their numbers.
    """

    stream: str
    suffix: str
    hidden: list[str]

    @classmethod
    def encode(cls, text: str, number: int, max_token: int) -> "Block":
        """Prepare a text: what is no text becomes spaces; addresses and tokens over `max_token` stay here."""
        hidden: list[str] = []

        def hide(match: re.Match[str]) -> str:
            hidden.append(match[0])
            return f"\0{len(hidden) - 1}\0"

        parts = hidden_parts(max_token).sub(hide, NO_TEXT.sub(" ", text)).split("\0")
        parts[::2] = [RESERVED.sub(r"\\\g<0>", part) for part in parts[::2]]
        parts[1::2] = [f"[={part}]" for part in parts[1::2]]
        suffix = f"[][#{number}]"
        return cls("".join(parts) + suffix + "\n", suffix, hidden)

    def decode(self, field: str) -> str | None:
        """The translation in what came back; None where the block is not this one, or not whole."""
        field = field.removesuffix("\n")
        if not field.endswith(self.suffix):
            return None
        seen: list[int] = []

        def restore(match: re.Match[str]) -> str:
            if match[1] is None:
                return match[2] or ""
            seen.append(int(match[1]))
            return self.hidden[seen[-1]] if seen[-1] < len(self.hidden) else ""

        text = BLANK_OR_ESCAPE.sub(restore, field.removesuffix(self.suffix))
        return text if sorted(seen) == list(range(len(self.hidden))) else None

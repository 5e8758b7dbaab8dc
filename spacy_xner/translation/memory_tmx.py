"""Reads the units of a TMX file, one after the other, by expat.

LISA 2005, "TMX 1.4b Specification". Nothing that the file names is loaded, and no entity is expanded.
"""

import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from ..errors import XnerError
from ..lines import open_bytes

CHUNK = 1 << 16  # bytes
# Elements of codes of the translated document: neither tag nor content is text. Those in them are dropped with them.
CODES = frozenset({"bpt", "ept", "ph", "it", "ut"})
LINE_BREAK = re.compile(r"\s*\n\s*")


@dataclass
class Unit:
    """A translation unit.

    texts (list[tuple[str, str]]): language as written, and text without inline tags and line breaks.
    n_inline (int): inline tags that were dropped, `<hi>` included, whose content is kept.
    """

    texts: list[tuple[str, str]] = field(default_factory=list)
    n_inline: int = 0


def read_units(path: Path, read: Callable[[bytes], Any] = lambda data: None) -> Iterator[Unit]:
    """Yield the units of a TMX file, plain or gzipped, in any encoding that it declares or has a byte order mark of.

    read (Callable): receives the uncompressed bytes, for a checksum.
    RAISES: XnerError, with file and line, where the file is not well-formed, is no TMX, or declares entities.
    """
    parser = TmxParser(path)
    try:
        with open_bytes(path) as file:
            while chunk := file.read(CHUNK):
                read(chunk)
                yield from parser.feed(chunk)
            yield from parser.feed(b"", is_last=True)
    except expat.ExpatError as error:
        raise XnerError(
            f"{path}:{error.lineno}: not well-formed XML ({expat.ErrorString(error.code)}, column {error.offset + 1}), "
            "expected a TMX file. Export it again."
        ) from None
    except (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError) as error:
        raise XnerError(
            f"{path}:{parser.line}: not a valid compressed file ({error}). Download or compress it again."
        ) from None
    except (LookupError, ValueError) as error:  # expat asks Python for encodings that it does not know
        if isinstance(error, XnerError):
            raise
        raise XnerError(f"{path}:{parser.line}: its encoding cannot be read ({error}), expected UTF-8.") from None
    except OSError as error:
        raise XnerError(f"{path}: cannot be read: {error.strerror or error}. Expected a TMX file.") from None


class TmxParser:
    """Collects units while bytes are fed. path (Path): for messages."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.units: list[Unit] = []
        self.stack: list[str] = []
        self.unit, self.lang = Unit(), ""
        self.text: list[str] | None = None  # of the segment that is open
        self.n_codes = 0  # open elements of codes
        self.expat = expat.ParserCreate()
        self.expat.buffer_text = True
        self.expat.StartElementHandler = self._start
        self.expat.EndElementHandler = self._end
        self.expat.CharacterDataHandler = self._characters
        self.expat.EntityDeclHandler = self._refuse_declaration
        self.expat.SkippedEntityHandler = self._refuse_entity

    @property
    def line(self) -> int:
        """The line that is read, from 1."""
        return self.expat.CurrentLineNumber

    def feed(self, data: bytes, is_last: bool = False) -> Iterator[Unit]:
        """Read bytes. YIELDS: the units that are complete."""
        self.expat.Parse(data, is_last)
        units, self.units = self.units, []
        yield from units

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self.stack and name != "tmx":
            raise XnerError(f"{self.path}:{self.line}: found <{name}>, expected <tmx>. Export the memory as TMX.")
        self.stack.append(name)
        if self.text is not None:
            self.unit.n_inline += 1
            self.n_codes += name in CODES
        elif name == "tu":
            self.unit = Unit()
        elif name == "tuv":
            self.lang = (attributes.get("xml:lang") or attributes.get("lang", "")).strip()  # `lang` before TMX 1.4
            if not self.lang:
                raise XnerError(
                    f"{self.path}:{self.line}: found a <tuv> without a language, expected its attribute xml:lang, such "
                    'as <tuv xml:lang="de-DE">.'
                )
        elif name == "seg" and self.stack[-2:-1] == ["tuv"]:
            self.text = []

    def _end(self, name: str) -> None:
        self.stack.pop()
        if self.text is None:
            if name == "tu":
                self.units.append(self.unit)
        elif self.stack[-1] == "tuv":  # the segment ends
            self.unit.texts.append((self.lang, LINE_BREAK.sub(" ", "".join(self.text)).strip()))
            self.text = None
        else:
            self.n_codes -= name in CODES

    def _characters(self, text: str) -> None:
        if self.text is not None and not self.n_codes:
            self.text.append(text)

    def _refuse_declaration(self, name: str, *_: object) -> None:
        raise XnerError(
            f"{self.path}:{self.line}: the file declares the entity {name!r}, which can name other files or grow "
            "without limit, expected none. Export it again, or remove the <!ENTITY ...> lines if you trust it."
        )

    def _refuse_entity(self, name: str, *_: object) -> None:
        raise XnerError(
            f"{self.path}:{self.line}: found &{name};, which the file does not define, expected the character itself."
        )

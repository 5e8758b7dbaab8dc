"""The fenced blocks of a page, in the units in which tests run them."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))]
PIECE = re.compile(
    r"^##? (?P<heading>.+)$|^(?:<!-- not run: (?P<reason>[^\n]+) -->\n)?```(?P<language>.*)\n(?P<code>[\s\S]*?)^```$",
    re.MULTILINE,
)
RUN = {"bash", "python", "ini", "yaml", "toml", "json"}
NOT_CODE = {"", "text", "console", "mermaid"}  # output, and diagrams, which the site and test_architecture.py read


class Block(NamedTuple):
    """A fenced block: its page, the heading of its section, its language and its text.

    reason (str | None): why it is not run, from a comment in the line before it: `<!-- not run: needs a server -->`.
    """

    page: str
    section: str
    language: str
    code: str
    reason: str | None

    @property
    def is_code(self) -> bool:
        return not (self.language in NOT_CODE or self.language.startswith("{"))

    @property
    def needs_program(self) -> bool:
        """Whether it translates by Apertium in Python, which need not be installed."""
        return self.language == "python" and "Apertium.v1" in self.code


def read_blocks(page: str, text: str) -> list[Block]:
    section, found = "", []
    for match in PIECE.finditer(text):
        if match["heading"]:
            section = match["heading"]
        else:
            found.append(Block(page, section, match["language"], match["code"], match["reason"]))
    return found


BLOCKS = [block for page in PAGES for block in read_blocks(page, (ROOT / page).read_text(encoding="utf8"))]


def units() -> dict[str, list[Block]]:
    """Blocks that are run together, in order, in a folder of their own: those of a section.

    A block that needs a program of its own is alone, so that the others run without it.
    """
    found: dict[str, list[Block]] = {}
    for block in BLOCKS:
        if block.is_code:
            alone = " (program)" if block.needs_program else ""
            found.setdefault(f"{block.page}: {block.section}{alone}", []).append(block)
    return found


def commands(code: str) -> list[str]:
    """The commands of a shell block, each on one line; a backslash continues a line."""
    lines = code.replace("\\\n", "").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]

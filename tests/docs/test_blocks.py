"""Each block of README.md and docs/ works as printed, or a comment before it says why it is not run."""

import re
from pathlib import Path
from typing import Any

import pytest

from ..programs import require_apertium
from .blocks import BLOCKS, PAGES, ROOT, RUN, Block, units
from .rules import run

SLOW: frozenset[str] = frozenset()  # units that take many seconds, as `docs/page.md: heading`


def params() -> list[Any]:
    """The units as parameters, marked where they need a program of their own or take long."""
    return [
        pytest.param(
            blocks,
            id=name,
            marks=[pytest.mark.program] * blocks[0].needs_program + [pytest.mark.slow] * (name in SLOW),
        )
        for name, blocks in units().items()
    ]


@pytest.mark.parametrize("page", PAGES)
def test_all_blocks_are_found(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf8")
    found = [block for block in BLOCKS if block.page == page]
    assert len(re.findall(r"^```", text, re.MULTILINE)) == 2 * len(found)
    assert text.count("<!-- not run: ") == sum(block.reason is not None for block in found)
    assert {block.language for block in found if block.is_code} <= RUN


def test_slow_units_exist() -> None:
    assert units().keys() >= SLOW


@pytest.mark.parametrize("blocks", params())
def test_blocks(
    blocks: list[Block],
    room: Path,
    tiny_site: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All blocks of a section, in order, in a folder of their own."""
    monkeypatch.chdir(room)
    monkeypatch.syspath_prepend(tiny_site)
    if blocks[0].needs_program:
        require_apertium(("es", "en"))
    for number, block in enumerate(blocks):
        capsys.readouterr()
        run(block, number, room, request)
        if block.language == "python" and not block.reason:
            check = PRINTS.get((block.page, block.section))
            if check and not block.needs_program:
                assert re.fullmatch(check, capsys.readouterr().out), "it prints something else"


SCORE = r"(0\.\d+|1\.0)"
PRINTS = {  # what the Python blocks of a section print, where it is not beside them in comments
    ("README.md", "Two commands"): rf"\[(\('[^']+', '(PER|LOC)', {SCORE}\)(, )?)+\]\n",
    ("docs/quickstart.md", "Project entities"): rf"Wien LOC {SCORE}\nAngela Merkel PER {SCORE}\n",
    ("docs/quickstart.md", "Align words"): r"\[\(0, 0\), \(1, 1\), \(2, 2\), \(3, 3\), \(4, 4\)\]\n",
    ("docs/reference/rows.md", "Steps"): r"Counter\(\{.*'translate: without translation': 1\b.*\}\)\n",
}


def test_printing_sections_exist() -> None:
    assert {(block.page, block.section) for block in BLOCKS if block.language == "python"} >= PRINTS.keys()

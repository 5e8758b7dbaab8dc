"""A text of 50 lines in shards of 10 rows."""

from pathlib import Path

import pytest

from spacy_xner.shards.inputs import FileSource

pytest.importorskip("pyarrow")


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """Line n (from 0) is `This is n.`; every tenth line is the one word `Word`."""
    path = tmp_path / "news.txt"
    path.write_text("".join("Word\n" if n % 10 == 9 else f"This is {n}.\n" for n in range(50)), encoding="utf8")
    return path


@pytest.fixture
def source(text: Path) -> FileSource:
    return FileSource([text], "en")

"""The code in docs/reference/rows.md works as printed, and its table has the columns of the files."""

import re
from pathlib import Path
from typing import Any

import pytest

from spacy_xner.shards.arrow import schema
from spacy_xner.shards.rows import read_rows
from spacy_xner.shards.specs import AlignerSpec, ProjectorSpec

pytest.importorskip("pyarrow")
PAGE = (Path(__file__).parents[2] / "docs/reference/rows.md").read_text(encoding="utf8")


def test_code(tmp_path: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("en.txt").write_text("[Angela Merkel](PER) visited [Vienna](LOC).\nIt rained.\n", encoding="utf8")
    Path("memory.tsv").write_text(
        "en\tde\nAngela Merkel visited Vienna.\tAngela Merkel besuchte Vienna.\n", encoding="utf8"
    )
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    code = code.replace("ProjectSpec()", "ProjectSpec(tiny)")  # the embedded encoder takes seconds to load
    names: dict[str, Any] = {"tiny": ProjectorSpec(AlignerSpec(str(tiny_encoder), 0, "inter"))}
    exec(code, names)
    (row,) = read_rows("shard-00000.parquet")
    assert [span.label for span in row.spans or ()] == ["PER", "LOC"]
    assert names["counts"]["translate: without translation"] == 1


def test_columns() -> None:
    table = PAGE[PAGE.index("| column |") : PAGE.index("Tags, lemmas")]
    cells = [row.split("|")[1] for row in table.splitlines()[2:] if row]
    assert sorted(name for cell in cells for name in re.findall(r"`(\w+)`", cell)) == sorted(schema().names)

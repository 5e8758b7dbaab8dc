"""Journals: interrupted at any point, resumed, and started again for other settings."""

from pathlib import Path
from typing import Any

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.journal import Journal


def run(output: Path, setting: dict[str, Any], stop_after: int | None = None) -> list[int]:
    """Add the numbers 0 to 4, resume an earlier run, and stop after `stop_after`. RETURNS: the numbers added."""
    added: list[int] = []
    with Journal(output, setting) as journal:
        for number in journal.add(range(journal.done, 5)):
            added.append(number)
            if len(added) == stop_after:
                break
    return added


def test_resumes(tmp_path: Path) -> None:
    output = tmp_path / "out.txt"
    assert run(output, {"a": 1}, stop_after=2) == [0, 1]
    assert run(output, {"a": 1}) == [2, 3, 4]
    with Journal(output, {"a": 1}) as journal:
        assert journal.done == 5
        assert list(journal) == [0, 1, 2, 3, 4]
        assert not output.exists()
        journal.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", range(1, 8))
def test_killed_while_writing(tmp_path: Path, cut: int) -> None:
    """Complete lines are kept, an incomplete last line is dropped."""
    output = tmp_path / "out.txt"
    run(output, {})
    with Journal(output, {}) as journal:
        pass
    journal.path.write_bytes(journal.path.read_bytes()[:-cut])
    run(output, {})
    assert list(Journal(output, {})) == [0, 1, 2, 3, 4]


def test_other_settings_have_another_journal(tmp_path: Path) -> None:
    run(tmp_path / "out.txt", {"a": 1}, stop_after=3)
    assert run(tmp_path / "out.txt", {"a": 2}) == [0, 1, 2, 3, 4]
    assert run(tmp_path / "out.txt", {"a": 1}) == [3, 4]
    with Journal(tmp_path / "out.txt", {"a": 1}) as journal:
        journal.remove()
    assert list(tmp_path.iterdir()) == []


def test_output_name_that_begins_with_another_one(tmp_path: Path) -> None:
    run(tmp_path / "out.txt.gz", {"a": 1}, stop_after=2)
    with Journal(tmp_path / "out.txt", {"a": 1}) as journal:
        journal.remove()
    assert run(tmp_path / "out.txt.gz", {"a": 1}) == [2, 3, 4]


def test_two_runs_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path / "out.txt", {}), pytest.raises(XnerError, match="is being written by another run"):
        Journal(tmp_path / "out.txt", {})
    with Journal(tmp_path / "out.txt", {}):
        pass


def test_any_text(tmp_path: Path) -> None:
    texts = ["\u2028", "é\n", "\ud800", "😀"]
    with Journal(tmp_path / "out.txt", {}) as journal:
        assert list(journal.add(texts)) == texts
        assert list(journal) == texts

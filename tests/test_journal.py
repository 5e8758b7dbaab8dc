"""Journals: stopped anywhere, gone on with, begun anew where the setting is another."""

from pathlib import Path

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.journal import Journal


def run(output: Path, setting: object, stop_after: int | None = None) -> list[int]:
    """Add the numbers 0 to 4, from where the last run was, and stop after so many. RETURNS: what this run added."""
    added: list[int] = []
    with Journal(output, setting) as journal:
        for number in journal.add(range(journal.done, 5)):
            added.append(number)
            if len(added) == stop_after:
                break
    return added


def test_goes_on_where_it_was(tmp_path: Path) -> None:
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
def test_killed_while_it_writes(tmp_path: Path, cut: int) -> None:
    """Whatever is left of the last lines: what is whole is kept, the rest is done again."""
    output = tmp_path / "out.txt"
    run(output, {})
    with Journal(output, {}) as journal:
        pass
    journal.path.write_bytes(journal.path.read_bytes()[:-cut])
    run(output, {})
    assert list(Journal(output, {})) == [0, 1, 2, 3, 4]


def test_another_setting_begins_anew_and_loses_nothing(tmp_path: Path) -> None:
    run(tmp_path / "out.txt", {"a": 1}, stop_after=3)
    assert run(tmp_path / "out.txt", {"a": 2}) == [0, 1, 2, 3, 4]
    assert run(tmp_path / "out.txt", {"a": 1}) == [3, 4]
    with Journal(tmp_path / "out.txt", {"a": 1}) as journal:
        journal.remove()
    assert list(tmp_path.iterdir()) == []


def test_an_output_whose_name_goes_on_is_another_one(tmp_path: Path) -> None:
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

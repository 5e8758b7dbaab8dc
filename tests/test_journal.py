"""Journals: interrupted at any point, resumed, and started again for other settings."""

from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from spacy_xner import journal as journal_module
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


@pytest.mark.parametrize("change", ["setting", "version"])
def test_what_differs_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Results of other settings and of another version are not mixed with those of this run."""
    run(tmp_path / "out.txt", {"revision": 1, "x": 1}, stop_after=2)
    if change == "version":
        monkeypatch.setattr(journal_module, "__version__", "0.0.0")
    setting = {"revision": 2 if change == "setting" else 1, "x": 1}
    assert run(tmp_path / "out.txt", setting, stop_after=1) == [0]
    differing = {"setting": "revision", "version": "spacy-xner"}[change]
    expected = f"out.txt: an interrupted run is not resumed, because something is different now: {differing}. This run"
    assert expected in caplog.text
    caplog.clear()
    assert run(tmp_path / "out.txt", setting) == [1, 2, 3, 4]
    assert caplog.text == ""


def test_a_run_that_waited_for_a_deleted_lock_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would hold a lock that no other run sees; so it locks the file that is there now."""
    output, place = tmp_path / "out.txt", tmp_path / ".out.txt.part.lock"
    first = Journal(output, {})
    stock = FileLock.acquire
    waited: list[Any] = []

    def acquire(self: FileLock, *args: Any, **kwargs: Any) -> Any:
        if not waited:  # this run has opened the lock file when the first one deletes it
            waited.append(None)
            first.__exit__()
            result = stock(self, *args, **kwargs)
            place.unlink()
            return result
        return stock(self, *args, **kwargs)

    monkeypatch.setattr(FileLock, "acquire", acquire)
    second = Journal(output, {})
    assert place.is_file()
    with pytest.raises(XnerError, match="is being written by another run"):
        Journal(output, {})
    second.__exit__()
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".lock")] == []
    with Journal(output, {}) as journal:
        journal.remove()
    assert list(tmp_path.iterdir()) == []

"""Outputs appear whole or not at all: full disks, read-only files, links, pipes, devices, failing moves."""

import errno
import gzip
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from spacy_xner import files
from spacy_xner.errors import XnerError
from spacy_xner.files import atomic_path, check_output_path, check_writable, file_sha256, open_text, resumable_folder
from spacy_xner.paths import check_links, is_special

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, text: str = "new") -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(text)


# --- moving


def test_replaces_a_file_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    write(path, "old")
    path.chmod(0o640)
    write(path)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o640)
    assert names(tmp_path) == ["out.txt"]


def test_replaces_a_folder(tmp_path: Path) -> None:
    for content in ("old", "new"):
        with atomic_path(tmp_path / "folder") as temporary:
            temporary.mkdir()
            (temporary / content).touch()
    assert names(tmp_path) == ["folder"]
    assert names(tmp_path / "folder") == ["new"]


def fail_once(monkeypatch: pytest.MonkeyPatch, target: str, code: int) -> None:
    """Let a function of `os` fail at its first call."""
    real = getattr(os, target)
    calls: list[int] = []

    def failing(*arguments: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            raise OSError(code, os.strerror(code))
        return real(*arguments)

    monkeypatch.setattr(files.os, target, failing)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_the_old_folder_stays_if_the_move_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "old").touch()
    fail_once(monkeypatch, "replace", code)
    message = rf"folder cannot be written: {os.strerror(code)}\. .* before is unchanged"
    with pytest.raises(XnerError, match=message), atomic_path(folder) as temporary:
        temporary.mkdir()
    assert (names(tmp_path), names(folder)) == (["folder"], ["old"])


def test_the_old_results_stay_if_the_move_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "folder"
    with resumable_folder(folder, {"a": 1}) as partial:
        (partial / "old").touch()
    message = "folder cannot be written: No space left on device"
    with pytest.raises(XnerError, match=message), resumable_folder(folder, {"a": 2}) as partial:
        fill_and_break(partial, monkeypatch)
    assert names(folder) == ["old"]
    monkeypatch.undo()
    with resumable_folder(folder, {"a": 2}) as partial:
        assert names(partial) == ["new", "part.json"]  # the run resumes
    assert names(folder) == ["new"]
    assert names(tmp_path) == ["folder"]


def fill_and_break(partial: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a result; the move of the folder will fail."""
    (partial / "new").touch()
    monkeypatch.setattr(files, "_move", _fail)


def write_to_full_disk(temporary: Path) -> None:
    temporary.symlink_to("/dev/full")
    with open_text(temporary) as file:
        file.write("new")


def _fail(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# --- the disk


def fail_at_write(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fail_in_a_library(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary.write_text("half")
    raise RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")


def fail_at_fsync(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary.write_text("half")
    fail_once(monkeypatch, "fsync", errno.ENOSPC)


@pytest.mark.parametrize("fail", [fail_at_write, fail_in_a_library, fail_at_fsync])
def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fail: Callable[..., None]) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    message = r"out.txt cannot be written: No space left on device. Free some space"
    with pytest.raises(XnerError, match=message), atomic_path(path) as temporary:
        fail(temporary, monkeypatch)
    assert (path.read_text(), names(tmp_path)) == ("old", ["out.txt"])


@pytest.mark.parametrize("name", ["out.txt", "out.txt.gz"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_full_disk_at_the_last_bytes(tmp_path: Path, name: str) -> None:
    """Short texts reach the disk when the file is closed, also below gzip."""
    path = tmp_path / name
    path.write_text("old")
    message = rf"{name} cannot be written: No space left on device"
    with pytest.raises(XnerError, match=message), atomic_path(path) as temporary:
        write_to_full_disk(temporary)
    assert (path.read_text(), names(tmp_path)) == ("old", [name])


def test_other_errors_are_not_renamed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "out"):
        (tmp_path / "input").read_text()
    assert names(tmp_path) == []


def test_gzip_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        with open_text(tmp_path / name) as file:
            file.write("text\n")
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == b"text\n"


# --- what cannot be written


def test_long_names(tmp_path: Path) -> None:
    write(tmp_path / ("ü" * 110))
    with pytest.raises(XnerError, match=r"its name has 222 bytes, expected at most 220. Choose a shorter one"):
        write(tmp_path / ("ü" * 111))
    assert names(tmp_path) == ["ü" * 110]


def test_read_only_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    path.chmod(0o444)
    if IS_ROOT:  # who may write anything
        monkeypatch.setattr(files.os, "access", lambda found, mode: found != path)
    with pytest.raises(XnerError, match=r"out.txt cannot be written: it is read-only. Choose another output"):
        write(path)
    assert (path.read_text(), names(tmp_path)) == ("old", ["out.txt"])


def test_unwritable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file/out.txt", Path("/proc/nothing/out.txt")):
        with pytest.raises(XnerError, match=r"cannot be written: .* Expected a path in a writable folder"):
            check_writable(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(XnerError, match="is a folder, expected the name of an output file"):
        write(tmp_path)


def test_output_is_an_input(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "link").symlink_to("a")
    os.link(tmp_path / "a", tmp_path / "same")
    for output in (tmp_path / "a", tmp_path / "link", tmp_path / "same", tmp_path / "x" / ".." / "a"):
        with pytest.raises(XnerError, match="is also an input and would be lost"):
            check_output_path(output, tmp_path / "a")
    check_output_path(tmp_path / "b", tmp_path / "a")
    check_output_path(Path("/dev/null"), Path("/dev/null"))


# --- links, pipes and devices


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    for target in ("elsewhere/there", "elsewhere/new"):
        (tmp_path / "link").symlink_to(target)
        (tmp_path / "elsewhere/there").write_text("old")
        write(tmp_path / "link")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / target).read_text() == "new"
        (tmp_path / "link").unlink()
    with resumable_folder(linked_folder(tmp_path), {}) as partial:
        (partial / "result").touch()
    assert names(tmp_path / "elsewhere/folder") == ["result"]
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(XnerError, match="circle is a link that cannot be followed"):
        write(tmp_path / "circle")


def linked_folder(room: Path) -> Path:
    (room / "elsewhere/folder").mkdir()
    (room / "folder").symlink_to("elsewhere/folder")
    return room / "folder"


def test_pipes_are_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append((tmp_path / "pipe").read_text()))
    reader.start()
    write(tmp_path / "pipe")
    reader.join(10)
    assert found == ["new"]
    assert is_special(tmp_path / "pipe")
    assert names(tmp_path) == ["pipe"]
    with pytest.raises(XnerError, match="pipe is a pipe or a device, whose content can be read only once"):
        file_sha256(tmp_path / "pipe")


def test_devices_are_never_replaced(tmp_path: Path) -> None:
    write(Path("/dev/null"))
    assert is_special(Path("/dev/null"))
    message = "null is a pipe or a device, expected the name of a folder"
    with pytest.raises(XnerError, match=message), atomic_path("/dev/null") as temporary:
        temporary.mkdir()
    if Path("/dev/full").exists():
        with pytest.raises(XnerError, match="/dev/full cannot be written: No space left on device"):
            write(Path("/dev/full"))
    for path in ("/dev/stdin", "/dev/fd/63", "/proc/self/fd/7"):
        assert is_special(Path(path))
    assert not is_special(tmp_path)
    assert not is_special(tmp_path / "nothing")


def test_links_out_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "file").touch()
    (folder / "inner/link").symlink_to("../file")
    check_links(folder)
    for target in ("/etc/passwd", "../outside", "nothing", "../../outside"):
        (tmp_path / "outside").touch()
        (folder / "inner/bad").symlink_to(target)
        with pytest.raises(XnerError, match=rf"my model: inner/bad is a link to {target}, which is not in the folder"):
            check_links(folder, name="my model")
        (folder / "inner/bad").unlink()
    os.mkfifo(folder / "pipe")
    with pytest.raises(XnerError, match=r"pipe is a pipe, a device or a socket, expected a file. Remove it"):
        check_links(folder)


def test_links_in_the_cache_of_the_hub(tmp_path: Path) -> None:
    model = tmp_path / "models--a--b"
    (model / "blobs").mkdir(parents=True)
    (model / "blobs/123").touch()
    (model / "snapshots/commit").mkdir(parents=True)
    (model / "snapshots/commit/config.json").symlink_to("../../blobs/123")
    check_links(model / "snapshots/commit")
    (model / "snapshots/commit/vocab.txt").symlink_to("../../../secret")
    (tmp_path / "secret").touch()
    with pytest.raises(XnerError, match=r"vocab.txt is a link to"):
        check_links(model / "snapshots/commit")

"""Pipes, /dev/stdin and devices in place of files: every command reads all of an input, and replaces no device."""

import gzip
import inspect
import os
import tempfile
import threading
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from spacy_xner.cli import app
from spacy_xner.cli.command import FOLDER_COMMANDS, WRITTEN
from spacy_xner.paths import is_special

from .util import Command, failing, misused, ok, xner

PAIRS = "a b ||| c d\nx ||| y\n the ||| die\n"
# Parameters with a folder, which no pipe can be; those of FOLDER_COMMANDS are folders as outputs too.
FOLDERS = {"cache", "encoder", "folder", "pipeline"}
FOLDERS_OF = {("study", "records"), ("study", "write_held_back"), ("corpus check", "folder")}


def commands(group: Any, path: Command = ()) -> Iterator[tuple[str, Any]]:
    below = getattr(group, "commands", {})
    if not below:
        yield " ".join(path), group
    for name, command in below.items():
        yield from commands(command, (*path, name))


PATHS = [  # every parameter of every command that takes a path
    (path, name, "list" in str(hint))
    for path, command in commands(typer.main.get_command(app))
    for name, hint in typing.get_type_hints(inspect.unwrap(command.callback)).items()
    if "Path" in str(hint) and name not in FOLDERS and (path, name) not in FOLDERS_OF
]
FILES = [each for each in PATHS if not (each[0].split()[-1] in FOLDER_COMMANDS and each[1] in WRITTEN)]


def find(path: str) -> Any:
    return dict(commands(typer.main.get_command(app)))[path]


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe.jsonl.gz")
    return tmp_path / "pipe.jsonl.gz"


def feed(pipe: Path, content: bytes) -> None:
    threading.Thread(target=lambda: pipe.write_bytes(content), daemon=True).start()


def test_the_table_has_all_commands() -> None:
    assert {path for path, _, _ in PATHS} == {path for path, _ in commands(typer.main.get_command(app))}
    assert ("align file", "file", False) in FILES
    assert ("corpus convert", "files", True) in FILES
    assert ("encoder trim", "output", False) not in FILES


@pytest.mark.parametrize(("path", "name", "many"), FILES, ids=lambda value: str(value).replace(" ", "-"))
def test_every_file_can_be_a_pipe(
    path: str, name: str, many: bool, pipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command gets a regular file with the ending of the pipe, which it can read twice or write."""
    command = find(path)
    context = command.make_context("xner", [], resilient_parsing=True)
    context.params[name] = [pipe] if many else pipe
    found: list[bytes] = []

    def called(**parameters: Any) -> None:
        value = parameters[name]
        file = value[0] if many else value
        assert not is_special(file)
        assert "".join(file.suffixes) == ".jsonl.gz"
        if name in WRITTEN:
            file.write_bytes(b"result")
        else:
            found.extend([file.read_bytes(), file.read_bytes()])

    called.streams = getattr(command.callback, "streams", ())  # type: ignore[attr-defined]
    monkeypatch.setattr(command, "callback", called)
    if name in WRITTEN:
        reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()), daemon=True)
        reader.start()
        command.invoke(context)
        reader.join(10)
        assert found == [b"result"]
    else:
        feed(pipe, gzip.compress(b"text"))
        command.invoke(context)
        assert [gzip.decompress(content) for content in found] == [b"text", b"text"]
    assert is_special(pipe)
    assert [each.name for each in pipe.parent.iterdir()] == [pipe.name]


@pytest.mark.parametrize(
    "command",
    [
        ["calibrate", "x", "y", "-o"],
        ["align", "train", "x", "-o"],
        ["encoder", "fetch", "embedded", "-o"],
        ["encoder", "trim", "x", "-o"],
        ["package", "x", "--name", "x", "--scores", "y", "-o"],
        ["adapt", "x", "--texts", "y", "--to", "de", "-o"],
    ],
    ids=lambda command: "-".join(command[:2]),
)
def test_folders_are_no_devices(command: list[str]) -> None:
    assert "Found /dev/null as the output, a pipe or a device, expected the name of a folder" in misused(
        *command, "/dev/null"
    )
    assert is_special(Path("/dev/null"))


@pytest.fixture
def aligned(tiny_encoder: Path, tmp_path: Path) -> tuple[list[object], str]:
    """Options of `xner align`, and the links of PAIRS."""
    (tmp_path / "pairs.txt").write_text(PAIRS)
    options: list[object] = ["--encoder", tiny_encoder, "--method", "itermax", "-q"]
    ok("align", tmp_path / "pairs.txt", "-o", tmp_path / "links.txt", *options)
    links = (tmp_path / "links.txt").read_text()
    assert links.count("\n") == 3
    return options, links


def test_descriptors(aligned: tuple[list[object], str], tmp_path: Path) -> None:
    """What `<(command)` of a shell is, and data that a pipe brings in parts."""
    options, links = aligned
    reading, writing = os.pipe()

    def write_slowly() -> None:
        for part in (PAIRS[:5], PAIRS[5:]):
            os.write(writing, part.encode())
        os.close(writing)

    thread = threading.Thread(target=write_slowly)
    thread.start()
    ok("align", f"/dev/fd/{reading}", "-o", tmp_path / "out.txt", *options)
    thread.join(10)
    os.close(reading)
    assert (tmp_path / "out.txt").read_text() == links


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
@pytest.mark.parametrize("output", ["-", "/dev/stdout"])
def test_standard_streams(aligned: tuple[list[object], str], name: str, output: str) -> None:
    options, links = aligned
    assert ok("align", name, "-o", output, *options, input=PAIRS) == links
    assert ok("align", name, "-o", output, *options, input=gzip.compress(PAIRS.encode())) == links


def test_messages_name_what_the_user_gave(tiny_encoder: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pairs")
    feed(tmp_path / "pairs", b"a ||| b\nno separator\n")
    options = ["-o", tmp_path / "out", "--encoder", tiny_encoder]
    assert f"{tmp_path / 'pairs'}:2: found 0 times '|||'" in failing("align", tmp_path / "pairs", *options)
    result = xner("align", "/dev/stdin", *options, input="a ||| b\n\nc\n")
    assert (result.exit_code, "<stdin>:2: found 0 times" in result.stderr) == (1, True)


def test_usage_errors_name_what_the_user_gave(tmp_path: Path) -> None:
    """And no temporary file."""
    (tmp_path / "en.jsonl").write_text('{"text": "Ada"}\n')
    temporary = str(Path(tempfile.gettempdir()) / "tmp")
    message = misused("corpus", "convert", tmp_path / "en.jsonl", "-o", "/dev/null").replace(str(tmp_path), "")
    assert ("/dev/null" in message, temporary in message) == (True, False)
    options = ["-o", tmp_path / "q.jsonl"]
    result = xner("project", tmp_path / "en.jsonl", "/dev/stdin", *options, input="Ada\n")
    message = result.stderr.replace(str(tmp_path), "")
    assert (result.exit_code, "<stdin>" in message, temporary in message) == (2, True, False)


def test_outputs(aligned: tuple[list[object], str], tmp_path: Path) -> None:
    options, links = aligned
    os.mkfifo(tmp_path / "pipe")
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append((tmp_path / "pipe").read_text()), daemon=True)
    reader.start()
    ok("align", tmp_path / "pairs.txt", "-o", tmp_path / "pipe", *options)
    reader.join(10)
    assert found == [links]
    ok("align", tmp_path / "pairs.txt", "-o", "/dev/null", *options)
    assert is_special(Path("/dev/null"))
    (tmp_path / "link").symlink_to("real")
    ok("align", tmp_path / "pairs.txt", "-o", tmp_path / "link", *options)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == links
    if Path("/dev/full").exists():
        message = failing("align", tmp_path / "pairs.txt", "-o", "/dev/full", *options)
        assert "/dev/full cannot be written: No space left on device" in message


def test_what_cannot_be_an_input(tmp_path: Path) -> None:
    assert "/dev/zero is a device without an end, expected a file or a pipe" in failing(
        "align", "/dev/zero", "-o", tmp_path / "out"
    )
    assert "/dev/null: the file is empty" in failing("align", "/dev/null", "-o", tmp_path / "out")
    assert "Found '-' for several inputs, expected standard input for one of them" in misused(
        "corpus", "convert", "-", "-", "--format", "plain", "-o", tmp_path / "out.spacy"
    )
    assert not (tmp_path / "out").exists()

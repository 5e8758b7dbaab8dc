"""Manifests: ranges of rows, and what no longer fits."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.shards import manifest as module
from spacy_xner.shards.inputs import FileSource
from spacy_xner.shards.manifest import MANIFEST, check_files, check_settings, plan, read_manifest, write_manifest

SETTINGS = {"translator": {"name": "x", "beam": 4}, "revision": 1}


@pytest.fixture
def made(source: FileSource, tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    write_manifest(folder, plan(source, "translate", SETTINGS, 20, "parquet"))
    return folder


def test_ranges_cover_each_file_once(text: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("One.\nTwo.\n", encoding="utf8")
    manifest = plan(FileSource([text, other], "en"), "translate", SETTINGS, 20, "parquet")
    assert [(each.part, each.start, each.stop) for each in manifest.ranges] == [
        (0, 0, 20),
        (0, 20, 40),
        (0, 40, 50),
        (1, 0, 2),
    ]
    assert [file.rows for file in manifest.files] == [50, 2]
    assert manifest.n_rows == 52
    parts = [list(manifest.part_of(index, 3)) for index in (1, 2, 3)]
    assert parts == [[0, 3], [1], [2]]
    assert manifest.shard_name(3) == "shard-00003.parquet"


def test_a_manifest_is_read_as_it_was_written(source: FileSource, made: Path) -> None:
    manifest = plan(source, "translate", SETTINGS, 20, "parquet")
    assert read_manifest(made) == manifest
    assert read_manifest(made).key == manifest.key  # type: ignore[union-attr]
    assert [path.name for path in made.iterdir()] == [MANIFEST]


def test_the_key_depends_on_content_alone(source: FileSource, text: Path, tmp_path: Path) -> None:
    key = plan(source, "translate", SETTINGS, 20, "parquet").key
    os.utime(text, (1, 1))
    (tmp_path / "elsewhere").mkdir()
    moved = text.rename(tmp_path / "elsewhere" / text.name)
    assert plan(FileSource([moved], "en"), "translate", SETTINGS, 20, "parquet").key == key
    moved.write_text(moved.read_text().replace("This is 7.", "This is 8."))
    assert plan(FileSource([moved], "en"), "translate", SETTINGS, 20, "parquet").key != key


def test_another_run_that_was_faster_keeps_its_manifest(source: FileSource, made: Path) -> None:
    write_manifest(made, plan(source, "translate", {"other": 1}, 20, "parquet"))
    assert read_manifest(made).settings == SETTINGS  # type: ignore[union-attr]


def test_without_hard_links(source: FileSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*paths: Any) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(module.os, "link", refuse)
    write_manifest(tmp_path / "out", manifest := plan(source, "translate", SETTINGS, 20, "parquet"))
    assert read_manifest(tmp_path / "out") == manifest
    assert [path.name for path in (tmp_path / "out").iterdir()] == [MANIFEST]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"step": "project"}, r'step: "translate", now "project"'),
        ({"shard_size": 10}, "shard_size: 20, now 10"),
        ({"output_format": "docbin"}, r'output_format: "parquet", now "docbin"'),
        ({"settings": {**SETTINGS, "translator": {"name": "x", "beam": 5}}}, r"settings\.translator\.beam: 4, now 5"),
        (
            {"settings": {"revision": 1}},
            r'settings\.translator\.beam: 4, now none; settings\.translator\.name: "x", now',
        ),
    ],
)
def test_other_settings_are_named(made: Path, changed: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"step": "translate", "settings": SETTINGS, "shard_size": None, "output_format": None}
    manifest = read_manifest(made)
    assert manifest is not None
    check_settings(made, manifest, **given)
    with pytest.raises(XnerError, match=f"begun with other settings.*{message}.*write to another folder"):
        check_settings(made, manifest, **given | changed)


def test_another_version_is_named(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = read_manifest(made)
    assert manifest is not None
    monkeypatch.setattr(module, "__version__", "99.0")
    with pytest.raises(XnerError, match=r"version: .*, now \"99\.0\""):
        check_settings(made, manifest, "translate", SETTINGS, None, None)


def test_a_file_that_has_changed_is_named(source: FileSource, made: Path, text: Path) -> None:
    manifest = read_manifest(made)
    assert manifest is not None
    os.utime(text, (1, 1))  # copied: the same content
    check_files(made, manifest, source)
    content = text.read_text()
    text.write_text(content.replace("This is 7.", "This is 8."))
    with pytest.raises(XnerError, match=rf"{text} has changed since {made} was begun.*write to another folder"):
        check_files(made, manifest, source)
    text.write_text(content + "One more.\n")
    with pytest.raises(XnerError, match=r"it had 556 bytes .* and has 566 bytes now"):
        check_files(made, manifest, source)


def test_other_files_are_named(made: Path, text: Path, tmp_path: Path) -> None:
    manifest = read_manifest(made)
    assert manifest is not None
    other = tmp_path / "old.txt"
    other.write_bytes(text.read_bytes())
    with pytest.raises(XnerError, match="begun with 1 input files, found 2 now"):
        check_files(made, manifest, FileSource([text, other], "en"))
    with pytest.raises(XnerError, match=r"begun with the input file .*news\.txt, found .*old\.txt in its place"):
        check_files(made, manifest, FileSource([other], "en"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda found: found.update(format=99), "`format` is 99, expected 1"),
        (lambda found: found.pop("settings"), "`settings` is missing"),
        (lambda found: found["ranges"].append([0, 1]), r"`ranges\[3\]` is \[0, 1\], expected"),
        (lambda found: found["files"][0].pop("sha256"), r"`files\[0\]\.sha256` is missing"),
        (lambda found: found.update(output_format="csv"), "`output_format` is 'csv', expected one of parquet, docbin"),
        (lambda found: found.update(shard_size=0), "`shard_size` is 0, expected a whole number not below 1"),
    ],
)
def test_a_damaged_manifest_is_named(made: Path, change: Any, message: str) -> None:
    found = json.loads((made / MANIFEST).read_text())
    change(found)
    (made / MANIFEST).write_text(json.dumps(found))
    with pytest.raises(XnerError, match=rf"manifest\.json: {message}"):
        read_manifest(made)


def test_a_file_without_texts(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n\n")
    with pytest.raises(XnerError, match=r"empty\.txt: found no texts, expected at least one"):
        plan(FileSource([tmp_path / "empty.txt"], "en"), "translate", SETTINGS, 20, "parquet")

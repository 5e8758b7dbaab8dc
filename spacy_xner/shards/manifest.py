"""The manifest of a folder of shards: which rows of which files each shard holds, and by which settings it is made."""

import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from .. import __version__
from ..corpus.formats.reading import FORMATS
from ..errors import XnerError
from ..files import check_writable, file_sha256, read_json, write_errors
from ..journal import differing_keys
from ..json_checks import Expected, check, items, number, row, text
from ..redaction import redact_json
from .inputs import RowSource, digest_of

MANIFEST = "manifest.json"
FORMAT = 1  # of the manifest, the receipts and the division into shards
SHARD_SIZE = 10_000  # rows
OutputFormat = Literal["parquet", "docbin"]
ENDINGS: dict[str, str] = {"parquet": ".parquet", "docbin": ".spacy"}
AGAIN = "Give the folder the settings and files that it was begun with, or write to another folder."
EXPECTED: Expected = {
    "format": number(1, int),
    "version": text,
    "step": text,
    "settings": {},
    "shard_size": number(1, int),
    "output_format": text,
    "files": items(
        {
            "path": text,
            "size": number(0, int),
            "changed": number(None, int),
            "sha256": text,
            "rows": number(0, int),
            "format": text,
        }
    ),
    "ranges": items(row(4, int, int, int, str)),
}


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that rows are read from.

    path (str): as the user named it.
    size (int): in bytes. changed (int): time of the last change, in ns since 1970: while both stay, the file is not
        hashed again.
    sha256 (str): of its bytes, in hex.
    rows (int): number of rows.
    format (str): of a text file, as `plain`; "" for others.
    """

    path: str
    size: int
    changed: int
    sha256: str
    rows: int
    format: str


@dataclass(frozen=True, slots=True)
class Range:
    """The rows of a shard.

    part (int): which part of the source they are in, see `RowSource`.
    start (int), stop (int): the first row, and the row after the last one, counted from 0 in the part.
    digest (str): of the rows' content, see `digest_of`.
    """

    part: int
    start: int
    stop: int
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What a folder of shards is made of. Shard n holds what the step makes of the rows of `ranges[n]`.

    step (str): name of the step, such as "translate".
    settings (dict[str, Any]): identity of the step: everything besides the rows that the output depends on.
    shard_size (int): greatest number of rows that are read for a shard.
    output_format (str): "parquet" or "docbin".
    version (str): of spacy-xner.
    """

    step: str
    settings: dict[str, Any]
    shard_size: int
    output_format: OutputFormat
    files: tuple[InputFile, ...]
    ranges: tuple[Range, ...]
    version: str = __version__

    @cached_property
    def key(self) -> str:
        """A hash of everything that the shards depend on: not of where the files are, and of when they changed."""
        files = [(Path(file.path).name, file.size, file.sha256, file.rows, file.format) for file in self.files]
        ranges = [(each.part, each.start, each.stop, each.digest) for each in self.ranges]
        parts = [FORMAT, self.version, self.step, self.settings, self.shard_size, self.output_format, files, ranges]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]

    @property
    def n_rows(self) -> int:
        """Number of rows of all shards."""
        return sum(each.stop - each.start for each in self.ranges)

    def shard_name(self, shard: int) -> str:
        """The name of a shard's file. Names sort as numbers do."""
        digits = max(5, len(str(len(self.ranges) - 1)))
        return f"shard-{shard:0{digits}d}{ENDINGS[self.output_format]}"

    def part_of(self, index: int, of: int) -> range:
        """The shards of part `index` (from 1) of `of` parts: every `of`th one."""
        return range(index - 1, len(self.ranges), of)


def plan(
    source: RowSource, step: str, settings: dict[str, Any], shard_size: int, output_format: OutputFormat
) -> Manifest:
    """Read the source once as a stream, and divide it into shards. Only hashes and counts stay in memory.

    settings (dict[str, Any]): the step's identity; keys and passwords in it are replaced.
    RAISES: XnerError for malformed files, and for a source without rows.
    """
    ranges: list[Range] = []
    rows: list[int] = []
    for part in range(source.n_parts):
        start = 0
        for block in _blocks(source.survey(part), shard_size):
            ranges.append(Range(part, start, start + len(block), digest_of(block)))
            start += len(block)
        rows.append(start)
    if not ranges:
        raise XnerError(f"{', '.join(map(str, source.files[:3]))}: found no texts, expected at least one.")
    files = tuple(
        InputFile(
            str(path),
            (stat := path.stat()).st_size,
            stat.st_mtime_ns,
            file_sha256(path),
            rows[part],
            source.formats.get(part, ""),
        )
        for path, part in zip(source.files, source.part_of_files, strict=True)
    )
    plain: dict[str, Any] = json.loads(json.dumps(redact_json(settings)))  # as it is read back
    return Manifest(step, plain, shard_size, output_format, files, tuple(ranges))


def _blocks(items: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    iterator = iter(items)
    while block := list(islice(iterator, size)):
        yield block


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a new folder. It appears whole or not at all, and replaces no other run's manifest.

    RAISES: XnerError where the folder cannot be written to, or the disk is full.
    """
    path = folder / MANIFEST
    check_writable(path)
    content = {
        "format": FORMAT,
        "version": manifest.version,
        "step": manifest.step,
        "settings": manifest.settings,
        "shard_size": manifest.shard_size,
        "output_format": manifest.output_format,
        "files": [{name: getattr(file, name) for name in InputFile.__slots__} for file in manifest.files],
    }
    ranges = ",\n  ".join(json.dumps([each.part, each.start, each.stop, each.digest]) for each in manifest.ranges)
    written = f'{json.dumps(content, indent=1)[:-2]},\n "ranges": [\n  {ranges}\n ]\n}}\n'  # a line for each shard
    temporary = folder / f".{MANIFEST}.{uuid.uuid4().hex}"
    with write_errors(path):
        try:
            with temporary.open("w", encoding="utf8") as file:
                file.write(written)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(temporary, path)  # unlike `os.replace`, fails where another run was faster
            except FileExistsError:
                return
            except OSError:  # a file system without hard links
                os.replace(temporary, path)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder of shards; None if it has none. RAISES: XnerError for a damaged one."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    found = read_json(path)
    if found.get("format") != FORMAT:
        raise XnerError(
            f"{path}: `format` is {found.get('format')!r}, expected {FORMAT}: another version of spacy-xner wrote it. "
            f"Use that version, or write to another folder."
        )
    check(found, EXPECTED, str(path))
    if found["output_format"] not in ENDINGS:
        raise XnerError(f"{path}: `output_format` is {found['output_format']!r}, expected one of {', '.join(ENDINGS)}.")
    files = tuple(InputFile(**{name: file[name] for name in InputFile.__slots__}) for file in found["files"])
    ranges = tuple(Range(*each) for each in found["ranges"])
    return Manifest(
        found["step"], found["settings"], found["shard_size"], found["output_format"], files, ranges, found["version"]
    )


def check_settings(
    folder: Path,
    manifest: Manifest,
    step: str,
    settings: dict[str, Any],
    shard_size: int | None,
    output_format: OutputFormat | None,
) -> None:
    """Check that a run has the settings of the folder's manifest. None stands for any.

    RAISES: XnerError that names what differs, and what to do.
    """
    given = {
        "step": step,
        "shard_size": shard_size or manifest.shard_size,
        "output_format": output_format or manifest.output_format,
        "version": __version__,
        **_flat(redact_json(settings)),
    }
    known = {name: getattr(manifest, name) for name in ("step", "shard_size", "output_format", "version")}
    known |= _flat(manifest.settings)
    given = json.loads(json.dumps(given))
    if differing := differing_keys(given, known):
        shown = "; ".join(f"{name}: {_short(known, name)}, now {_short(given, name)}" for name in differing[:4])
        more = f"; and {len(differing) - 4} more" if len(differing) > 4 else ""
        raise XnerError(f"{folder} was begun with other settings ({shown}{more}). {AGAIN}")


def set_formats(manifest: Manifest, source: RowSource) -> None:
    """Tell a source the formats of its text files, which `plan` has found out. `check_files` checks the files."""
    known: Any = {part: file.format for part, file in enumerate(manifest.files) if file.format in FORMATS}
    if len(manifest.files) == len(source.files):
        source.formats.update(known)


def check_files(folder: Path, manifest: Manifest, source: RowSource) -> None:
    """Check that a run has the files of the folder's manifest. A file is hashed only if its size or time differs.

    RAISES: XnerError that names what differs, and what to do.
    """
    if len(manifest.files) != len(source.files):
        raise XnerError(
            f"{folder} was begun with {len(manifest.files)} input files, found {len(source.files)} now. {AGAIN}"
        )
    for file, path in zip(manifest.files, source.files, strict=True):
        stat = path.stat()
        if path.name != Path(file.path).name:
            raise XnerError(f"{folder} was begun with the input file {file.path}, found {path} in its place. {AGAIN}")
        if stat.st_size == file.size and stat.st_mtime_ns == file.changed:
            continue
        if stat.st_size != file.size or file_sha256(path) != file.sha256:
            raise XnerError(
                f"{path} has changed since {folder} was begun: it had {file.size:,} bytes with the SHA-256 "
                f"{file.sha256[:12]}…, and has {stat.st_size:,} bytes now. {AGAIN}"
            )


def _flat(settings: dict[str, Any], prefix: str = "settings") -> dict[str, Any]:
    """Nested settings by paths such as `settings.translator.model`."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{prefix}.{name}") if isinstance(value, dict) and value else {f"{prefix}.{name}": value}
    return flat


def _short(values: dict[str, Any], name: str) -> str:
    shown = json.dumps(values[name], ensure_ascii=False) if name in values else "none"
    return shown if len(shown) <= 60 else f"{shown[:59]}…"

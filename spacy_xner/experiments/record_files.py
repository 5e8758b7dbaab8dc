"""Reading the records of a study from files and folders, and writing a study file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import XnerError
from ..files import atomic_path, without_hidden
from ..json_checks import check
from .comparability import check_arms, check_comparable, check_equal, check_study
from .packing import pack, unpack
from .record_schema import FORMAT, STUDY_FILE, check_format, checked_record
from .records import RunRecord, StudyRecords


@dataclass
class _Collected:
    """Records by key, and the `question` and `notes` of study files, each with the file it was found in."""

    runs: dict[tuple[str, float, int], RunRecord] = field(default_factory=dict)
    texts: dict[str, tuple[str, str]] = field(default_factory=dict)


def read_records(paths: Sequence[str | Path]) -> StudyRecords:
    """Read records and study files, and check that they can be compared.

    paths (Sequence[str | Path]): files, or folders of `*.json` files. A record may be in several of them.
    RAISES: XnerError for a missing file, a malformed record, records of another study or that were scored on other
        sentences, records of an arm with other settings, records that were made with other versions, and for different
        records of the same arm, seed and share of labels.
    """
    collected = _Collected()
    for path in find_records(paths):
        for run in _read_file(path, collected):
            check_study(next(iter(collected.runs.values()), run), run)
            check_equal(collected.runs.setdefault(run.key, run), run)
    runs = [collected.runs[key] for key in sorted(collected.runs)]
    if not runs:
        raise XnerError(f"{', '.join(map(str, paths))}: found no run, expected records, as `xner study` writes them.")
    for run in runs[1:]:
        check_comparable(runs[0], run)
    check_arms(runs)
    texts = {key: text for key, (text, _) in collected.texts.items()}
    question = next((str(run.data["question"]) for run in runs if run.data.get("question")), None)
    return StudyRecords(runs[0].study, runs, texts.get("question", question), texts.get("notes"))


def write_study_file(path: str | Path, study: StudyRecords, figures: Mapping[str, float] | None = None) -> None:
    """Write a study file, one line for each run. The same runs give the same bytes, in whatever order they were read.

    figures (Mapping[str, float] | None): figures of the report, by name, for people who read the file; they are not
        read again.
    """
    sentences, runs = pack([run.data for run in study.runs])
    texts = {"question": study.question, "notes": study.notes}
    head = {"format": FORMAT, "study": study.name, **{key: text for key, text in texts.items() if text}}
    if figures:
        head["figures"] = dict(figures)
    lines = ",\n".join(_line(run) for run in runs)
    with atomic_path(path) as temporary:
        content = f'{_line({**head, "sentences": sentences})[:-1]},"runs":[\n{lines}\n]}}\n'
        temporary.write_text(content, encoding="utf8", newline="\n")


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def find_records(paths: Sequence[str | Path]) -> list[Path]:
    """The record files at paths: files themselves, and all `*.json` files in folders and their subfolders.

    RAISES: XnerError for a path without any.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        files = without_hidden(sorted(path.rglob("*.json")), path) if path.is_dir() else [path] * path.is_file()
        if not files:
            raise XnerError(f"{path}: found no record of a run there. `xner study` writes a JSON file for each run.")
        found += files
    return list(dict.fromkeys(found))


def _read_file(path: Path, collected: _Collected) -> Iterator[RunRecord]:
    try:
        content = json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError) as error:
        raise XnerError(f"{path}: no JSON to read ({error}), expected the record of a run or a study file.") from error
    if not isinstance(content, dict) or not {"runs", "arm"} & set(content):
        raise XnerError(f"{path}: found neither `arm` nor `runs`, expected the record of a run or a study file.")
    if "runs" not in content:
        yield checked_record(content, str(path))
        return
    check(content, STUDY_FILE, str(path))
    check_format(content, str(path))
    for key in ("question", "notes"):
        if content.get(key):
            text, file = collected.texts.setdefault(key, (content[key], str(path)))
            if text != content[key]:
                raise XnerError(f"{path} and {file} have a different `{key}`: expected the same, or one without it.")
    for i, record in enumerate(content["runs"]):
        where = f"{path}, runs[{i}]"
        run = checked_record(unpack(record, content.get("sentences") or {}, where), where)
        if run.study != content["study"]:
            raise XnerError(f"{run.file}: found a run of the study '{run.study}' in a file of '{content['study']}'.")
        yield run

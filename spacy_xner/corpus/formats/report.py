"""What the readers of files recognised, changed and left out, so that nothing happens in silence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MANY = 5  # files that were taken for the same, and are said in one line
NUMBER = re.compile(r"(?<!column )\b\d[\d,]*(?= )")  # how many sentences, for example


@dataclass
class Note:
    """How often something was changed or left out, and where it was first."""

    count: int
    file: Path
    line: int


@dataclass
class Report:
    """What readers say of the files that they read.

    recognised (dict[Path, str]): what each file was taken for, as "columns: token, -, NER; scheme IOB1; 3 documents".
    notes (dict[str, Note]): what was changed or left out, by its description in the plural, as "lines of comments left
        out", with the number and the first place.
    """

    recognised: dict[Path, str] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)

    def recognise(self, file: Path, what: str) -> None:
        """Keep what a file was taken for. Call it again once more is known; the last one counts."""
        self.recognised[file] = what

    def note(self, what: str, file: Path, line: int, count: int = 1) -> None:
        """Count something that was changed or left out.

        what (str): in the plural, without a number, as "spans that began or ended with white space trimmed".
        line (int): counted from 1.
        """
        if known := self.notes.get(what):
            known.count += count
        elif count:
            self.notes[what] = Note(count, file, line)

    def lines(self) -> Iterator[str]:
        """The report for people, a line each. Many files that were taken for the same are one line, without numbers."""
        alike: dict[str, list[Path]] = {}
        for file, what in self.recognised.items():
            alike.setdefault(NUMBER.sub("…", what), []).append(file)
        for what, files in alike.items():
            if len(files) > MANY:
                yield f"{len(files):,} files (first: {files[0]}): {what}"
            else:
                yield from (f"{file}: {self.recognised[file]}" for file in files)
        for what, note in self.notes.items():
            yield f"{note.count:,} {what} (first: {note.file}:{note.line})"

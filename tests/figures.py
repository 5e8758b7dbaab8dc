"""Numbers in pages, and what benchmarks/figures.toml says of each: a figure of a record, a setting, or no record.

The comments in that file describe it. Code and the targets of links are not searched for numbers.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jmespath
import srsly
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions, signature

from spacy_xner.experiments.pairs import parse_pairs
from spacy_xner.experiments.record_files import read_records
from spacy_xner.experiments.restriction import without_labels
from spacy_xner.reporting.report import make_report

FILE = "benchmarks/figures.toml"
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
NUMBER = re.compile(  # not those of names: CoNLL-2003, U+2028
    r"(?i:(?<![\w.])(?<![a-z][-+])[-+−±]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
    rf"|\b(?:{'|'.join(WORDS[1:])})(?= (?:times|points|seconds|minutes|hours)\b))"
)
NOT_TEXT = re.compile(r"^```.*?^```$|`[^`]*`|\]\([^)]*\)|<?https?://[^\s)>]+|^ *\d+\. ", re.MULTILINE | re.DOTALL)


def as_list(expressions: str | list[str]) -> list[str]:
    return [expressions] if isinstance(expressions, str) else expressions


class Arithmetic(Functions):
    """What JMESPath has not: arithmetic on two numbers. Its methods are the functions of expressions."""

    @signature({"types": ["number"]}, {"types": ["number"]})
    def _func_minus(self, a: float, b: float) -> float:
        return a - b

    @signature({"types": ["number"]}, {"types": ["number"]})
    def _func_times(self, a: float, b: float) -> float:
        return a * b

    @signature({"types": ["number"]}, {"types": ["number"]})
    def _func_over(self, a: float, b: float) -> float:
        return a / b

    @signature({"types": ["number"]})
    def _func_percent(self, a: float) -> float:
        return 100 * a

    @signature({"types": ["number"]})
    def _func_tens(self, a: float) -> float:
        return float(round(a, -1))


class Number(NamedTuple):
    """A number in a page: where it is, and as it is printed there."""

    start: int
    end: int
    text: str

    @property
    def value(self) -> float:
        if self.text.lower() in WORDS:
            return float(WORDS.index(self.text.lower()))
        return float(self.text.replace("−", "-").replace("±", "").replace(",", ""))

    def is_rounded(self, value: float) -> bool:
        """Whether a value, rounded as this number is, is this number."""
        return float(f"{value:.{len(self.text.partition('.')[2])}f}") == self.value


class Page:
    """A page, its numbers, and what is wrong with them. `check` it, then read `problems`."""

    def __init__(self, name: str, text: str):
        self.name, self.text = name, text
        blank = NOT_TEXT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
        self.numbers = [Number(match.start(), match.end(), match[0]) for match in NUMBER.finditer(blank)]
        self.listed: dict[int, int] = {}  # start of a number -> how often it is listed
        self.problems: list[str] = []

    def check(self, figures: dict[str, Any], find: Callable[[str], Any]) -> None:
        """Compare the page with the content of figures.toml, in which each of its numbers must be.

        find (Callable[[str], Any]): gives what an expression finds in the records.
        """
        self.check_tables(figures, find)
        for words, expressions in figures.get("figures", {}).get(self.name, {}).items():
            found = self._find(words, only_once=True)
            expected = as_list(expressions)
            if len(found) == len(expected):
                for number, expression in zip(found, expected, strict=True):
                    self._compare(number, expression, find)
            elif found:
                self._report(found[0], f"has another number of expressions than '{words}' has figures")
        for words in figures.get("no_record", {}).get(self.name, {}):
            self._find(words, only_once=True)
        for words in figures.get("settings", {}).get(self.name, {}):
            self._find(words)
        for number in self.numbers:
            times = self.listed.get(number.start, 0)
            if not times:
                self._report(number, f"is not listed. Add it to {FILE}, whose comments say how")
            elif times > 1:
                self._report(number, f"is listed {times} times in {FILE}. Remove all but one entry")

    def check_tables(self, figures: dict[str, Any], find: Callable[[str], Any]) -> None:
        """Compare the page with the tables of figures.toml alone."""
        for table in figures.get("tables", []):
            if self.name in table["files"]:
                self._check_table(table, find)

    def _report(self, number: Number, what: str) -> None:
        line = self.text.count("\n", 0, number.start) + 1
        self.problems.append(f"{self.name}:{line}: {number.text} {what}.")

    def _find(self, words: str, only_once: bool = False) -> list[Number]:
        """The numbers in braces where the words stand, or all numbers there if there are no braces."""
        parts = [re.sub(r"(?:\\\s)+", r"\\s+", re.escape(part)) for part in re.split(r"\{([^}]*)\}", words)]
        parts[1::2] = [f"({part or NUMBER.pattern})" for part in parts[1::2]]
        matches = list(re.finditer("".join(parts), self.text))
        if not matches or (only_once and len(matches) > 1):
            expected = "once" if only_once else "once or more"
            self.problems.append(
                f"{self.name}: '{words}' stands there {len(matches)} times, expected {expected}. Correct {FILE}."
            )
            return []
        found = []
        for match in matches:
            inside = [n for n in self.numbers if match.start() <= n.start and n.end <= match.end()]
            starts = {match.start(group) for group in range(1, len(parts) // 2 + 1)}
            found += [number for number in inside if not starts or number.start in starts]
            if len(found) < len(starts) or not found:
                self.problems.append(f"{self.name}: '{words}' has braces around something else than a number.")
        return self._list(found)

    def _list(self, numbers: list[Number]) -> list[Number]:
        for number in numbers:
            self.listed[number.start] = self.listed.get(number.start, 0) + 1
        return numbers

    def _compare(self, number: Number, expression: str, find: Callable[[str], Any]) -> None:
        try:
            value = find(expression)
        except JMESPathError as error:
            value = error
        if not isinstance(value, int | float):
            self._report(number, f"has no number in a record: {expression} gives {value!r}. Correct the expression")
        elif not number.is_rounded(value):
            self._report(number, f"is {value:.6g} in its record: {expression}. Correct the page")

    def _check_table(self, table: dict[str, Any], find: Callable[[str], Any]) -> None:
        """Compare each named row, cell by cell. A cell without a number is right where the record has null."""
        rows = dict(table["rows"])
        for start, cells in self._rows(table["header"]):
            row = rows.pop(cells[0].strip(), None)
            if row is None:
                continue
            for cell, column in zip(cells, table["columns"], strict=True):
                end = start + len(cell)
                expected = [one.replace("$row", row) for one in as_list(column) if one]
                found = self._list([n for n in self.numbers if expected and start <= n.start and n.end <= end])
                if len(found) == len(expected):
                    for number, expression in zip(found, expected, strict=True):
                        self._compare(number, expression, find)
                elif found or any(find(expression) is not None for expression in expected):
                    what = f"'{cell.strip()}' of the row '{cells[0].strip()}' has {len(found)} numbers"
                    self.problems.append(f"{self.name}: {what}, expected {len(expected)}. Correct the page.")
                start = end + 1
        for name in rows:
            self.problems.append(f"{self.name}: no table '{table['header']}' with a row '{name}'.")

    def _rows(self, header: str) -> Iterator[tuple[int, list[str]]]:
        """Of the rows of the table with this header: where the first cell begins, and the cells."""
        start = self.text.find(f"\n{header}\n") + 1
        for line in self.text[start:].splitlines(keepends=True) if start else ():
            if not line.startswith("|"):
                return
            yield start + 1, line.rstrip().strip("|").split("|")
            start += len(line)


class Records:
    """The records that figures.toml names, read when an expression asks for them."""

    def __init__(self, folder: Path, names: dict[str, Any]):
        self.folder, self.names = folder, names
        self.contents: dict[str, Any] = {}

    def find(self, expression: str) -> Any:
        """What a JMESPath expression finds; None if it has no name of a record."""
        used = self.used(expression)
        self.contents |= {name: self._read(name) for name in used - self.contents.keys()}
        options = jmespath.Options(custom_functions=Arithmetic())
        return jmespath.search(expression, self.contents, options=options) if used else None

    def used(self, expression: str) -> set[str]:
        """The names of records in an expression."""
        return {name for name in self.names if re.search(rf"(?<![\w.]){name}\.", expression)}

    def _read(self, name: str) -> Any:
        source = self.names[name]
        if isinstance(source, str):
            return srsly.read_json(self.folder / source)
        runs = read_records([path for part in source["runs"] for path in sorted(self.folder.glob(part))])
        if "without_label" in source:
            runs = without_labels(runs, [source["without_label"]])
        report = make_report(runs, pairs=parse_pairs(source["compare"], runs.arms()), distant=source.get("distant"))
        return {"figures": report.figures(), "rows": report.rows()}

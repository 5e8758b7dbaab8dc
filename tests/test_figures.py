"""Each number of README.md and docs/ is in a record, or benchmarks/figures.toml says why it is in none."""

import tomllib
import warnings
from pathlib import Path

import pytest

from .figures import FILE, Page, Records

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / FILE).read_text(encoding="utf8")
FIGURES = tomllib.loads(TEXT)
RECORDS = Records(ROOT / "benchmarks/records", FIGURES["records"])
PAGES = ["README.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))]
# Some of their tables are listed
MEASUREMENTS = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "benchmarks/results").glob("*.md"))]
LISTS = ("figures", "no_record", "settings")


@pytest.mark.parametrize("name", PAGES)
def test_numbers_of_a_page(name: str) -> None:
    page = Page(name, (ROOT / name).read_text(encoding="utf8"))
    page.check(FIGURES, RECORDS.find)
    assert not page.problems, "\n".join(["", *page.problems])


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_tables_of_measurements(name: str) -> None:
    page = Page(name, (ROOT / name).read_text(encoding="utf8"))
    page.check_tables(FIGURES, RECORDS.find)
    assert not page.problems, "\n".join(["", *page.problems])


def test_lists_are_of_pages() -> None:
    assert FIGURES.keys() == {"records", "tables", *LISTS}
    assert {name for each in LISTS for name in FIGURES[each]} <= {*PAGES}
    assert {name for table in FIGURES["tables"] for name in table["files"]} <= {*PAGES, *MEASUREMENTS}


def test_every_record_is_used() -> None:
    assert RECORDS.used(TEXT.partition("[[tables]]")[2]) == RECORDS.names.keys()


def test_figures_without_a_record() -> None:
    """A warning counts them. A reason stands at each."""
    missing = [(name, words) for name, entries in FIGURES["no_record"].items() for words in entries]
    numbers = sum(words.count("{") for _, words in missing)
    assert all(FIGURES["no_record"][name][words] for name, words in missing)
    if numbers:
        listed = "; ".join(f"{name}: {words}" for name, words in missing)
        warnings.warn(f"{numbers} figures have no record: {listed}", stacklevel=1)


PAGE = """# Title of 2026

F1 is **71.6** (+9.6), in `code 5` and UTF-8 not;
it took three hours, −0.25 at most. Three times
see [this](https://a.org/7).

| | F1 |
|---|---:|
| de | 70.1 |
| es | 1,204 |
| none | - |

1. of 3
"""
LISTED = """
[[tables]]
files = ["a.md"]
header = "| | F1 |"
columns = ["", "run.$row"]
rows = { de = "de.f", es = "es", none = "none" }
[figures."a.md"]
"F1 is **{}** ({+9.6})" = ["percent(run.f)", "percent(minus(run.f, run.base))"]
"it took {three} hours, {−0.25}" = ["over(run.minutes, `60`)", "run.least"]
[no_record."a.md"]
"{Three} times see" = "old"
[settings."a.md"]
"2026" = "a year"
"of 3" = "an example"
"""
RUN = {"f": 0.71649, "base": 0.62001, "minutes": 190, "least": -0.25, "de": {"f": 70.149}, "es": 1204.4, "text": "1"}


def problems(page: str, listed: str) -> list[str]:
    records = Records(Path(), {"run": ""})
    records.contents["run"] = RUN
    checked = Page("a.md", page)
    checked.check(tomllib.loads(listed), records.find)
    return checked.problems


def test_nothing_is_wrong() -> None:
    assert problems(PAGE, LISTED) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("71.6", "71.7", "a.md:3: 71.7 is 71.649 in its record: percent(run.f). Correct the page"),
        ("+9.6", "-9.6", "'F1 is **{}** ({+9.6})' stands there 0 times"),
        ("70.1", "70.2", "a.md:9: 70.2 is 70.149 in its record: run.de.f. Correct the page"),
        ("1,204", "1,205", "a.md:10: 1,205 is 1204.4 in its record"),
        ("1,204", "many", "a.md: 'many' of the row 'es' has 0 numbers, expected 1. Correct the page"),
        ("| es |", "| it |", "no table '| | F1 |' with a row 'es'"),
        ("1,204", "1,204 or 3", "a.md: '1,204 or 3' of the row 'es' has 2 numbers, expected 1"),
        ("| | F1 |", "| | f1 |", "no table '| | F1 |' with a row 'de'"),
        ("2026", "2026, 4 times", "a.md:1: 4 is not listed. Add it to benchmarks/figures.toml"),
        ("it took", "it took two minutes, it took", "a.md:4: two is not listed"),
        ("`code 5`", "code 5", "a.md:3: 5 is not listed"),
        ("# Title", "F1 is **71.6** (+9.6).\n# Title", "stands there 2 times, expected once."),
        ("of 3", "of three", "'of 3' stands there 0 times, expected once or more"),
    ],
)
def test_another_page(old: str, new: str, expected: str) -> None:
    assert expected in "\n".join(problems(PAGE.replace(old, new), LISTED))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("percent(run.f)", "run.f", "a.md:3: 71.6 is 0.71649 in its record: run.f"),
        ("run.least", "run.most", "has no number in a record: run.most gives None. Correct the expression"),
        ("run.least", "run.text", "has no number in a record: run.text gives '1'"),
        (
            "run.least",
            "times(run.text, `1`)",
            "has no number in a record: times(run.text, `1`) gives JMESPathT",
        ),
        ("run.least", "run.[", "has no number in a record: run.[ gives "),
        ("run.least", "over(`-1`, `4`)", "has no number in a record"),
        (', "run.least"', "", "a.md:4: three has another number of expressions than"),
        ('"of 3"', '"71.6"', "a.md:3: 71.6 is listed 2 times"),
        ("{Three} times", "Three {times}", "has braces around something else than a number"),
    ],
)
def test_other_lists(old: str, new: str, expected: str) -> None:
    assert expected in "\n".join(problems(PAGE, LISTED.replace(old, new)))

"""A study's report as Markdown: what its page has, with the numbers of pictures in tables."""

from __future__ import annotations

import re

from .escaping import escape_markdown as plain
from .examples import disagreements
from .page import settings_of
from .report import Report
from .sections import MAX_EXAMPLES, Section, sections
from .tables import Table


def report_markdown(report: Report) -> str:
    """The answer, a table of contents, and all sections as Markdown."""
    found = sections(report)
    titles = ["Summary", *(section.title for section in found), "Settings", *(["Notes"] * bool(report.study.notes))]
    titles.append("Method")
    size = f"{len(report.arms)} arms, {len(report.study.runs)} runs. {report.sizes}"
    parts = [
        f"# Study {plain(report.study.name)}",
        f"**{plain(report.answer[0])}**",
        plain(f"Question: {report.question} {size}"),
        "\n".join(f"- [{title}](#{anchor_of(title)})" for title in titles),
        "## Summary",
        "\n".join(f"- {plain(sentence)}" for sentence in report.answer[1:]),
    ]
    for section in found:
        parts += _section(section)
        if section.key == "examples" and not section.missing:
            parts += _examples(report)
    parts.append("## Settings")
    for arm in report.arms:
        parts += _settings(report, arm)
    if report.study.notes:
        parts += ["## Notes", report.study.notes]
    parts += ["## Method", plain(report.method)]
    return "\n\n".join(parts) + "\n"


def anchor_of(title: str) -> str:
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _section(section: Section) -> list[str]:
    said = [plain(section.said)] if section.said else []
    missing = [f"Left out: {plain(section.missing)}."] if section.missing else []
    parts = [f"## {section.title}", *said, *missing]
    for part in section.parts:
        parts += [f"### {plain(part.title)}"] if part.title else []
        parts += [plain(part.said)] if part.said else []
        parts.append(markdown_table(part.table))
    return parts


def _examples(report: Report) -> list[str]:
    """The sentences on which arms disagree, with their entities as [name](LABEL)."""
    found = disagreements(report.arms, MAX_EXAMPLES)
    parts = []
    for sentence in found["sentences"] if found else []:
        lines = [f"- {sentence['lang']}, reference: {plain(sentence['marked'])}"]
        for result in sentence["results"]:
            right = "all right" if result["right"] else "not all right"
            lines.append(f"  - {plain(', '.join(result['arms']))}, {right}: {plain(result['marked'])}")
        parts.append("\n".join(lines))
    return parts


def _settings(report: Report, arm: str) -> list[str]:
    """An arm's description and its settings; the fence is longer than any run of backticks in them."""
    shown = settings_of(report, arm)
    parts = [f"### {plain(shown['name'])}", plain(shown["said"])]
    for setting in shown["settings"]:
        fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", setting))])
        parts.append(f"<details><summary>All settings</summary>\n\n{fence}json\n{setting}\n{fence}\n\n</details>")
    return parts


def markdown_table(table: Table) -> str:
    """A table in GitHub's Markdown."""
    marks = ["---", *[("---" if table.wraps else "---:")] * (len(table.header) - 1)]
    rows = [table.header, marks, *table.rows]
    return "\n".join(f"| {' | '.join(plain(cell) for cell in row)} |" for row in rows)

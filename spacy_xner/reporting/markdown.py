"""A study's report as Markdown: the answer and the tables."""

from __future__ import annotations

from .report import Report, Table


def report_markdown(report: Report) -> str:
    """The answer and the tables as Markdown."""
    parts = [f"# Study {_plain(report.study.name)}", _plain(report.question), *map(_plain, report.answer[:1])]
    parts.append("\n".join(f"- {_plain(sentence)}" for sentence in report.answer[1:]))
    tables = [
        ("F1 (95% interval)", report.scores()),
        ("F1 where each text counts once", report.once()),
        ("Differences", report.differences()),
        ("F1 by label", report.labels()),
        ("F1 by the amount of labels", report.amounts()),
        ("Errors in 100 entities to find", report.errors()),
        ("Cost", report.costs()),
    ]
    for title, table in tables:
        if table:
            parts += [f"## {title}", markdown_table(table)]
    if report.study.notes:
        parts += ["## Notes", report.study.notes]
    parts += ["## How it was made", f"{report.sizes} {_plain(report.compute)}", report.method]
    return "\n\n".join(parts) + "\n"


def markdown_table(table: Table) -> str:
    marks = ["---", *["---:"] * (len(table.header) - 1)]
    rows = [table.header, marks, *table.rows]
    return "\n".join(f"| {' | '.join(_plain(cell) for cell in row)} |" for row in rows)


def _plain(text: str) -> str:
    """A text on one line in which nothing is Markdown or ends a cell."""
    text = " ".join(text.split()).replace("\\", "\\\\")
    for mark in "|*_`<[":
        text = text.replace(mark, f"\\{mark}")
    return text

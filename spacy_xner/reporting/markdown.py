"""A study's report as Markdown: the answer and the tables."""

from __future__ import annotations

from .costs import costs_table, total_cost
from .escaping import escape_markdown as plain
from .report import Report
from .tables import (
    Table,
    differences_table,
    distinct_table,
    errors_table,
    labels_table,
    scores_table,
    shares_table,
)


def report_markdown(report: Report) -> str:
    """The answer and the tables as Markdown."""
    parts = [
        f"# Study {plain(report.study.name)}",
        plain(report.question),
        *map(plain, report.answer[:1]),
    ]
    parts.append("\n".join(f"- {plain(sentence)}" for sentence in report.answer[1:]))
    tables = [
        ("F1 (95% interval)", scores_table(report)),
        ("F1 counting each text once", distinct_table(report)),
        ("Differences", differences_table(report)),
        ("F1 by label", labels_table(report)),
        ("F1 by the share of labels", shares_table(report)),
        ("Errors per 100 entities in the reference", errors_table(report)),
        ("Cost", costs_table(report)),
    ]
    for title, table in tables:
        if table:
            parts += [f"## {title}", markdown_table(table)]
    if report.study.notes:
        parts += ["## Notes", report.study.notes]
    parts += ["## Method", f"{report.sizes} {plain(total_cost(report))}", report.method]
    return "\n\n".join(parts) + "\n"


def markdown_table(table: Table) -> str:
    """A table in GitHub's Markdown."""
    marks = ["---", *["---:"] * (len(table.header) - 1)]
    rows = [table.header, marks, *table.rows]
    return "\n".join(f"| {' | '.join(plain(cell) for cell in row)} |" for row in rows)

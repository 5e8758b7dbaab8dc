"""The CoNLL study on the test sentences whose text no earlier measurement of this project had looked at.

That the encoder has nine of its twelve layers was decided when `aggregation_f1.py` and `recogniser.py` had scored
pipelines on the first 700 development sentences of each language, which are among the study's test sentences. On the
others, the choice was blind.

    python benchmarks/study_unseen.py [benchmarks/records/study/conll] [--json FILE]
"""

from pathlib import Path
from typing import Annotated, Any

import srsly
import typer
from rich.table import Table

from spacy_xner.cli.console import make_console
from spacy_xner.cli.report import parse_pairs
from spacy_xner.experiments.records import Study, make_run, read_study
from spacy_xner.files import atomic_path
from spacy_xner.reporting.report import make_report

LOOKED_AT = 700  # sentences of each language


def sentences_from(record: dict[str, Any], first: int) -> dict[str, Any]:
    """A run's record with its test sentences from the number `first` on, but for texts that occur before."""
    kept = {}
    for lang, found in record["sentences"].items():
        repeats = dict(found.get("repeats") or [])
        left = [number for number in range(first, found["n"]) if repeats.get(number, number) >= first]
        numbers = {number: i for i, number in enumerate(left)}
        labels = {
            label: [[numbers[number], *counts] for number, *counts in rows if number in numbers]
            for label, rows in found["labels"].items()
        }
        again = [[numbers[number], numbers[one]] for number, one in repeats.items() if number in numbers]
        kept[lang] = {"n": len(left), "repeats": again, "labels": labels}
    return {key: value for key, value in record.items() if key not in ("errors", "examples")} | {"sentences": kept}


def main(
    records: Annotated[Path, typer.Argument(help="Records of the study, or its file.")] = Path(
        "benchmarks/records/study/conll"
    ),
    first: Annotated[int, typer.Option(help="Sentences of each language that were looked at.")] = LOOKED_AT,
    compare: Annotated[str, typer.Option(help="Arms to compare.")] = "a-a12,c-a,e-a,e-a12",
    json: Annotated[Path | None, typer.Option(help="Write figures and rows here.")] = None,
) -> None:
    """Print F1 and differences on the sentences left."""
    study = read_study([records])
    left = [make_run(sentences_from(run.data, first), run.file) for run in study.runs if run.labels == study.share]
    report = make_report(Study(study.name, left), pairs=parse_pairs(compare, study.arms()))
    console = make_console()
    console.print(report.sizes, highlight=False)
    for title, table in (("F1", report.scores()), ("differences", report.differences())):
        if table is not None:
            shown = Table(title=f"{study.name}: {title}", title_justify="left")
            for name in table.header:
                shown.add_column(name)
            for row in table.rows:
                shown.add_row(*row)
            console.print(shown)
    if json:
        with atomic_path(json) as temporary:
            srsly.write_json(temporary, {"figures": report.figures(), "rows": report.rows()})


if __name__ == "__main__":
    typer.run(main)

"""`xner report`: an HTML page, Markdown tables and a study file from the records of a study's runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonOption, QuietOption
from .torch_free import avoid_torch
from .usage import UsageError, usage_errors

if TYPE_CHECKING:
    from ..experiments.plan import Study


def report(
    records: Annotated[list[Path], typer.Argument(help="Records of runs, study files, or folders of them.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="HTML page to write.")] = Path("report.html"),
    markdown: Annotated[Path | None, typer.Option(help="Write the result and the tables here as Markdown.")] = None,
    study: Annotated[Path | None, typer.Option(help="Write all records to this one file.")] = None,
    json: JsonOption = None,
    baseline: Annotated[
        str | None, typer.Option(help="Arm to compare with. Default: a, or the first one.", show_default=False)
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(help="Pairs of arms, for example b-a,e-a. Default: each with the baseline.", show_default=False),
    ] = None,
    answer: Annotated[
        str | None,
        typer.Option(
            help="Pair of arms that answers the question. Default: that of the study file, or the highest arm.",
            show_default=False,
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            help="The study file, for the order of the arms and the answer, which older records lack.",
            show_default=False,
        ),
    ] = None,
    distant: Annotated[
        str | None,
        typer.Option(
            help="Languages that a second mean leaves out, such as zh,ja. Default: those least related to the source.",
            show_default=False,
        ),
    ] = None,
    from_sentence: Annotated[
        int,
        typer.Option(
            min=0, help="Evaluate on the test sentences from this number on, without texts that occur before it."
        ),
    ] = 0,
    without_label: Annotated[
        str | None,
        typer.Option(help="Labels to leave out, such as MISC, on which data sets disagree.", show_default=False),
    ] = None,
    if_any: Annotated[
        bool,
        typer.Option("--if-any", help="End without an error, and write nothing, if there are no records yet."),
    ] = False,
    resamples: Annotated[int, typer.Option(min=100, help="Bootstrap samples, for intervals.")] = 2000,
    permutations: Annotated[int, typer.Option(min=100, help="Permutations, for p values.")] = 10_000,
    quiet: QuietOption = False,
) -> None:
    """Report on a study: its answer, F1 of its arms with intervals, differences with p values, and supporting analyses.

    The page is one self-contained HTML file with pictures and tables. It needs matplotlib. --json holds the figures, as
    f1_ARM and ARM_minus_OTHER, and the rows of the table. A warning names pairs of arms that differ in more than one of
    text, layers, rate, steps and compute.

    Example: `xner report records/conll --output report.html --markdown report.md --study study.json`
    """
    avoid_torch()
    from rich.table import Table
    from rich.text import Text

    from ..experiments.pairs import parse_pair, parse_pairs
    from ..experiments.record_files import find_records, read_records, write_study_file
    from ..experiments.restriction import sentences_from, without_labels
    from ..files import atomic_path, check_output_path
    from ..reporting.markdown import report_markdown
    from ..reporting.page import report_html
    from ..reporting.report import make_report
    from ..reporting.svg import check_matplotlib
    from ..reporting.tables import scores_table
    from .console import STREAM, is_quiet, make_console, make_notes, write_json

    if (from_sentence or without_label) and study:
        raise UsageError("--study writes whole records, expected it without --from-sentence and --without-label.")
    if if_any and not any(path.is_file() or any(path.rglob("*.json")) for path in records):
        make_notes().print(
            f"There are no records in {', '.join(map(str, records))}: nothing is written.", soft_wrap=True
        )
        return
    outputs = [path for path in (output, markdown, study, json) if path not in (None, STREAM)]
    if len({path.resolve() for path in outputs}) < len(outputs):
        raise UsageError(f"Expected a different name for each output, found {', '.join(map(str, outputs))}.")
    for path in outputs:
        check_output_path(path, *find_records(records), *([plan] if plan else []))
    check_matplotlib()
    found = read_records(records)
    if from_sentence:
        found = sentences_from(found, from_sentence)
    if without_label:
        found = without_labels(found, [label.strip() for label in without_label.split(",") if label.strip()])
    with usage_errors("--compare: "):
        pairs = None if compare is None else parse_pairs(compare, found.arms())
    with usage_errors("--answer: "):
        if answer is not None:
            parse_pair(answer, found.arms())
    if baseline is not None and baseline not in found.arms():
        raise UsageError(
            f"There are no runs of an arm '{baseline}', expected one of {', '.join(sorted(found.arms()))}."
        )
    made = make_report(
        found,
        baseline=baseline,
        pairs=pairs,
        answer=answer,
        plan=_read_plan(plan),
        distant=None if distant is None else [lang.strip() for lang in distant.split(",") if lang.strip()],
        resamples=resamples,
        permutations=permutations,
    )
    texts = {output: report_html(made)} | ({markdown: report_markdown(made)} if markdown else {})
    for path, text in texts.items():
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf8", newline="\n")
    figures = made.figures()
    if study:
        write_study_file(study, found, figures)
    if json:
        write_json(json, {"figures": figures, "rows": made.rows()})
    for warning in [] if is_quiet() else made.warnings:
        typer.echo(f"Warning: {warning}", err=True)
    console = make_console()
    for sentence in made.answer:
        console.print(sentence, soft_wrap=True)
    scores = scores_table(made)
    table = Table(title=Text(f"Study {found.name}: F1"), title_justify="left")
    for number, name in enumerate(scores.header):
        table.add_column(name, justify="right" if number else "left")
    for row in scores.rows:
        table.add_row(*map(Text, row))
    console.print(table)
    make_notes().print(f"Wrote {' and '.join(map(str, outputs))}.", soft_wrap=True)


def _read_plan(path: Path | None) -> "Study | None":
    """The study file, if one is given: its checks import PyTorch, which a report does not need otherwise."""
    if path is None:
        return None
    from ..experiments.plan_file import read_study

    return read_study(path)

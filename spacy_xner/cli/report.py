"""`xner report`: an HTML page, Markdown tables and a study file from the records of a study's runs."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from .options import JsonOption, QuietOption
from .torch_free import avoid_torch
from .usage import UsageError


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
    from_sentence: Annotated[
        int,
        typer.Option(
            min=0, help="Evaluate on the test sentences from this number on, without texts that occur before it."
        ),
    ] = 0,
    resamples: Annotated[int, typer.Option(min=100, help="Bootstrap samples, for intervals.")] = 2000,
    permutations: Annotated[int, typer.Option(min=100, help="Permutations, for p values.")] = 10_000,
    quiet: QuietOption = False,
) -> None:
    """Report on a study: F1 of its arms with intervals, differences with p values, and supporting analyses.

    The page is one self-contained HTML file with plots and tables. It needs matplotlib. --json holds the figures, as
    f1_ARM and ARM_minus_OTHER, and the rows of the table.

    Example: `xner report records/conll --output report.html --markdown report.md --study study.json`
    """
    avoid_torch()
    from rich.table import Table
    from rich.text import Text

    from ..experiments.later_sentences import sentences_from
    from ..experiments.record_files import find_records, read_records, write_study_file
    from ..files import atomic_path, check_output_path
    from ..reporting.markdown import report_markdown
    from ..reporting.page import report_html
    from ..reporting.report import make_report
    from ..reporting.svg import check_matplotlib
    from ..reporting.tables import scores_table
    from .console import STREAM, make_console, make_notes, write_json

    if from_sentence and study:
        raise UsageError("--study writes whole records, expected it without --from-sentence.")
    outputs = [path for path in (output, markdown, study, json) if path not in (None, STREAM)]
    if len({path.resolve() for path in outputs}) < len(outputs):
        raise UsageError(f"Expected a different name for each output, found {', '.join(map(str, outputs))}.")
    for path in outputs:
        check_output_path(path, *find_records(records))
    check_matplotlib()
    found = read_records(records)
    if from_sentence:
        found = sentences_from(found, from_sentence)
    pairs = None if compare is None else parse_pairs(compare, found.arms())
    if baseline is not None and baseline not in found.arms():
        raise UsageError(
            f"There are no runs of an arm '{baseline}', expected one of {', '.join(sorted(found.arms()))}."
        )
    made = make_report(found, baseline=baseline, pairs=pairs, resamples=resamples, permutations=permutations)
    texts = {output: report_html(made)} | ({markdown: report_markdown(made)} if markdown else {})
    for path, text in texts.items():
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf8", newline="\n")
    figures = made.figures()
    if study:
        write_study_file(study, found, figures)
    if json:
        write_json(json, {"figures": figures, "rows": made.rows()})
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


def parse_pairs(compare: str, arms: Collection[str]) -> list[tuple[str, str]]:
    """Pairs of arms from `b-a,e-a`; names may have hyphens. RAISES: UsageError for anything but pairs of arms."""
    pairs = []
    for part in compare.split(","):
        pieces = part.strip().split("-")
        splits = [("-".join(pieces[:i]), "-".join(pieces[i:])) for i in range(1, len(pieces))]
        fitting = [(one, other) for one, other in splits if one in arms and other in arms and one != other]
        if len(fitting) != 1:
            raise UsageError(
                f"--compare: '{part.strip()}' is not a pair of arms, expected ARM-OTHER with two of "
                f"{', '.join(sorted(arms))}."
            )
        pairs += fitting
    if len(set(pairs)) < len(pairs):
        raise UsageError(f"--compare: '{compare}' contains a pair twice, expected each once.")
    return pairs

"""`xner report`: a study's page, Markdown and study file from the records of its runs."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from ..errors import XnerError


def report(
    records: Annotated[list[Path], typer.Argument(help="Records of runs, study files, or folders of them.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="HTML page to write.")] = Path("report.html"),
    markdown: Annotated[Path | None, typer.Option(help="Write the answer and the tables here as Markdown.")] = None,
    study: Annotated[Path | None, typer.Option(help="Write all records into this one file.")] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write figures here: f1_ARM, ARM_minus_OTHER.")] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Arm to compare with. By default `a`, or the first one.", show_default=False)
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(help="Arms to compare: `b-a,e-a`. By default each with the baseline.", show_default=False),
    ] = None,
    from_sentence: Annotated[
        int,
        typer.Option(
            min=0, help="Evaluate on the test sentences from this number on, without texts that occur before it."
        ),
    ] = 0,
    resamples: Annotated[int, typer.Option(min=100, help="Draws of the bootstrap, for intervals.")] = 2000,
    permutations: Annotated[int, typer.Option(min=100, help="Draws of the permutation test, for p values.")] = 10_000,
) -> None:
    """Report on a study: F1 of its arms with intervals, their differences with p values, and what stands behind them.

    The page holds pictures and tables in one file that loads nothing. It needs matplotlib.

    Example: `xner report records/conll --output report.html --markdown report.md --study study.json`
    """
    import srsly
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
    from .console import make_console

    if from_sentence and study:
        raise XnerError("--study writes whole records, expected it without --from-sentence.")
    outputs = [path for path in (output, markdown, study, json) if path is not None]
    if len({path.resolve() for path in outputs}) < len(outputs):
        raise XnerError(f"Expected a different name for each output, found {', '.join(map(str, outputs))}.")
    for path in outputs:
        check_output_path(path, *find_records(records))
    check_matplotlib()
    found = read_records(records)
    if from_sentence:
        found = sentences_from(found, from_sentence)
    pairs = None if compare is None else parse_pairs(compare, found.arms())
    made = make_report(found, baseline=baseline, pairs=pairs, resamples=resamples, permutations=permutations)
    texts = {output: report_html(made)} | ({markdown: report_markdown(made)} if markdown else {})
    for path, text in texts.items():
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf8", newline="\n")
    figures = made.figures()
    if study:
        write_study_file(study, found, figures)
    if json:
        with atomic_path(json) as temporary:
            srsly.write_json(temporary, {"figures": figures, "rows": made.rows()})
    console = make_console()
    for sentence in made.answer:
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    scores = scores_table(made)
    table = Table(title=Text(f"Study {found.name}: F1"), title_justify="left")
    for number, name in enumerate(scores.header):
        table.add_column(name, justify="right" if number else "left")
    for row in scores.rows:
        table.add_row(*map(Text, row))
    console.print(table)
    console.print(f"Wrote {' and '.join(map(str, outputs))}.", highlight=False, markup=False, soft_wrap=True)


def parse_pairs(compare: str, arms: Collection[str]) -> list[tuple[str, str]]:
    """Pairs of arms from `b-a,e-a`; names may have a hyphen too. RAISES: XnerError for what is no pair of arms."""
    pairs = []
    for part in compare.split(","):
        pieces = part.strip().split("-")
        splits = [("-".join(pieces[:i]), "-".join(pieces[i:])) for i in range(1, len(pieces))]
        fitting = [(one, other) for one, other in splits if one in arms and other in arms and one != other]
        if len(fitting) != 1:
            raise XnerError(
                f"--compare: '{part.strip()}' is no pair of arms, expected ARM-OTHER with two of "
                f"{', '.join(sorted(arms))}."
            )
        pairs += fitting
    if len(set(pairs)) < len(pairs):
        raise XnerError(f"--compare: '{compare}' has a pair twice, expected each once.")
    return pairs

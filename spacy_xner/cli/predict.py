"""`xner predict`: the entities that a pipeline finds in texts."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from ..errors import XnerError
from .command import accepts_streams
from .console import STREAM, is_quiet, make_console, make_notes, running, with_names
from .options import GpuOption, PipelineArgument, PipelineBatchSizeOption, QuietOption
from .usage import UsageError, usage_errors

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from ..corpus.formats.report import Report
    from ..corpus.predict import Row, Text
    from ..corpus.predict_files import InputFiles
    from ..corpus.prediction_formats import FileType

NAMED = 3  # files that the page names
FileTypeName = StrEnum("FileTypeName", ["jsonl", "iob", "spacy"])
ProcessOption = Annotated[int, typer.Option("--n-process", min=1, help="Number of processes, on the CPU.")]


@accepts_streams("files", "output")
def predict(
    pipeline: PipelineArgument,
    files: Annotated[list[Path], typer.Argument(help="Files of any format, folders, or - for standard input.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write: .jsonl, .iob, .iob2, .bio, .conll (each also with .gz) or .spacy; - for standard "
            "output. Default: standard output, but not with --html or --examples.",
            show_default=False,
        ),
    ] = None,
    file_type: Annotated[
        FileTypeName | None,
        typer.Option("--file-type", "-t", help="Format of an output whose name does not say it.", show_default="jsonl"),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write an HTML page that shows the entities in the text.")] = None,
    html_limit: Annotated[int, typer.Option(min=1, help="With --html: the most texts on the page.")] = 200,
    examples: Annotated[
        bool, typer.Option("--examples", help="Print a sentence of each language with its entities.")
    ] = False,
    format: Annotated[
        str, typer.Option(help="Format of the input, as for `xner corpus convert`; of standard input: plain or jsonl.")
    ] = "auto",
    lang: Annotated[str | None, typer.Option(help="Language of texts that do not name it. Default: unknown.")] = None,
    batch_size: PipelineBatchSizeOption = None,
    n_process: ProcessOption = 1,
    gpu_id: GpuOption = -1,
    quiet: QuietOption = False,
) -> None:
    """Find entities in texts: a JSON object per text, IOB columns, a DocBin, or an HTML page.

    An object has `id`, `lang` if it is known, `text` and `entities`: `start` and `end` in characters, `label`, `text`
    and, if the pipeline gives scores, `score`. A line of a .txt or of standard input is a text, and so is a sentence of
    any other format; labels in it are not looked at. Ids are those of the file, or its name and the line. In columns,
    id, language and text are comments before the tokens, which `xner corpus convert` reads. Memory does not grow with
    the number of texts, but for a DocBin.

    From files into a file, an interrupted run resumes after its last full batch: run the same command again. Results
    are kept in a hidden file beside the output until it is complete, and are not used for other texts, another
    pipeline or other settings. Standard input cannot be resumed. Its texts are processed in batches as they arrive: use
    --batch-size 1 to get each result at once.

    --examples shows the labelled sentence of 40 to 160 characters that has at least three entities, of unlabelled text
    the one of the first 20 in which most are found.

    Examples:

    ```
    xner predict xx_xner_agg news.txt --output news.jsonl
    cat texts.jsonl | xner predict xx_xner_agg - --batch-size 64 > entities.jsonl
    xner predict xx_xner_agg corpora/test --output predicted.iob.gz --html predicted.html
    xner predict xx_xner_agg corpora/test --examples
    ```
    """
    from ..corpus.formats.inline import NOTHING_MARKED
    from ..corpus.formats.report import Report
    from ..corpus.predict import UNKNOWN
    from ..corpus.predict_files import InputFiles, predict_files
    from ..corpus.prediction_formats import check_pipeline_labels
    from ..languages.codes import normalise_code
    from ..pipelines import load_pipeline, use_gpu
    from .progress import print_counts, print_report, resumable_progress

    if output is None and html is None and not examples:
        output = STREAM
    with usage_errors():
        kind = output_type(output, file_type)
        code = (normalise_code(lang) if lang else None) or UNKNOWN
    if n_process > 1 and gpu_id >= 0:
        raise UsageError("Found --n-process with --gpu-id, expected one of them: processes would share a GPU.")
    if examples and STREAM in (*files, output):
        raise UsageError("Found --examples with standard input or output, expected files.")
    paths = find_inputs(files, format)
    check_outputs(output, html, paths)
    use_gpu(gpu_id)
    nlp = load_pipeline(pipeline)
    if output is not None:
        check_pipeline_labels(nlp, output, kind)
    inputs = InputFiles(paths, nlp.lang if code == UNKNOWN else code, format)  # type: ignore[arg-type]
    counts: Counter[str] = Counter()
    report, rows = Report(), list["Row"]()
    n_rows = html_limit if html else 0
    sizes: dict[str, Any] = {"batch_size": batch_size, "n_process": n_process}

    with running(quiet=is_quiet(), data_on_stdout=output == STREAM):
        if output is not None or html is not None:
            if output in (None, STREAM) or STREAM in paths:
                rows = predict_stream(output, kind, nlp, inputs, counts, report, n_rows, **sizes)
            else:
                device = "cpu" if gpu_id < 0 else "gpu"
                show = resumable_progress("Predicting", "texts")
                sizes |= {"n_rows": n_rows, "device": device}
                rows = predict_files(output, inputs, nlp, counts, file_type=kind, progress=show, report=report, **sizes)
            for path, what in list(report.recognised.items()):
                report.recognise(path, what.replace(NOTHING_MARKED, "unlabelled"))  # without other commands' options
            print_report(report)
            shown = "<stdout>" if output == STREAM else f"{output or html}"
            print_counts(shown, {"texts": 0} | {key: n for key, n in counts.items() if n})
        if html is not None:
            write_page(html, rows, nlp, paths, counts["texts"])
        if examples:
            print_examples(nlp, inputs.read(Counter()), batch_size)


def output_type(output: Path | None, file_type: FileTypeName | None) -> "FileType":
    """The format of the output. RAISES: XnerError for a type that the output cannot have, and a type without output."""
    from ..corpus.prediction_formats import file_type_of

    chosen: FileType | None = file_type.value if file_type else None  # type: ignore[assignment]
    if output is None and chosen:
        raise XnerError(f"Found --file-type {chosen} without an output, expected --output too, - for standard output.")
    if output is None or output == STREAM:
        if chosen == "spacy":
            raise XnerError("Found --file-type spacy for standard output, expected the DocBin's name as --output.")
        return chosen or "jsonl"
    return file_type_of(output, chosen)


def find_inputs(files: list[Path], format: str) -> list[Path]:
    """The files to read, with those of folders, and `-` for standard input.

    RAISES: UsageError for an unknown format, and one that standard input cannot have; XnerError for a file that is not
        there, or has an unknown ending.
    """
    from ..corpus.formats.reading import Format, detect_format, find_files

    if format not in get_args(Format):
        raise UsageError(f"--format is {format}, expected one of {', '.join(get_args(Format))}.")
    if STREAM in files and format not in ("auto", "plain", "jsonl"):
        raise UsageError(f"--format is {format}, expected plain or jsonl for standard input.")
    found: list[Path] = []
    for path in files:
        if path != STREAM and not path.exists():
            raise XnerError(f"{path}: there is no such file or folder.")
        found += [path] if path == STREAM else find_files([path])
    for path in found:
        if path != STREAM and format == "auto":
            detect_format(path)
    return found


def check_outputs(output: Path | None, html: Path | None, inputs: list[Path]) -> None:
    """RAISES: XnerError for an output that is an input or the other output, and cannot be written."""
    from ..files import check_output_path, check_writable

    others = [path for path in inputs if path != STREAM]
    for path in (output, html):
        if path is not None and path != STREAM:
            check_output_path(path, *others)
            check_writable(path)
    if html is not None and output is not None and output.absolute() == html.absolute():
        raise UsageError(f"Found {html} for both --output and --html, expected two names.")


def texts_of(inputs: "InputFiles", counts: Counter[str], report: "Report") -> "Iterator[Text]":
    """The texts of files and of standard input, in order, as they are needed."""
    from ..corpus.convert import name_files
    from ..corpus.predict import read_inputs, read_stream

    paths = [path for path in inputs.paths if path != STREAM]
    names = dict(zip(paths, name_files(paths), strict=True))
    for path in inputs.paths:
        if path == STREAM:
            kind = None if inputs.format == "auto" else inputs.format
            yield from read_stream(sys.stdin.buffer, inputs.lang, counts, kind)  # type: ignore[arg-type]
        else:
            yield from read_inputs(path, names[path], inputs.lang, counts, inputs.format, report)


def predict_stream(
    output: Path | None,
    file_type: "FileType",
    nlp: "Language",
    inputs: "InputFiles",
    counts: Counter[str],
    report: "Report",
    n_rows: int,
    **sizes: Any,
) -> "list[Row]":
    """Predict texts as they are read, and write them; without an output only those that are returned.

    RETURNS: the first `n_rows` texts with their entities.
    """
    from ..corpus.predict import predict
    from ..corpus.prediction_formats import kept_rows, write_predictions
    from .progress import progress

    rows: list[Row] = []
    texts = texts_of(inputs, counts, report)
    known = texts if output is not None else islice(texts, n_rows)
    docs = progress(predict(nlp, known, **sizes), "Predicting")
    docs = kept_rows(count_entities(docs, counts), n_rows, rows)
    if output == STREAM:
        write_to_stdout(docs, file_type, counts)
    elif output is not None:
        write_predictions(output, docs, file_type, counts)
    else:
        for _ in chain(docs, texts):  # the others are only counted
            pass
    return rows


def count_entities(docs: "Iterable[Doc]", counts: Counter[str]) -> "Iterator[Doc]":
    """Yield the docs, and count their entities."""
    for doc in docs:
        counts["entities"] += len(doc.ents)
        yield doc


def write_to_stdout(docs: "Iterable[Doc]", file_type: "FileType", counts: Counter[str]) -> None:
    """Write docs as text to standard output, each at once."""
    from ..corpus.prediction_formats import TEXT_OF_DOC

    for doc in docs:
        sys.stdout.buffer.write(TEXT_OF_DOC[file_type](doc, counts).encode())
        sys.stdout.buffer.flush()


def write_page(html: Path, rows: "list[Row]", nlp: "Language", files: list[Path], n_texts: int) -> None:
    """Write the page of the first texts, which says how many others there are."""
    from ..files import atomic_path
    from ..pipelines import name_of
    from ..reporting.predictions_page import predictions_page
    from ..reporting.wording import count

    names = ["standard input" if path == STREAM else Path(with_names(str(path))).name for path in files]
    shown = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED:,} more files" if len(names) > NAMED else "")
    n_entities = sum(len(row["entities"]) for row in rows)
    is_cut = len(rows) < n_texts
    part = f"the first {len(rows):,} of {n_texts:,} texts (--html-limit)" if is_cut else count(n_texts, "text")
    note = f"{shown}: {part}, with {count(n_entities, 'entity', 'entities')}, found by {name_of(nlp)}."
    title = f"Entities found by {nlp.meta.get('lang', 'xx')}_{nlp.meta.get('name', 'pipeline')}"
    with atomic_path(html) as temporary:
        temporary.write_text(predictions_page(rows, title, note), encoding="utf8")
    make_notes().print(f"Wrote {html}{f' with {part}' if is_cut else ''}: open it in a browser.")


def print_examples(nlp: "Language", texts: "Iterable[Text]", batch_size: int | None) -> None:
    """Print a sentence of each language with its entities."""
    from ..reporting.example_docs import find_examples, marked_entities

    console = make_console()
    for lang, doc in find_examples(nlp, texts, batch_size).items():
        console.print(marked_entities(lang, doc), soft_wrap=True)

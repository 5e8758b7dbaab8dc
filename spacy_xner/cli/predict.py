"""`xner predict`: the entities that a pipeline finds in texts."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from .command import accepts_streams
from .console import STREAM
from .options import GpuOption, PipelineArgument, PipelineBatchSizeOption, QuietOption
from .usage import UsageError, usage_errors

if TYPE_CHECKING:
    from spacy.tokens import Doc

ProcessOption = Annotated[int, typer.Option("--n-process", min=1, help="Number of processes, on the CPU.")]


@accepts_streams("files", "output")
def predict(
    pipeline: PipelineArgument,
    files: Annotated[list[Path], typer.Argument(help="Files of any format, or - for standard input.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write: .jsonl, .jsonl.gz or .spacy; - for standard output.")
    ] = STREAM,
    format: Annotated[
        str, typer.Option(help="Format of the input, as for `xner corpus convert`; of standard input: plain or jsonl.")
    ] = "auto",
    lang: Annotated[str | None, typer.Option(help="Language of texts that do not name it. Default: unknown.")] = None,
    batch_size: PipelineBatchSizeOption = None,
    n_process: ProcessOption = 1,
    gpu_id: GpuOption = -1,
    quiet: QuietOption = False,
) -> None:
    """Find entities in texts: a JSON object per text, or a DocBin.

    An object has `id`, `lang` if it is known, `text` and `entities`: `start` and `end` in characters, `label`, `text`
    and, if the pipeline gives scores, `score`. A line of a .txt or of standard input is a text, and so is a sentence of
    any other format; labels in it are not looked at. Ids are those of the file, or its name and the line. Memory does
    not grow with the number of texts, but for a DocBin. Texts of standard input are processed in batches as they
    arrive: use --batch-size 1 to get each result at once.

    Examples:

    ```
    xner predict xx_xner_agg news.txt --output news.jsonl
    cat texts.jsonl | xner predict xx_xner_agg - --batch-size 64 > entities.jsonl
    xner predict xx_xner_agg corpora/test/de.spacy --output predicted.spacy
    ```
    """
    from ..corpus.convert import name_files
    from ..corpus.formats.reading import Format
    from ..corpus.predict import UNKNOWN, Text, read_inputs, read_stream
    from ..corpus.predict import predict as predict_docs
    from ..errors import XnerError
    from ..files import check_output_path
    from ..languages.codes import normalise_code
    from ..pipelines import load_pipeline, use_gpu
    from .progress import print_counts, progress

    write = writer_of(output)
    with usage_errors():
        code = (normalise_code(lang) if lang else None) or UNKNOWN
    if n_process > 1 and gpu_id >= 0:
        raise UsageError("Found --n-process with --gpu-id, expected one of them: processes would share a GPU.")
    if format not in get_args(Format):
        raise UsageError(f"--format is {format}, expected one of {', '.join(get_args(Format))}.")
    if STREAM in files and format not in ("auto", "plain", "jsonl"):
        raise UsageError(f"--format is {format}, expected plain or jsonl for standard input.")
    for path in files:
        if path != STREAM and not path.is_file():
            raise XnerError(f"{path}: there is no such file.")
    if output != STREAM:
        check_output_path(output, *(path for path in files if path != STREAM))
    use_gpu(gpu_id)
    nlp = load_pipeline(pipeline)
    known = nlp.lang if code == UNKNOWN else code
    counts: Counter[str] = Counter()

    paths = [path for path in files if path != STREAM]
    names = dict(zip(paths, name_files(paths), strict=True))

    def texts() -> Iterator[Text]:
        for path in files:
            if path == STREAM:
                stream = None if format == "auto" else format
                yield from read_stream(sys.stdin.buffer, known, counts, stream)  # type: ignore[arg-type]
            else:
                yield from read_inputs(path, names[path], known, counts, format)  # type: ignore[arg-type]

    def docs() -> "Iterator[Doc]":
        for doc in predict_docs(nlp, texts(), batch_size, n_process):
            counts["entities"] += len(doc.ents)
            yield doc

    write(progress(docs(), "Predicting"))
    print_counts("<stdout>" if output == STREAM else f"{output}", {key: n for key, n in counts.items() if n})


def writer_of(output: Path) -> "Callable[[Iterable[Doc]], None]":
    """The function that writes docs to an output. RAISES: UsageError for an output of an unknown format."""
    name = output.name.removesuffix(".gz")
    if output == STREAM:
        return write_to_stdout
    if name.endswith((".jsonl", ".ndjson")):
        return lambda docs: write_lines(output, docs)
    if output.suffix == ".spacy":
        return lambda docs: write_docbin(output, docs)
    raise UsageError(f"The output is {output}, expected a name that ends in .jsonl, .jsonl.gz or .spacy, or -.")


def write_to_stdout(docs: "Iterable[Doc]") -> None:
    """Write a JSON object per line to standard output, each at once."""
    for line in lines_of(docs):
        sys.stdout.buffer.write(line.encode())
        sys.stdout.buffer.flush()


def write_lines(output: Path, docs: "Iterable[Doc]") -> None:
    """Write a JSON object per line to a file, which appears when all are written."""
    from ..files import atomic_path, open_text

    with atomic_path(output) as temporary, open_text(temporary) as file:
        file.writelines(lines_of(docs))


def write_docbin(output: Path, docs: "Iterable[Doc]") -> None:
    """Write docs with entities and scores to a DocBin."""
    from ..corpus.docs import write_docs
    from ..corpus.predict import without_encoder_output

    write_docs(output, map(without_encoder_output, docs))


def lines_of(docs: "Iterable[Doc]") -> Iterator[str]:
    """Each doc as a line of JSON."""
    from ..corpus.predict import prediction_as_json

    return (json.dumps(prediction_as_json(doc), ensure_ascii=False) + "\n" for doc in docs)

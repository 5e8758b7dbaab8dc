"""Output files of commands: --output, the deprecated output argument, and a file for each language."""

from pathlib import Path

from ..errors import XnerError
from ..files import check_output_path
from .console import STREAM, is_quiet
from .usage import UsageError, usage_errors


def choose_output(output: Path | None, argument: Path | None, default: Path | None = None) -> Path:
    """The output of a command, from --output or from the deprecated argument.

    RAISES: UsageError for both, and for neither where there is no default.
    """
    if argument is None:
        if output is None and default is None:
            raise UsageError("Missing option '--output' / '-o'.")
        return output or default  # type: ignore[return-value]
    if output is not None:
        raise UsageError(f"Found two outputs, {argument} and --output {output}, expected --output alone.")
    warn_of_argument(argument)
    return argument


def warn_of_argument(output: Path) -> None:
    """Print a note on standard error that the output should be an option."""
    import typer

    if not is_quiet():
        typer.echo(f"Note: an output without an option is deprecated, write --output {output}.", err=True)


def for_each_language(lang: str | None, *paths: Path) -> list[tuple[str | None, list[Path]]]:
    """Each language of a list such as "de,es", and the paths with `{lang}` replaced by it.

    RAISES: UsageError for a value that is no language code, for several languages and a path without `{lang}`, and for
        `{lang}` without a language.
    """
    from ..languages.codes import normalise_code

    codes = [code.strip() for code in (lang or "").split(",") if code.strip()]
    with usage_errors():
        for code in codes:
            normalise_code(code)
    if not codes and any("{lang}" in str(path) for path in paths):
        raise UsageError("A file name has {lang} in it, expected its languages as --lang, for example --lang de,es,fr.")
    if len(codes) > 1 and not all("{lang}" in str(path) for path in paths):
        without = next(path for path in paths if "{lang}" not in str(path))
        raise UsageError(
            f"Found the languages {', '.join(codes)} and the one file {without}, expected {{lang}} in its name, as "
            f"{without.with_stem('{lang}')}."
        )
    return [(code, [Path(str(path).replace("{lang}", str(code))) for path in paths]) for code in codes or (None,)]


def for_each_target(lang: str, source: str, output: Path) -> list[tuple[str, Path]]:
    """Each language to translate into, and the file to write, see `for_each_language`.

    source (str): the language of the texts.
    RAISES: UsageError where the source language is one of them, and where there is none.
    """
    from ..languages.codes import normalise_code

    targets = []
    for code, (out,) in for_each_language(lang, output):
        if code is None:
            raise UsageError("--lang names no language, expected those to translate into, for example --lang de,es,fr.")
        if normalise_code(code) == normalise_code(source):
            raise UsageError(f"--lang names {code}, the language of the texts: expected another one.")
        targets.append((code, out))
    return targets


def check_output(output: Path, *inputs: Path, shard_size: int | None = None) -> None:
    """Check the DocBin that a command is to write, or with a `shard_size` the folder of them.

    RAISES: UsageError for a name without the ending .spacy, and for a folder with it; XnerError for a folder in place
        of a DocBin, for a folder of other files, and for an input, which would be overwritten.
    """
    if shard_size is not None:
        if output == STREAM or output.suffix == ".spacy":
            raise UsageError(f"Found --shard-size and the output {output}, expected a folder to write DocBins into.")
        from ..corpus.doc_shards import check_shard_folder

        check_shard_folder(output)
        for path in inputs:
            if output.resolve() in (path.resolve(), *path.resolve().parents):
                raise XnerError(f"{path} is in {output} and would be lost, expected another folder for the output.")
        return
    if output == STREAM:
        return
    if output.suffix != ".spacy":
        raise UsageError(f"The output is {output}, expected the DocBin to write, with the ending .spacy.")
    check_output_path(output, *inputs)


def check_pipeline_output(output: Path) -> None:
    """RAISES: XnerError where a folder to write a pipeline to has anything else than a pipeline."""
    if output.exists() and not (output / "meta.json").is_file() and (output.is_file() or any(output.iterdir())):
        raise XnerError(f"{output} holds something else than a pipeline, which would be lost. Choose another folder.")

"""Output files of commands: a file for each language, checks before any work."""

from collections.abc import Iterator
from pathlib import Path

from ..errors import XnerError
from ..files import check_output_path


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

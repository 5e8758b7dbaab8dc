"""How far languages are from each other: the branches of Glottolog's family tree that they share."""

from functools import cache
from pathlib import Path

from .codes import base_language

TABLE = Path(__file__).parent / "glottolog.tsv"


@cache
def _table() -> dict[str, tuple[str, ...]]:
    rows = [line for line in TABLE.read_text(encoding="utf8").splitlines() if not line.startswith("#")]
    return {code: tuple(branches.split("/")) for code, branches in (row.split("\t") for row in rows)}


def branches_of(lang: str) -> tuple[str, ...]:
    """The branches of Glottolog's family tree above a language, from its family down: ("Indo-European", ...,
    "West Germanic", ...). Empty for languages that the table does not have.

    lang (str): language code. Region and script do not matter. RAISES: XnerError for anything else.
    """
    return _table().get(base_language(lang), ())


def shared_branches(one: str, other: str) -> int | None:
    """The number of branches above both languages: 0 for languages of different families. None if one is not known.

    Depth below the last common branch does not count: Glottolog divides well-studied branches more finely.

    one, other (str): language codes. RAISES: XnerError for anything else.
    """
    both = branches_of(one), branches_of(other)
    if not all(both):
        return None
    pairs = list(zip(*both, strict=False))
    return next((i for i, (a, b) in enumerate(pairs) if a != b), len(pairs))


def most_distant(source: str, targets: list[str]) -> list[str]:
    """The targets that share the fewest branches with the source: several where they share equally few.

    RETURNS (list[str]): in the order of `targets`; empty if a language is not known, or all are equally far.
    """
    shared = {lang: shared_branches(source, lang) for lang in targets}
    known = [n for n in shared.values() if n is not None]
    if len(known) < len(targets) or len(set(known)) < 2:
        return []
    return [lang for lang in targets if shared[lang] == min(known)]

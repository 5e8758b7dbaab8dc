"""Which target languages are the most distant from the source, for a mean without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import XnerError
from ..experiments.records import StudyRecords
from ..languages.families import branches_of, most_distant, shared_branches
from .wording import listed


@dataclass(frozen=True)
class Distant:
    """Languages that a second mean leaves out.

    langs (list[str]): [] if there is no such mean. said (str): how they were chosen, or why there are none.
    """

    langs: list[str]
    said: str


def distant_languages(study: StudyRecords, chosen: Sequence[str] | None = None) -> Distant:
    """The most distant targets: those that are `chosen`, or that share the fewest branches of Glottolog's family
    tree with the source.

    RAISES: XnerError for a chosen language that is no target, and if no target is left.
    """
    targets = study.targets
    if chosen is not None:
        if unknown := [lang for lang in chosen if lang not in targets]:
            raise XnerError(f"The study has no target language '{unknown[0]}', expected some of {', '.join(targets)}.")
        if not set(targets) - set(chosen):
            raise XnerError(f"The languages {', '.join(chosen)} are all targets of the study: expected some of them.")
        langs = [lang for lang in targets if lang in chosen]
        return Distant(langs, f"The second mean leaves out {listed(langs)}, as was asked for." if langs else "")
    if len(targets) < 2:
        return Distant([], "")
    source = study.runs[0].data["scores"].get("source")
    none = "There is no mean without the most distant language: "
    if not source:
        return Distant([], f"{none}the records do not say the source language.")
    if unplaced := [lang for lang in (source, *targets) if not _is_placed(lang)]:
        return Distant([], f"{none}Glottolog's family tree, as we have it, lacks {listed(unplaced)}.")
    if not (langs := most_distant(source, targets)):
        return Distant([], f"{none}all targets share equally many branches of Glottolog's family tree with {source}.")
    shared = shared_branches(source, langs[0]) or 0
    nearest = max(shared_branches(source, lang) or 0 for lang in targets)
    them = "the language that shares" if len(langs) == 1 else "the languages that share"
    return Distant(
        langs,
        f"The second mean leaves out {listed(langs)}, {them} the fewest branches of Glottolog's family tree with "
        f"{source}: {shared or 'none'}; the nearest target shares {nearest}.",
    )


def _is_placed(lang: str) -> bool:
    """Whether the family tree has the language; not if it is no language code."""
    try:
        return bool(branches_of(lang))
    except XnerError:
        return False

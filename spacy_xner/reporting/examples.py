"""Sentences on which the predictions of arms differ, for the report's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from markupsafe import Markup

from ..corpus.formats.inline import format_inline
from ..experiments.records import RunRecord
from .entities_html import direction_of, shown_entities


def disagreements(arms: Mapping[str, Sequence[RunRecord]], limit: int) -> dict[str, Any] | None:
    """The first sentences for which not all arms predicted the same entities, alternating between languages.

    arms (Mapping[str, Sequence[RunRecord]]): arm -> its runs. Of each arm, the run with the lowest seed that all arms
        have is used, or the one with the arm's own lowest seed.
    limit (int): the number of sentences.
    RETURNS (dict[str, Any] | None): `runs` (arm -> seed), `sentences`, `compared` (the number of sentences that all
        records have) and `n_differing`; None if fewer than two arms have examples.
    """
    with_examples = {arm: [run for run in runs if run.get("examples")] for arm, runs in arms.items()}
    with_examples = {arm: runs for arm, runs in with_examples.items() if runs}
    if len(with_examples) < 2:
        return None
    common = set.intersection(*({run.seed for run in runs} for runs in with_examples.values()))
    seed = min(common, default=None)
    chosen = {
        arm: next((run for run in runs if run.seed == seed), min(runs, key=lambda run: run.seed))
        for arm, runs in with_examples.items()
    }
    found = {arm: {(e["lang"], e["id"]): e for e in run.data["examples"]} for arm, run in chosen.items()}
    first = next(iter(found.values()))
    shared = [key for key in first if all(key in by_key for by_key in found.values())]
    differing = [key for key in shared if len({_set_of(by_key[key]["found"]) for by_key in found.values()}) > 1]
    by_language: dict[str, list[tuple[str, str]]] = {}
    for key in differing:
        by_language.setdefault(key[0], []).append(key)
    turns = [key for turn in zip_longest(*by_language.values()) for key in turn if key]
    return {
        "runs": {arm: run.seed for arm, run in chosen.items()},
        "compared": len(shared),
        "n_differing": len(differing),
        "sentences": [_as_variables({arm: by_key[key] for arm, by_key in found.items()}) for key in turns[:limit]],
    }


def _as_variables(by_arm: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """A sentence for the template: its reference entities, and the predictions with the arms that made them.

    `gold` and `shown` are HTML, `marked` is text in the inline format.
    """
    example = next(iter(by_arm.values()))
    gold = _set_of(example["gold"])
    results: dict[Any, list[str]] = {}
    for arm, each in by_arm.items():
        results.setdefault(_set_of(each["found"]), []).append(arm)
    return {
        "lang": example["lang"],
        "id": example["id"],
        "direction": direction_of(example["text"]),
        "gold": _shown(example["text"], gold),
        "marked": format_inline(example["text"], sorted(gold)),
        "results": [
            {
                "arms": arms,
                "right": spans == gold,
                "shown": _shown(example["text"], spans),
                "marked": format_inline(example["text"], sorted(spans)),
            }
            for spans, arms in results.items()
        ],
    }


def _set_of(spans: Sequence[Sequence[Any]]) -> frozenset[tuple[int, int, str]]:
    return frozenset((start, end, label) for start, end, label in spans)


def _shown(text: str, spans: frozenset[tuple[int, int, str]]) -> Markup:
    return shown_entities(text, [(start, end, label, "") for start, end, label in sorted(spans)])

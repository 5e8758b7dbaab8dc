"""Sentences on which arms disagree, as a report shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from markupsafe import Markup

from ..experiments.records import Run
from .entities_html import direction_of, shown_entities


def disagreements(arms: Mapping[str, Sequence[Run]], limit: int) -> dict[str, Any] | None:
    """The first sentences that not all arms found the same entities in, whoever is right, the languages by turns.

    arms (Mapping[str, Sequence[Run]]): arm -> its runs. Of each, the run with the lowest seed that all of them have is
        taken, or else with its own lowest one.
    RETURNS (dict[str, Any] | None): `runs` (arm -> seed), `sentences`, and `compared`, the number of sentences that
        all arms kept; None where fewer than two arms have examples.
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
    shared = [key for key in first if all(key in of_arm for of_arm in found.values())]
    differing = [key for key in shared if len({_set_of(of_arm[key]["found"]) for of_arm in found.values()}) > 1]
    by_language: dict[str, list[tuple[str, str]]] = {}
    for key in differing:
        by_language.setdefault(key[0], []).append(key)
    turns = [key for turn in zip_longest(*by_language.values()) for key in turn if key]
    return {
        "runs": {arm: run.seed for arm, run in chosen.items()},
        "compared": len(shared),
        "differing": len(differing),
        "sentences": [_as_variables({arm: of_arm[key] for arm, of_arm in found.items()}) for key in turns[:limit]],
    }


def _as_variables(by_arm: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """A sentence: what it has, then what arms found, those that found the same together."""
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
        "results": [
            {"arms": arms, "right": spans == gold, "shown": _shown(example["text"], spans)}
            for spans, arms in results.items()
        ],
    }


def _set_of(spans: Sequence[Sequence[Any]]) -> frozenset[tuple[int, int, str]]:
    return frozenset((start, end, label) for start, end, label in spans)


def _shown(text: str, spans: frozenset[tuple[int, int, str]]) -> Markup:
    return shown_entities(text, [(start, end, label, "") for start, end, label in sorted(spans)])

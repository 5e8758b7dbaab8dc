"""How many of the 95% intervals that `xner report` prints contain the true value? And how many ranges of two seeds?

Simulates two arms of equal quality, with a given share of variance between trainings, analyses them as a study, and
counts the intervals of their difference that contain 0, and the p values up to 0.05. `sentences` stands for variance
between test sentences alone, `trainings` for nearly all variance between trainings, `both` for both in similar parts.
With two seeds there is no p, and the range from the lower to the higher is no interval: half of them are expected to
contain the true value where all variance is between trainings.

    python benchmarks/interval_coverage.py --trials 400
"""

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
import typer
from common import JsonOption, SeedOption, make_table, report, run, show

from spacy_xner.experiments.record_schema import checked_record
from spacy_xner.experiments.records import StudyRecords
from spacy_xner.experiments.significance import MACRO, Difference, analyse

# Standard deviations of an arm's F1: between trainings, and between sentences of both arms and of one arm.
SCENARIOS = {"sentences": (0.0, 0.15, 0.15), "both": (0.04, 0.15, 0.1), "trainings": (0.08, 0.0, 0.0)}
MEAN, MOST = 0.6, 4  # expected F1; entities in a sentence


def simulated(random: np.random.Generator, scenario: str, seeds: int, n: int) -> StudyRecords:
    """A study of the arms a and b, whose expected F1 is the same, on `n` sentences."""
    between_trainings, common, own = SCENARIOS[scenario]
    entities = random.integers(1, MOST + 1, n)
    difficulty = random.normal(0, common, n)
    runs = []
    for arm in "ab":
        of_arm = difficulty + random.normal(0, own, n)
        for seed in range(seeds):
            chance = np.clip(MEAN + random.normal(0, between_trainings) + of_arm, 0, 1)
            found = random.binomial(entities, chance)
            table = np.stack([np.arange(n), found, entities - found, entities - found], axis=1)
            runs.append(checked_record(as_record(arm, seed, table.tolist(), n), f"{arm}-{seed}.json"))
    return StudyRecords("simulated", runs)


def as_record(arm: str, seed: int, rows: list[list[int]], n: int) -> dict[str, Any]:
    """The record of a run, with one label."""
    scores = {"targets": ["xx"], "languages": {"xx": {"f": 0.0}}}
    sentences = {"xx": {"n": n, "labels": {"X": rows}}}
    return {"format": 1, "study": "simulated", "arm": arm, "seed": seed, "scores": scores, "sentences": sentences}


def differences(scenario: str, seeds: int, trials: int, n: int, seed: int) -> Iterator[Difference]:
    """The estimated difference of each simulated study; the true one is 0."""
    for trial in range(trials):
        study = simulated(np.random.default_rng([seed, seeds, trial]), scenario, seeds, n)
        yield analyse(study, [("b", "a")], resamples=1000, permutations=1000).comparisons[0].figures[MACRO]


def main(
    trials: Annotated[int, typer.Option(min=1, help="Simulated studies of each kind.")] = 400,
    sentences: Annotated[int, typer.Option(min=1, help="Test sentences of a study.")] = 300,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    table = make_table(
        "Two arms of equal quality", "variance", "seeds", "covered", "p <= 0.05", "median width", n_left=1
    )
    figures: dict[str, float] = {}
    rows = []
    for scenario in SCENARIOS:
        for n_seeds in (2, 3, 5):
            found = list(differences(scenario, n_seeds, trials, sentences, seed))
            covered = float(np.mean([each.low <= 0 <= each.high for each in found]))
            p = [each.p for each in found if each.p is not None]
            rejected = float(np.mean([each <= 0.05 for each in p])) if p else None
            width = float(np.median([each.high - each.low for each in found]))
            rows.append(
                {"variance": scenario, "seeds": n_seeds, "covered": covered, "rejected": rejected, "width": width}
            )
            figures[f"covered_{scenario}_{n_seeds}"] = covered
            shown = "-" if rejected is None else f"{rejected:.1%}"
            table.add_row(scenario, str(n_seeds), f"{covered:.1%}", shown, f"{100 * width:.1f}")
    show(table)
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)

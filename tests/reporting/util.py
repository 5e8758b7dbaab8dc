"""A study with all that a report shows."""

from typing import Any

from spacy_xner.reporting.report import Report, make_report

from ..experiments.records_util import simulated, study_of

FEW: dict[str, Any] = {"resamples": 200, "permutations": 200}
SECTIONS = ["summary", "scores", "differences", "compute", "labels", "calibration", "layers", "curves", "amounts"]
SECTIONS += ["errors", "examples", "cost", "settings", "method"]


def full_report(backwards: bool = False) -> Report:
    """Of three arms with three seeds, two of them also with fewer labels. backwards (bool): reverse the records."""
    records = [simulated(arm, seed, q) for arm, q in {"a": 0.5, "b": 0.52, "e": 0.8}.items() for seed in range(3)]
    records += [simulated(arm, 0, q, labels=0.1) for arm, q in {"a": 0.3, "e": 0.6}.items()]
    for found in records:
        found["sentences"]["de"]["repeats"] = [[3, 0], [5, 0]]
    study = study_of(*records[:: -1 if backwards else 1], question="Does <it> help?", notes="One\nTwo & three")
    return make_report(study, **FEW)

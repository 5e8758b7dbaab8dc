"""The record of a run: scores, counts by sentence, learned layer weights, learning curve, setting and cost."""

from typing import Any

import srsly
from spacy.language import Language
from thinc.api import Model

from ..aggregation.learned import has_attention
from ..aggregation.options import layers_read
from ..aggregation.types import Aggregator
from ..aggregation.weights import find_aggregators, softmax_weights
from ..files import read_json
from ..pipelines import load_pipeline
from ..scoring.details import Details
from ..scoring.scores import evaluate_pipeline
from .corpus_facts import read_all
from .machine import describe_machine
from .run import Run
from .run_training import SETTING, TRAININGS, trainings_of
from .training import CURVE, MODEL


def make_record(run: Run, test: str, setting: dict[str, Any], minutes: dict[str, float]) -> dict[str, Any]:
    """Score the trained pipeline of a run on test docs of its study.

    test (str): one of the names of `Study.tests`.
    setting (dict[str, Any]): `Run.setting`, as it was before the training.
    minutes (dict[str, float]): of each part of the training, as `train_run` returns them.
    RETURNS: the record, see `spacy_xner.experiments.records`.
    """
    study = run.study
    nlp = load_pipeline(str(run.folder / MODEL))
    details = Details(examples=study.examples if test == study.name else 0)
    scores = evaluate_pipeline(nlp, read_all(study.tests[test]), source=study.source, details=details)
    aggregators = fixed_aggregators(nlp)
    curve = list(srsly.read_jsonl(run.folder / CURVE))
    return {
        "format": 1,
        "study": test,
        "question": study.question,
        "answer": study.answer,
        "arms": list(study.arms),
        "arm": run.arm.name,
        "title": run.arm.title,
        "description": run.arm.description,
        "seed": run.seed,
        "labels": run.labels,
        "setting": setting,
        "minutes": round(sum(minutes.values()), 2),
        "parts": minutes,
        TRAININGS: trainings_of(run),
        "training_sentences": read_json(run.folder / SETTING)["sentences"],
        "machine": describe_machine(),
        "words": curve[-1]["words"] if curve else 0,
        "layers": [layers_read(aggregator) for aggregator in aggregators],
        "layer_weights": [softmax_weights(aggregator).round(4).tolist() for aggregator in aggregators],
        "curve": curve,
        "scores": scores,
        **details.to_json(),
    }


def fixed_aggregators(nlp: Language) -> list[Aggregator]:
    """The aggregators of a pipeline whose layer weights do not depend on the text, in any of its components.

    For those with attention, see `xner layers`.
    """
    models = [getattr(component, "model", None) for _, component in nlp.pipeline]
    found = [each for model in models if isinstance(model, Model) for each in find_aggregators(model)]
    return [each for each in found if not has_attention(each)]

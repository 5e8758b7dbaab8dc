"""Registered functions of teachers, which a config can name."""

from collections.abc import Callable

from spacy.language import Language

from .span_teacher import PipelineTeacher


def pipeline_teacher_v1(pipeline: str) -> PipelineTeacher:
    """`spacy_xner.PipelineTeacher.v1`: the recogniser of a pipeline (a package or a folder), see `PipelineTeacher`."""
    return PipelineTeacher(pipeline)


def start_from_v1(pipeline: str | None = None) -> Callable[[Language], None]:
    """`spacy_xner.StartFrom.v1`: for `[initialize] after_init`, starts the training from the weights of a pipeline.

    The pipelines must be of the same config. See `weights.start_from`.

    pipeline (str | None): a package or a folder; None or "" has no effect.
    """

    def after_init(nlp: Language) -> None:
        if pipeline:
            from ..pipelines import TRAINING, load_pipeline, name_of
            from .weights import start_from

            teacher = load_pipeline(pipeline)
            start_from(nlp, teacher)
            nlp.meta[TRAINING] = {"start": {"name": name_of(teacher), "training": teacher.meta.get(TRAINING)}}

    return after_init

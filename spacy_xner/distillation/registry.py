"""Registered teachers of projection, which a config can name."""

from .span_teacher import PipelineTeacher


def pipeline_teacher_v1(pipeline: str) -> PipelineTeacher:
    """`spacy_xner.PipelineTeacher.v1`: the recogniser of a pipeline (a package or a folder), see `PipelineTeacher`."""
    return PipelineTeacher(pipeline)

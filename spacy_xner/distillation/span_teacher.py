"""`PipelineTeacher`: the probabilities of all spans of a doc, from the recogniser of a pipeline."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from ..annotations.examples import copy_tokens
from ..errors import XnerError
from ..ner.component import SoftmaxRecogniser
from ..ner.constraints import constraints_of
from ..ner.fitting import recognisers_of
from ..ner.posteriors import SpanPosteriors, span_posteriors
from ..pipelines import fingerprint_of, load_pipeline, name_of
from .teachers import logits_of

REVISION = 1  # of the probabilities that a pipeline gives; raise it if they change


class PipelineTeacher:
    """A pipeline as a teacher of projection, see `projection/second_opinion.py`.

    The probability of a span is the sum over all tag sequences that contain it, with the recogniser's temperature. Docs
    are read with their own tokens, which should be like those that the pipeline was trained on: a recogniser of words
    knows little about characters. Components before the recogniser run; its threshold has no effect.

    pipeline (str | Language): an installed package, the folder of a pipeline, or a loaded one. The first two are loaded
        on first use, once.
    RAISES: XnerError on first use, where the pipeline cannot be loaded or does not have one `xner` component.
    """

    def __init__(self, pipeline: str | Language) -> None:
        self.pipeline = pipeline

    @cached_property
    def nlp(self) -> Language:
        """The pipeline, loaded on first use."""
        return load_pipeline(self.pipeline) if isinstance(self.pipeline, str) else self.pipeline

    @cached_property
    def recogniser(self) -> SoftmaxRecogniser:
        """The pipeline's component."""
        found = recognisers_of(self.nlp)
        if len(found) != 1:
            raise XnerError(
                f"The teacher {name_of(self.nlp)} has {len(found)} components made by the factory 'xner' in its "
                f"pipeline ({', '.join(self.nlp.pipe_names) or 'empty'}), expected one: it gives the probability of "
                f"any span. `xner adapt` and configs/xner.cfg train such pipelines."
            )
        return found[0]

    @property
    def labels(self) -> Sequence[str]:
        """The labels that the recogniser knows."""
        return self.recogniser.labels

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Name and hash of the pipeline, and the revision of this file."""
        self.recogniser  # noqa: B018  (the error for a pipeline without one comes first)
        return {"name": name_of(self.nlp), "pipeline": fingerprint_of(self.nlp), "revision": REVISION}

    def read(self, docs: Sequence[Doc]) -> list[SpanPosteriors]:
        """The probabilities of the spans of each doc; entities of docs are ignored."""
        recogniser = self.recogniser
        read, logits = logits_of(self.nlp, recogniser, [copy_tokens(doc, self.nlp.vocab) for doc in docs])
        limits = [constraints_of(doc) for doc in read]
        return span_posteriors(logits, limits, recogniser.scheme, recogniser.temperature)

    def __getstate__(self) -> dict[str, Any]:
        """Without a pipeline that was loaded by name: a copy in another process loads it again."""
        loaded = ("nlp", "recogniser") if isinstance(self.pipeline, str) else ()
        return {name: value for name, value in self.__dict__.items() if name not in loaded}

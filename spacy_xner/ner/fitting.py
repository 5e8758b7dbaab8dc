"""Fitting the temperature of a pipeline's recogniser on development data."""

import itertools
from collections.abc import Iterable

import numpy as np
from spacy.language import Language
from spacy.training import Example
from spacy.util import logger, minibatch

from ..annotations.attributes import touches, unlabelled_places
from ..errors import XnerError
from .calibration import Calibration, fit_temperature
from .component import SoftmaxRecogniser
from .constraints import constraints_of
from .decoding import Constraints


def recognisers_of(nlp: Language) -> list[SoftmaxRecogniser]:
    """The pipeline's components of the factory `xner`."""
    return [component for _, component in nlp.pipeline if isinstance(component, SoftmaxRecogniser)]


def find_recogniser(nlp: Language, name: str | None = None) -> SoftmaxRecogniser:
    """The pipeline's `xner` component: the named one, or the first. RAISES: XnerError where there is none."""
    for pipe_name, component in nlp.pipeline:
        if isinstance(component, SoftmaxRecogniser) and name in (None, pipe_name):
            return component
    missing = "component of the factory `xner`" if name is None else f"component {name!r} with calibrated scores"
    raise XnerError(
        f"The pipeline has no {missing}; it has {', '.join(nlp.pipe_names) or 'none'}. Name one of the factory `xner`."
    )


def calibrate(
    nlp: Language, examples: Iterable[Example], *, component: str | None = None, batch_size: int | None = None
) -> Calibration | None:
    """Fit the temperature of the recogniser to labelled examples, and keep it in the component.

    nlp (Language): the pipeline; its recogniser is changed in place.
    examples (Iterable[Example]): development data that was not trained on.
    component (str | None): name of the recogniser; None for the first one.
    batch_size (int | None): docs at a time; None for the pipeline's own.
    RETURNS: the fitted temperature and its effect. None where the pipeline predicts no entity; the temperature is then
        1.
    RAISES: XnerError where there is no such component or no labelled example.
    """
    recogniser = find_recogniser(nlp, component)
    before = list(itertools.takewhile(lambda pipe: pipe[1] is not recogniser, nlp.pipeline))
    logits: list[np.ndarray] = []
    limits: list[Constraints] = []
    gold: list[set[tuple[int, int, str]]] = []
    unlabelled: list[set[int]] = []
    size = batch_size or nlp.batch_size
    for batch in minibatch(examples, size):
        labelled = [eg for eg in batch if len(eg.predicted) and eg.reference.has_annotation("ENT_IOB")]
        docs = [example.predicted.copy() for example in labelled]
        for _, pipe in before:
            docs = list(pipe.pipe(docs, batch_size=size)) if hasattr(pipe, "pipe") else [pipe(doc) for doc in docs]
        logits += recogniser.predict(docs)
        limits += [constraints_of(doc) for doc in docs]
        for example in labelled:
            for entity in example.reference.ents:  # the reference may have another vocabulary
                nlp.vocab.strings.add(entity.label_)
            spans = example.get_aligned_spans_y2x(example.reference.ents)
            gold.append({(span.start, span.end, span.label_) for span in spans})
            places = unlabelled_places(example.reference)
            unlabelled.append({t.i for t in example.predicted if touches(places, t.idx, t.idx + len(t))})
    if not logits:
        raise XnerError(
            f"The temperature of the component {recogniser.name!r} cannot be fitted: there is no labelled development "
            "example. Set --paths.dev to a DocBin with entity annotation, or leave out FitTemperature in [training] "
            "before_to_disk."
        )
    found = fit_temperature(logits, limits, gold, recogniser.scheme, unlabelled)
    recogniser.cfg["temperature"] = 1.0 if found is None else found.temperature
    recogniser.cfg["calibration"] = None if found is None else found.to_json()
    recogniser.in_training = False
    if found is None:
        logger.info("%s: no entity is predicted on the development data, so the temperature is 1.", recogniser.name)
    return found

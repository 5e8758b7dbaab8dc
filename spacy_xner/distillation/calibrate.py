"""Fitting the temperature of a pipeline's scores to labelled files."""

from collections.abc import Sequence
from pathlib import Path

from spacy.language import Language

from ..annotations.examples import make_example
from ..corpus.docs import load_docs
from ..ner import fitting
from ..ner.calibration import Calibration


def calibrate_on(paths: Sequence[Path], nlp: Language, batch_size: int | None = None) -> Calibration | None:
    """Fit the temperature of a pipeline to labelled DocBins, see `ner.fitting.calibrate`.

    RETURNS: None where the pipeline finds no entity in them.
    """
    examples = (make_example(nlp, doc) for path in paths for doc in load_docs(path))
    return fitting.calibrate(nlp, examples, batch_size=batch_size)

"""The registered functions of the recogniser."""

from collections.abc import Callable, Iterable

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Model
from thinc.types import Floats2d

from .model import TagLogits, token_classifier


def token_classifier_v1(
    tok2vec: Model[list[Doc], list[Floats2d]], hidden_width: int | None = None, nO: int | None = None
) -> TagLogits:
    """`spacy_xner.TokenClassifier.v1`: tags from token vectors; the arguments are those of `token_classifier`."""
    return token_classifier(tok2vec, hidden_width, nO)


def interpolate_optimizer_v1() -> Callable[[Language], None]:
    """`spacy_xner.InterpolateOptimizer.v1`: for `[initialize] before_init`, replaces the variables in
    `[training.optimizer]` by their values.

    `nlp.resume_training` and `spacy debug data` read that block without the sections that define its variables.
    """

    def before_init(nlp: Language) -> None:
        nlp.config["training"]["optimizer"] = nlp.config.interpolate()["training"]["optimizer"]

    return before_init


def fit_temperature_v1(
    corpus: Callable[[Language], Iterable[Example]], component: str = "xner"
) -> Callable[[Language], Language]:
    """`spacy_xner.FitTemperature.v1`: for `[training] before_to_disk`, calibrates each pipeline that training saves.

    corpus (Callable[[Language], Iterable[Example]]): reader of the development data, as in `[corpora.dev]`.
    component (str): name of the `xner` component.
    """
    from .fitting import calibrate

    def before_to_disk(nlp: Language) -> Language:
        calibrate(nlp, corpus(nlp), component=component)
        return nlp

    return before_to_disk

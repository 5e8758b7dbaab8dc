"""The registered functions of the recogniser."""

from collections.abc import Callable, Iterable

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Model
from thinc.types import Floats2d

from ..optimizers import interpolate_optimizer
from .layer_heads import supervised_classifier
from .model import TagLogits, token_classifier


def token_classifier_v1(
    tok2vec: Model[list[Doc], list[Floats2d]], hidden_width: int | None = None, nO: int | None = None
) -> TagLogits:
    """`spacy_xner.TokenClassifier.v1`: tags from token vectors; the arguments are those of `token_classifier`."""
    return token_classifier(tok2vec, hidden_width, nO)


def supervised_layers_v1(
    tok2vec: Model[list[Doc], list[Floats2d]],
    layers: list[int],
    weight: float = 0.1,
    hidden_width: int | None = None,
    nO: int | None = None,
) -> TagLogits:
    """`spacy_xner.SupervisedLayers.v1`: as TokenClassifier.v1, with classifiers on lower layers in training; the
    arguments are those of `supervised_classifier`."""
    return supervised_classifier(tok2vec, layers, weight, hidden_width, nO)


def interpolate_optimizer_v1() -> Callable[[Language], None]:
    """`spacy_xner.InterpolateOptimizer.v1`: as v2, for `[initialize] before_init` of earlier configs.

    Loading a pipeline does not call it there. So it puts v2 into the config that will be saved, where there is no other
    function.
    """

    def before_init(nlp: Language) -> None:
        interpolate_optimizer(nlp)
        if nlp.config["nlp"].get("after_pipeline_creation") is None:
            nlp.config["nlp"]["after_pipeline_creation"] = {"@callbacks": "spacy_xner.InterpolateOptimizer.v2"}

    return before_init


def interpolate_optimizer_v2() -> Callable[[Language], Language]:
    """`spacy_xner.InterpolateOptimizer.v2`: for `[nlp] after_pipeline_creation`, see `interpolate_optimizer`."""
    return interpolate_optimizer


def fit_temperature_v1(
    corpus: Callable[[Language], Iterable[Example]], component: str = "xner"
) -> Callable[[Language], Language]:
    """`spacy_xner.FitTemperature.v1`: for `[training] before_to_disk`, calibrates each pipeline that training saves.

    corpus (Callable[[Language], Iterable[Example]]): reader of the development data, as in `[corpora.dev]`.
    component (str): name of the `xner` component.
    """
    from .calibration import check_scipy
    from .fitting import calibrate, find_recogniser

    check_scipy()  # before training

    def before_to_disk(nlp: Language) -> Language:
        recogniser = find_recogniser(nlp, component)
        in_training = recogniser.in_training
        calibrate(nlp, corpus(nlp), component=component)
        recogniser.in_training = in_training  # training goes on after the pipeline is saved
        return nlp

    return before_to_disk

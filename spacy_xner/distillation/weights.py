"""Weights of pipelines: a student starts from those of its teacher, and the mean of both is a third pipeline.

Wortsman et al. 2022, "Robust fine-tuning of zero-shot models" (WiSE-FT, https://arxiv.org/abs/2109.01903): the mean of
the weights of a model and of the same model after further training is often better than both on other text than that of
the training, and costs nothing in prediction.
"""

from collections.abc import Iterator

from spacy.language import Language
from spacy.pipeline import TrainablePipe
from thinc.api import Model
from torch.nn import Module

from .. import compat
from ..encoders.shim import EncoderShim
from ..encoders.transformer import AllLayersTransformer
from ..errors import XnerError
from ..ner.component import SoftmaxRecogniser
from ..pipelines import name_of


def start_from(nlp: Language, teacher: Language) -> None:
    """Give a pipeline the weights of another one of the same form, and the order of its labels.

    Settings, such as dropout and learning rates, stay those of the pipeline.

    nlp (Language): an initialised pipeline, such as `spacy train` makes from a config.
    RAISES: XnerError where a trained component is not there, or has other labels, layers of another form, or word
        pieces of another vocabulary.
    """
    pairs = [(name, component_of(nlp, name), component_of(teacher, name)) for name in trained_components(nlp)]
    nodes: list[tuple[Model, Model]] = []
    for name, own, other in pairs:
        if isinstance(own, SoftmaxRecogniser):
            check_labels(own, other, teacher)
        elif isinstance(own.model, AllLayersTransformer):
            nodes += paired_nodes(own.model, other.model, name, teacher)
    for name, own, other in pairs:
        if isinstance(own.model, AllLayersTransformer):
            continue
        try:
            own.from_bytes(other.to_bytes())
        except ValueError as error:  # thinc's, for layers that differ
            raise XnerError(
                f"The component {name} has other layers than in {name_of(teacher)}, from which the training starts "
                f"({' '.join(str(error).split())[:200]}). Expected a pipeline of the same config."
            ) from error
        if isinstance(own, SoftmaxRecogniser):
            own.cfg |= {"temperature": 1.0, "calibration": None}  # those of the teacher are for other weights
            own.in_training = True
    for node, source in nodes:
        mix_node(node, source, 1.0)


def mix_weights(nlp: Language, other: Language, share: float) -> None:
    """Replace the weights of a pipeline by a weighted mean with those of another pipeline of the same form.

    The temperature of the scores is no longer right: see `ner.fitting.calibrate`. What was known of their calibration,
    and `meta["performance"]`, is removed.

    nlp (Language): changed in place.
    share (float): the share of the other pipeline's weights, in [0, 1].
    RAISES: XnerError for a share out of range, where a trained component is not there, or has other labels or layers of
        another size. Nothing has changed then.
    """
    if not 0.0 <= share <= 1.0:
        raise XnerError(f"The share of the other pipeline's weights is {share}, expected a number from 0 to 1.")
    pairs = []
    for name in trained_components(nlp):
        own, found = component_of(nlp, name), component_of(other, name)
        if isinstance(own, SoftmaxRecogniser) and list(own.labels) != list(getattr(found, "labels", ())):
            raise XnerError(
                f"The component {name} has the labels {', '.join(own.labels)}, and in {name_of(other)} "
                f"{', '.join(getattr(found, 'labels', ()))}: expected the same in the same order. Was one trained on "
                "from the other?"
            )
        pairs += list(paired_nodes(own.model, found.model, name, other))
    for node, source in pairs:
        mix_node(node, source, share)
    for _, pipe in nlp.pipeline:
        if isinstance(pipe, SoftmaxRecogniser):
            pipe.cfg["calibration"] = None
    nlp.meta["performance"] = {}


def trained_components(nlp: Language) -> list[str]:
    """The names of the components with weights."""
    return [name for name, pipe in nlp.pipeline if isinstance(pipe, TrainablePipe) and isinstance(pipe.model, Model)]


def component_of(nlp: Language, name: str) -> TrainablePipe:
    """A component. RAISES: XnerError where the pipeline has none of this name."""
    if name not in nlp.pipe_names:
        raise XnerError(
            f"{name_of(nlp)} has no component {name}, expected the components of a pipeline that is trained on from "
            f"it. It has {', '.join(nlp.pipe_names) or 'none'}."
        )
    pipe: TrainablePipe = nlp.get_pipe(name)
    return pipe


def check_labels(own: SoftmaxRecogniser, other: TrainablePipe, teacher: Language) -> None:
    """RAISES: XnerError where the labels differ by more than their order."""
    ours, theirs = (", ".join(sorted(getattr(each, "labels", ()))) for each in (own, other))
    if ours != theirs:
        raise XnerError(
            f"The training data has the labels {ours}, and {name_of(teacher)}, from which the training starts, "
            f"{theirs}: expected the same. Start from another pipeline, or from none (paths.start = null)."
        )


def paired_nodes(own: Model, other: Model, name: str, pipeline: Language) -> Iterator[tuple[Model, Model]]:
    """The layers of two models, in pairs. RAISES: XnerError where their weights do not have the same form."""
    for node, source in zip(own.walk(), other.walk(), strict=False):
        if form_of(node) != form_of(source):
            raise XnerError(
                f"The layer {node.name} of the component {name} has other weights than in {name_of(pipeline)}: "
                f"{describe(node, source)}. Expected pipelines of the same config, and none trimmed without the other."
            )
        encoders = [each for each in (node, source) if isinstance(each, AllLayersTransformer)]
        if len({frozenset(each.tokenizer.get_vocab().items()) for each in encoders}) > 1:
            raise XnerError(
                f"The encoder of the component {name} has other word pieces than in {name_of(pipeline)}, expected the "
                "same encoder."
            )
        yield node, source
    if sum(1 for _ in own.walk()) != sum(1 for _ in other.walk()):
        raise XnerError(f"The component {name} has other layers than in {name_of(pipeline)}, expected the same.")


def form_of(node: Model) -> dict[str, tuple[int, ...]]:
    """The shape of each weight of a layer, without those of the layers in it."""
    shapes = {name: tuple(node.get_param(name).shape) for name in node.param_names if node.has_param(name)}
    modules = encoders_of(node)
    return shapes | {name: tuple(value.shape) for each in modules for name, value in each.state_dict().items()}


def describe(node: Model, source: Model) -> str:
    """The first weight that differs."""
    first, second = form_of(node), form_of(source)
    name = next(name for name in {**first, **second} if first.get(name) != second.get(name))
    return f"{name} has the shape {first.get(name)} and {second.get(name)}"


def encoders_of(node: Model) -> list[Module]:
    """The torch encoder of a layer, if it has one. RAISES: XnerError for a layer with other code's weights of torch."""
    if isinstance(node, AllLayersTransformer):
        return [node.transformer] if compat.is_encoder_loaded(node) else []
    if any(not isinstance(shim, EncoderShim) for shim in node.shims):
        raise XnerError(
            f"The layer {node.name} has weights of another framework, which cannot be averaged. Expected components of "
            "this package and of spaCy."
        )
    return []


def mix_node(node: Model, source: Model, share: float) -> None:
    """Mix the weights of one layer."""
    for name in node.param_names:
        if node.has_param(name):
            own, other = node.get_param(name), source.get_param(name)
            node.set_param(name, (1 - share) * own + share * node.ops.asarray(source.ops.to_numpy(other)))
    for own_module, other_module in zip(encoders_of(node), encoders_of(source), strict=True):
        state = own_module.state_dict()
        for name, value in other_module.state_dict().items():
            if state[name].is_floating_point():
                state[name].lerp_(value.to(state[name]), share)
    if isinstance(node, AllLayersTransformer):
        node.encoder_shim.forget_encoder()


def half_encoders(nlp: Language) -> list[str]:
    """Convert the weights of encoders to float16, for saving: they are loaded as float32, see `encoders/storage.py`.

    RETURNS: the names of the components that have one.
    """
    halved = []
    for name in trained_components(nlp):
        modules = [module for node in component_of(nlp, name).model.walk() for module in encoders_of(node)]
        for module in modules:
            module.half()
        halved += [name] if modules else []
    return halved

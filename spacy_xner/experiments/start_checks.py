"""Check that an arm can start from the weights of another one: the same pipeline, encoder and layers."""

from collections.abc import Mapping
from typing import Any

from ..errors import XnerError
from .comparability import differences, listed_changes
from .run import Run
from .training import load_training

START_FROM = "spacy_xner.StartFrom.v1"
PROBE = "START"
# Settings of a model that change how it is trained or computed, but not what its weights stand for.
FREE_SETTINGS = frozenset(
    {
        *("freeze_layers", "freeze_embeddings", "learn_rate_factor", "grad_factor", "grad_scaler_config"),
        *("mixed_precision", "inference", "layer_dropout", "hidden_dropout_prob", "attention_probs_dropout_prob"),
    }
)


def check_start(run: Run) -> None:
    """Check a run whose arm starts from another one, before anything is trained.

    Whether the weights fit is seen when the training starts (see `distillation.weights.start_from`): this finds what
    the training configs say.

    RAISES: XnerError where tokenizer, components or their models differ in more than `FREE_SETTINGS`, and for a
        training config that does not use `paths.start`.
    """
    if run.start is None:
        return
    own, start = (form_of(each) for each in (run, run.start))
    changed = {
        name: values for name, values in differences(own, start).items() if not FREE_SETTINGS & set(name.split("."))
    }
    if changed:
        raise XnerError(
            f"The arm {run.arm.name} starts from {run.start.arm.name}, which has another {listed_changes(changed)}: "
            f"expected the same pipeline, encoder and layers for both, since the weights of one are put into the "
            f"other. Change the settings of one of the arms, or remove the `start` of {run.arm.name}."
        )
    config = load_training(run.config, run.overrides() | {"paths.start": PROBE}).interpolate()
    callback = (config.get("initialize") or {}).get("after_init") or {}
    if (callback.get("@callbacks"), callback.get("pipeline")) != (START_FROM, PROBE):
        raise XnerError(
            f"{run.config}: the arm {run.arm.name} starts from {run.start.arm.name}, but the config does not use "
            f'paths.start. Add a section [initialize.after_init] with @callbacks = "{START_FROM}" and pipeline = '
            f"${{paths.start}}, as in configs/xner.cfg."
        )


def form_of(run: Run) -> dict[str, Any]:
    """The settings of a run's training config that say what its weights stand for."""
    config = load_training(run.config, run.overrides()).interpolate()
    nlp, components = config["nlp"], config["components"]
    return {
        "nlp": {name: nlp.get(name) for name in ("lang", "pipeline", "tokenizer")},
        "components": {name: _form_of(component) for name, component in components.items()},
    }


def _form_of(component: Mapping[str, Any]) -> dict[str, Any]:
    return {name: component[name] for name in ("factory", "source", "model") if name in component}

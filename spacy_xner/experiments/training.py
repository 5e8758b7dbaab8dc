"""Trainings that leave the last step's pipeline and a learning curve."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spacy.cli.train import train
from spacy.util import load_config
from thinc.api import Config

from ..errors import XnerError
from ..files import remove

MODEL, CURVE = "model-last", "curve.jsonl"
READER = "spacy_xner.Corpus.v1"


def load_training(config: str | Path, overrides: Mapping[str, Any] | None = None) -> Config:
    """A training config whose corpus can be read without end.

    RAISES: XnerError for a file that is missing or malformed, settings in `overrides` whose section it does not have,
        and another reader than spacy-xner's.
    """
    try:
        loaded = load_config(config, overrides=dict(overrides or {}))
    except (OSError, ValueError) as error:
        raise XnerError(f"{config}: no training config can be read: {' '.join(str(error).split())}") from error
    for name in ("train", "dev"):
        reader = loaded.get("corpora", {}).get(name, {}).get("@readers")
        if reader != READER:
            raise XnerError(
                f"{config}: [corpora.{name}] has the reader {reader}, expected {READER}, which can read on and on."
            )
    return loaded


def train_into(
    room: Path, config: str | Path, batch_words: int, overrides: Mapping[str, Any], gpu_id: int = -1
) -> None:
    """Train a pipeline into `room`/model-last, and write `room`/curve.jsonl (see `create_curve_logger`).

    Nothing is selected by scores: the last step is what counts. The corpus is read without end and batches are cut by
    words, so that trainings of as many steps see as many words, however much text they have.

    config (str | Path): the training config.
    batch_words (int): words of a step.
    overrides (Mapping[str, Any]): settings of it, with dots.
    RAISES: XnerError as `load_training`.
    """
    loaded = load_training(config)
    room.mkdir(parents=True, exist_ok=True)
    logger = loaded["training"]["logger"]
    loaded["training"]["logger"] = {"@loggers": "spacy_xner.CurveLogger.v1", "path": str(room / CURVE)}
    for section in (loaded["training"], loaded["corpora"]["train"]):  # whatever number the config has there
        section["seed"] = "${system.seed}"
    loaded["training"]["max_epochs"] = -1
    loaded["training"]["patience"] = 0  # a training that stops early would see fewer words than the others
    loaded["training"]["batcher"] = {
        "@batchers": "spacy.batch_by_words.v1",
        "size": batch_words,
        "tolerance": 0.2,
        "discard_oversize": False,
    }
    loaded["corpora"]["train"]["repeat"] = True
    for name in ("train", "dev"):  # wherever the config has them from
        loaded["corpora"][name]["path"] = f"${{paths.{name}}}"
        loaded["training"][f"{name}_corpus"] = f"corpora.{name}"
    loaded.to_disk(room / "config.cfg")
    train(room / "config.cfg", room, use_gpu=gpu_id, overrides=dict(overrides))
    remove(room / "model-best")
    for saved in (room, room / MODEL):  # for whoever trains with it again
        again = load_config(saved / "config.cfg")
        again["corpora"]["train"]["repeat"] = False  # `spacy debug data` and the like read a corpus to its end
        again["training"]["logger"] = logger  # the curve's folder moves to its place
        again.to_disk(saved / "config.cfg")

"""Training a pipeline for a fixed number of steps: the pipeline of the last step, and a learning curve."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import srsly
from spacy.cli.train import train
from spacy.util import load_config
from thinc.api import Config

from ..errors import XnerError
from ..files import remove

MODEL, CURVE = "model-last", "curve.jsonl"
READER = "spacy_xner.Corpus.v1"


def load_training(config: str | Path, overrides: Mapping[str, Any] | None = None) -> Config:
    """Load a training config, and check that its corpora can be read repeatedly.

    overrides (Mapping[str, Any] | None): settings, with dotted names.
    RAISES: XnerError for a missing or malformed file, settings in a section that the config does not have, and corpora
        with another reader than spacy-xner's.
    """
    try:
        loaded = load_config(config, overrides=dict(overrides or {}))
    except (OSError, ValueError) as error:
        raise XnerError(f"{config}: no training config can be read: {' '.join(str(error).split())}") from error
    for name in ("train", "dev"):
        reader = loaded.get("corpora", {}).get(name, {}).get("@readers")
        if reader != READER:
            raise XnerError(
                f"{config}: [corpora.{name}] has the reader {reader}, expected {READER}, which can repeat the corpus."
            )
    return loaded


def config_digest(config: str, overrides: Mapping[str, Any]) -> str:
    """A hash of the parts of a training config that the result depends on. Its formatting does not matter."""
    parts = load_config(config, overrides=dict(overrides), interpolate=True)
    training = {key: value for key, value in parts["training"].items() if key not in ("logger", "gpu_allocator")}
    hashed = {"components": parts["components"], "corpora": parts["corpora"], "nlp": parts["nlp"]}
    seed = parts.get("system", {}).get("seed")
    return hashlib.sha256(
        srsly.json_dumps({**hashed, "training": training, "seed": seed}, sort_keys=True).encode()
    ).hexdigest()[:16]


def train_into(
    room: Path, config: str | Path, batch_words: int, overrides: Mapping[str, Any], gpu_id: int = -1
) -> None:
    """Train a pipeline into `room`/model-last, and write `room`/curve.jsonl (see `create_curve_logger`).

    No checkpoint is selected by its score: the pipeline of the last step is kept. The corpus is repeated and batches
    are filled by words, so that trainings with the same number of steps see the same number of words, whatever the
    size of their corpora.

    config (str | Path): the training config.
    batch_words (int): words in a step.
    overrides (Mapping[str, Any]): settings of the config, with dotted names.
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
    for name in ("train", "dev"):  # whatever paths the config has there
        loaded["corpora"][name]["path"] = f"${{paths.{name}}}"
        loaded["training"][f"{name}_corpus"] = f"corpora.{name}"
    loaded.to_disk(room / "config.cfg")
    train(room / "config.cfg", room, use_gpu=gpu_id, overrides=dict(overrides))
    remove(room / "model-best")
    for saved in (room, room / MODEL):  # configs that are usable on their own
        again = load_config(saved / "config.cfg")
        again["corpora"]["train"]["repeat"] = False  # `spacy debug data` and similar commands read to the end
        again["training"]["logger"] = logger  # the folder of the curve will be renamed
        again.to_disk(saved / "config.cfg")

"""Trainings that leave the last step's pipeline and a learning curve."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spacy.cli.train import train
from spacy.util import load_config

from ..files import remove

MODEL, CURVE = "model-last", "curve.jsonl"


def train_into(room: Path, config: str | Path, overrides: Mapping[str, Any], gpu_id: int = -1) -> None:
    """Train a pipeline into `room`/model-last, and write `room`/curve.jsonl (see `create_curve_logger`).

    Nothing is selected by scores: the last step is what counts.

    config (str | Path): the training config.
    overrides (Mapping[str, Any]): settings of it, with dots.
    """
    loaded = load_config(config)
    room.mkdir(parents=True, exist_ok=True)
    loaded["training"]["logger"] = {"@loggers": "spacy_xner.CurveLogger.v1", "path": str(room / CURVE)}
    loaded.to_disk(room / "config.cfg")
    train(room / "config.cfg", room, use_gpu=gpu_id, overrides=dict(overrides))
    remove(room / "model-best")

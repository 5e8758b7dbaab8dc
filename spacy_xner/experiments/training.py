"""Training a pipeline for a fixed number of steps: the pipeline of the last step, and a learning curve."""

import hashlib
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import srsly
from spacy.cli.train import train
from spacy.util import load_config
from thinc.api import Config

from ..errors import XnerError
from ..files import file_sha256, folder_sha256, remove

MODEL, CURVE = "model-last", "curve.jsonl"
SECTIONS = ("nlp", "components", "corpora", "training", "initialize")
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


def config_digests(config: str, overrides: Mapping[str, Any]) -> dict[str, str]:
    """A hash of each section of a training config that the result depends on. Its formatting does not matter.

    overrides (Mapping[str, Any]): settings that are hashed in place of the config's.
    RETURNS: section -> hash, of `nlp`, `components`, `corpora`, `training` and `initialize`. Files and folders that
        `initialize` names are hashed with their content, and so are pipelines that components are sourced from.
    """
    parts = load_config(config, overrides=dict(overrides), interpolate=True)
    for name in ("logger", "gpu_allocator"):
        parts["training"].pop(name, None)
    hashed = {name: parts.get(name, {}) for name in SECTIONS}
    read = [*_texts_in(hashed["initialize"]), *(each["source"] for each in _sourced(hashed["components"]))]
    contents = {name: found for name in sorted(set(read)) if (found := _content_of(name))}
    digests = {name: _digest(section) for name, section in hashed.items()}
    return {**digests, "files": _digest(contents)} if contents else digests


def weighs_scores(config: str, overrides: Mapping[str, Any]) -> bool:
    """Whether a component of a training config weighs hard labels by the scores of entities (`hard_weighting`)."""
    components = load_config(config, overrides=dict(overrides), interpolate=True).get("components", {})
    return any(isinstance(each, Mapping) and each.get("hard_weighting") for each in components.values())


def _sourced(components: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in components.values() if isinstance(each, Mapping) and isinstance(each.get("source"), str)]


def _texts_in(value: Any) -> Iterator[str]:
    """All texts in nested settings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _texts_in(each)


def _content_of(name: str) -> str | None:
    """A hash of a file or folder, or the version of an installed package; None for any other text."""
    path = Path(name)
    if name and path.exists():
        return folder_sha256(path) if path.is_dir() else file_sha256(path)
    try:
        return version(name)
    except (PackageNotFoundError, ValueError):
        return None


def _digest(value: Any) -> str:
    return hashlib.sha256(srsly.json_dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def prepared_config(config: str | Path, batch_words: int | None, curve: Path) -> Config:
    """The training config of a run, before the settings of the run.

    batch_words, RAISES: as `train_into`.
    curve (Path): the file of the learning curve.
    """
    loaded = load_training(config)
    loaded["training"]["logger"] = {"@loggers": "spacy_xner.CurveLogger.v1", "path": str(curve)}
    for section in (loaded["training"], loaded["corpora"]["train"]):  # whatever number the config has there
        section["seed"] = "${system.seed}"
    loaded["training"]["max_epochs"] = -1
    loaded["training"]["patience"] = 0  # a training that stops early would see fewer words than the others
    if batch_words is not None:
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
    return loaded


def train_into(
    room: Path, config: str | Path, batch_words: int | None, overrides: Mapping[str, Any], gpu_id: int = -1
) -> None:
    """Train a pipeline into `room`/model-last, and write `room`/curve.jsonl (see `create_curve_logger`).

    No checkpoint is selected by its score: the pipeline of the last step is kept.

    config (str | Path): the training config.
    batch_words (int | None): words in a step. The corpus is repeated and batches are filled by words, so that trainings
        with the same number of steps see the same number of words, whatever the size of their corpora. None: the
        batches of the config, so that `spacy train` with the same settings gives the same pipeline.
    overrides (Mapping[str, Any]): settings of the config, with dotted names.
    RAISES: XnerError as `load_training`.
    """
    loaded = prepared_config(config, batch_words, room / CURVE)
    logger = load_training(config)["training"]["logger"]
    room.mkdir(parents=True, exist_ok=True)
    loaded.to_disk(room / "config.cfg")
    train(room / "config.cfg", room, use_gpu=gpu_id, overrides=dict(overrides))
    remove(room / "model-best")
    for saved in (room, room / MODEL):  # configs that are usable on their own
        again = load_config(saved / "config.cfg")
        again["corpora"]["train"]["repeat"] = False  # `spacy debug data` and similar commands read to the end
        again["training"]["logger"] = logger  # the folder of the curve will be renamed
        again.to_disk(saved / "config.cfg")

"""Helpers for tests of fetched encoders."""

import json
from pathlib import Path
from typing import Any

ENCODER_FILES = {
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
}
OUR_FILES = {"LICENSE", "ORIGIN.json", "README.md"}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def origin(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "ORIGIN.json").read_text(encoding="utf8"))

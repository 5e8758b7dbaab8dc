"""Everything that a config or a user can name resolves, and configs/ is valid."""

import configparser
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import spacy
from spacy.schemas import ConfigSchemaTraining
from spacy.util import load_config, registry, walk_dict

ROOT = Path(__file__).parents[1]
GROUPS = {
    "spacy_factories": "factories",
    "spacy_architectures": "architectures",
    "spacy_tokenizers": "tokenizers",
    "spacy_augmenters": "augmenters",
    "spacy_callbacks": "callbacks",
    "spacy_loggers": "loggers",
    "spacy_readers": "readers",
    "spacy_misc": "misc",
    "spacy_cli": "cli",
    "console_scripts": None,
}


def declared() -> list[tuple[str, str, str]]:
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(ROOT / "setup.cfg", encoding="utf8")
    section = parser["options.entry_points"]
    lines = [(group, line) for group in section for line in section[group].strip().splitlines()]
    return [(group, *(part.strip() for part in line.split("=", 1))) for group, line in lines]  # type: ignore[misc]


@pytest.mark.parametrize(("group", "name", "target"), declared())
def test_entry_point(group: str, name: str, target: str) -> None:
    assert group in GROUPS, "spaCy reads no such group"
    EntryPoint(name, target, group).load()
    if (registry_name := GROUPS[group]) is not None:
        assert registry.has(registry_name, name)


@pytest.mark.parametrize("path", sorted(ROOT.glob("configs/*.cfg")), ids=lambda path: path.name)
def test_config_is_complete(path: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    """Nothing is left to spaCy's defaults, every name resolves, and the pipeline can be made."""
    config = load_config(path, interpolate=False)
    names = {".".join(keys): value for keys, value in walk_dict(config) if keys[-1].startswith("@")}
    assert not [key for key, value in names.items() if "${" in value], "`spacy package` reads names as they stand"
    overrides = {"paths.encoder": str(tiny_encoder), "paths.train": str(tmp_path), "paths.dev": str(tmp_path)}
    interpolated = load_config(path, overrides=overrides, interpolate=True)
    nlp = spacy.util.load_model_from_config(interpolated, auto_fill=False, validate=True)
    assert nlp.pipe_names == ["transformer", "xner", "doc_cleaner"]
    filled = spacy.util.load_model_from_config(interpolated, auto_fill=True).config
    for section in ("nlp", "components", "training", "initialize", "corpora"):
        assert set(filled[section]) == set(config[section]), section
    registry.resolve(interpolated["training"], schema=ConfigSchemaTraining)
    registry.resolve({"corpora": interpolated["corpora"]})

"""The study configs: every arm can be made, and configs/studies/training/ner.cfg is configs/xner.cfg with `ner`."""

from pathlib import Path

import pytest
from spacy.util import load_config, load_model_from_config, registry

from spacy_xner.experiments.plan_file import read_study

ROOT = Path(__file__).parents[2]
NER = ROOT / "configs/studies/training/ner.cfg"


@pytest.mark.parametrize("path", sorted(ROOT.glob("configs/studies/*.cfg")), ids=lambda path: path.name)
def test_models_of_arms_can_be_made(path: Path, tiny_encoder: Path) -> None:
    """All settings of all arms exist, and have values of their kind."""
    study = read_study(path)
    for arm in study.chosen():
        overrides = {"paths.encoder": str(tiny_encoder), **study.settings, **arm.settings}
        config = load_config(ROOT / (arm.config or study.config), overrides=overrides, interpolate=True)
        recogniser = "ner" if arm.config else "xner"
        assert config["nlp"]["pipeline"] == ["transformer", recogniser, "doc_cleaner"]
        for name in ("transformer", recogniser):
            registry.resolve({name: config["components"][name]["model"]})


def test_ner_config_has_the_values_of_the_project_config() -> None:
    """It differs in the recogniser, and in the temperature, which only `xner` has."""
    ours, theirs = load_config(ROOT / "configs/xner.cfg"), load_config(NER)
    xner, ner = ours["components"].pop("xner"), theirs["components"].pop("ner")
    assert ner["model"].pop("tok2vec") == xner["model"].pop("tok2vec")
    assert ner["scorer"] == xner["scorer"]
    assert theirs["training"].pop("before_to_disk") is None
    del ours["training"]["before_to_disk"]
    assert theirs["nlp"]["pipeline"] == ["ner" if name == "xner" else name for name in ours["nlp"]["pipeline"]]
    theirs["nlp"]["pipeline"] = ours["nlp"]["pipeline"]
    assert theirs == ours


def test_ner_config_is_complete(tiny_encoder: Path) -> None:
    """Nothing is left to spaCy's defaults."""
    overrides = {"paths.encoder": str(tiny_encoder), "paths.train": "train", "paths.dev": "dev"}
    config = load_config(NER, overrides=overrides, interpolate=True)
    nlp = load_model_from_config(config, auto_fill=False, validate=True)
    assert nlp.pipe_names == ["transformer", "ner", "doc_cleaner"]
    filled = load_model_from_config(config, auto_fill=True).config
    assert set(filled["components"]["ner"]) == set(config["components"]["ner"])

"""Folders of encoders that somebody has changed: links, code, other models, and files elsewhere."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from confection import ConfigValidationError
from spacy import registry

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.alignment.simalign_package import SimAlignAligner
from spacy_xner.encoders import fetch_encoder, resolve_encoder
from spacy_xner.errors import XnerError


def change(name: str, **changes: object) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        found = json.loads((folder / name).read_text(encoding="utf8"))
        (folder / name).write_text(json.dumps(found | changes), encoding="utf8")

    return edit


def link(name: str, target: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return make


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "code of the model": (
        change("config.json", auto_map={"AutoModel": "evil.Model"}),
        "Found auto_map in config.json of .*: the model brings its own Python code; spacy-xner runs no code of a model",
    ),
    "code of the tokenizer": (
        change("tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.Evil", None]}),
        "Found auto_map in tokenizer_config.json of",
    ),
    "a nested setting": (
        change("config.json", text_config={"trust_remote_code": True}),
        "Found the setting text_config.trust_remote_code = True in config.json of",
    ),
    "a kernel": (
        change("config.json", _attn_implementation="evil/kernel:run"),
        "can name a kernel to download and run",
    ),
    "a vocabulary elsewhere": (change("tokenizer_config.json", vocab_file="/etc/passwd"), "vocab_file = '/etc/passwd'"),
    "an adapter": (
        lambda folder: (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "evil/model"}'),
        "has an adapter_config.json: it is an adapter, which names another model to load",
    ),
    "a link to a file elsewhere": (
        link("vocab.txt", "/etc/passwd"),
        "vocab.txt is a link to /etc/passwd, which is not in",
    ),
    "a link to the folder above": (link("extra", ".."), "extra is a link to .., which is not in the folder"),
    "a pipe": (
        lambda folder: os.mkfifo(folder / "added_tokens.json"),
        "added_tokens.json is a pipe, a device or a socket",
    ),
    "weights elsewhere": (
        lambda folder: [
            (folder / "model.safetensors").rename(folder.parent / "x.safetensors"),
            (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../x.safetensors"}}'),
        ],
        "index.json names '../x.safetensors', expected a .safetensors file of the folder",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_folder(case: str, tiny_encoder: Path, tmp_path: Path) -> None:
    spoil, message = HOSTILE[case]
    folder = Path(shutil.copytree(tiny_encoder, tmp_path / "encoder"))
    spoil(folder)
    for call in (
        resolve_encoder,
        lambda name: fetch_encoder(name, tmp_path / "fetched", progress=False),
        lambda name: list(EmbeddingAligner(name).align([(["a"], ["b"])])),
        lambda name: list(SimAlignAligner(name).align([(["a"], ["b"])])),
    ):
        with pytest.raises(XnerError, match=message):
            call(str(folder))
    assert not (tmp_path / "fetched").exists()


@pytest.mark.parametrize("name", ["spacy_xner.EmbeddingAligner.v1", "spacy_xner.SimAlign.v1", "spacy_xner.Seq2Seq.v1"])
def test_settings_of_a_config(name: str) -> None:
    """What can be named in a config has no setting for code of a model."""
    settings = {"@misc": name, "model": "x", "trust_remote_code": True}
    with pytest.raises(ConfigValidationError, match="unexpected argument: 'trust_remote_code'"):
        registry.resolve({"aligner": settings})


def test_links_inside_are_copied_as_files(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_encoder, tmp_path / "encoder"))
    (folder / "vocab.txt").rename(folder / "words")
    (folder / "vocab.txt").symlink_to("words")
    fetched = fetch_encoder(str(folder), tmp_path / "fetched", progress=False)
    assert (fetched / "vocab.txt").read_bytes() == (folder / "words").read_bytes()
    assert not (fetched / "vocab.txt").is_symlink()

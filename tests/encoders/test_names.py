"""Hub names: fetched into the cache, checked, pinned by a revision; here with a hub made of folders."""

import json
import shutil
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

import pytest
from transformers import AutoModel

from spacy_xner.alignment.loading import encoder_version, load_encoder
from spacy_xner.encoders import names, resolve_encoder
from spacy_xner.encoders.transformer import AllLayersTransformer
from spacy_xner.errors import XnerError
from spacy_xner.hub import is_hub_name, split_name

from .test_hostile_bytes import whole_docs
from .util import ENCODER_FILES, OUR_FILES, origin
from .util import names as names_in

MAIN, OLD = "1" * 40, "2" * 40
REVISIONS = {None: MAIN, "main": MAIN, "v1": OLD, "refs/pr/3": OLD, MAIN: MAIN, OLD: OLD}


class FakeHub:
    """`snapshot_download` of a hub that has one model, in two revisions; offline, it has what was downloaded before."""

    def __init__(self, source: Path, room: Path) -> None:
        self.source, self.room = source, room
        self.asked: list[tuple[str, str | None]] = []
        self.is_offline = False

    def __call__(
        self, repo_id: str, *, revision: str | None, allow_patterns: Sequence[str], ignore_patterns: Sequence[str]
    ) -> str:
        from huggingface_hub.errors import LocalEntryNotFoundError

        self.asked.append((repo_id, revision))
        commit = REVISIONS[revision]
        folder = self.room / "models--org--tiny/snapshots" / commit
        if self.is_offline:
            raise LocalEntryNotFoundError("outgoing traffic has been disabled")
        folder.mkdir(parents=True, exist_ok=True)
        for path in self.source.iterdir():
            if any(fnmatch(path.name, pattern) for pattern in allow_patterns):
                shutil.copyfile(path, folder / path.name)
        if commit == OLD:
            config = json.loads((folder / "config.json").read_text())
            (folder / "config.json").write_text(json.dumps({**config, "layer_norm_eps": 0.5}))
        return str(folder)


@pytest.fixture
def hub(tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    source = Path(shutil.copytree(tiny_encoder, tmp_path / "source"))
    for name in ("pytorch_model.bin", "evil.py", "vocab.pkl"):
        (source / name).write_bytes(b"x")
    hub = FakeHub(source, tmp_path / "hf")
    monkeypatch.setattr("huggingface_hub.snapshot_download", hub)
    monkeypatch.setenv("XNER_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    names._cached_from_hub.cache_clear()
    return hub


def epsilon(folder: str) -> float:
    return json.loads((Path(folder) / "config.json").read_text(encoding="utf8"))["layer_norm_eps"]


def test_forms() -> None:
    assert split_name("bert-base") == ("bert-base", None)
    assert split_name("org/tiny@v1.0") == ("org/tiny", "v1.0")
    assert split_name("org/tiny@refs/pr/3") == ("org/tiny", "refs/pr/3")
    for name in ("a/b/c", "org/tiny@", "@v1", "a@b@c", "../x", "org/..", "org/tiny@../x", "a@/x", "https://h/a", "a b"):
        assert not is_hub_name(name), name
        with pytest.raises(XnerError, match="expected the name of a model on the hub"):
            split_name(name)


def test_a_name_becomes_a_checked_folder(hub: FakeHub) -> None:
    folder = resolve_encoder("org/tiny")
    assert names_in(Path(folder)) == ENCODER_FILES | OUR_FILES | {"vocab.txt"}  # neither code nor pickles
    found = origin(Path(folder))
    assert (found["name"], found["version"]) == ("org/tiny", MAIN)
    assert resolve_encoder("org/tiny") == folder
    assert hub.asked.count(("org/tiny", None)) == 1  # a process keeps to one commit
    AutoModel.from_pretrained(folder, use_safetensors=True)


def test_revisions(hub: FakeHub) -> None:
    assert (epsilon(resolve_encoder("org/tiny")), epsilon(resolve_encoder("org/tiny@v1"))) == (1e-12, 0.5)
    assert origin(Path(resolve_encoder("org/tiny@v1")))["version"] == OLD
    assert encoder_version("org/tiny@v1") == encoder_version("org/tiny@refs/pr/3") == OLD
    assert encoder_version("org/tiny") == MAIN
    config, _, _ = load_encoder("org/tiny@v1")
    assert config.layer_norm_eps == 0.5
    model = AllLayersTransformer("org/tiny@v1", whole_docs)
    model.initialize()
    assert model.transformer.config.layer_norm_eps == 0.5
    assert model.attrs["name"] == "org/tiny@v1"  # which a saved config names again


def test_a_pinned_commit_needs_no_network(hub: FakeHub) -> None:
    folder = resolve_encoder(f"org/tiny@{OLD}")
    hub.is_offline = True
    names._cached_from_hub.cache_clear()  # as in another process
    assert resolve_encoder(f"org/tiny@{OLD}") == folder
    with pytest.raises(XnerError, match="'org/tiny' is not a folder here, and it could not be downloaded from the hub"):
        resolve_encoder("org/tiny")


def test_hostile_models(hub: FakeHub, tmp_path: Path) -> None:
    config = json.loads((hub.source / "config.json").read_text())
    (hub.source / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": "evil.Model"}}))
    with pytest.raises(
        XnerError, match=r"Found auto_map in config.json of org/tiny@1+: the model brings its own Python code"
    ):
        resolve_encoder("org/tiny")
    (hub.source / "config.json").write_text(json.dumps(config))
    shutil.rmtree(hub.room)
    (hub.source / "model.safetensors").unlink()
    with pytest.raises(XnerError, match=r"org/tiny@2+ has no model.safetensors .other formats"):
        resolve_encoder("org/tiny@v1")
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.suffix != ".lock"] == []

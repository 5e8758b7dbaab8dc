"""Serialised encoders that somebody has changed: loading runs no code and writes nothing elsewhere."""

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from spacy.tokens import Doc, Span
from spacy_transformers.layers.hf_shim import HFShim

from spacy_xner.encoders.shim import EncoderShim
from spacy_xner.encoders.transformer import AllLayersTransformer
from spacy_xner.errors import XnerError

Message = dict[str, Any]


def whole_docs(docs: list[Doc]) -> list[list[Span]]:
    return [[doc[:]] for doc in docs]


def new_shim() -> EncoderShim:
    return AllLayersTransformer("nowhere", whole_docs).encoder_shim


class Runs:
    """Unpickling it creates a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.fixture(scope="module")
def saved(tiny_encoder: Path) -> bytes:
    model = AllLayersTransformer(str(tiny_encoder), whole_docs)
    model.initialize()
    return model.encoder_shim.to_bytes()


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """A file that hostile code would create."""
    return tmp_path / "ran"


def with_code(message: Message, ran: Path) -> None:
    """The tokenizer's settings and files, with code of their own."""
    message["tokenizer"]["kwargs"]["trust_remote_code"] = True
    message["tokenizer"]["evil.py"] = f"open({str(ran)!r}, 'w')\nclass Evil: pass\n".encode()
    edit(message, auto_map={"AutoTokenizer": ["evil.Evil", "evil.Evil"]})


def edit(message: Message, **changes: Any) -> None:
    """Change settings in the tokenizer_config.json of a message."""
    settings = srsly.json_loads(message["tokenizer"]["tokenizer_config.json"])
    message["tokenizer"]["tokenizer_config.json"] = srsly.json_dumps(settings | changes).encode()


def file_named(name: str) -> Callable[[Message, Path], None]:
    return lambda message, ran: message["tokenizer"].update({name: b"x"})


HOSTILE: dict[str, tuple[Callable[[Message, Path], Any], str]] = {
    "code of the tokenizer": (with_code, r"has the settings \{.*trust_remote_code.*\}, expected use_fast alone"),
    "auto_map of the tokenizer": (
        lambda m, ran: edit(m, auto_map={"AutoTokenizer": ["evil.Evil", None]}),
        "Found auto_map in tokenizer_config.json of the pipeline's encoder: the model brings its own Python code",
    ),
    "auto_map of the model": (
        lambda m, ran: m["config"].update(auto_map={"AutoConfig": "evil.Config"}),
        "Found auto_map in config.json of the pipeline's encoder",
    ),
    "a kernel": (
        lambda m, ran: m["config"].update(attn_implementation="evil/kernel:run"),
        "attn_implementation = 'evil/kernel:run' in config.json .* can name a kernel to download and run",
    ),
    "another tokenizer's file": (
        lambda m, ran: edit(m, tokenizer_file="/etc/passwd"),
        "Found the setting tokenizer_file = '/etc/passwd' in tokenizer_config.json .* outside of the encoder",
    ),
    "another vocabulary": (
        lambda m, ran: edit(m, vocab_file="/etc/passwd"),
        "Found the setting vocab_file = '/etc/passwd'",
    ),
    "positional arguments": (lambda m, ran: edit(m, init_inputs=["/etc/passwd"]), "Found init_inputs in"),
    "no tokenizer class": (
        lambda m, ran: edit(m, tokenizer_class="pipeline"),
        "Found the tokenizer_class 'pipeline' in .*, expected a tokenizer of transformers",
    ),
    "no model type": (lambda m, ran: m["config"].update(model_type="../x"), "Found the model_type '../x'"),
    "parent folder": (file_named("../outside"), r"has a file '../outside', expected some of tokenizer.json"),
    "parent folder of a known kind": (file_named("../outside.model"), "has a file '../outside.model'"),
    "absolute": (lambda m, ran: m["tokenizer"].update({str(ran): b"x"}), "has a file '/"),
    "absolute of a known kind": (lambda m, ran: m["tokenizer"].update({f"{ran}.model": b"x"}), "has a file '/"),
    "Windows": (file_named("C:\\outside.model"), r"has a file 'C:"),
    "hidden": (file_named(".model"), "has a file '.model'"),
    "code": (file_named("tokenizer.py"), "has a file 'tokenizer.py'"),
    "pickled vocabulary": (file_named("vocab.pkl"), "has a file 'vocab.pkl'"),
    "no bytes": (lambda m, ran: m["tokenizer"].update({"vocab.txt": "x"}), "has a file 'vocab.txt'"),
    "pickled weights": (
        lambda m, ran: m.update(state=pickle.dumps(Runs(ran))),
        "weights of the pipeline's encoder are no safetensors .*, and no other format is read",
    ),
    "no weights": (lambda m, ran: m.update(state=[]), r"are no safetensors \(found a list\)"),
    "an unknown activation": (
        lambda m, ran: m["config"].update(hidden_act="os.system"),
        "encoder of the pipeline cannot be made from its config .*os.system",
    ),
    "a wrong type": (lambda m, ran: m["config"].update(hidden_size="x"), "encoder of the pipeline cannot be "),
    "a wrong size": (lambda m, ran: m["config"].update(type_vocab_size=-1), "encoder of the pipeline cannot be made"),
    "weights of another encoder": (lambda m, ran: m["config"].update(hidden_size=16), "do not fit its config"),
    "broken tokenizer": (lambda m, ran: m["tokenizer"].update({"tokenizer.json": b"{}"}), "cannot be loaded"),
    "settings for later": (
        lambda m, ran: m.update(config={}, _init_tokenizer_config={"trust_remote_code": True}),
        "Found the setting trust_remote_code = True in _init_tokenizer_config of the pipeline's encoder",
    ),
    "nested settings for later": (
        lambda m, ran: m.update(config={}, _init_transformer_config={"text_config": {"trust_remote_code": True}}),
        "Found the setting text_config.trust_remote_code = True in _init_transformer_config",
    ),
    "wrong types": (lambda m, ran: m.update(tokenizer=[]), "a part has the wrong type"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_message(case: str, saved: bytes, ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change, expected = HOSTILE[case]
    room = ran.parent / "room"
    room.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(room))  # so that `../outside` would be found
    monkeypatch.setattr(HFShim, "from_bytes", None)  # it reads pickles: no message may lead there
    message = srsly.msgpack_loads(saved)
    change(message, ran)
    with pytest.raises(XnerError, match=expected):
        new_shim().from_bytes(srsly.msgpack_dumps(message))
    assert [path.name for path in ran.parent.iterdir()] == ["room"]
    assert [*room.iterdir()] == []


def test_the_same_message_unchanged(saved: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HFShim, "from_bytes", None)
    again = new_shim().from_bytes(saved).to_bytes()
    for key in ("config", "state"):
        assert srsly.msgpack_loads(again)[key] == srsly.msgpack_loads(saved)[key]
    empty = new_shim()
    assert new_shim().from_bytes(empty.to_bytes()).to_bytes() == empty.to_bytes()


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x80", b"\x93\x01\x02\x03"], ids=["empty", "damaged", "{}", "list"])
def test_no_message(data: bytes) -> None:
    with pytest.raises(XnerError, match="The encoder of the pipeline cannot be read"):
        new_shim().from_bytes(data)


def test_hostile_pipeline(tiny_pipeline: Path, tmp_path: Path) -> None:
    """The way in that users take: `spacy.load` of a folder."""
    folder = Path(shutil.copytree(tiny_pipeline, tmp_path / "pipeline"))
    file = folder / "transformer/model"
    model = srsly.msgpack_loads(file.read_bytes())
    places = [(i, j) for i, shims in enumerate(model["shims"]) for j, shim in enumerate(shims) if shim]
    assert places
    for i, j in places:
        message = srsly.msgpack_loads(model["shims"][i][j])
        message["state"] = pickle.dumps(Runs(tmp_path / "ran"))
        model["shims"][i][j] = srsly.msgpack_dumps(message)
    file.write_bytes(srsly.msgpack_dumps(model))
    with pytest.raises(XnerError, match="weights of the pipeline's encoder are no safetensors"):
        spacy.load(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.filterwarnings("ignore:Automatically converting")
def test_a_folder_in_place_of_the_model(tiny_pipeline: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    """spacy-transformers 1.0 wrote such pipelines; spacy-transformers would load it unchecked."""
    folder = Path(shutil.copytree(tiny_pipeline, tmp_path / "pipeline"))
    (folder / "transformer/model").unlink()
    shutil.copytree(tiny_encoder, folder / "transformer/model")
    with pytest.raises(
        XnerError, match="The file `model` of the pipeline's transformer is a folder, which is not read"
    ):
        spacy.load(folder)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"trust_remote_code": True},
            "trust_remote_code = True in tokenizer_config: spacy-xner runs no code of a model",
        ),
        ({"a": {"b": [{"trust_remote_code": True}]}}, "a.b.trust_remote_code = True in tokenizer_config"),
        ({"auto_map": {"AutoTokenizer": ["x--y.Z", None]}}, "auto_map in tokenizer_config: spacy-xner runs no code"),
        ({"revision": "main"}, "revision in tokenizer_config: write it into the encoder's name, as name@revision"),
        ({"token": "hf_abc"}, "token in tokenizer_config: .* set the environment variable HF_TOKEN instead"),
        ({"vocab_file": "/etc/passwd"}, "vocab_file = '/etc/passwd' in tokenizer_config"),
    ],
)
def test_settings_of_a_pipeline(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(XnerError, match=message):
        AllLayersTransformer("embedded", whole_docs, tokenizer_config=settings)
    with pytest.raises(XnerError, match=message.replace("tokenizer_config", "transformer_config")):
        AllLayersTransformer("embedded", whole_docs, transformer_config=settings)


def test_settings_that_change_nothing() -> None:
    for settings in ({"trust_remote_code": False}, {"use_fast": True, "attn_implementation": "eager"}, {"token": None}):
        AllLayersTransformer("embedded", whole_docs, tokenizer_config=settings, transformer_config=settings)


def test_config_of_a_pipeline(tiny_pipeline: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_pipeline, tmp_path / "pipeline"))
    config = spacy.util.load_config(folder / "config.cfg")
    config["components"]["transformer"]["model"]["tokenizer_config"] = {"trust_remote_code": True}
    config.to_disk(folder / "config.cfg")
    with pytest.raises(XnerError, match="Found the setting trust_remote_code = True in tokenizer_config"):
        spacy.load(folder)

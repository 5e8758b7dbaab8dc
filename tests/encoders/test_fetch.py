"""Fetching and resolving encoders by name: written files, errors, and no files after an error."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from transformers import AutoModel, AutoTokenizer, BertTokenizer
from typer.testing import CliRunner

from spacy_xner.cli.encoder import encoder_app
from spacy_xner.encoders import embedded, fetch_encoder, resolve_encoder
from spacy_xner.errors import XnerError

from .util import ENCODER_FILES, OUR_FILES, names, origin


@pytest.fixture
def copy(tiny_encoder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny encoder, to be damaged."""
    return Path(shutil.copytree(tiny_encoder, tmp_path / "copy"))


# --- a local folder


def test_folder(copy: Path, tmp_path: Path) -> None:
    (copy / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Tiny\n", encoding="utf8")
    (copy / "optimizer.pt").write_bytes(b"x")
    (copy / "modeling_own.py").write_text("raise SystemExit", encoding="utf8")
    dest = fetch_encoder(str(copy), tmp_path / "new" / "encoder", progress=False)
    assert names(dest) == ENCODER_FILES | OUR_FILES | {"MODEL_CARD.md", "vocab.txt"}
    found = origin(dest)
    assert (found["name"], found["source"], found["licence"]) == ("copy", "a local folder", "apache-2.0")
    for name, sha256 in found["sha256"].items():
        assert hashlib.sha256((dest / name).read_bytes()).hexdigest() == sha256, name
    assert set(found["sha256"]) == names(dest) - {"ORIGIN.json", "README.md"}
    assert "states as its licence: apache-2.0" in (dest / "LICENSE").read_text(encoding="utf8")
    assert "xner encoder fetch" in (dest / "README.md").read_text(encoding="utf8")
    AutoModel.from_pretrained(str(dest))
    assert resolve_encoder(str(dest)) == str(dest)
    # Fetching what was fetched changes nothing, origin included.
    again = fetch_encoder(str(dest), tmp_path / "again", progress=False)
    assert {path.name: path.read_bytes() for path in dest.iterdir()} == {
        path.name: path.read_bytes() for path in again.iterdir()
    }


def test_what_is_left_out_is_said(copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / "optimizer.pt").write_bytes(b"x")
    fetch_encoder(str(copy), tmp_path / "encoder")
    assert "left out, not part of an encoder: optimizer.pt" in capsys.readouterr().out


def test_licence_text_of_the_source_is_kept(copy: Path, tmp_path: Path) -> None:
    (copy / "LICENSE.txt").write_text("Do as you like.", encoding="utf8")
    dest = fetch_encoder(str(copy), tmp_path / "encoder", progress=False)
    assert (dest / "LICENSE.txt").read_text(encoding="utf8") == "Do as you like."
    assert not (dest / "LICENSE").exists()


def test_a_changed_encoder_does_not_keep_its_origin(tiny_encoder: Path, tmp_path: Path) -> None:
    dest = fetch_encoder(str(tiny_encoder), tmp_path / "encoder", progress=False)
    (dest / "config.json").write_text((dest / "config.json").read_text() + "\n")
    again = fetch_encoder(str(dest), tmp_path / "again", progress=False)
    assert origin(again)["source"] == "a local folder, fetched from a local folder and changed since then: config.json"


def test_slow_tokenizer_files_are_converted(copy: Path, tmp_path: Path) -> None:
    tokenizer = BertTokenizer(str(copy / "vocab.txt"), do_lower_case=False, strip_accents=False, model_max_length=64)
    (copy / "tokenizer.json").unlink()
    tokenizer.save_pretrained(str(copy))
    dest = fetch_encoder(str(copy), tmp_path / "encoder", progress=False)
    assert (dest / "tokenizer.json").is_file()
    assert (
        AutoTokenizer.from_pretrained(str(dest))("Angela Merkel")["input_ids"]
        == tokenizer("Angela Merkel")["input_ids"]
    )


def test_sharded_weights(copy: Path, tmp_path: Path) -> None:
    AutoModel.from_pretrained(str(copy)).save_pretrained(str(copy), max_shard_size="200KB")
    (copy / "model.safetensors").unlink()
    dest = fetch_encoder(str(copy), tmp_path / "encoder", progress=False)
    AutoModel.from_pretrained(str(dest))
    (copy / "model-00001-of-00003.safetensors").unlink(missing_ok=True)
    next(copy.glob("model-00002-of-*.safetensors")).unlink()
    with pytest.raises(
        XnerError, match=r"model.safetensors.index.json names weight files that are missing: \['model-0000"
    ):
        resolve_encoder(str(copy))


def spoil_config(folder: Path, **changes: object) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf8"))
    (folder / "config.json").write_text(json.dumps(config | changes), encoding="utf8")


SPOILT = {
    "no config": (
        lambda f: (f / "config.json").unlink(),
        "copy is not an encoder: it has no config.json. Expected a folder",
    ),
    "config no JSON": (lambda f: (f / "config.json").write_text("{"), "config.json cannot be read"),
    "another config": (lambda f: (f / "config.json").write_text("{}"), "its config.json has no `model_type`"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "copy has no model.safetensors"),
    "torch weights": (
        lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"),
        r"copy has no model.safetensors \(other formats, such as pytorch_model.bin, .* convert it once",
    ),
    "truncated weights": (
        lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:-100]),
        "model.safetensors is truncated or not a safetensors file",
    ),
    "unknown model": (
        lambda f: spoil_config(f, model_type="novel"),
        "Found the model_type 'novel' in config.json of .*copy, which this release of transformers does not have",
    ),
    "empty weights": (lambda f: (f / "model.safetensors").write_bytes(b""), "model.safetensors is truncated"),
}
SPOILT_DEEPER = {
    "with a decoder": (lambda f: spoil_config(f, model_type="t5"), r"is an encoder with a decoder \(t5\); choose an"),
    "no tokenizer": (
        lambda f: [(f / name).unlink() for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json")],
        "its tokenizer cannot be loaded",
    ),
    "broken tokenizer": (lambda f: (f / "tokenizer.json").write_text("{}"), "its tokenizer cannot be loaded"),
    "tokenizer of another model": (
        lambda f: spoil_config(f, vocab_size=10),
        r"its tokenizer has \d+ word pieces, but the model only 10 embeddings",
    ),
}


@pytest.mark.parametrize("case", [*SPOILT, *SPOILT_DEEPER])
def test_no_encoder(copy: Path, tmp_path: Path, case: str) -> None:
    spoil, message = (SPOILT | SPOILT_DEEPER)[case]
    spoil(copy)
    with pytest.raises(XnerError, match=message):
        fetch_encoder(str(copy), tmp_path / "encoder", progress=False)
    assert names(tmp_path) == {"copy"}
    if case in SPOILT:  # what takes no time is checked whenever a name is resolved
        with pytest.raises(XnerError, match=message):
            resolve_encoder(str(copy))


def test_names_that_can_be_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("/no/such/folder", "./nothing", "a/b/c", "", "two words"):
        for call in (resolve_encoder, lambda name: fetch_encoder(name, tmp_path / "encoder")):
            with pytest.raises(XnerError, match=r"There is no folder .* and it cannot be a hub name. Expected"):
                call(name)
    with pytest.raises(XnerError, match="file is a file, expected the folder of an encoder"):
        resolve_encoder(str(tmp_path / "file"))
    assert names(tmp_path) == {"file"}


# --- the folder to write


def test_a_fetched_encoder_is_replaced(tiny_encoder: Path, copy: Path, tmp_path: Path) -> None:
    dest = fetch_encoder(str(tiny_encoder), tmp_path / "encoder", progress=False)
    spoil_config(copy, layer_norm_eps=0.5)
    fetch_encoder(str(copy), dest, progress=False)
    assert json.loads((dest / "config.json").read_text(encoding="utf8"))["layer_norm_eps"] == 0.5
    assert origin(dest)["name"] == "copy"


def test_a_failure_leaves_the_old_one(tiny_encoder: Path, copy: Path, tmp_path: Path) -> None:
    dest = fetch_encoder(str(tiny_encoder), tmp_path / "encoder", progress=False)
    before = {path.name: path.read_bytes() for path in dest.iterdir()}
    (copy / "tokenizer.json").write_text("{}")
    with pytest.raises(XnerError):
        fetch_encoder(str(copy), dest, progress=False)
    assert {path.name: path.read_bytes() for path in dest.iterdir()} == before
    assert names(tmp_path) == {"copy", "encoder"}


def test_other_folders_are_not_overwritten(tiny_encoder: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("…", encoding="utf8")
    with pytest.raises(
        XnerError, match=r"thesis has files that are not part of a fetched encoder, such as chapter1.tex"
    ):
        fetch_encoder(str(tiny_encoder), tmp_path / "thesis")
    dest = fetch_encoder(str(tiny_encoder), tmp_path / "encoder", progress=False)
    (dest / "notes.txt").write_text("mine", encoding="utf8")
    with pytest.raises(XnerError, match=r"such as notes.txt. They would be lost"):
        fetch_encoder(str(tiny_encoder), dest)
    assert (dest / "notes.txt").exists()
    (tmp_path / "file").touch()
    with pytest.raises(XnerError, match="file is a file; an encoder needs a folder"):
        fetch_encoder(str(tiny_encoder), tmp_path / "file")
    (dest / "notes.txt").unlink()
    (dest / "ORIGIN.json").write_text("{", encoding="utf8")
    with pytest.raises(XnerError, match=r"ORIGIN.json: damaged .* Fetch the encoder again"):
        fetch_encoder(str(tiny_encoder), dest)


def test_not_into_itself(copy: Path) -> None:
    for dest in (copy, copy / "inside", copy / "x" / ".." / "y"):
        with pytest.raises(XnerError, match=r"is the encoder to copy, .*, or is inside it"):
            fetch_encoder(str(copy), dest)


# --- the embedded encoder


def test_embedded(embedded_encoder: Path) -> None:
    assert names(embedded_encoder) == ENCODER_FILES | OUR_FILES
    found = origin(embedded_encoder)
    assert found["name"] == "embedded"
    assert (found["licence"], found["version"]) == ("MIT", "0.3.0")
    assert found["source_sha256"] == embedded.WEIGHTS_SHA256
    licence = (embedded_encoder / "LICENSE").read_text(encoding="utf8")
    assert licence.startswith("MIT License")
    assert "intfloat/multilingual-e5-small" in licence
    assert "Permission is hereby granted" in licence
    assert Path(resolve_encoder("embedded")) == embedded_encoder


def test_damaged_or_missing_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XNER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(embedded, "WHEEL", "no-such-wheel")
    for call in (lambda: resolve_encoder("embedded"), lambda: fetch_encoder("embedded", tmp_path / "encoder")):
        with pytest.raises(XnerError, match=r"which is not installed. Install it with: pip install"):
            call()
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"] == []
    assert not (tmp_path / "encoder").exists()


# --- the command


def test_command(tiny_encoder: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(encoder_app, ["fetch", str(tiny_encoder), "-o", str(tmp_path / "encoder"), "--quiet"])
    assert result.exit_code == 0, result.output
    assert "encoder: tiny (version unknown, licence unknown), from a local folder" in result.output
    result = CliRunner().invoke(encoder_app, ["fetch", str(tmp_path / "nothing" / "x"), "-o", str(tmp_path / "y")])
    assert isinstance(result.exception, XnerError)
    assert not (tmp_path / "y").exists()


def test_help() -> None:
    result = CliRunner().invoke(encoder_app, ["fetch", "--help"], env={"COLUMNS": "120"})
    for words in ("embedded", "local folder", "Hugging Face hub", "xner encoder fetch bert-base-multilingual-cased"):
        assert words in result.output


def test_xlm_roberta_without_its_sentencepiece_model(tmp_path: Path) -> None:
    """spacy-transformers opens a tokenizer's `vocab_file` if it has that attribute, even if it is None."""
    from spacy_transformers.layers.transformer_model import huggingface_from_pretrained
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizerFast

    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁a", -1.0), ("b", -2.0), ("<mask>", 0.0)]
    raw = Tokenizer(models.Unigram(pieces, unk_id=3))
    raw.pre_tokenizer = pre_tokenizers.Metaspace()
    source = tmp_path / "source"
    XLMRobertaTokenizerFast(tokenizer_object=raw).save_pretrained(str(source))
    config = XLMRobertaConfig(
        vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )
    XLMRobertaModel(config).save_pretrained(str(source))
    folder = fetch_encoder(str(source), tmp_path / "fetched", progress=False)
    assert huggingface_from_pretrained(str(folder), {"use_fast": True}, {}).tokenizer("a b")["input_ids"]

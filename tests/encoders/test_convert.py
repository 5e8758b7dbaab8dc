"""The Hugging Face folder that is made from the embedded encoder's file."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoModel, AutoTokenizer

from spacy_xner.encoders.convert import write_huggingface
from spacy_xner.encoders.embedded import EmbeddedModel, read_embedded
from spacy_xner.errors import XnerError
from spacy_xner.files import file_sha256

TinyFile = tuple[Path, dict[str, np.ndarray]]


def read_tiny(tiny_file: TinyFile) -> EmbeddedModel:
    return read_embedded(tiny_file[0], sha256=file_sha256(tiny_file[0]))


def test_transformers_loads_it_whole(tiny_file: TinyFile, tmp_path: Path) -> None:
    model = read_tiny(tiny_file)
    write_huggingface(model, tmp_path / "encoder")
    loaded, report = AutoModel.from_pretrained(str(tmp_path / "encoder"), output_loading_info=True)
    assert not any(report.values()), report
    state = {name: value.numpy() for name, value in loaded.state_dict().items()}
    for name, value in model.tensors.items():
        np.testing.assert_array_equal(state[name], value)
    assert loaded.config.pad_token_id == 1
    assert (tmp_path / "encoder" / "model.safetensors").stat().st_mode & 0o777 == (
        tmp_path / "encoder" / "config.json"
    ).stat().st_mode & 0o777


def test_tokenizer(tiny_file: TinyFile, tmp_path: Path) -> None:
    write_huggingface(read_tiny(tiny_file), tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(str(tmp_path))
    assert tokenizer.is_fast
    assert tokenizer.model_max_length == 8
    # The bell vanishes, the zero-width space is a space, e and its accent are composed.
    found = tokenizer("a\x07\u200be\u0301", return_offsets_mapping=True)
    assert tokenizer.convert_ids_to_tokens(found["input_ids"]) == ["<s>", "▁a", "▁", "é", "</s>"]
    assert found["offset_mapping"] == [(0, 0), (0, 1), (2, 3), (3, 4), (0, 0)]  # of marks, as tokenizers has it
    assert tokenizer("a", "a")["input_ids"] == [0, 6, 2, 2, 6, 2]


def test_an_unknown_character_map_is_refused(tiny_file: TinyFile, tmp_path: Path) -> None:
    model = dataclasses.replace(read_tiny(tiny_file), normalization={"a": "b"})
    with pytest.raises(XnerError, match="turns 'a' into 'b'"):
        write_huggingface(model, tmp_path)


def test_same_files_every_time(tiny_file: TinyFile, tmp_path: Path) -> None:
    for name in "ab":
        write_huggingface(read_tiny(tiny_file), tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()

"""Models that are converted in the test translate as those of transformers do."""

import json
import shlex
import shutil
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.translation import make_translator
from spacy_xner.translation.ctranslate2_translator import CTranslate2
from spacy_xner.translation.seq2seq import Seq2Seq

from .test_seq2seq import LONG, TEXTS
from .tiny_models import tiny_m2m100, tiny_marian, tiny_nllb

ctranslate2 = pytest.importorskip("ctranslate2")
NOT_COPIED = {"config.json", "model.safetensors", "raw.json", "raw.model"}


def convert(model: Path) -> Path:
    """Convert a model with the files of its tokenizer, as the command does that the documentation names."""
    from ctranslate2.converters import TransformersConverter

    output = model.with_name(f"{model.name}-ct2")
    copied = [path.name for path in model.iterdir() if path.name not in NOT_COPIED]
    TransformersConverter(str(model), copy_files=copied).convert(str(output))
    return output


def without_pad(model: Path) -> Path:
    """OPUS-MT's models never generate <pad>; the converter removes it."""
    settings = json.loads((model / "generation_config.json").read_text())
    (model / "generation_config.json").write_text(
        json.dumps(settings | {"bad_words_ids": [[settings["pad_token_id"]]]})
    )
    return model


def with_languages(model: Path) -> Path:
    """The released M2M-100 names its languages among the special tokens."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(model))
    special = json.loads((model / "tokenizer_config.json").read_text())
    special["additional_special_tokens"] = list(tokenizer.lang_code_to_token.values())
    (model / "tokenizer_config.json").write_text(json.dumps(special))
    return model


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """Folders of models, and of what they were converted to."""
    folder = tmp_path_factory.mktemp("ct2")
    made = {
        "nllb": tiny_nllb(folder / "nllb"),
        "marian": without_pad(tiny_marian(folder / "marian")),
        "marian-many": without_pad(tiny_marian(folder / "marian-many", codes=["deu", "fra"], target="mul")),
        "m2m100": with_languages(tiny_m2m100(folder / "m2m100")),
    }
    return {name: (path, convert(path)) for name, path in made.items()}


def make(model: Path, **settings: Any) -> CTranslate2:
    return CTranslate2(str(model), **{"source": "en", "target": "de", "beam_size": 1, **settings})


@pytest.mark.parametrize("name", ["nllb", "marian", "marian-many"])
def test_equals_transformers(models: dict[str, tuple[Path, Path]], name: str) -> None:
    model, converted = models[name]
    expected = list(Seq2Seq(str(model), "en", "de", num_beams=1).translate(TEXTS))
    translator = make(converted, compute_type="float32")
    assert list(translator.translate(TEXTS)) == expected
    assert len({*expected}) > 3
    assert translator.counts["split"] == 1
    for settings in ({"max_batch_size": 1}, {"max_batch_size": 60, "inter_threads": 2}):
        assert make(converted, compute_type="float32", **settings).translate_batch(TEXTS) == expected


def test_m2m100(models: dict[str, tuple[Path, Path]]) -> None:
    """Its random model never ends, so that the pieces are compared."""
    model, converted = models["m2m100"]
    torch_model, translator = Seq2Seq(str(model), "en", "de"), make(converted, compute_type="float32")
    assert translator.target_token == "__de__"
    for text in (*TEXTS[:3], "The you"):
        inputs = torch_model.tokenizer(text, return_tensors="pt")
        ids = torch_model.model.generate(
            **inputs, num_beams=1, do_sample=False, max_new_tokens=30, forced_bos_token_id=torch_model.first_token
        )[0].tolist()[1:-1]
        names = torch_model.tokenizer.convert_ids_to_tokens(ids)
        expected = torch_model.tokenizer.convert_tokens_to_ids(names)  # reserved pieces have no name
        (future,) = translator._start([text], 4)
        found = translator.tokenizer.convert_tokens_to_ids(future.result().hypotheses[0])
        assert len(found) >= 29
        assert found[:29] == expected[:29]
        assert len({*found}) > 2
    assert translator.translate_batch(TEXTS[:2]) == [None, None]


def test_reads_in_blocks(models: dict[str, tuple[Path, Path]]) -> None:
    read: list[str] = []

    def stream() -> Iterator[str]:
        for text in TEXTS * 5:
            read.append(text)
            yield text

    translations = make(models["marian"][1], max_batch_size=64).translate(stream())
    assert not read
    next(translations)
    assert len(read) == 8


def test_long_texts_are_read_whole(models: dict[str, tuple[Path, Path]], monkeypatch: pytest.MonkeyPatch) -> None:
    translator = make(models["nllb"][1])
    received: list[str] = []

    def translate_parts(parts: list[str], lengths: list[int]) -> list[str]:
        assert all(translator._count_pieces(text) == n <= 40 for text, n in zip(parts, lengths, strict=True))
        received.extend(parts)
        return parts

    monkeypatch.setattr(translator, "translate_parts", translate_parts)
    assert list(translator.translate([LONG, "x" * 100])) == [LONG, "x" * 100]
    assert sum("!" in text for text in received) == 5


def test_endless_translations_are_none(tmp_path: Path) -> None:
    model = tiny_nllb(tmp_path / "long", long_winded=True)
    translator = make(convert(model), compute_type="float32")
    found = list(translator.translate(TEXTS))
    assert found == list(Seq2Seq(str(model), "en", "de", num_beams=1).translate(TEXTS))
    assert translator.counts["unfinished"] == found.count(None) > 0


def test_eight_bits_and_beams(models: dict[str, tuple[Path, Path]]) -> None:
    """Eight bits by default on a CPU; a beam search finds other translations."""
    translator = make_translator("ctranslate2", model=str(models["nllb"][1]), source="en", target="de")
    assert isinstance(translator, CTranslate2)
    assert translator.identity["compute_type"].startswith("int8")
    assert len(translator.translate_batch(TEXTS)) == len(TEXTS)
    greedy, four = (make(models["nllb"][1], compute_type="float32", beam_size=n) for n in (1, 4))
    assert greedy.translate_batch(TEXTS) != four.translate_batch(TEXTS)
    assert greedy.identity != four.identity


def test_identity(models: dict[str, tuple[Path, Path]], tmp_path: Path) -> None:
    identity = make(models["nllb"][1]).identity
    assert json.loads(json.dumps(identity)) == identity
    assert (identity["name"], identity["source"], identity["target"]) == ("CTranslate2.v1", "en", "de")
    assert (identity["model"], len(identity["version"])) == ("nllb-ct2", 64)
    assert identity == make(models["nllb"][1], inter_threads=2, max_batch_size=7).identity
    assert make(models["nllb"][1], compute_type="float32").identity != identity
    other = Path(shutil.copytree(models["nllb"][1], tmp_path / "nllb-ct2"))
    (other / "model.bin").write_bytes((models["nllb"][1] / "model.bin").read_bytes() + b"\0")
    assert make(other).identity["version"] != identity["version"]


def test_languages(models: dict[str, tuple[Path, Path]]) -> None:
    nllb, marian = models["nllb"][1], models["marian"][1]
    one, two = make(nllb, compute_type="float32"), make(nllb, compute_type="float32", source="zh", target="ar")
    assert one.engine is two.engine  # the weights are shared
    assert (one.target_token, two.target_token) == ("deu_Latn", "arb_Arab")
    assert one.translate_batch(TEXTS) != two.translate_batch(TEXTS)
    with pytest.raises(XnerError, match="does not support the language 'fr'; expected one of arb_Arab, deu_Latn"):
        make(nllb, target="fr")
    with pytest.raises(XnerError, match=r"The target_lang of .* is 'deu', but the translator's is 'fr'"):
        make(marian, target="fr")


def test_tokenizer_from_elsewhere(models: dict[str, tuple[Path, Path]], tmp_path: Path) -> None:
    """Where the tokenizer's files were not copied, or name no class, as those of most OPUS-MT models."""
    model, converted = models["marian"]
    expected = make(converted).translate_batch(TEXTS)
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("model.bin", "config.json", "shared_vocabulary.json"):
        shutil.copy(converted / name, bare / name)
    with pytest.raises(XnerError, match=r"has no tokenizer that can be loaded.*`--copy_files.*the setting tokenizer"):
        make(bare)
    assert make(bare, tokenizer=str(model)).translate_batch(TEXTS) == expected
    for name in ("source.spm", "target.spm", "vocab.json"):
        shutil.copy(model / name, bare / name)
    settings = {"source_lang": "eng", "target_lang": "deu", "model_max_length": 48}
    (bare / "tokenizer_config.json").write_text(json.dumps(settings))
    assert make(bare).translate_batch(TEXTS) == expected


def test_hub_names(models: dict[str, tuple[Path, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Model and tokenizer are downloaded at their revisions, and nothing else; the commit is recorded."""
    asked: list[tuple[str, str | None]] = []
    model, converted = models["marian"]

    def snapshot_download(repo_id: str, *, revision: str | None, allow_patterns: list[str], **_: Any) -> str:
        asked.append((repo_id, revision))
        source = {"org/opus": model, "org/opus-ct2": converted}[repo_id]
        folder = tmp_path / f"models--{repo_id.replace('/', '--')}/snapshots" / ("1" * 40)
        folder.mkdir(parents=True)
        for path in source.iterdir():
            if any(fnmatch(path.name, pattern) for pattern in allow_patterns):
                shutil.copy(path, folder)
        assert not (folder / "evil.py").exists()
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    (converted / "evil.py").write_text("raise SystemExit")
    translator = CTranslate2("org/opus-ct2@v1", "en", "de", tokenizer="org/opus", beam_size=1)
    (converted / "evil.py").unlink()
    assert asked == [("org/opus-ct2", "v1"), ("org/opus", None)]
    assert (translator.identity["model"], translator.identity["version"]) == ("org/opus-ct2@v1", "1" * 40)
    assert translator.translate_batch(TEXTS[:3]) == make(converted).translate_batch(TEXTS[:3])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"beam_size": 0}, "beam_size of CTranslate2 is 0, expected at least 1"),
        ({"intra_threads": -1}, "intra_threads of CTranslate2 is -1, expected at least 0"),
        ({"max_length": 49}, "max_length of CTranslate2 is 49, expected 8 to 48"),
        ({"compute_type": "int9"}, r"compute_type of CTranslate2 is 'int9', expected one .* on cpu: .*float32.*int8"),
        ({"device": "tpu"}, r"device of CTranslate2 is 'tpu', which cannot be used .* expected cpu or cuda"),
    ],
)
def test_bad_settings(models: dict[str, tuple[Path, Path]], settings: dict[str, Any], message: str) -> None:
    with pytest.raises(XnerError, match=message):
        make(models["marian"][1], **settings)


def test_bad_models(models: dict[str, tuple[Path, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, converted = models["marian"]
    command = (
        rf"is not converted yet\. Convert it: `ct2-transformers-converter --model {model} --output_dir {model}-ct2 "
        r"--quantization int8 --copy_files .*source.spm .*vocab.json`"
    )
    with pytest.raises(XnerError, match=command):
        make(model)
    other = Path(shutil.copytree(model, tmp_path / "other"))
    with pytest.raises(XnerError) as error:
        make(other)
    monkeypatch.setattr("sys.argv", shlex.split(str(error.value).split("`")[1]))
    ctranslate2.converters.transformers.main()  # the command does what it says
    assert make(tmp_path / "other-ct2").identity["compute_type"].startswith("int8")
    with pytest.raises(XnerError, match=r"there is no such folder\. Expected a folder with model\.bin, made by `ct2-t"):
        make(tmp_path / "nowhere")
    with pytest.raises(XnerError, match=r"has no model\.bin\. Convert it: `ct2-transformers-converter --model MODEL"):
        make(tmp_path)
    damaged = Path(shutil.copytree(converted, tmp_path / "damaged"))
    weights = (converted / "model.bin").read_bytes()
    for content in (weights[:-50], weights[:10], b"", b"x" * 1000):
        (damaged / "model.bin").write_bytes(content)
        with pytest.raises(XnerError, match="damaged' cannot be loaded by CTranslate2: "):
            make(damaged)
    (damaged / "tokenizer_config.json").write_text('{"auto_map": {"AutoTokenizer": ["evil.Evil", null]}}')
    with pytest.raises(XnerError, match=r"Found auto_map in tokenizer_config.json of .*damaged"):
        make(damaged)
    (damaged / "shared_vocabulary.json").unlink()
    with pytest.raises(XnerError, match=r"but no shared_vocabulary\.json or source_vocabulary.json"):
        make(damaged)
    monkeypatch.setitem(__import__("sys").modules, "ctranslate2", None)
    with pytest.raises(XnerError, match=r"needs the package ctranslate2, .*pip install 'spacy-xner\[ctranslate2\]'"):
        make(converted)

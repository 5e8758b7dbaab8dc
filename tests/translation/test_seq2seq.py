import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.translation import Translator, make_translator
from spacy_xner.translation.seq2seq import Seq2Seq

from .tiny_models import SENTENCES, tiny_marian, tiny_nllb

LONG = "She gave up, and nobody saw it! " * 5
TEXTS = [
    *SENTENCES,
    "",
    " \n",
    "a",
    "שלום 👍 \ud800",
    LONG,
    "</s> eng_Latn <pad>",
    *(SENTENCES[0][:n] for n in range(2, 22)),
]


@pytest.fixture(scope="module")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_nllb(tmp_path_factory.mktemp("models") / "nllb"))


def make(model: str, **settings: Any) -> Seq2Seq:
    return Seq2Seq(model, **{"source": "en", "target": "de", "num_beams": 1, **settings})


def test_order_and_batches(nllb: str) -> None:
    """Batches, of whatever size, change neither order nor translations; one text alone is translated the same."""
    expected = [next(make(nllb, batch_size=1).translate([text])) for text in TEXTS]
    assert len(set(expected)) > 5
    for batch_size in (1, 3, 100):
        assert list(make(nllb, batch_size=batch_size).translate(TEXTS)) == expected
    assert expected[4:6] == ["", ""]


def test_reads_in_buffers(nllb: str) -> None:
    read: list[str] = []

    def stream() -> Iterator[str]:
        for text in TEXTS:
            read.append(text)
            yield text

    translations = make(nllb, batch_size=1).translate(stream())
    next(translations)
    assert len(read) == 4


def test_long_texts_are_read_whole(nllb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In parts that fit, with nothing left out."""
    translator = make(nllb)
    received: list[str] = []

    def run(batch: list[str]) -> list[str]:
        assert all(translator._count_pieces(text) <= translator.limit == 40 for text in batch)
        received.extend(batch)
        return batch

    monkeypatch.setattr(translator, "_run", run)
    assert list(translator.translate([LONG, "Nobody", "x" * 100])) == [LONG, "Nobody", "x" * 100]
    assert translator.counts == {"split": 2, "unfinished": 0}
    assert sum("!" in text for text in received) == 5


def test_languages(nllb: str) -> None:
    translator = make(nllb, target="zh-hant")
    assert isinstance(translator, Translator)
    tokenizer = translator.tokenizer
    assert translator.first_token == tokenizer.convert_tokens_to_ids("zho_Hant")
    assert tokenizer("a").input_ids[0] == tokenizer.convert_tokens_to_ids("eng_Latn")
    assert make(nllb, target="zho").first_token == tokenizer.convert_tokens_to_ids("zho_Hans")
    assert make(nllb, source="ar").tokenizer.src_lang == "arb_Arab"
    assert list(translator.translate(["a"])) != list(make(nllb).translate(["a"]))
    with pytest.raises(XnerError, match="does not support the language 'fr'; expected one of arb_Arab, deu_Latn"):
        make(nllb, target="fr")


def test_endless_translations_are_none(tmp_path: Path) -> None:
    translator = make(str(tiny_nllb(tmp_path / "long", long_winded=True)))
    assert None in list(translator.translate(TEXTS))
    assert translator.counts["unfinished"] > 0


def test_beams(nllb: str) -> None:
    one, four = make(nllb), make(nllb, num_beams=4)
    assert list(one.translate(TEXTS)) != list(four.translate(TEXTS))
    assert one.identity != four.identity


def test_identity(nllb: str, tmp_path: Path) -> None:
    identity = make(nllb).identity
    assert identity == make(nllb, batch_size=5).identity
    assert (identity["model"], len(identity["version"])) == ("nllb", 64)
    other = make(str(tiny_nllb(tmp_path / "nllb", long_winded=True)))
    assert other.identity != identity
    (tmp_path / "nllb/generation_config.json").write_text('{"no_repeat_ngram_size": 1}')
    assert make(str(tmp_path / "nllb")).identity not in (identity, other.identity)


def test_languages_share_the_weights(nllb: str) -> None:
    one, two = make(nllb), make(nllb, source="zh", target="ar")
    assert one.model is two.model
    assert (one.tokenizer.src_lang, two.tokenizer.src_lang) == ("eng_Latn", "zho_Hans")


def test_marian(tmp_path: Path) -> None:
    pytest.importorskip("sentencepiece")
    translator = make_translator("seq2seq", model=str(tiny_marian(tmp_path)), source="en", target="de", num_beams=2)
    assert isinstance(translator, Seq2Seq)
    assert (translator.prefix, translator.first_token, translator.limit) == ("", None, 48)
    translations = list(translator.translate(TEXTS))
    assert len(translations) == len(TEXTS)
    assert not any(token in translation for translation in translations if translation for token in ("</s>", "<pad>"))
    with pytest.raises(XnerError, match=r"The target_lang of .* is 'deu', but the translator's is 'fr'"):
        make(str(tmp_path), target="fr")
    quoted = ">>The young house is here.<< She gave up"  # what looks like a language is text
    received: list[str] = []
    translator._run = lambda batch: received.extend(batch) or batch  # type: ignore[assignment,func-returns-value,return-value]
    assert list(translator.translate([quoted])) == ["> >The young house is here.<< She gave up"]
    pieces = translator.tokenizer(received[0]).input_ids
    assert len(pieces) > len(translator.tokenizer("She gave up").input_ids) + 10


def test_marian_for_many(tmp_path: Path) -> None:
    pytest.importorskip("sentencepiece")
    model = str(tiny_marian(tmp_path, codes=["deu", "fra", "cmn_Hans"], target="mul"))
    translator = make(model, target="fr")
    assert translator.prefix == ">>fra<< "
    assert translator.tokenizer(">>fra<< a").input_ids[0] == translator.tokenizer.convert_tokens_to_ids(">>fra<<")
    assert make(model, target="zh").prefix == ">>cmn_Hans<< "
    assert len(list(translator.translate(TEXTS))) == len(TEXTS)
    with pytest.raises(XnerError, match="does not support the language 'es'"):
        make(model, target="es")
    with pytest.raises(XnerError, match=r"The source_lang of .* is 'eng', but the translator's is 'fr'"):
        make(model, source="fr", target="de")


@pytest.mark.parametrize(("said", "asked"), [("no", "nb"), ("zh", "cmn")])
def test_one_language_by_several_codes(tmp_path: Path, said: str, asked: str) -> None:
    pytest.importorskip("sentencepiece")
    assert make(str(tiny_marian(tmp_path, target=said)), target=asked).prefix == ""


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, "batch_size of Seq2Seq is 0"),
        ({"num_beams": 0}, "num_beams of Seq2Seq is 0"),
        ({"max_length": 41}, "max_length of Seq2Seq is 41, expected 8 to 40"),
    ],
)
def test_bad_settings(nllb: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(XnerError, match=message):
        make(nllb, **settings)


def test_bad_models(tmp_path: Path, tiny_encoder: Path) -> None:
    with pytest.raises(XnerError, match="is a bert model, expected one for translation"):
        make(str(tiny_encoder))
    with pytest.raises(XnerError, match=r"is not an encoder: it has no config.json"):
        make(str(tmp_path))
    with pytest.raises(XnerError, match="cannot be loaded: there is no such folder"):
        make("./nowhere")
    model = tiny_nllb(tmp_path / "pickled")
    weights = (model / "model.safetensors").read_bytes()
    for name, content in (("model.safetensors", weights[:-50]), ("tokenizer.json", b"{"), ("config.json", b"[")):
        damaged = tiny_nllb(tmp_path / name)
        (damaged / name).write_bytes(content)
        with pytest.raises(XnerError, match=r"cannot be loaded|cannot be read"):
            make(str(damaged))
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    with pytest.raises(XnerError, match=r"it has no model.safetensors\. Other formats, .*/opus-mt-en-de@refs/pr/3"):
        make(str(model))


def test_hostile_models(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    evil = f"open({str(ran)!r}, 'w')\ndef generate(*_, **__): pass\nclass Evil: pass\n"
    model = tiny_nllb(tmp_path / "model")
    (model / "custom_generate").mkdir()
    (model / "custom_generate/generate.py").write_text(evil)
    with pytest.raises(XnerError, match="has a folder custom_generate: the model brings its own Python code"):
        make(str(model))
    model = tiny_nllb(tmp_path / "other")
    (model / "evil.py").write_text(evil)
    settings = json.loads((model / "tokenizer_config.json").read_text())
    (model / "tokenizer_config.json").write_text(
        json.dumps({**settings, "auto_map": {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}})
    )
    with pytest.raises(XnerError, match=r"Found auto_map in tokenizer_config.json of .*: the model brings its own"):
        make(str(model))
    assert not ran.exists()


def test_settings_that_are_refused(nllb: str) -> None:
    with pytest.raises(XnerError, match="got an unexpected keyword argument 'trust_remote_code'"):
        make_translator("seq2seq", model=nllb, source="en", target="de", trust_remote_code=True)


def test_revisions(tmp_path: Path, nllb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub name is downloaded at its revision, and the commit is recorded."""
    asked: list[tuple[str, str | None]] = []

    def snapshot_download(repo_id: str, *, revision: str | None, **_: Any) -> str:
        asked.append((repo_id, revision))
        return str(shutil.copytree(nllb, tmp_path / "models--org--nllb/snapshots" / ("1" * 40), dirs_exist_ok=True))

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    translator = make("org/nllb@v1")
    assert asked == [("org/nllb", "v1")]
    assert (translator.identity["model"], translator.identity["version"]) == ("org/nllb@v1", "1" * 40)
    assert next(translator.translate(["a"])) == next(make(nllb).translate(["a"]))

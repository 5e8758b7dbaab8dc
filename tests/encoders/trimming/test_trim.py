"""Trimmed encoders and pipelines: kept text gives the same vectors, other text no errors, other parts do not change."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, AutoTokenizer, RobertaConfig, RobertaModel

from spacy_xner.encoders import fetch_encoder
from spacy_xner.encoders.trimming.needed_pieces import PREFIX, Wanted, choose_pieces, shares_as_before, use_of_words
from spacy_xner.encoders.trimming.scripts import scripts_of
from spacy_xner.encoders.trimming.trim import trim, trim_encoder
from spacy_xner.encoders.trimming.trim_pipeline import trim_pipeline
from spacy_xner.encoders.trimming.vocabulary import read_vocabulary, rebuild
from spacy_xner.encoders.trimming.word_lists import word_forms
from spacy_xner.errors import XnerError
from spacy_xner.languages.scripts import script_of_character

from ...aggregation.util import TEXTS as LABELLED
from ...aggregation.util import predict
from .util import AWKWARD, KINDS, TEXTS, make_encoder

KEPT = TEXTS[:3]
LEARNED = [text for text, _ in LABELLED if text]


def vectors(folder: Path, text: str) -> torch.Tensor:
    """All layers of one text, (n_layers + 1, n_pieces, width)."""
    tokenizer, model = AutoTokenizer.from_pretrained(str(folder)), AutoModel.from_pretrained(str(folder)).eval()
    # Longer than the text: what fills up must be the padding piece, whose number positions are counted from.
    batch = tokenizer([text, text + " and London"], padding=True, return_tensors="pt")
    with torch.no_grad():
        return torch.stack(model(**batch, output_hidden_states=True).hidden_states)[:, 0]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# --- an encoder


@pytest.mark.parametrize("kind", KINDS)
def test_encoder(kind: str, tmp_path: Path) -> None:
    source = make_encoder(kind, tmp_path / "source")
    (source / "LICENSE.txt").write_text("Do as you like.", encoding="utf8")
    report = trim_encoder(str(source), tmp_path / "small", Wanted(KEPT), progress=False)
    small = tmp_path / "small"
    before, after = AutoTokenizer.from_pretrained(str(source)), AutoTokenizer.from_pretrained(str(small))
    assert report.pieces_before == len(before) > report.pieces_after == len(after)
    assert report.mb_before > report.mb_after > 0
    assert (report.same_pieces, report.same_words) == (1, 1)
    assert report.scripts == ("Latin",)
    config = json.loads((small / "config.json").read_text(encoding="utf8"))
    assert config["vocab_size"] == len(after)
    assert config["pad_token_id"] == after.pad_token_id == before.pad_token_id
    assert after.special_tokens_map == before.special_tokens_map
    assert (after.model_max_length, after.model_input_names) == (before.model_max_length, before.model_input_names)
    for text in KEPT:
        old, new = before(text, return_offsets_mapping=True), after(text, return_offsets_mapping=True)
        assert new["offset_mapping"] == old["offset_mapping"]
        assert after.convert_ids_to_tokens(new["input_ids"]) == before.convert_ids_to_tokens(old["input_ids"])
        torch.testing.assert_close(vectors(small, text), vectors(source, text))
    for text in AWKWARD:
        assert len(after(text, truncation=True)["input_ids"]) <= 128
    assert (small / "LICENSE.txt").read_text(encoding="utf8") == "Do as you like."
    record = json.loads((small / "ORIGIN.json").read_text(encoding="utf8"))
    assert record["trimmed"] == {
        **{"pieces_before": len(before), "pieces_after": len(after), "languages": [], "words": 0},
        **{"texts": len(KEPT), "scripts": ["Latin"]},
    }
    assert "xner encoder trim" in (small / "README.md").read_text(encoding="utf8")

    # It is an encoder like others: it can be fetched, trimmed again (to the same) and replaced.
    fetch_encoder(str(small), tmp_path / "fetched", progress=False)
    assert json.loads((tmp_path / "fetched/ORIGIN.json").read_text(encoding="utf8"))["trimmed"] == record["trimmed"]
    again = trim_encoder(str(small), tmp_path / "again", Wanted(KEPT), progress=False)
    assert again.pieces_after == report.pieces_after
    trim_encoder(str(source), small, Wanted(KEPT[:1]), progress=False)
    assert len(AutoTokenizer.from_pretrained(str(small))) < len(after)


def test_float16(tiny_encoder: Path, tmp_path: Path) -> None:
    wanted = Wanted(LEARNED)
    whole = trim_encoder(str(tiny_encoder), tmp_path / "whole", wanted, progress=False)
    half = trim_encoder(str(tiny_encoder), tmp_path / "half", wanted, float16=True, progress=False)
    assert half.mb_after < whole.mb_after
    assert AutoConfig.from_pretrained(str(tmp_path / "half")).layer_norm_eps == 1e-12
    with safe_open(str(tmp_path / "half/model.safetensors"), "pt") as weights:
        assert {weights.get_tensor(name).dtype for name in weights.keys()} == {torch.float16}  # noqa: SIM118
    assert AutoModel.from_pretrained(str(tmp_path / "half")).dtype == torch.float32
    assert AutoModel.from_pretrained(str(tmp_path / "half"), torch_dtype="auto").dtype == torch.float32
    for text in LEARNED:
        close = vectors(tmp_path / "whole", text)
        torch.testing.assert_close(vectors(tmp_path / "half", text), close, atol=0.02, rtol=0.02)


def test_the_padding_piece_keeps_its_number_where_positions_go_by_it(tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(str(make_encoder("Unigram", tmp_path / "source")))
    late = tokenizer.convert_tokens_to_ids("<mask>")
    settings = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 16}
    model = RobertaModel(RobertaConfig(vocab_size=len(tokenizer), pad_token_id=late, **settings))
    with pytest.raises(XnerError, match=f"late: the id of its padding piece, {late}, would change"):
        trim(tokenizer, model, Wanted(["a"]), name="late", progress=False)


def test_what_is_no_encoder_or_no_place_for_one(tiny_encoder: Path, tiny_pipeline: Path, tmp_path: Path) -> None:
    wanted = Wanted(LEARNED)
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter1.tex").write_text("…", encoding="utf8")
    for call, source in ((trim_encoder, tiny_encoder), (trim_pipeline, tiny_pipeline)):
        for dest in (source, source / "inside"):
            with pytest.raises(XnerError, match=r"is the folder to trim, .*, or is inside it"):
                call(str(source), dest, wanted, progress=False)
        with pytest.raises(XnerError, match=r"thesis (has files that are not part|has other files)"):
            call(str(source), tmp_path / "thesis", wanted, progress=False)
    with pytest.raises(XnerError, match=r"There is no folder './nowhere'"):
        trim_encoder("./nowhere", tmp_path / "new", wanted, progress=False)
    with pytest.raises(XnerError, match=r"nowhere: this folder holds no pipeline: it has no meta.json and config.cfg"):
        trim_pipeline(tmp_path / "nowhere", tmp_path / "new", wanted, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis"]


# --- a pipeline


def test_pipeline(tiny_pipeline: Path, tmp_path: Path) -> None:
    before = contents(tiny_pipeline)
    report = trim_pipeline(tiny_pipeline, tmp_path / "small", Wanted(LEARNED), progress=False)
    assert contents(tiny_pipeline) == before
    after = contents(tmp_path / "small")
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {"meta.json", "transformer/model"}
    assert len(after["transformer/model"]) < len(before["transformer/model"])
    assert (report.same_pieces, report.same_words) == (1, 1)
    meta, old_meta = json.loads(after["meta.json"]), json.loads(before["meta.json"])
    assert meta.pop("xner_trim")["pieces_after"] == report.pieces_after < report.pieces_before
    assert f"to {report.pieces_after:,} word pieces" in meta.pop("notes")
    assert meta == {key: value for key, value in old_meta.items() if key != "notes"}

    nlp = spacy.load(tmp_path / "small")
    entities = predict(nlp)
    assert entities == predict(spacy.load(tiny_pipeline))
    assert any(entities)
    for doc in nlp.pipe(AWKWARD):
        assert isinstance(doc.ents, tuple)
    # What was trimmed can be saved, trimmed further and written over, but nothing else is.
    nlp.to_disk(tmp_path / "saved")
    assert predict(spacy.load(tmp_path / "saved")) == entities
    trim_pipeline(tiny_pipeline, tmp_path / "small", Wanted(LEARNED[:1]), progress=False)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/meta.json").write_text("{}", encoding="utf8")
    with pytest.raises(XnerError, match="other has other files than a trimmed pipeline"):
        trim_pipeline(tiny_pipeline, tmp_path / "other", Wanted(LEARNED), progress=False)


def test_pipeline_in_float16(tiny_pipeline: Path, tmp_path: Path) -> None:
    wanted = Wanted(LEARNED)
    whole = trim_pipeline(tiny_pipeline, tmp_path / "whole", wanted, progress=False)
    half = trim_pipeline(tiny_pipeline, tmp_path / "half", wanted, float16=True, progress=False)
    assert half.mb_after < whole.mb_after
    nlp = spacy.load(tmp_path / "half")
    transformer: Any = nlp.get_pipe("transformer")
    weights = transformer.model.transformer.state_dict()
    assert {tensor.dtype for tensor in weights.values() if tensor.is_floating_point()} == {torch.float32}
    assert predict(nlp) == predict(spacy.load(tmp_path / "whole"))


def test_a_pipeline_without_transformer(tmp_path: Path) -> None:
    spacy.blank("xx").to_disk(tmp_path / "blank")
    with pytest.raises(XnerError, match=r"blank: the pipeline has 0 transformer components"):
        trim_pipeline(tmp_path / "blank", tmp_path / "small", Wanted(LEARNED), progress=False)


# --- which pieces


def test_all_characters_of_the_scripts_are_kept(tiny_encoder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(tiny_encoder / "tokenizer.json"))
    vocabulary = read_vocabulary(tokenizer, "it")
    ids, scripts = choose_pieces(tokenizer, vocabulary, Wanted(["Москва " * 2000 + "中"]), progress=False)
    assert scripts == {"Latin", "Cyrillic"}
    trimmed, _ = rebuild(vocabulary, ids)
    for text in ("zażółć gęślą jaźń", "ёлка, объём; 2,015 – ¿qué?", "😀", "中"):
        assert trimmed.encode(text).tokens == tokenizer.encode(text).tokens
    for text in ("丁", "ไทย", "עברית"):
        assert set(trimmed.encode(text, add_special_tokens=False).tokens) == {"[UNK]"}


def test_max_pieces(tiny_encoder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(tiny_encoder / "tokenizer.json"))
    vocabulary = read_vocabulary(tokenizer, "it")
    texts = ["Angela Merkel"] * 3 + ["Paris"] * 2 + ["London"]
    everything, _ = choose_pieces(tokenizer, vocabulary, Wanted(texts, max_pieces=0), progress=False)
    assert {"Angela", "Merkel", "Paris", "London"} <= {vocabulary.pieces[i] for i in everything}
    assert "Berlin" not in {vocabulary.pieces[i] for i in everything}
    fewer, _ = choose_pieces(tokenizer, vocabulary, Wanted(texts, max_pieces=len(everything) - 1), progress=False)
    assert {vocabulary.pieces[i] for i in everything - fewer} == {"London"}
    with pytest.raises(XnerError, match=r"--max-pieces is 100, but special pieces and the characters of Latin are \d+"):
        choose_pieces(tokenizer, vocabulary, Wanted(texts, max_pieces=100), progress=False)


def test_the_share_that_is_cut_as_before(tiny_encoder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(tiny_encoder / "tokenizer.json"))
    vocabulary = read_vocabulary(tokenizer, "it")
    trimmed, _ = rebuild(vocabulary, {*vocabulary.pieces} - {vocabulary.ids["Paris"]})
    assert shares_as_before(tokenizer, trimmed, ["London Paris", "Berlin"], progress=False) == (2 / 3, 2 / 3)
    # l, ##o, ##n is as before; ##ing is not
    trimmed, _ = rebuild(vocabulary, {*vocabulary.pieces} - {vocabulary.ids["##ing"]})
    assert shares_as_before(tokenizer, trimmed, ["loning Paris"], progress=False) == (4 / 5, 1 / 2)


def test_words_of_a_language(tiny_encoder: Path) -> None:
    pytest.importorskip("wordfreq")
    forms = {(form, inside): share for form, share, inside in word_forms("de", 300)}
    assert {("und", False), ("Und", False), ("UND", False), ("und", True)} <= forms.keys()
    assert forms["und", False] > forms["Und", False] > forms["UND", False] > 0
    assert forms["und", False] > forms["und", True]
    assert not any(character.isdigit() for form, _ in forms for character in form)
    chinese = {(form, inside): share for form, share, inside in word_forms("zh", 50)}
    assert chinese["的", True] > chinese["的", False]
    assert {form for form, _ in word_forms_of("zh", 50)} <= {form for form, _ in chinese}
    tokenizer = Tokenizer.from_file(str(tiny_encoder / "tokenizer.json"))
    use = use_of_words(tokenizer, "en", 300, tokenizer.get_vocab_size(), progress=False)
    assert use.shares.sum() == pytest.approx(1)
    assert use.scripts == {"Latin"}
    assert use.shares[tokenizer.token_to_id("the")] > use.shares[tokenizer.token_to_id("London")]
    assert use.shares[tokenizer.token_to_id(PREFIX)] > 0


def word_forms_of(lang: str, n_words: int) -> set[tuple[str, bool]]:
    return {(form, inside) for form, _, inside in word_forms(lang, n_words)}


def test_mistakes_in_what_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, message in (
        (((), ()), r"Nothing says which word pieces to keep\. Give texts \(--texts FILE\)"),
        ((["a"], (), 0), "--words is 0, expected 1 or more"),
        ((["a"], (), 1, -1), "--max-pieces is -1, expected a number of word pieces, or 0"),
    ):
        with pytest.raises(XnerError, match=message):
            Wanted(*arguments)
    monkeypatch.setitem(sys.modules, "wordfreq", None)
    with pytest.raises(XnerError, match=r"not installed. Install it with: pip install 'spacy-xner\[trim\]'"):
        Wanted((), ["de"])


def test_a_language_without_word_list() -> None:
    pytest.importorskip("wordfreq")
    with pytest.raises(
        XnerError, match=r"--lang: found 'qq', for which there is no word list. Expected some of ar, bg"
    ):
        Wanted((), ["de", "qq"])


def test_scripts() -> None:
    characters = {"a": "Latin", "ß": "Latin", "ж": "Cyrillic", "京": "Han", "한": "Hangul", "か": "Hiragana"}
    characters |= {"7": "Common", "🦉": "Common", "\u0301": "Common", "ー": "Common", "𐎠": "Other"}
    assert {character: script_of_character(character) for character in characters} == characters
    assert scripts_of({"a": 999, "ж": 1, "7": 500}) == {"Latin", "Cyrillic"}
    assert scripts_of({"a": 1000, "ж": 1, "7": 500}) == {"Latin"}
    assert scripts_of({}) == set()


# --- the embedded encoder


def test_embedded_tokenizer(embedded_encoder: Path) -> None:
    """Ids, pieces and offsets of kept text in seven languages; the weights take too long for a test."""
    texts = [*TEXTS, "Le président élu a déclaré « non » à Düsseldorf.", "El niño cumplió 12 años en A Coruña."]
    tokenizer = Tokenizer.from_file(str(embedded_encoder / "tokenizer.json"))
    vocabulary = read_vocabulary(tokenizer, "embedded")
    ids, scripts = choose_pieces(tokenizer, vocabulary, Wanted(texts), progress=False)
    assert scripts == {"Latin", "Cyrillic", "Han"}
    trimmed, order = rebuild(vocabulary, ids)
    assert len(order) < 15_000
    for text in texts:
        before, after = tokenizer.encode(text), trimmed.encode(text)
        assert (list(np.array(order)[after.ids]), after.offsets) == (before.ids, before.offsets)
    assert trimmed.token_to_id("<mask>") == len(order) - 1
    for text in AWKWARD:
        assert trimmed.encode(text).tokens[0] == "<s>"
    assert trimmed.encode("한국어").tokens == ["<s>", "▁", "한국어", "</s>"]
    assert trimmed.encode("한국어").ids[2] == trimmed.token_to_id("<unk>")
    assert trimmed.encode("Überraschungsmannschaft").tokens.count("<unk>") == 0


def test_copies_are_independent(tiny_pipeline: Path, tmp_path: Path) -> None:
    """The trimmed pipeline does not need the original one."""
    source = Path(shutil.copytree(tiny_pipeline, tmp_path / "source"))
    trim_pipeline(source, tmp_path / "small", Wanted(LEARNED), progress=False)
    expected = predict(spacy.load(source))
    shutil.rmtree(source)
    assert predict(spacy.load(tmp_path / "small")) == expected

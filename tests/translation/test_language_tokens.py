from pathlib import Path

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.translation.language_tokens import TOKEN, LanguageToken, choose_token, language_tokens

from .tiny_models import tiny_m2m100

NLLB = ["eng_Latn", "arb_Arab", "zho_Hans", "zho_Hant", "srp_Cyrl", "pes_Arab", "nob_Latn", "ekk_Latn"]
M2M = ["__de__", "__zh__", "__ast__"]
MBART = ["de_DE", "pt_XX", "en_XX"]
MARIAN = [">>deu<<", ">>cmn_Hant<<", ">>cmn_Hans<<", ">>pt_BR<<", ">>pt<<"]


@pytest.mark.parametrize(
    ("tokens", "lang", "expected"),
    [
        (NLLB, "en", "eng_Latn"),
        (NLLB, "ar", "arb_Arab"),
        (NLLB, "zh", "zho_Hans"),
        (NLLB, "zh-Hant", "zho_Hant"),
        (NLLB, "fa", "pes_Arab"),
        (NLLB, "no", "nob_Latn"),
        (NLLB, "et", "ekk_Latn"),
        (M2M, "deu", "de"),
        (M2M, "ast", "ast"),
        (MBART, "pt-BR", "pt_XX"),
        (MARIAN, "zho", "cmn_Hans"),
        (MARIAN, "pt-BR", "pt_BR"),
        (MARIAN, "de", "deu"),
    ],
)
def test_choice(tokens: list[str], lang: str, expected: str) -> None:
    matches = [TOKEN.fullmatch(token) for token in tokens]
    found = [LanguageToken(match[0], match[2]) for match in matches if match]
    assert len(found) == len(tokens)
    chosen = choose_token(lang, found, "m")
    assert chosen.code == expected
    assert chosen.is_prefix == (tokens is MARIAN)


def test_every_language_of_nllb_by_its_own_code() -> None:
    """Also by the usual code of each language, except where NLLB has several varieties."""
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    tokens = [LanguageToken(code, code) for code in FAIRSEQ_LANGUAGE_CODES]
    assert len(tokens) > 200
    assert [choose_token(token.code, tokens, "m") for token in tokens] == tokens
    expected = {"ps": "pbt_Arab", "qu": "quy_Latn", "ff": "fuv_Latn", "prs": "prs_Arab", "fa-AF": "prs_Arab"}
    expected |= {"zh-TW": "zho_Hant", "zh-HK": "zho_Hant", "zh-CN": "zho_Hans", "sr": "srp_Cyrl", "nn": "nno_Latn"}
    assert {lang: choose_token(lang, tokens, "m").code for lang in expected} == expected


def test_m2m100_saved_without_its_language_tokens(tmp_path: Path) -> None:
    """As transformers saves a tokenizer that was made from its vocabulary."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(tiny_m2m100(tmp_path)))
    assert tokenizer.additional_special_tokens == []
    assert choose_token("de", language_tokens(tokenizer), "m") == LanguageToken("__de__", "de")


def test_unknown() -> None:
    with pytest.raises(XnerError, match="The model m does not support the language 'de'; expected one of fr"):
        choose_token("de", [LanguageToken("__fr__", "fr")], "m")
    assert not any(TOKEN.fullmatch(token) for token in ("<mask>", "NOTUSED", "<s>"))

"""The embedded encoder against its original model; encoder_fidelity.py and tokenizer_fidelity.py print the figures."""

from pathlib import Path
from typing import Any

import pytest
from encoder_fidelity import TRANSLATIONS, retrieve_translations
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizer_fidelity import compare_tokenizers, example_sentences, reference_file
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from spacy_xner.errors import XnerError


@pytest.fixture(scope="module")
def reference() -> Path:
    try:
        return reference_file()
    except XnerError as error:
        pytest.skip(str(error))


@pytest.mark.slow
def test_word_pieces(embedded_encoder: Path, reference: Path) -> None:
    report = compare_tokenizers(str(embedded_encoder), reference, example_sentences())
    print(
        f"{report.identical_share:.2%} of {report.total.total()} sentences of {len(report.total)} languages identical"
    )
    assert len(report.total) >= 60
    assert report.identical_share >= 0.995, report.different
    assert report.bad_offsets == []


AWKWARD = [
    *(
        "",
        " ",
        "a",
        "e\u0301 x",
        "👩‍👩‍👧 ok",
        "a\u200bb\x07c\td",
        "עברית RTL",
        "  lead  trail  ",
        "ｶｷ Å",
        "x\n\ny\x00z",
    ),
    *("ﷺ﷼½ﬁ", "Việt Nam Tro\u031bi", "<s> <mask> </s>", "北京，東京", "\ufeffx\u00ady"),
]


@pytest.fixture(scope="module")
def tokenizers(embedded_encoder: Path, reference: Path) -> tuple[Any, Tokenizer]:
    return AutoTokenizer.from_pretrained(str(embedded_encoder)), Tokenizer.from_file(str(reference))


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text(tokenizers: tuple[Any, Tokenizer], text: str) -> None:
    ours, theirs = tokenizers
    found, expected = ours(text, return_offsets_mapping=True), theirs.encode(text)
    assert found["input_ids"] == expected.ids
    assert found["offset_mapping"] == expected.offsets


def test_decomposed_letters_are_composed_as_sentencepiece_does(tokenizers: tuple[Any, Tokenizer]) -> None:
    """A known difference: the reference drops second marks and does not compose letters of more than five bytes."""
    ours, theirs = tokenizers
    for marked, composed in [("e\u0323\u0302", "ệ"), ("か\u3099", "が"), ("ｶﾞ", "ガ"), ("\u1112\u1161\u11ab", "한")]:
        assert ours(marked)["input_ids"] == ours(composed)["input_ids"] == theirs.encode(composed).ids
        assert theirs.encode(marked).ids != theirs.encode(composed).ids


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=30))
def test_any_letters(tokenizers: tuple[Any, Tokenizer], text: str) -> None:
    ours, theirs = tokenizers
    assert ours(text)["input_ids"] == theirs.encode(text).ids


@pytest.mark.slow
def test_translations_are_told_from_other_sentences(embedded_encoder: Path) -> None:
    sentences = example_sentences()
    report, embeddings = retrieve_translations(str(embedded_encoder), sentences, layers=[-1, 0])
    print(f"{report.accuracy:.1%} of {report.total.total()} translations found first, margin {report.margin:.3f}")
    assert report.total.total() >= 300
    assert report.accuracy >= 0.98, report.total - report.found
    assert report.margin > 0.08
    # The vectors do this, not names that the texts share: the embedding layer is far behind.
    assert embeddings.accuracy < 0.8


def test_the_table_names_sentences_that_exist() -> None:
    sentences = example_sentences()
    for language, pairs in TRANSLATIONS.items():
        assert max(pairs.values()) < len(sentences[language]), language
        assert max(pairs) < len(sentences["en"]) == 8

"""The embedded encoder against the model that it was made from; `benchmarks/encoder_fidelity.py` prints the figures."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from spacy_xner.errors import XnerError


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "encoder_fidelity.py"
    spec = importlib.util.spec_from_file_location("encoder_fidelity", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def reference(benchmark: ModuleType) -> Path:
    try:
        return benchmark.reference_file()
    except XnerError as error:
        pytest.skip(str(error))


def test_word_pieces(benchmark: ModuleType, embedded_encoder: Path, reference: Path) -> None:
    report = benchmark.compare_tokenizers(str(embedded_encoder), reference, benchmark.example_sentences())
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
def tokenizers(embedded_encoder: Path, reference: Path) -> tuple[AutoTokenizer, Tokenizer]:
    return AutoTokenizer.from_pretrained(str(embedded_encoder)), Tokenizer.from_file(str(reference))


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text(tokenizers: tuple[AutoTokenizer, Tokenizer], text: str) -> None:
    ours, theirs = tokenizers
    found, expected = ours(text, return_offsets_mapping=True), theirs.encode(text)
    assert found["input_ids"] == expected.ids
    assert found["offset_mapping"] == expected.offsets


def test_decomposed_letters_are_composed_as_sentencepiece_does(tokenizers: tuple[AutoTokenizer, Tokenizer]) -> None:
    """A known difference: the reference drops second marks and does not compose letters of more than five bytes."""
    ours, theirs = tokenizers
    for marked, composed in [("e\u0323\u0302", "ệ"), ("か\u3099", "が"), ("ｶﾞ", "ガ"), ("\u1112\u1161\u11ab", "한")]:
        assert ours(marked)["input_ids"] == ours(composed)["input_ids"] == theirs.encode(composed).ids
        assert theirs.encode(marked).ids != theirs.encode(composed).ids


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=30))
def test_any_letters(tokenizers: tuple[AutoTokenizer, Tokenizer], text: str) -> None:
    ours, theirs = tokenizers
    assert ours(text)["input_ids"] == theirs.encode(text).ids


def test_translations_are_told_from_other_sentences(benchmark: ModuleType, embedded_encoder: Path) -> None:
    sentences = benchmark.example_sentences()
    report, embeddings = benchmark.retrieve_translations(str(embedded_encoder), sentences, layers=[-1, 0])
    print(f"{report.accuracy:.1%} of {report.total.total()} translations found first, margin {report.margin:.3f}")
    assert report.total.total() >= 300
    assert report.accuracy >= 0.98, report.total - report.found
    assert report.margin > 0.08
    # The vectors do this, not names that the texts share: the embedding layer is far behind.
    assert embeddings.accuracy < 0.8


def test_the_table_names_sentences_that_exist(benchmark: ModuleType) -> None:
    sentences = benchmark.example_sentences()
    for language, pairs in benchmark.TRANSLATIONS.items():
        assert max(pairs.values()) < len(sentences[language]), language
        assert max(pairs) < len(sentences["en"]) == 8

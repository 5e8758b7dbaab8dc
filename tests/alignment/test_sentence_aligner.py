"""The interface of the package simalign: the same links, and errors for what it does not have."""

from pathlib import Path
from typing import Any

import pytest
import simalign

from spacy_xner.alignment.sentence_aligner import SentenceAligner
from spacy_xner.errors import XnerError

from .util import corpus_pairs, start_of


@pytest.mark.parametrize("token_type", ["bpe", "word"])
def test_links_are_those_of_the_package(tiny_encoder: Path, token_type: str) -> None:
    settings: dict[str, Any] = {"model": str(tiny_encoder), "token_type": token_type, "layer": 2}
    ours, theirs = SentenceAligner(**settings), simalign.SentenceAligner(**settings)
    pairs = [(start_of(source, 60), start_of(target, 60)) for source, target in corpus_pairs(12)]
    for source, target in pairs:
        expected = theirs.get_word_aligns(list(source), list(target))
        found = ours.get_word_aligns(list(source), list(target))
        assert found == expected
        assert list(found) == ["mwmf", "inter", "itermax"]


def test_texts_are_split_at_blanks(tiny_encoder: Path) -> None:
    aligner = SentenceAligner(str(tiny_encoder), matching_methods="i", layer=1)
    assert aligner.get_word_aligns("Paris visited", "visited Paris") == aligner.get_word_aligns(
        ["Paris", "visited"], ["visited", "Paris"]
    )


def test_an_empty_side(tiny_encoder: Path) -> None:
    assert SentenceAligner(str(tiny_encoder), layer=1).get_word_aligns([], "Paris") == {
        "mwmf": [],
        "inter": [],
        "itermax": [],
    }


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"matching_methods": "mf"}, "expected letters of m, a, i"),
        ({"matching_methods": ""}, "expected letters of m, a, i"),
        ({"distortion": 0.5}, "distortion is 0.5: expected 0"),
        ({"device": "cuda"}, r"spacy\.require_gpu"),
        ({"token_type": "piece"}, "token type 'piece'"),
    ],
)
def test_other_settings(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(XnerError, match=message):
        SentenceAligner(**setting)

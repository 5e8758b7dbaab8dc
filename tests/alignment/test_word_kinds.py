"""Kinds of words: brackets and quotation marks that are open, ends of items."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.alignment.word_kinds import ends_item, is_balanced, is_punctuation, mark_depths


def test_depths_by_hand() -> None:
    """A row for each kind that occurs, in the order of `BRACKETS`, and straight quotation marks last."""
    assert mark_depths(["(", "a", "「", "b", ")", "」"]).tolist() == [
        [0, 1, 1, 1, 1, 0, 0],
        [0, 0, 0, 1, 1, 1, 0],
    ]
    assert mark_depths(['"', "a", '"', "b", '"']).tolist() == [[0, 1, 1, 0, 0, 1]]  # it opens and closes alike
    assert mark_depths(["(", "(", ")"]).tolist() == [[0, 1, 2, 1]]


def test_only_marks_that_are_words_count() -> None:
    """Elsewhere one cannot be cut off: 시청)에서 is one word of Korean. An apostrophe is no quotation mark."""
    assert mark_depths(["(", "서울", "시청)에서"]).tolist() == [[0, 1, 1, 1]]
    for words in ([], ["a"], ["'", "’", "‘"], ["(a)"]):
        assert mark_depths(words).shape == (0, len(words) + 1)


@pytest.mark.parametrize(
    "marks", ["()", "[]", "{}", "（）", "［］", "【】", "「」", "『』", "《》", "〈〉", "«»", "‹›", "“”", '""']
)
def test_pairs_of_all_scripts(marks: str) -> None:
    opening, closing = marks[0], marks[1]
    assert is_balanced([opening, "a", closing])
    assert not is_balanced([opening, "a"])
    assert not is_balanced(["a", closing])


def test_balance() -> None:
    assert is_balanced([])
    assert is_balanced(["a", "(", "(", ")", ")"])
    assert not is_balanced(["(", "a", "]"])
    assert not is_balanced(["(", "a", "）"])  # another kind


@given(st.lists(st.sampled_from(["a", *'()「」"«»'])))
def test_depths_add_up(words: list[str]) -> None:
    """A stretch is balanced where the depths before and after it are equal."""
    depths = mark_depths(words)
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            equal = bool(np.array_equal(depths[:, start], depths[:, end]))
            assert equal == is_balanced(words[start:end])


@pytest.mark.parametrize(
    ("word", "expected"),
    [(",", True), ("San,", True), ("Juan,»", True), ("、", True), ("؛", True), ("a", False), (".", False)],
)
def test_ends_of_items(word: str, expected: bool) -> None:
    assert ends_item(word) is expected


def test_punctuation() -> None:
    assert is_punctuation("...")
    assert is_punctuation("」")
    assert not is_punctuation("$")
    assert not is_punctuation("(a)")

"""Words of Chinese: foreign names by their sounds are one word, words of the dictionary stay apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.alignment.chinese import chinese_segmenter, with_names, without_guesses

KNOWN = {"伊朗", "伊拉克", "安娜", "会谈", "英国", "对"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["贝", "纳", "维", "德斯"], ["贝纳维德斯"]),
        (["对", "罗", "奇", "代", "尔"], ["对", "罗奇", "代", "尔"]),  # 代 is not in the list
        (["约", "安娜", "会谈"], ["约安娜", "会谈"]),  # a name that begins with a single character
        (["伊朗", "伊拉克", "会谈"], ["伊朗", "伊拉克", "会谈"]),  # two of the dictionary
        (["英国", "米", "勒"], ["英国", "米勒"]),
        ([], []),
    ],
)
def test_names(words: list[str], expected: list[str]) -> None:
    assert list(with_names(words, KNOWN.__contains__)) == expected


@given(st.lists(st.sampled_from(["伊朗", "米", "勒", "会谈", "英国", "罗奇"])))
def test_nothing_is_lost(words: list[str]) -> None:
    assert "".join(with_names(words, KNOWN.__contains__)) == "".join(words)


def test_guesses() -> None:
    """A guess that is all of a name, or nothing of one, stays."""
    words = ["对罗奇", "代尔", "贝纳维德斯", "開設", "英国"]
    expected = ["对", "罗", "奇", "代", "尔", "贝纳维德斯", "開設", "英国"]
    assert list(without_guesses(words, KNOWN.__contains__)) == expected


def test_real_text() -> None:
    pytest.importorskip("jieba")
    split = chinese_segmenter()
    assert split("意大利队在安格拉击败了足球俱乐部") == ["意大利队", "在", "安格拉", "击败", "了", "足球", "俱乐部"]
    assert split("贝纳维德斯访问里约热内卢") == ["贝纳维德斯", "访问", "里约热内卢"]

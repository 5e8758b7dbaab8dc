"""Texts that differ in one word at most."""

import pytest

from spacy_xner.corpus.near_duplicates import NearDuplicates, is_long

KNOWN = NearDuplicates(["Angela Merkel visited Paris on Monday .", "昨天他去了北京。", "so short a text"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Angela Merkel visited Paris on Monday.", True),
        ("ANGELA MERKEL visited Paris, on Monday!", True),
        ("Angela Merkel visited Rome on Monday", True),  # replaced
        ("Angela Merkel visited Paris Monday", True),  # removed
        ("Angela Merkel has visited Paris on Monday", True),  # added
        ("Angela Merkel has visited Rome on Monday", False),
        ("On Monday Angela Merkel visited Paris", False),  # another order
        ("昨天她去了北京", True),
        ("昨天她到了北京", False),
        ("so short a text", False),
        ("", False),
    ],
)
def test_near_duplicates(text: str, expected: bool) -> None:
    assert (text in KNOWN) == expected


def test_lengths() -> None:
    assert [
        is_long(text) for text in ("one two three four", "one two three four five", "一二三四五", "... , , , ,")
    ] == [*(False, True, True, False)]

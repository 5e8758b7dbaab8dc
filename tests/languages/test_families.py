"""How far languages are from each other by Glottolog's family tree."""

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.languages.families import branches_of, most_distant, shared_branches


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("en", "de", 5),  # Indo-European, Classical Indo-European, Germanic, Northwest Germanic, West Germanic
        ("en", "nl", 5),
        ("eng", "es-MX", 2),
        ("en", "zh", 0),
        ("es", "pt", 12),
        ("ar", "he", 4),
        ("no", "nb", 7),
        ("eu", "es", 0),
        ("en", "eo", None),  # invented
        ("en", "xx", None),
    ],
)
def test_shared_branches(one: str, other: str, expected: int | None) -> None:
    assert shared_branches(one, other) == shared_branches(other, one) == expected


def test_the_main_language_of_a_group_stands_for_it() -> None:
    assert branches_of("zh")[-1] == "Mandarinic"
    assert branches_of("ar") == branches_of("arb")
    assert branches_of("yue") != branches_of("zh")
    with pytest.raises(XnerError, match="is not a language code"):
        branches_of("no code")


def test_most_distant() -> None:
    assert most_distant("en", ["nl", "es", "de"]) == ["es"]
    assert most_distant("en", ["de", "tr", "fr", "zh"]) == ["tr", "zh"]
    assert most_distant("en", ["de", "nl"]) == most_distant("en", ["de", "xx"]) == most_distant("en", ["de"]) == []

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.translation.splitting import Part, join_parts, split_text


@pytest.mark.parametrize(
    ("text", "most", "parts"),
    [
        ("Short.", 10, ["Short."]),
        ("One. Two is long! Three?", 12, ["One.", "Two is long!", "Three?"]),
        ('He said "no." She said "yes."', 15, ['He said "no."', 'She said "yes."']),
        ("first line\nsecond. line", 15, ["first line", "second. line"]),
        ("a list, of words, in one", 9, ["a list,", "of words,", "in one"]),
        ("no sign at all here", 10, ["no sign at", "all here"]),
        ("早上好。我们走吧！", 5, ["早上好。", "我们走吧！"]),
        ("abcdefgh", 3, ["ab", "cd", "ef", "gh"]),
        ("👩‍👩‍👧👩‍👩‍👧", 3, ["👩‍👩‍👧", "👩‍👩‍👧"]),
        ("", 0, [""]),
    ],
)
def test_places(text: str, most: int, parts: list[str]) -> None:
    assert [part.text for part in split_text(text, lambda part: len(part) <= most)] == parts


@given(st.text(st.sampled_from("ab. ,\n!。é\u0301👩‍"), max_size=60), st.integers(1, 20))
def test_nothing_is_lost(text: str, most: int) -> None:
    parts = split_text(text, lambda part: len(part) <= most)
    joined = join_parts(parts, [part.text for part in parts], "en")
    assert joined is not None
    assert "".join(joined.split()) == "".join(text.split())
    assert all(len(part.text) <= most or len(part.text) < 6 for part in parts)


def test_join() -> None:
    (first, second) = split_text("我们走吧", lambda part: len(part) <= 2)
    assert join_parts([first, second], ["Let us", "go"], "en") == "Let us go"
    assert join_parts([first, second], ["行", "こう"], "ja") == "行こう"
    parts = [Part("早上好。", " "), Part("我们", ""), Part("走吧！", "\n"), Part("是")]
    assert join_parts(parts, ["Good morning.", "Let us", " go!", "Yes"], "en") == "Good morning. Let us go!\nYes"
    assert join_parts(parts, ["a", "b", "c", "d"], "zh") == "abc\nd"
    assert join_parts(parts, ["a", None, "c", "d"], "zh") is None

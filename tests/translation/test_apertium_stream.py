import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.translation.apertium_stream import INVALID_CHARACTERS, StreamText

ANY_TEXT = st.text(st.characters(), max_size=40) | st.text("[]{}^$/\\@<>~\n\r\t\0#=0 a\ufffe\ud800", max_size=40)


@given(text=ANY_TEXT, number=st.integers(0, 5000), max_token=st.integers(1, 10))
def test_an_engine_that_changes_nothing(text: str, number: int, max_token: int) -> None:
    encoded = StreamText.encode(text, number, max_token)
    assert encoded.decode(encoded.stream) == INVALID_CHARACTERS.sub(" ", text)
    assert "\0" not in encoded.stream
    assert encoded.stream.count("\n") == 1
    encoded.stream.encode()


@given(text=ANY_TEXT, other=ANY_TEXT)
def test_output_of_another_text(text: str, other: str) -> None:
    assert StreamText.encode(text, 11, 10).decode(StreamText.encode(other, 1, 10).stream) is None


@pytest.mark.parametrize("came_back", ["", "[][#1]", "a [=0][][#0]", "a [=0] [=1] [=1][][#0]", "[=0][=1][=2][][#0]"])
def test_incomplete_output(came_back: str) -> None:
    assert StreamText.encode("a ~ b ~", 0, 10).decode(came_back) is None


def test_long_tokens_and_addresses_are_protected() -> None:
    encoded = StreamText.encode(f"see {'x^' * 400} or dog@cats.example", 0, 500)
    assert encoded.stream == "see [=0] or [=1][][#0]\n"
    assert encoded.protected == ["x^" * 400, "dog@cats.example"]

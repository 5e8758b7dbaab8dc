"""Natural spaces between tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.corpus.formats.sentence import sentence_of_words
from spacy_xner.corpus.formats.spacing import natural_spaces, spaces_in_text

LANGUAGES = [None, "en", "de", "fr", "it", "es", "zh", "th", "ko", "cs", "fi", "ar"]


@pytest.mark.parametrize(
    ("tokens", "lang", "expected"),
    [
        ("I 'm in Rome .", "en", "I'm in Rome."),
        ("I ’m in Rome .", None, "I’m in Rome."),
        (
            "He said : `` Do n't ( go ) '' , 10 % of $ 5 or 5 $ off",
            "en",
            "He said: ``Don't (go)'', 10% of $5 or 5 $ off",
        ),
        ("the boys ' house -LRB- new -RRB- …", "en", "the boys' house -LRB-new-RRB-…"),
        (
            'Der " Nordendler " lädt „ alle “ ein » so « ( 20 Uhr ) ,',
            "de",
            'Der "Nordendler" lädt „alle“ ein »so« (20 Uhr),',
        ),
        ("d' un titre « Démo » : l’ eau !", "fr", "d'un titre « Démo » : l’eau !"),
        ("L' Ain dell' acqua .", "it", "L'Ain dell'acqua."),
        ("l' aigua de l' Ain", "ca", "l'aigua de l'Ain"),
        ("¿ Dónde ? ¡ Sí ! « Hola »", "es", "¿Dónde? ¡Sí! «Hola»"),
        ("我 爱 北京 ， 你好 。 Python 3 版", "zh", "我爱北京，你好。Python 3版"),
        ("ฉัน รัก ไทย", "th", "ฉันรักไทย"),
        ("서울 은 수도 이다 .", "ko", "서울 은 수도 이다."),
        ("서울 은 수도 이다 .", None, "서울 은 수도 이다."),
        ("مرحبا ، كيف حالك ؟", "ar", "مرحبا، كيف حالك؟"),
        ("मैं घर गया ।", "hi", "मैं घर गया।"),
        ("a @-@ b &amp; c", "en", "a @-@ b &amp; c"),
    ],
)
def test_natural(tokens: str, lang: str | None, expected: str) -> None:
    words = tokens.split(" ")
    spaces = natural_spaces(words, lang)
    assert "".join(word + " " * space for word, space in zip(words, spaces, strict=True)) == expected


awkward = st.sampled_from(
    ["'", '"', "``", "«", "(", ")", "$", ",", "@-@", "&amp;", "l'", "'s", "n't", "\u00a0", "中", "a b"]
)


@given(
    st.lists(
        st.one_of(awkward, st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)), max_size=12
    ),
    st.sampled_from(LANGUAGES),
    st.data(),
)
def test_only_spaces_change(words: list[str], lang: str | None, data: st.DataObject) -> None:
    """The tokens and the text of entities stay; no space is at the end."""
    spaces = natural_spaces(words, lang)
    assert len(spaces) == len(words)
    assert not any(spaces[-1:])
    start = data.draw(st.integers(0, len(words)))
    end = data.draw(st.integers(start, len(words)))
    spans = [(start, end, "X")] if start < end else []
    natural = sentence_of_words(words, spaces, spans, file=None, line=1)  # type: ignore[arg-type]
    assert natural.words == tuple(words)
    found = [natural.text[i:j] for i, j, _ in natural.spans or ()]
    assert [text.replace(" ", "") for text in found] == ["".join(words[i:j]).replace(" ", "") for i, j, _ in spans]


def test_spaces_in_text() -> None:
    assert spaces_in_text(" I'm\u00a0in  Rome. ", ["I", "'m", "in", "Rome", "."]) == [False, True, True, False, False]
    assert spaces_in_text("I am", ["I", "'m"]) is None
    assert spaces_in_text("I am here", ["I", "am"]) is None

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.languages.codes import normalise, variants


@pytest.mark.parametrize(
    ("code", "expected"),
    [("en", "en"), ("eng", "en"), ("ES", "es"), ("deu", "de"), ("ger", "de"), ("zh_Hans", "zh-hans"),
     ("pt-BR", "pt-br"), ("hbs", "sh"), ("sh", "sh"), ("ast", "ast"), ("qqq", "qqq"), ("iw", "he")],
)  # fmt: skip
def test_normalise(code: str, expected: str) -> None:
    assert normalise(code) == expected
    assert normalise(expected) == expected


@pytest.mark.parametrize("code", ["", "e", "english", "1a", "en ", "en--us", "español"])
def test_what_is_no_code(code: str) -> None:
    with pytest.raises(XnerError, match="is no language code; expected two or three letters"):
        normalise(code)


def test_variants() -> None:
    assert variants("spa") == variants("es") == ["es", "spa"]
    assert variants("ast") == ["ast"]
    assert variants("pt-BR") == ["pt-br", "por-br"]

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.languages.codes import code_variants, normalise_code


@pytest.mark.parametrize(
    ("code", "expected"),
    [("en", "en"), ("eng", "en"), ("ES", "es"), ("deu", "de"), ("ger", "de"), ("zh_Hans", "zh-hans"),
     ("pt-BR", "pt-br"), ("hbs", "sh"), ("sh", "sh"), ("ast", "ast"), ("qqq", "qqq"), ("iw", "he"),
     ("cmn", "zh"), ("cmn-Hans", "zh-hans"), ("arb", "ar"), ("yue", "yue"), ("no", "nb"), ("nor", "nb"), ("nn", "nn")],
)  # fmt: skip
def test_normalise(code: str, expected: str) -> None:
    assert normalise_code(code) == expected
    assert normalise_code(expected) == expected


@pytest.mark.parametrize("code", ["", "e", "english", "1a", "en ", "en--us", "español"])
def test_what_is_no_code(code: str) -> None:
    with pytest.raises(XnerError, match="is not a language code; expected two or three letters"):
        normalise_code(code)


def test_variants() -> None:
    assert code_variants("spa") == code_variants("es") == ["es", "spa"]
    assert code_variants("ast") == ["ast"]
    assert code_variants("no") == ["nb", "nob", "no", "nor"]
    assert code_variants("pt-BR") == ["pt-br", "por-br"]

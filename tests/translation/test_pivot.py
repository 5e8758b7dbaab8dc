from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy import registry

from spacy_xner.errors import XnerError
from spacy_xner.translation import Translator, make_translator
from spacy_xner.translation.pivot import Pivot

from ..programs import require_apertium
from .util import Reverser


class Suffixer(Reverser):
    """Puts its target language behind every text."""

    def translate(self, texts: Any) -> Iterator[str | None]:
        return (text if text is None else f"{text[::-1]} {self.target}" for text in super().translate(texts))


@pytest.fixture(autouse=True)
def registered() -> None:
    registry.misc("tests.Suffixer", func=Suffixer)
    registry.misc("tests.Reverser", func=Reverser)


def test_chain() -> None:
    pivot = Pivot([Suffixer("eng", "spa"), Suffixer("es", "cat"), Suffixer("ca", "fr")])
    assert isinstance(pivot, Translator)
    assert list(pivot.translate(["a", "what?", "", "b"])) == ["a spa cat fr", None, " spa cat fr", "b spa cat fr"]
    assert (pivot.identity["source"], pivot.identity["target"]) == ("en", "fr")
    assert [step["target"] for step in pivot.identity["steps"]] == ["spa", "cat", "fr"]


@given(texts=st.lists(st.sampled_from(["a", "b?", "", "?c"]), max_size=20), sizes=st.tuples(*[st.integers(1, 9)] * 3))
def test_order(texts: list[str], sizes: tuple[int, int, int]) -> None:
    pivot = Pivot([Reverser("en", "es", sizes[0]), Reverser("es", "en", sizes[1])], ahead=sizes[2])
    assert list(pivot.translate(texts)) == [None if "?" in text else text for text in texts]


def test_reads_no_more_than_its_steps() -> None:
    read: list[str] = []

    def stream() -> Iterator[str]:
        for text in "abcdefghijklmnop":
            read.append(text)
            yield text

    translations = Pivot([Reverser("en", "es", 2), Reverser("es", "en", 3)]).translate(stream())
    assert next(translations) == "a"
    assert len(read) <= 4


def test_by_name() -> None:
    pivot = make_translator("pivot", source="en", target="fr", through="es, ca", by="tests.Suffixer")
    assert list(pivot.translate(["a"])) == ["a es ca fr"]
    settings = [{"batch_size": 1}, {"batch_size": 2}]
    mixed = make_translator(
        "pivot", source="en", target="fr", through=["es"], by="tests.Reverser,tests.Suffixer", settings=settings
    )
    assert isinstance(mixed, Pivot)
    assert list(mixed.translate(["ab"])) == ["ba fr"]
    assert [step.batch_size for step in mixed.steps] == [1, 2]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"through": "", "by": "tests.Reverser"}, "needs two or more translators, found 1"),
        ({"through": "es,ca", "by": "tests.Reverser,tests.Reverser"}, "has 3 steps, but its setting `by` has 2 values"),
        ({"through": "es", "by": "tests.Reverser", "settings": [{}] * 3}, "its setting `settings` has 3 values"),
        ({"through": "es", "by": "nothing"}, "No translator 'nothing'"),
    ],
)
def test_bad_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(XnerError, match=message):
        make_translator("pivot", source="en", target="fr", **settings)


def test_bad_steps() -> None:
    with pytest.raises(XnerError, match="Reverser translates into es, but the next one, Reverser, from ca"):
        Pivot([Reverser("en", "es"), Reverser("ca", "fr")])
    silent = Reverser(None, None)  # type: ignore[arg-type]
    with pytest.raises(XnerError, match="Reverser has no target language"):
        Pivot([silent, silent])
    with pytest.raises(XnerError, match=r"Reverser \(es to ca\) stopped at text 2 \('b'\): RuntimeError"):
        list(Pivot([Reverser("en", "es"), Reverser("es", "ca", crash_at="b")]).translate("abc"))
    with pytest.raises(XnerError, match=r"Reverser \(en to es\) gave more"):
        list(Pivot([Reverser("en", "es", surplus=1), Reverser("es", "ca")]).translate("abc"))


@pytest.mark.program
def test_apertium() -> None:
    require_apertium(("ca", "en"), ("en", "es"))
    pivot = make_translator("pivot", source="ca", target="es", through="en")
    (translation,) = pivot.translate(["La casa és gran."])
    assert "casa" in (translation or "")

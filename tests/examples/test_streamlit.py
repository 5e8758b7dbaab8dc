"""examples/streamlit: the page without a browser; a threshold leaves out entities."""

import sys
from pathlib import Path
from typing import Any

import pytest

from .util import EXAMPLES

testing = pytest.importorskip(
    "streamlit.testing.v1", reason="needs streamlit, which no extra has: pip install streamlit"
)


@pytest.fixture
def app(tiny_pipeline: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "argv", ["look.py", str(tiny_pipeline)])
    return testing.AppTest.from_file(EXAMPLES / "streamlit/look.py", default_timeout=120)


def rows(app: Any) -> list[dict[str, Any]]:
    assert not app.exception
    found: list[dict[str, Any]] = app.dataframe[0].value.to_dict("records")
    return found


def test_page(app: Any) -> None:
    app.run()
    app.text_area[0].set_value("Angela Merkel visited Paris .\n\n<b>London</b> & Berlin\n").run()
    found = rows(app)
    first = {"entity": "Angela Merkel", "label": "PER", "text": 1}
    assert {key: value for key, value in found[0].items() if key != "score"} == first
    assert {row["text"] for row in found} <= {1, 2}
    html = app.get("html")[0].proto.body
    assert "Angela Merkel" in html
    assert "<b>" not in html
    assert app.subheader[0].value == f"{len(found)} entities"
    app.slider[0].set_value(0.99).run()
    assert rows(app) == [row for row in found if row["score"] >= 0.99]
    app.slider[0].set_value(0.0).run()
    app.multiselect[0].set_value(["LOC"]).run()
    assert rows(app) == [row for row in found if row["label"] == "LOC"]


def test_without_text(app: Any) -> None:
    app.run()
    app.text_area[0].set_value("\n").run()
    assert not app.exception
    assert app.info[0].value == "Write a text above."

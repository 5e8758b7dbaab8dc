"""The page of `xner predict --html`: texts with their entities in the style of displaCy, in one HTML file."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from ..corpus.predict import Row
from .entities_html import color_of, shown_entities


def predictions_page(rows: Sequence[Row], title: str, note: str) -> str:
    """The whole page; it is self-contained.

    rows (Sequence[Row]): texts with their entities, see `prediction_as_json`. The score of an entity, and its ids, are
        in a tooltip.
    """
    folder = Path(__file__).parent / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True)
    counts = Counter(entity["label"] for row in rows for entity in row["entities"])
    return environment.get_template("predictions.html").render(
        title=title,
        note=note,
        labels=[{"name": label, "color": color_of(label), "count": f"{n:,}"} for label, n in sorted(counts.items())],
        texts=[
            {
                "id": row.get("id", ""),
                "lang": row.get("lang", ""),
                "entities": shown_entities(
                    row["text"],
                    [(entity["start"], entity["end"], entity["label"], "") for entity in row["entities"]],
                    [tooltip_of(entity) for entity in row["entities"]],
                ),
            }
            for row in rows
        ],
    )


def tooltip_of(entity: Row) -> str:
    """What is known of an entity beside its place: "PER, score 0.98, Q3870"."""
    score = [f"score {entity['score']:.2f}"] if "score" in entity else []
    return ", ".join([entity["label"], *score, *(entity[key] for key in ("kb_id", "id") if key in entity)])

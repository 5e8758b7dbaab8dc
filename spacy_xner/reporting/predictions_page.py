"""The page of `xner predict --html`: texts with their entities in the style of displaCy, in one HTML file."""

from collections import Counter
from collections.abc import Sequence

from ..corpus.predict import Row
from .entities_html import color_of, shown_entities
from .frame import render_page


def predictions_page(rows: Sequence[Row], title: str, note: str) -> str:
    """The whole page; it is self-contained.

    rows (Sequence[Row]): texts with their entities, see `prediction_as_json`. The score of an entity, and its ids, are
        behind its label.
    """
    counts = Counter(entity["label"] for row in rows for entity in row["entities"])
    return render_page(
        "predictions.html",
        title=title,
        note=note,
        labels=[{"name": label, "color": color_of(label), "count": f"{n:,}"} for label, n in sorted(counts.items())],
        texts=[
            {
                "id": row.get("id") or f"Text {number}",
                "lang": row.get("lang", ""),
                "entities": shown_entities(
                    row["text"],
                    [
                        (entity["start"], entity["end"], entity["label"], details_of(entity))
                        for entity in row["entities"]
                    ],
                ),
            }
            for number, row in enumerate(rows, 1)
        ],
    )


def details_of(entity: Row) -> str:
    """What is known of an entity beside its label: " 0.98 Q3870"; "" for nothing."""
    score = [f"{entity['score']:.2f}"] if "score" in entity else []
    return "".join(f" {detail}" for detail in [*score, *(entity[key] for key in ("kb_id", "id") if key in entity)])

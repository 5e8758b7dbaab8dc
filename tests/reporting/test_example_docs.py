"""Which sentences are shown as examples."""

import spacy

from spacy_xner.corpus.predict import Text
from spacy_xner.reporting.example_docs import CANDIDATES, choose_candidates, find_examples, marked_entities

LONG = "x " * 30
PLACES = ["Nairobi", "Paris", "Kampala"]


def text(content: str, lang: str = "en", n_entities: int | None = None) -> Text:
    return Text(content, "1", lang, "a.txt:1", n_entities)


def test_labels_choose_where_there_are_some() -> None:
    best, most = text(LONG + "best", n_entities=3), text("short", "de", n_entities=2)
    texts = [
        *(text(LONG), text(LONG + "2", n_entities=2), best, text(LONG + "more", n_entities=9), text("y", n_entities=8)),
        *(text("none", "de", n_entities=0), most, text("as many", "de", n_entities=2)),
    ]
    assert choose_candidates(texts) == {"en": [best], "de": [most]}


def test_unlabelled_text() -> None:
    """The first twenty of a good length; the first text if there is none."""
    good = [text(f"{LONG}{i}") for i in range(CANDIDATES + 5)]
    assert choose_candidates([text("short"), *good, text("z", "fr"), text("zz", "fr")]) == {
        "en": good[:CANDIDATES],
        "fr": [text("z", "fr")],
    }


def test_the_one_in_which_most_is_found_is_shown() -> None:
    nlp = spacy.blank("xx")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "LOC", "pattern": each} for each in PLACES])  # type: ignore[attr-defined]
    texts = [
        text(LONG + "Nairobi"),
        text(LONG + " and ".join(PLACES)),
        text(LONG + ", ".join(PLACES)),
        text("Paris", "fr"),
    ]
    found = find_examples(nlp, texts)
    lines = [marked_entities(lang, doc).plain for lang, doc in found.items()]
    assert lines == [f"en  {LONG}[Nairobi](LOC) and [Paris](LOC) and [Kampala](LOC)", "fr  [Paris](LOC)"]

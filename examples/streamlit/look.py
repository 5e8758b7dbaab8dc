"""A page to look at what a pipeline finds in texts: `streamlit run look.py -- PIPELINE`."""

import sys
from typing import Any

import spacy
import streamlit as st
from spacy import displacy
from spacy.language import Language

TEXTS = """Angela Merkel visited Paris in May.
Die Universität Wien eröffnet ein Institut in Graz.
El Banco de España publicó ayer su informe en Madrid.
Президент Франции прилетел в Москву.
"""
# Light enough for black text.
COLOURS = ["#a6cee3", "#b2df8a", "#fdbf6f", "#fb9a99", "#cab2d6", "#ffff99", "#c9d1d9", "#80cdc1"]


@st.cache_resource(show_spinner="Loading the pipeline ...")
def load(name: str) -> Language:
    """The pipeline, once for all visitors."""
    return spacy.load(name)


@st.cache_data(show_spinner="Finding entities ...", max_entries=100)
def find(name: str, texts: tuple[str, ...]) -> list[dict[str, Any]]:
    """Each text with its entities and their scores, as displaCy takes them. The slider does not call this again."""
    return [
        {
            "text": doc.text,
            "ents": [
                {"start": ent.start_char, "end": ent.end_char, "label": ent.label_, "score": ent._.confidence}
                for ent in doc.ents
            ],
        }
        for doc in load(name).pipe(texts)
    ]


def shown(text: dict[str, Any], threshold: float, labels: list[str]) -> dict[str, Any]:
    """The text with the entities that are chosen, as the pipeline's own threshold chooses.

    Entities of other components, such as an `entity_ruler`, have no score.
    """
    kept = [ent for ent in text["ents"] if ent["score"] is None or ent["score"] >= threshold]
    ents = [ent for ent in kept if ent["label"] in labels]
    return {**text, "ents": ents}


def page(name: str) -> None:
    st.set_page_config(page_title="Entities", layout="wide")
    st.title("Entities")
    st.caption(f"Found by {name}. Texts can be in different languages.")
    all_labels = sorted({label for labels in load(name).pipe_labels.values() for label in labels})
    with st.sidebar:
        threshold = st.slider("Lowest score", 0.0, 1.0, 0.0, 0.01, help="Entities with a lower score are left out.")
        labels = st.multiselect("Labels", all_labels, default=all_labels)
    given = st.text_area("Texts, one in a line", TEXTS, height=150, max_chars=20_000)
    texts = tuple(line for line in given.splitlines() if line.strip())
    if not texts:
        st.info("Write a text above.")
        return
    found = [shown(text, threshold, labels) for text in find(name, texts)]
    colours = {label: COLOURS[number % len(COLOURS)] for number, label in enumerate(all_labels)}
    options = {"colors": colours, "ents": all_labels}
    st.html(displacy.render(found, style="ent", manual=True, jupyter=False, minify=True, options=options))
    rows = [
        {
            "entity": text["text"][ent["start"] : ent["end"]],
            "label": ent["label"],
            "score": ent["score"],
            "text": number,
        }
        for number, text in enumerate(found, start=1)
        for ent in text["ents"]
    ]
    st.subheader(f"{len(rows)} entities")
    st.dataframe(
        rows, hide_index=True, width="stretch", column_config={"score": st.column_config.NumberColumn(format="%.3f")}
    )


if __name__ == "__main__":
    page(sys.argv[1] if len(sys.argv) > 1 else "xx_xner_agg")

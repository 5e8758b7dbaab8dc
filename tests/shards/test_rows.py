"""Rows: to docs and back, to files and back, with awkward text."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span, SpanGroup
from spacy.vocab import Vocab

from spacy_xner.annotations.attributes import confidence_of, meta_of, set_confidence
from spacy_xner.annotations.entities import PlainSpan, set_spans
from spacy_xner.annotations.soft_labels import get_soft_labels, set_soft_labels
from spacy_xner.shards.row_docs import (
    row_of_doc,
    row_of_pair,
    source_doc,
    target_doc,
)
from spacy_xner.shards.rows import read_rows, write_row_docs, write_rows

pytest.importorskip("pyarrow")

# Emoji with joiners, combining marks, right-to-left text and its marks, NBSP, white space, a zero-width space.
WORDS = [
    "Ada",
    "👩‍👩‍👧",
    "e\u0301",
    "שָׁלוֹם",
    "\u200fمرحبا\u200e",
    "\u00a0",
    " ",
    "\n",
    "a\u00a0b",
    "\u200b",
    "ไทย",
    "𝔄",
    "'",
]
LABELS = ["PER", "LOC", "B-é 名"]


@st.composite
def docs(draw: st.DrawFn, ident: str = "1", lang: str = "en") -> Doc:
    words = draw(
        st.lists(
            st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4),
            max_size=7,
        )
    )
    n = len(words)
    spaces = draw(st.none() | st.lists(st.booleans(), min_size=n, max_size=n))
    starts: Any = draw(st.none() | st.lists(st.sampled_from([1, -1, 0]), min_size=n, max_size=n))
    doc = Doc(Vocab(), words=words, spaces=spaces, sent_starts=starts)
    spans = []
    end = 0
    while end < n and draw(st.booleans()):
        start = draw(st.integers(end, n - 1))
        end = draw(st.integers(start + 1, n))
        spans.append(
            Span(
                doc,
                start,
                end,
                label=draw(st.sampled_from(LABELS)),
                kb_id=draw(st.sampled_from(["", "Q7"])),
                span_id=draw(st.sampled_from(["", "T1"])),
            )
        )
    kind = draw(st.sampled_from(["unlabelled", "gold", "partly", "scored", "lost"]))
    if kind in ("gold", "partly"):
        inside = {i for span in spans for i in range(span.start, span.end)}
        missing = (
            [doc[i : i + 1] for i in range(n) if i not in inside and draw(st.booleans())] if kind == "partly" else []
        )
        doc.set_ents(spans, missing=missing)
        for entity in doc.ents:
            if draw(st.booleans()):
                set_confidence(entity, draw(st.floats(0, 1)))
    elif kind != "unlabelled":
        scored = [PlainSpan(s.start, s.end, s.label_, draw(st.floats(0, 1)), s.kb_id_, s.id_) for s in spans]
        set_spans(doc, scored, complete=kind == "scored")
    if n and draw(st.booleans()):
        nested = [Span(doc, 0, n, label="ORG"), Span(doc, 0, 1, label="PER"), Span(doc, 0, 0, label="NIL")]
        doc.spans["sc"] = SpanGroup(doc, name="sc", spans=draw(st.lists(st.sampled_from(nested), max_size=3)))
    if draw(st.booleans()):
        tags = ["O", "U-PER"]
        values = draw(st.lists(st.sampled_from([(0.25, 0.75), (1.0, 0.0), (0.0, 0.0)]), min_size=n, max_size=n))
        set_soft_labels(doc, tags, np.array(values, dtype=np.float32).reshape(n, 2))
    meta = {
        "id": ident,
        "lang": lang,
        "score": draw(st.floats(0, 1)),
        "provenance": [{"step": "convert", "file": "é"}],
    }
    doc._.xner_meta = meta | draw(st.sampled_from([{}, {"own": {"a": [1, None, "ß"]}}]))
    return doc


def facts(doc: Doc) -> dict[str, Any]:
    """All that a row holds of a doc."""
    soft = get_soft_labels(doc)
    groups = {
        key: ([(s.start, s.end, s.label_, s.kb_id_, s.id_) for s in g], dict(g.attrs)) for key, g in doc.spans.items()
    }
    return {
        "words": [
            (t.text, t.whitespace_, t.ent_iob_, t.ent_type_, t.ent_kb_id_, t.ent_id_, t.is_sent_start) for t in doc
        ],
        "unknown spaces": len(doc) > 0 and doc.has_unknown_spaces,
        "scores": [confidence_of(entity) for entity in doc.ents],
        "groups": groups,
        "soft": None if soft is None else (soft[0], soft[1].tolist()),
        "meta": meta_of(doc),
    }


@given(docs(), docs(ident="2", lang="de"))
@settings(max_examples=40)
def test_docs_to_rows_to_files_and_back(tmp_path_factory: pytest.TempPathFactory, source: Doc, target: Doc) -> None:
    folder = tmp_path_factory.getbasetemp() / "rows"
    rows = [row_of_doc(source), row_of_pair(source, target)]
    write_rows(folder / "a.parquet", rows)
    read = list(read_rows(folder / "a.parquet"))
    assert read == rows
    vocab = Vocab()
    assert facts(source_doc(read[0], vocab)) == facts(source)
    assert facts(target_doc(read[1], vocab)) == facts(target)
    # soft labels are those of the target
    again = facts(source_doc(read[1], vocab))
    assert {**again, "soft": None} == {**facts(source), "soft": None}
    write_row_docs(folder / "a.spacy", read)
    assert list(read_rows(folder / "a.spacy")) == [rows[0], row_of_doc(target)]

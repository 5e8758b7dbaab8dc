"""A pipeline that finds what it is told to, and docs labelled by hand."""

from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from spacy_xner.corpus.formats import parse_inline
from spacy_xner.encoders.tokenizer import multilingual_blank


def finder(**labels: str) -> Language:
    """A pipeline that finds the words in `labels` (word=label) wherever they stand, and nothing else."""
    nlp = multilingual_blank("xx")
    if labels:
        ruler: Any = nlp.add_pipe("entity_ruler")
        ruler.add_patterns([{"label": label, "pattern": word} for word, label in labels.items()])
    return nlp


def labelled(line: str, lang: str | None) -> Doc:
    """A doc of a line such as `[Ada](PER) sings.`; it knows its language unless that is None."""
    text, spans = parse_inline(line)
    doc = multilingual_blank("xx").make_doc(text)
    entities = [doc.char_span(start, end, label) for start, end, label in spans]
    doc.set_ents([entity for entity in entities if entity])
    assert len(doc.ents) == len(spans)
    doc._.xner_meta = {"id": line} if lang is None else {"id": line, "lang": lang}
    return doc

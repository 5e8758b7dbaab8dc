"""Constraints on the new entities of a doc, from its earlier entities, blocked tokens, sentence starts, white space."""

import numpy as np
from spacy.attrs import ENT_IOB, ENT_TYPE, IS_SPACE, SENT_START
from spacy.tokens import Doc, Span

from .decoding import Constraints

BEGIN, INSIDE = 3, 1  # values of `token.ent_iob`


def constraints_of(doc: Doc) -> Constraints:
    """The constraints on new entities of a doc; see `SoftmaxRecogniser`."""
    if not len(doc):
        return Constraints.none(0)
    iob, label, space, start = doc.to_array([ENT_IOB, ENT_TYPE, IS_SPACE, SENT_START]).T
    taken = (iob == BEGIN) | ((iob == INSIDE) & (label != 0))
    sentence_start = start == 1
    sentence_start[0] = False
    return Constraints(outside=taken, no_edge=space == 1, no_inside=sentence_start)


def blocked_spans(doc: Doc) -> list[Span]:
    """The tokens that `doc.set_ents(blocked=...)` blocked, each as a span."""
    iob, label = doc.to_array([ENT_IOB, ENT_TYPE]).T
    return [Span(doc, i, i + 1) for i in np.flatnonzero((iob == BEGIN) & (label == 0)).tolist()]

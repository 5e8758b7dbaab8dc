"""Docs that a component reads from a transformer, but which have no output of one: an error or a warning.

spacy-transformers' listeners take zeros in place of a missing output, and the predictions made from them are worthless.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from spacy.tokens import Doc
from thinc.api import Model

from . import compat_spacy
from .errors import XnerError


def check_outputs(docs: Iterable[Doc], *, is_sample: bool = False) -> None:
    """Check that a transformer has read the docs; empty docs need none.

    is_sample (bool): a model is being initialised with these docs, for which zeros are enough.
    RAISES: XnerError where the output was deleted, as `doc_cleaner` does. Where a transformer has never read a doc, for
        example because it is disabled, there is a warning.
    """
    never_read = False
    for doc in docs:
        if not len(doc) or compat_spacy.get_encoder_output(doc) is not None:
            continue
        if compat_spacy.is_output_deleted(doc):
            raise XnerError(
                "The transformer's output of a doc was deleted before a component that reads it: `doc_cleaner` comes "
                "before the component. Put the component before it: "
                'nlp.add_pipe("xner", before="doc_cleaner"), or in the order of [nlp] pipeline.'
            )
        never_read = True
    if never_read and not is_sample:
        warnings.warn(
            "A component reads a doc that no transformer has read: it predicts from zeros, which is worthless. Call "
            "nlp(text), nlp(doc) or nlp.pipe(texts) with the transformer enabled and before this component.",
            stacklevel=3,
        )


def has_stock_listener(model: Model) -> bool:
    """Whether a model reads a transformer through spacy-transformers' own listener."""
    return any(
        node.name == "transformer-listener" and type(node).__module__.startswith("spacy_transformers.")
        for node in model.walk()
    )

"""Batches of docs that are limited in tokens too: the memory of a batch must not follow the length of its docs."""

from collections.abc import Iterable, Iterator

from spacy.tokens import Doc

PREDICTED_TOKENS = 16_384
"""The most tokens of docs whose vectors are in memory at once: 25 MB in width 384. A longer doc is a batch alone."""

DECODED_TOKENS = 65_536
"""The most tokens of docs whose entities are decoded at once: several float64 arrays of (n_tokens, n_tags)."""


def batch_by_tokens(docs: Iterable[Doc], max_tokens: int, max_docs: int | None = None) -> Iterator[list[Doc]]:
    """The docs in order, in batches of at most so many tokens and docs; empty docs join the others."""
    batch: list[Doc] = []
    n_tokens = 0
    for doc in docs:
        if n_tokens and len(doc) and n_tokens + len(doc) > max_tokens:
            yield batch
            batch, n_tokens = [], 0
        batch.append(doc)
        n_tokens += len(doc)
        if len(batch) == max_docs:  # at once: who waits for the result may not send another doc before
            yield batch
            batch, n_tokens = [], 0
    if batch:
        yield batch

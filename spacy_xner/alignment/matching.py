"""SimAlign's three matching methods: from a similarity matrix to matches, vectorised.

The methods are those of Jalili Sabet et al. 2020 (https://aclanthology.org/2020.findings-emnlp.147) and give what the
package `simalign` gives for the same matrix, ties included.
"""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from ..errors import XnerError
from ..extras import needs_extra

Matrix = npt.NDArray[np.floating]
Matches = npt.NDArray[np.bool_]

ITERMAX_DAMPING = 0.9


def match(similarity: Matrix, method: str) -> Matches:
    """Match rows with columns.

    similarity (Matrix): (n_rows, n_columns), no value below 0.
    method (str): "inter", "itermax" or "mwmf".
    RETURNS (Matches): (n_rows, n_columns), True for matches.
    """
    check_method(method)
    if 0 in similarity.shape:
        return np.zeros(similarity.shape, dtype=bool)
    return METHODS[method](similarity)


def check_method(method: str, methods: Iterable[str] | None = None) -> None:
    """RAISES: XnerError for a method that is not among `methods`, by default SimAlign's."""
    known = list(methods or METHODS)
    if method not in known:
        raise XnerError(f"Unknown alignment method {method!r}: expected one of {', '.join(known)}.")


def inter(similarity: Matrix) -> Matches:
    """Mutual argmax: each is the other's best. A tie goes to the first."""
    n_rows, n_columns = similarity.shape
    best_column = similarity.argmax(axis=1)
    best_row = similarity.argmax(axis=0)
    rows = np.arange(n_rows)
    matches = np.zeros((n_rows, n_columns), dtype=bool)
    matches[rows, best_column] = best_row[best_column] == rows
    return matches


def itermax(similarity: Matrix) -> Matches:
    """Mutual argmax, then a second round among pairs of which at least one item is unmatched.

    In the second round, similarities of a matched item are multiplied by 0.9. As in the package, there is no second
    round if a side has at most two items, or no unmatched one.
    """
    first = inter(similarity)
    free_row, free_column = first.sum(axis=1) == 0, first.sum(axis=0) == 0
    if min(similarity.shape) <= 2 or not free_row.any() or not free_column.any():
        return first
    both_free = free_row[:, None] & free_column[None, :]
    any_free = free_row[:, None] | free_column[None, :]
    damping = np.where(both_free, 1.0, np.where(any_free, ITERMAX_DAMPING, 0.0))  # float64, as in the package
    return first | (inter(similarity * damping) & any_free)


def mwmf(similarity: Matrix) -> Matches:
    """Maximum-weight maximum matching on the bipartite graph, through networkx."""
    import networkx as nx
    from networkx.algorithms.bipartite.matrix import from_biadjacency_matrix

    with needs_extra("align", "The method mwmf needs"):
        from scipy.sparse import csr_matrix

    matches = np.zeros(similarity.shape, dtype=bool)
    n_rows = similarity.shape[0]
    for edge in nx.max_weight_matching(from_biadjacency_matrix(csr_matrix(similarity)), maxcardinality=True):
        row, column = sorted(edge)  # nodes are numbered rows first
        matches[row, column - n_rows] = True
    return matches


METHODS: dict[str, Callable[[Matrix], Matches]] = {"inter": inter, "itermax": itermax, "mwmf": mwmf}

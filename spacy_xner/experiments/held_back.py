"""Write held-back sentences with projected labels: data in the target languages for choosing settings.

Manual labels in a target language are for the final scores alone. The labels written here are projected, and no arm
learns from labels of these sentences.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..annotations.attributes import meta_of
from ..corpus.docs import load_docs, write_docs
from ..corpus.reader import find_docbins
from .plan import Study
from .run import split_of


class Written(NamedTuple):
    """A DocBin that was written.

    n_docs (int): number of docs in it.
    n_held_back (int): number of all held-back docs.
    n_incomplete (int): number of held-back docs with an entity that was not projected.
    """

    path: Path
    n_docs: int
    n_held_back: int
    n_incomplete: int


def write_held_back(study: Study, projected: Path, folder: Path, limit: int = 1000) -> Iterator[Written]:
    """Write the held-back sentences of each projected DocBin to a file of the same name, in random order.

    Sentences with an entity that was not projected are left out.

    projected (Path): DocBin file or folder, as `xner project` writes it.
    folder (Path): for the output.
    limit (int): at most this number of sentences in each file.
    RAISES: XnerError if no sentence is left for a file.
    """
    held_back = split_of(study).held_back
    for file in find_docbins(projected):
        docs = [doc for doc in load_docs(file) if meta_of(doc)["id"] in held_back]
        complete = [doc for doc in docs if meta_of(doc)["score"] > 0]
        random.Random(0).shuffle(complete)
        output = folder / file.name
        yield Written(output, write_docs(output, complete[:limit]), len(docs), len(docs) - len(complete))

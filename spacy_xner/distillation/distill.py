"""Distillation into a DocBin file. An interrupted run is resumed."""

import base64
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from spacy.tokens import Doc, DocBin

from ..annotations.attributes import meta_of
from ..corpus.docs import content_of, hash_of, write_docs
from ..corpus.formats.docbin import docbin_of, docs_of
from ..journal import Journal, Progress
from .distiller import Distiller


def distill_file(
    output: Path,
    docs: Sequence[Doc],
    distiller: Distiller,
    counts: Counter[str],
    progress: Progress = lambda items, start, total: items,
) -> tuple[int, float]:
    """Write the docs of `Distiller.distill` to a DocBin. An interrupted run is resumed after its last full batch.

    counts (Counter[str]): receives the counts of `Distiller.distill`, including those of an interrupted run.
    progress: wraps the stream of batches; it also receives the number of batches that an interrupted run has done, and
        the total number.
    RETURNS (tuple[int, float]): the number of docs, and the seconds that all batches took, including those of an
        interrupted run.
    RAISES: XnerError as `Distiller.check`, and if no doc is left.
    """
    distiller.check(docs)
    batches = distiller.batches(docs)
    digest = hash_of([(meta_of(doc), content_of(doc)) for doc in docs])
    with Journal(output, {"distill": digest, "batch": distiller.batch_size, **distiller.identity}) as journal:

        def results() -> Iterator[dict[str, Any]]:
            for batch in batches[journal.done :]:
                batch_counts: Counter[str] = Counter()
                start = time.perf_counter()
                kept = docbin_of(distiller.distill_batch(batch, batch_counts)).to_bytes()
                seconds = round(time.perf_counter() - start, 3)
                yield {"docs": base64.b64encode(kept).decode(), "counts": batch_counts, "seconds": seconds}

        for _ in progress(journal.add(results()), journal.done, len(batches)):
            pass
        seconds = 0.0
        for result in journal:
            counts.update(result["counts"])
            seconds += result["seconds"]
        vocab = distiller.teachers.pipelines[0].vocab
        distilled = (docs_of(DocBin().from_bytes(base64.b64decode(result["docs"])), vocab) for result in journal)
        n_docs = write_docs(output, chain.from_iterable(distilled))
        journal.remove()
    return n_docs, seconds

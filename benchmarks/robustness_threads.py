"""Many threads that share a pipeline, as in a server, for robustness.py."""

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import spacy
from robustness_text import make_text
from spacy.tokens import Doc

N_TEXTS = 400
KIB = 1024


def resident_mb() -> float:
    """Memory of this process now, in MB (Linux)."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="utf8").splitlines())
    return int(fields["VmRSS"].split()[0]) / KIB


def entities(doc: Doc) -> list[tuple[int, int, str]]:
    """The entities of a doc, to compare."""
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]


def share_pipeline(
    pipeline: str, n_threads: int, minutes: float, tell: Callable[[str], None] = print
) -> dict[str, Any]:
    """Threads read the same texts in their own order, each text alone, until the time is over.

    RETURNS: the row of the record: texts read, errors, texts with other entities than alone, and the peak of memory
        in MB in the second tenth of the time (after the first, in which memory pools fill) and in the last one.
    """
    nlp = spacy.load(pipeline)
    rng = random.Random(0)
    texts = [make_text(rng) for _ in range(N_TEXTS)]
    expected = [entities(doc) for doc in map(nlp, texts)]
    end, counts, errors = time.monotonic() + 60 * minutes, [[0, 0] for _ in range(n_threads)], []

    def read(number: int) -> None:
        own = random.Random(number)
        while time.monotonic() < end:
            i = own.randrange(N_TEXTS)
            try:
                counts[number][1] += entities(nlp(texts[i])) != expected[i]
            except Exception as error:
                errors.append(f"{type(error).__name__}: {error}")
            counts[number][0] += 1

    threads = [threading.Thread(target=read, args=(number,)) for number in range(n_threads)]
    for thread in threads:
        thread.start()
    tenths = []
    for tenth in range(10):
        peak, until = 0.0, end - 6 * minutes * (9 - tenth)
        while time.monotonic() < until:
            peak = max(peak, resident_mb())
            time.sleep(0.05)
        tenths.append(round(peak))
        tell(f"threads: {10 * tenth + 10}% of the time, peak {peak:.0f} MB, {len(errors)} errors")
    for thread in threads:
        thread.join()
    n_texts, n_others = map(sum, zip(*counts, strict=True))
    return {
        "part": "threads", "threads": n_threads, "minutes": minutes, "texts": n_texts, "errors": len(errors),
        "first_errors": errors[:3], "other_entities": n_others, "peak_mb_start": tenths[1], "peak_mb_end": tenths[-1],
        "peaks_mb": tenths,
    }  # fmt: skip

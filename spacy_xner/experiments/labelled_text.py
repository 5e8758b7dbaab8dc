"""The text that the teachers of a run label: once for all runs that learn from it.

Runs that differ in how they learn from the same labelled text share it, and so do the seeds of an arm with
`teacher_seeds`. It is in the folder of the first teacher's pipeline, and is removed with that.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import srsly
from filelock import FileLock

from ..alignment import embedding
from ..alignment.embedding import EmbeddingAligner
from ..alignment.loading import encoder_version
from ..corpus.docs import docs_by_id, hash_of
from ..distillation.distill import distill_file
from ..distillation.distiller import REVISION, Distiller
from ..distillation.selection import Selection
from ..distillation.teachers import Teachers
from ..files import read_json, write_json
from ..pipelines import load_pipeline
from ..projection import SpanProjector, projector
from .corpora import synthetic_texts
from .corpus_facts import corpus_digest, read_all
from .machine import package_versions
from .plan_checks import check_teacher_labels
from .run import Run
from .training import MODEL

FOLDER = "labelled"  # in the folder of a pipeline
Log = Callable[[str], None]


class LabelledText(NamedTuple):
    """A file that the teachers of a run have labelled.

    file (Path): a DocBin.
    docs (int): number of docs in it.
    minutes (float): what the labelling took.
    reused (bool): whether it was done for another run.
    """

    file: Path
    docs: int
    minutes: float
    reused: bool


def label_text(run: Run, log: Log) -> LabelledText:
    """Let the teachers label the synthetic text of a run, unless they have done so for this or another run.

    An interrupted labelling is resumed. A second process that needs the same text waits for it.

    run (Run): with teachers, whose pipelines exist.
    RAISES: XnerError as `synthetic_texts`, `distill_file` and `check_teacher_labels`.
    """
    check_teacher_labels(run.arm, run.labels)
    file = run.teachers[0].folder / FOLDER / f"{hash_of(srsly.json_dumps(identity_of(run), sort_keys=True))[:16]}.spacy"
    file.parent.mkdir(exist_ok=True)
    done = file.with_suffix(".json")
    with FileLock(file.with_suffix(".lock")):
        if not done.is_file():
            n_docs, minutes = _label(run, file, log)
            write_json(done, {"run": run.name, "docs": n_docs, "minutes": minutes})
        found = read_json(done)
    reused = found["run"] != run.name
    if reused:
        log(f"The text that was labelled for {found['run']} is used again")
    return LabelledText(file, found["docs"], found["minutes"], reused)


def identity_of(run: Run) -> dict[str, Any]:
    """All that the labelled text of a run depends on, as plain JSON."""
    study, arm = run.study, run.arm
    projection = [encoder_version(study.encoder), embedding.REVISION, projector.REVISION, arm.combine]
    return {
        "revision": REVISION,
        "versions": package_versions(),
        "teachers": [teacher.setting() for teacher in run.teachers],
        "synthetic": [corpus_digest(str(arm.synthetic)), sorted(arm.synthetic_languages)],
        "gold": [corpus_digest(study.gold), study.held_back],
        "certainty": arm.certainty,
        "agreement": arm.agreement,
        "projection": projection if arm.with_sources else None,
    }


def _label(run: Run, file: Path, log: Log) -> tuple[int, float]:
    """Label the text. RETURNS: the number of docs, and the minutes that it took."""
    arm = run.arm
    teachers = Teachers([load_pipeline(str(teacher.folder / MODEL)) for teacher in run.teachers])
    sources, projecting = None, None
    if arm.with_sources:
        sources = docs_by_id(read_all(run.study.gold))
        projecting = SpanProjector(EmbeddingAligner(run.study.encoder, inference="auto"))
    counts: Counter[str] = Counter()
    texts = synthetic_texts(run.study, arm, run.split())
    selection = Selection(arm.certainty, arm.agreement)
    distiller = Distiller(teachers, selection, sources, projecting, combine=arm.combine)
    n_docs, seconds = distill_file(file, texts, distiller, counts)
    log(listed(counts))
    return n_docs, round(seconds / 60, 2)


def listed(counts: Counter[str]) -> str:
    """Counts as a text: 6 docs, 2 unsure."""
    return ", ".join(f"{number:,} {kind}" for kind, number in counts.items())

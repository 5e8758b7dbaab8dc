"""Training the pipeline of a run, with the pipelines that it needs and the text that its teacher labels."""

import time
from itertools import chain
from pathlib import Path
from typing import Any

import srsly

from ..corpus.reader import find_docbins
from ..distillation.calibrate import calibrate_on
from ..distillation.weights import mix_weights
from ..files import atomic_path, read_json, remove, resumable_folder
from ..pipelines import load_pipeline
from .claims import TrainedElsewhereError, claimed
from .corpora import write_training_files
from .labelled_text import Log, label_text, listed
from .run import Run
from .training import CURVE, MODEL, train_into

TRAINING = "Training "  # a message begins with it and names the run
TRAININGS = "trainings"
SETTING = "setting.json"  # in the folder of a pipeline: it is complete, and was trained with this setting


def trained_parts(run: Run) -> dict[str, float] | None:
    """What `train_run` has returned for the pipeline of a run; None if there is no pipeline of this setting."""
    if not (run.folder / SETTING).is_file():
        return None
    found = read_json(run.folder / SETTING)
    return dict(found["parts"]) if found["setting"] == run.setting() and TRAININGS in found else None


def train_run(run: Run, gpu_id: int = -1, log: Log = print, wait: bool = True) -> dict[str, float]:
    """Train the pipeline of a run, unless it exists; before that, those of its teachers and its start.

    The caller has claimed the run. Until it has its records, no process removes the pipelines that it needs.

    gpu_id (int): -1 for the CPU.
    log (Callable[[str], None]): receives progress messages.
    wait (bool): wait for a pipeline that this one needs while another process trains it.
    RETURNS: the minutes of each part: `teacher`, `start` (what is not among those of the teacher), `distill`, `train`.
    RAISES: TrainedElsewhereError where another process trains a pipeline that this one needs, unless `wait`.
    """
    if (parts := trained_parts(run)) is not None:
        return parts
    setting = run.setting()
    minutes: dict[str, float] = {}
    trainings: list[dict[str, Any]] = []
    for kind, parents in run.parents.items():
        new: list[dict[str, Any]] = []
        for parent in parents:
            if trained_parts(parent) is None:
                with claimed(parent, wait) as free:
                    if not free:
                        raise TrainedElsewhereError(parent.name)
                    train_run(parent, gpu_id, log, wait)
            known = {(each["arm"], each["seed"]) for each in (*trainings, *new)}
            new += [each for each in trainings_of(parent) if (each["arm"], each["seed"]) not in known]
        minutes[kind] = round(sum(each["minutes"] for each in new), 2)
        trainings += new
    log(f"{TRAINING}{run}" + (f", from the weights of {run.start.arm.name}" if run.start else ""))
    with resumable_folder(run.folder, setting) as room:
        files, counts = write_training_files(run.study, run.arm, run.split(), room / "corpora")
        reused = False
        if run.teachers:
            file, counts["distilled"], minutes["distill"], reused = label_text(run, log)
            files.append(file)
        log(f"{listed(counts)} sentences")
        start = time.perf_counter()
        paths = {
            "paths.train": [str(file) for file in files],
            "paths.dev": run.study.dev,
            "paths.encoder": run.study.encoder,
        }
        if run.start:
            paths["paths.start"] = str(run.start.folder / MODEL)
        train_into(room, run.config, run.study.batch_words, run.overrides() | paths, gpu_id)
        if run.start and run.arm.start_share:
            average(room / MODEL, run.start.folder / MODEL, run.arm.start_share, run.study.dev)
        minutes["train"] = round((time.perf_counter() - start) / 60, 2)
        own = {
            "arm": run.arm.name,
            "seed": run.seed,
            "steps": run.study.steps_of(run.arm),
            "words": [*srsly.read_jsonl(room / CURVE)][-1]["words"],
            "minutes": round(minutes.get("distill", 0) + minutes["train"], 2),
            "reused": minutes["distill"] if reused else 0.0,
        }
        found = {"setting": setting, "parts": minutes, "sentences": dict(counts), TRAININGS: [*trainings, own]}
        srsly.write_json(room / SETTING, found)
        remove(room / "corpora")
    return minutes


def average(folder: Path, start: Path, share: float, dev: str) -> None:
    """Replace a trained pipeline by the mean of its weights and those of its start, and calibrate it again."""
    nlp = load_pipeline(str(folder))
    mix_weights(nlp, load_pipeline(str(start)), share)
    calibrate_on(find_docbins(dev), nlp)
    with atomic_path(folder) as temporary:
        nlp.to_disk(temporary)


def trainings_of(run: Run) -> list[dict[str, Any]]:
    """The trainings that a trained pipeline is the result of: those of its teachers and start, and its own, which is
    the last one. Each has its `arm` and `seed`, and its own `steps`, `words` and `minutes`; `reused` is the
    part of the minutes in which the teachers labelled the text for another run.
    """
    found = read_json(run.folder / SETTING)[TRAININGS]
    return [{"seed": run.seed, **each} for each in found]  # pipelines of earlier versions have no seed there


def is_scored(run: Run) -> bool:
    """Whether a run has its records; those on optional tests only if it has a pipeline."""
    tests = run.study.tests if (run.folder / SETTING).is_file() else run.study.needed_tests
    return all(run.record_on(test).is_file() for test in tests)


def remove_pipelines(run: Run) -> None:
    """Remove the pipelines of a run and of those that it needs which are not needed any more.

    That is, where the run and all that need it have records. The caller has claimed the run. A pipeline that another
    process has claimed is left to that process.
    """
    if all(is_scored(each) for each in (run, *run.children)):
        (run.folder / SETTING).unlink(missing_ok=True)  # first: it says that the folder is complete
        remove(run.folder)
        for parent in chain.from_iterable(run.parents.values()):
            with claimed(parent, wait=False) as free:
                if free:
                    remove_pipelines(parent)

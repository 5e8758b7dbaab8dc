"""Making the records of a study's runs. Existing records with the same setting are kept."""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import srsly

from ..encoders import resolve_encoder
from ..errors import XnerError
from ..files import atomic_path, read_json
from .claims import TrainedElsewhereError, claimed
from .comparability import differences, listed_changes
from .plan import Arm, Study
from .run import Run
from .run_record import make_record
from .run_training import remove_pipelines, train_run, trained_parts
from .start_checks import check_start
from .training import load_training

PAUSE = 1.0  # seconds until runs that other processes train are looked at again


class Runner:
    """Trains and scores runs of a study.

    gpu_id (int): -1 for the CPU.
    log (Callable[[str], None]): receives progress messages.
    """

    def __init__(self, study: Study, gpu_id: int = -1, log: Callable[[str], None] = print) -> None:
        self.study = study
        self.gpu_id = gpu_id
        self.log = log

    @property
    def records(self) -> Path:
        """The folder of the study's records."""
        return Path(self.study.records) / self.study.name

    def check(self, arms: Iterable[Arm]) -> None:
        """RAISES: XnerError for a missing encoder, for a training config that the arms' settings do not fit, and for an
        arm that cannot start from the weights of another one, see `check_start`."""
        resolve_encoder(self.study.encoder)
        for arm in arms:
            run = Run(self.study, arm, seed=0)
            load_training(run.config, run.overrides())
            check_start(run)

    def all_records(
        self, runs: Iterable[Run], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[Run, dict[str, Any]]]:
        """Yield each run with its record, see `record`.

        A run that another process trains, or that needs one which another process trains, comes later: this process
        takes other runs meanwhile, or waits.

        stop (Callable[[], bool]): whether to begin no further run.
        """
        waiting = list(runs)
        said: set[str] = set()
        while waiting:
            elsewhere = []
            for run in waiting:
                if stop():
                    return
                try:
                    with claimed(run, wait=False) as free:
                        if not free:
                            raise TrainedElsewhereError(run.name)
                        record = self.record(run, wait=False)
                except TrainedElsewhereError:
                    elsewhere.append(run)
                    if run.name not in said:
                        said.add(run.name)
                        self.log(f"{run.name}, or a run that it needs, is being trained by another process")
                else:
                    yield run, record
            if len(elsewhere) == len(waiting):
                time.sleep(PAUSE)
            waiting = elsewhere

    def record(self, run: Run, wait: bool = True) -> dict[str, Any]:
        """Read the record of a run, or train it and score it on all tests.

        wait (bool): as `train_run`.
        RETURNS: its record on the study's `test`.
        RAISES: XnerError for a record with another setting; TrainedElsewhereError as `train_run`.
        """
        if missing := missing_tests(run):
            settings = {test: run.setting(test) for test in missing}
            minutes = train_run(run, self.gpu_id, self.log, wait)
            for test, setting in settings.items():
                with atomic_path(run.record_on(test)) as temporary:
                    srsly.write_json(temporary, make_record(run, test, setting, minutes), indent=None)
        remove_pipelines(run)
        return read_json(run.record)


def missing_tests(run: Run) -> list[str]:
    """The tests of which a run has no record. A run is not trained again for optional ones alone: they are among them
    only if it has a pipeline, or has to be trained.

    RAISES: XnerError for a record with another setting.
    """
    found = {test: path.is_file() and _has_setting(path, run.setting(test)) for test, path in run.records.items()}
    missing = [test for test, is_there in found.items() if not is_there]
    needed = run.study.needed_tests
    if any(test in needed for test in missing) or (missing and trained_parts(run) is not None):
        return missing
    return []


def is_done(run: Run) -> bool:
    """Whether a run has its records, see `missing_tests`. RAISES: XnerError for a record with another setting."""
    return not missing_tests(run)


def left_unscored(runs: Iterable[Run]) -> list[str]:
    """A sentence for each optional test that some runs have no record of, because their pipelines were removed."""
    runs, notes = list(runs), []
    for name in runs[0].study.tests if runs else ():
        number = sum(is_done(run) and not run.record_on(name).is_file() for run in runs)
        if number:
            notes.append(
                f"{number} finished runs have no record on {name}, whose data came after their pipelines were removed. "
                f"To train and score them again, remove their records in {runs[0].record.parent}."
            )
    return notes


def _has_setting(record: Path, setting: dict[str, Any]) -> bool:
    """True. RAISES: XnerError for a record with another setting."""
    found = read_json(record).get("setting")
    known = found if isinstance(found, dict) else {}
    if "versions" not in known:
        raise XnerError(
            f"{record} does not say with which versions it was made, as records of earlier versions of spacy-xner: "
            f"a run of today cannot be compared with it. Rename the study, or remove the record to run it again."
        )
    if changed := differences(known, setting):
        raise XnerError(
            f"{record} is the record of a run with another {listed_changes(changed)}. Rename the study, or "
            f"remove the record to run it again."
        )
    return True

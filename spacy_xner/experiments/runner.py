"""Making the records of a study's runs. Existing records with the same setting are kept."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import srsly

from ..encoders import resolve_encoder
from ..errors import XnerError
from ..files import atomic_path, read_json
from .claims import claimed, has_free_parents
from .comparability import differences, listed_changes
from .plan import Arm, Study
from .run import Run
from .run_record import make_record
from .run_training import remove_pipelines, train_run
from .start_checks import check_start
from .training import load_training


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

    def all_records(self, runs: Iterable[Run]) -> Iterator[tuple[Run, dict[str, Any]]]:
        """Yield each run with its record, see `record`. Runs that another process is training come last."""
        elsewhere = []
        for run in runs:
            with claimed(run, wait=False) as free:
                record = self.record(run) if free and has_free_parents(run) else None
            if record is None:
                self.log(f"{run.name}, or a run that it needs, is being trained by another process")
                elsewhere.append(run)
            else:
                yield run, record
        for run in elsewhere:
            with claimed(run):
                record = self.record(run)
            yield run, record

    def record(self, run: Run) -> dict[str, Any]:
        """Read the record of a run, or train it and score it on all tests.

        RETURNS: its record on the study's `test`.
        RAISES: XnerError for a record with another setting.
        """
        if not is_done(run):
            settings = {test: run.setting(test) for test, path in run.records.items() if not path.is_file()}
            minutes = train_run(run, self.gpu_id, self.log)
            for test, setting in settings.items():
                with atomic_path(run.records[test]) as temporary:
                    srsly.write_json(temporary, make_record(run, test, setting, minutes), indent=None)
        remove_pipelines(run)
        return read_json(run.record)


def is_done(run: Run) -> bool:
    """Whether the records of a run exist. RAISES: XnerError for a record with another setting."""
    found = [path.is_file() and _has_setting(path, run.setting(test)) for test, path in run.records.items()]
    return all(found)


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

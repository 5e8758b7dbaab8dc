"""What a trained pipeline keeps of its training in `meta.json`: steps, seconds, machine, versions and data."""

import sys
import time
from collections.abc import Callable
from typing import IO, Any

from spacy.language import Language
from spacy.training.loggers import console_logger

from ..corpus.label_counts import count_labels
from ..corpus.reader import find_docbins
from ..pipelines import TRAINING
from .machine import describe_machine, package_versions

Log = Callable[[dict[str, Any] | None], None]
Logger = Callable[[Language, IO[str], IO[str]], tuple[Log, Callable[[], None]]]
READER = "spacy_xner.Corpus.v1"


def create_console_logger(progress_bar: bool = True) -> Logger:
    """`spacy_xner.ConsoleLogger.v1`: prints as `spacy.ConsoleLogger` does, and records the training in the pipeline.

    `nlp.meta["xner_training"]` has

    - `steps` and `seconds` of the training loop, with its evaluations, and without loading and initialisation;
    - `machine` and `versions` of packages;
    - `data`: rows of `corpus.label_counts.count_labels`, if the training corpus has the reader spacy_xner.Corpus.v1;
    - `start`: `name` and `training` of the pipeline that the training has started from, if there was one (see
      spacy_xner.StartFrom.v1).

    Each pipeline that the training saves has the values of its own step.

    progress_bar (bool): show a progress bar between evaluations.
    """

    def setup(
        nlp: Language, stdout: IO[str] = sys.stdout, stderr: IO[str] = sys.stderr
    ) -> tuple[Log, Callable[[], None]]:
        log, finish = console_logger(progress_bar=progress_bar)(nlp, stdout, stderr)
        record = {"machine": describe_machine(), "versions": package_versions(), "data": count_data(nlp)}
        start = time.perf_counter()
        steps = 0

        def write(n_steps: int) -> None:
            before = nlp.meta.get(TRAINING, {})  # StartFrom has written there
            kept = {"start": before["start"]} if "start" in before else {}
            nlp.meta[TRAINING] = {"steps": n_steps, "seconds": round(time.perf_counter() - start), **record, **kept}

        def log_step(info: dict[str, Any] | None) -> None:
            nonlocal steps
            log(info)
            steps += 1
            write(steps)  # spaCy saves a pipeline before it logs the step, whose number is this one

        def finish_and_write() -> None:
            finish()
            write(max(steps - 1, 0))  # the last pipeline is saved afterwards

        write(0)
        return log_step, finish_and_write

    return setup


def count_data(nlp: Language) -> list[dict[str, Any]] | None:
    """The rows of `count_labels` for the training corpus; None where another reader reads it."""
    config = nlp.config.interpolate()
    corpus: Any = config
    for name in config["training"]["train_corpus"].split("."):
        corpus = corpus.get(name, {})
    return count_labels(find_docbins(corpus["path"])) if corpus.get("@readers") == READER else None

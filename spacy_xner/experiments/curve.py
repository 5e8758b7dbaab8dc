"""The training logger `spacy_xner.CurveLogger.v1`: `spacy_xner.ConsoleLogger.v1` with a learning curve."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import srsly
from spacy.language import Language

from .training_record import Log, Logger, create_console_logger


def create_curve_logger(path: str) -> Logger:
    """Make a logger that does what `spacy_xner.ConsoleLogger.v1` does, and writes a JSON line for each evaluation.

    path (str): the file. A line has `step`, `words` (number of words trained on so far) and `score`.
    """

    def setup(
        nlp: Language, stdout: IO[str] = sys.stdout, stderr: IO[str] = sys.stderr
    ) -> tuple[Log, Callable[[], None]]:
        log, finish = create_console_logger()(nlp, stdout, stderr)
        Path(path).write_text("", encoding="utf8")

        def log_step(info: dict[str, Any] | None) -> None:
            log(info)
            if info is not None:
                row = {"step": info["step"], "words": info["words"], "score": round(float(info["score"]), 6)}
                srsly.write_jsonl(path, [row], append=True, append_new_line=False)

        return log_step, finish

    return setup

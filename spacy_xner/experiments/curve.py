"""The training logger `spacy_xner.CurveLogger.v1`: spaCy's console logger, which also writes the learning curve."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import srsly
from spacy.language import Language
from spacy.training.loggers import console_logger

Log = Callable[[dict[str, Any] | None], None]


def create_curve_logger(path: str) -> Callable[[Language, IO[str], IO[str]], tuple[Log, Callable[[], None]]]:
    """Make a logger that prints as `spacy.ConsoleLogger` does and writes a JSON line for each evaluation.

    path (str): the file. A line has `step`, `words` (number of words trained on so far) and `score`.
    """

    def setup(
        nlp: Language, stdout: IO[str] = sys.stdout, stderr: IO[str] = sys.stderr
    ) -> tuple[Log, Callable[[], None]]:
        log, finish = console_logger(progress_bar=True)(nlp, stdout, stderr)
        Path(path).write_text("", encoding="utf8")

        def log_step(info: dict[str, Any] | None) -> None:
            log(info)
            if info is not None:
                row = {"step": info["step"], "words": info["words"], "score": round(float(info["score"]), 6)}
                srsly.write_jsonl(path, [row], append=True, append_new_line=False)

        return log_step, finish

    return setup

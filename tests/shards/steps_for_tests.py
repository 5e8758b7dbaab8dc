"""Steps without models, for tests of manifests and engines."""

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spacy_xner.errors import XnerError
from spacy_xner.shards.row import Row


@dataclass(frozen=True)
class ReverseSpec:
    """Writes the words of each source in the reverse order; leaves out sources of one word.

    fail_at (str): a word at which the step fails as where a server is gone, as long as the file `server` is missing.
    kill_in (str): folder with a file for each word at which the process is killed by SIGKILL, once.
    kill_always (str): a word at which it is killed each time.
    wait_in (str): folder in which each process that the step runs in leaves its number, and waits at the word "wait"
        until there is a file `go`.
    """

    lang: str = "de"
    fail_at: str = ""
    server: str = ""
    kill_in: str = ""
    kill_always: str = ""
    wait_in: str = ""
    name = "reverse"

    def load(self) -> "Reverse":
        return Reverse(self)


class Reverse:
    """The step of `ReverseSpec`."""

    count_names = ("sentences", "single words")

    def __init__(self, spec: ReverseSpec) -> None:
        self.spec = spec
        self.identity: dict[str, Any] = {"name": "reverse", "lang": spec.lang, "revision": 1}

    def __call__(self, rows: list[Row], counts: Counter[str]) -> list[Row]:
        made = []
        for row in rows:
            counts["sentences"] += 1
            self._end_at(row.source_words)
            if len(row.source_words) == 1:
                counts["single words"] += 1
                continue
            words = row.source_words[::-1]
            made.append(replace(row, lang=self.spec.lang, words=words, spaces=[True] * len(words)))
        return made

    def _end_at(self, words: list[str]) -> None:
        if self.spec.kill_always in words:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.spec.wait_in:
            folder = Path(self.spec.wait_in)
            (folder / str(os.getpid())).touch()
            while "wait" in words and not (folder / "go").exists():
                time.sleep(0.02)
        if self.spec.fail_at in words and not Path(self.spec.server).exists():
            raise XnerError("The server at http://127.0.0.1:5000 does not answer. Start it.")
        for file in Path(self.spec.kill_in).glob("*") if self.spec.kill_in else ():
            if file.name in words:
                file.unlink()
                os.kill(os.getpid(), signal.SIGKILL)

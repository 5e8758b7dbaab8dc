"""How much memory does a pipeline take for many texts, and for long ones, and how many words does it read in a second?

Each row is a process of its own, which loads the pipeline and reads the texts with `nlp.pipe`; docs are not kept.
Texts are CoNLL development words of German, Spanish and Dutch in $XNER_DATA, again and again, cut into the lengths of
the row. `peak_mb` is the most resident memory of the process, loading included; `loaded_mb` is the most before the
texts. The row of 256 long texts takes an hour on one core: `--only` chooses rows.

--json keeps rows that it already contains and that are not measured again.

    XNER_DATA=FOLDER python benchmarks/memory.py training/xner_agg/model-last --only "64 of 1000"
"""

import json as json_format
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated, Any

import srsly
import typer
from common import CONLL_TARGETS, JsonOption, data_folder, make_table, read_iob, report, run, show

from spacy_xner.files import atomic_path

KIB_PER_UNIT = 1 / 1024 if sys.platform == "darwin" else 1  # ru_maxrss is in bytes on macOS
CHARACTERS = 1_000_000

ROWS: dict[str, tuple[int, int | None]] = {
    "1000 of 20": (1000, 20),
    "64 of 1000": (64, 1000),
    "128 of 1000": (128, 1000),
    "256 of 1000": (256, 1000),
    "16 of 10000": (16, 10_000),
    "256 of 10000": (256, 10_000),
    "one of 1000000 characters": (1, None),
}
"""Number of texts and words in each; None: as many words as fit into `CHARACTERS`."""


def make_texts(folder: Path, row: str) -> Iterator[str]:
    """The texts of a row."""
    n_texts, n_words = ROWS[row]
    words = cycle(word for lang in CONLL_TARGETS for s in read_iob(folder / f"{lang}.dev.iob.gz") for word in s.words)
    for _ in range(n_texts):
        if n_words is None:
            yield " ".join(islice(words, CHARACTERS // 2))[:CHARACTERS]
        else:
            yield " ".join(islice(words, n_words))


def peak_mb() -> float:
    """The most resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB_PER_UNIT / 1024


def measure(pipeline: Path, row: str) -> dict[str, Any]:
    """The figures of a row, in this process."""
    import spacy

    nlp = spacy.load(pipeline)
    nlp("Berlin")  # what is made at the first prediction
    loaded, texts = peak_mb(), make_texts(data_folder("conll"), row)
    n_tokens = n_entities = 0
    start, cpu = time.perf_counter(), time.process_time()
    for doc in nlp.pipe(texts):
        n_tokens += len(doc)
        n_entities += len(doc.ents)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    return {
        "texts": row,
        "words": n_tokens,
        "entities": n_entities,
        "loaded_mb": loaded,
        "peak_mb": peak_mb(),
        "words_per_second": n_tokens / seconds,
        "words_per_cpu_second": n_tokens / cpu_seconds,
    }


def main(
    pipeline: Annotated[Path, typer.Argument(help="Folder of a trained pipeline.")],
    only: Annotated[list[str] | None, typer.Option(help=f"Rows to measure: {', '.join(ROWS)}. Default: all.")] = None,
    here: Annotated[bool, typer.Option(hidden=True)] = False,
    json: JsonOption = None,
) -> None:
    """Measure each row in a process of its own and print memory and speed."""
    unknown = [row for row in only or () if row not in ROWS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is no row; there are: {', '.join(ROWS)}")
    data_folder("conll")
    if here:
        print(json_format.dumps(measure(pipeline, (only or [])[0])))
        return
    rows = []
    others = json_format.loads(json.read_text())["rows"] if json and json.is_file() else []
    table = make_table(f"{pipeline}", "texts", "words", "peak MB", "words/s", "words/CPU s")
    for row in only or ROWS:
        command = [sys.executable, "-W", "ignore", __file__, str(pipeline), "--only", row, "--here"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"The row {row!r} failed:\n{done.stderr}")
        found = json_format.loads(done.stdout.splitlines()[-1])
        speeds = (f"{found[name]:.0f}" for name in ("peak_mb", "words_per_second", "words_per_cpu_second"))
        table.add_row(row, f"{found['words']}", *speeds)
        rows.append(found)
        if json:  # after each row: the rows take minutes each
            report_rows([*(row for row in others if row["texts"] not in {r["texts"] for r in rows}), *rows], json)
    show(table)
    report({"peak_mb": max(found["peak_mb"] for found in rows)}, rows, None)


def report_rows(rows: list[dict[str, Any]], json: Path) -> None:
    """Write what was measured so far."""
    with atomic_path(json) as temporary:
        srsly.write_json(temporary, {"figures": {"peak_mb": max(row["peak_mb"] for row in rows)}, "rows": rows})


if __name__ == "__main__":
    run(main)

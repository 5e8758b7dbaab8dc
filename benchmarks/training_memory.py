"""The memory that training steps take, each measurement in a process of its own, for aggregation_cost.py.

The process gets its request as one JSON argument and prints its figures as JSON. Linux only.
"""

import json
import resource
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from training_steps import Arm, Trainer, make_batches, read_corpus

N_STEPS = 6


def measure_memory(arm: Arm, encoder: str, words: int | None, batch_words: int) -> dict[str, float]:
    """MB that the steps add to the level before them, and the peak of the whole process."""
    request = json.dumps({"arm": asdict(arm), "encoder": encoder, "words": words, "batch_words": batch_words})
    command = [sys.executable, "-W", "ignore", __file__, request]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(result.stdout.splitlines()[-1]))


def main(request: str) -> None:
    """Train for a few steps and print the memory."""
    wanted = json.loads(request)
    docs = read_corpus()
    trainer = Trainer(Arm(**wanted["arm"]), wanted["encoder"], docs)
    before = read_memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak, which loading may have set
    for batch in make_batches(docs, wanted["words"], wanted["batch_words"])[:N_STEPS]:
        trainer.step(batch)
    peak = read_memory("VmHWM")
    process = max(peak, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps({"training_mb": peak - before, "process_mb": process}))


def read_memory(name: str) -> float:
    """A memory figure of this process in MB, from Linux."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main(sys.argv[1])

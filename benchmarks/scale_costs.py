"""What do ten million and a billion sentence pairs cost, worked out from the records of scale.py?

Hours are of one core, and the same steps: translate with a dictionary, project, distill. Time grows in proportion to
the pairs (the record has the figures of three sizes). `around` is everything but the models; `with models` has the
project's encoder in projection and teacher. Disk is that of a folder of shards with the teacher's soft labels. `plan`
is the pass that counts and hashes the rows, which is made in one process. A shard is a line of the manifest.

    python benchmarks/scale_costs.py benchmarks/records/scale.json benchmarks/records/scale-real.json
"""

from pathlib import Path
from typing import Annotated, Any

import srsly
import typer
from common import JsonOption, make_table, run, show

from spacy_xner.files import atomic_path

MANIFEST_LINE = 60  # bytes of a shard in the manifest


def costs(pairs: int, around: dict[str, Any], real: dict[str, Any], shard_size: int) -> dict[str, float]:
    """Hours of a core, gigabytes and megabytes for a number of pairs, from the rows of two records."""
    return {
        "hours around": pairs / around["pairs_per_second"] / 3600,
        "hours with models": pairs / real["pairs_per_second"] / 3600,
        "disk GB": pairs * real["output_mb"] / real["pairs"] / 1000,
        "hours of plan": pairs * around["plan_seconds"] / around["pairs"] / 3600,
        "shards": pairs / shard_size,
        "manifest MB": pairs / shard_size * MANIFEST_LINE / 1e6,
    }


def largest(record: Path) -> dict[str, Any]:
    """The row of a record with the most pairs that were made in one process, without Ray."""
    rows = [row for row in srsly.read_json(record)["rows"] if row["workers"] == 0]
    return dict(max(rows, key=lambda row: int(row["pairs"])))


def main(
    around: Annotated[Path, typer.Argument(help="Record of scale.py with its tiny models.")],
    real: Annotated[Path, typer.Argument(help="Record of scale.py with --encoder and --teacher.")],
    pairs: Annotated[str, typer.Option(help="Numbers of pairs.")] = "10000000,1000000000",
    shard_size: Annotated[int, typer.Option(help="Pairs in a shard.")] = 10_000,
    json: JsonOption = None,
) -> None:
    """Print a column for each number of pairs."""
    sizes = [int(size) for size in pairs.split(",")]
    found = [costs(size, largest(around), largest(real), shard_size) for size in sizes]
    table = make_table("Costs", "", *(f"{size:,} pairs" for size in sizes))
    for name in found[0]:
        table.add_row(name, *(f"{each[name]:,.{0 if each[name] >= 100 else 1}f}" for each in found))
    show(table)
    if json:
        with atomic_path(json) as temporary:
            srsly.write_json(temporary, dict(zip(map(str, sizes), found, strict=True)))


if __name__ == "__main__":
    run(main)

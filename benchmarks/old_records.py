"""What do the records say that were made before studies replaced the programs that made them?

Prints mean and standard deviation over the seeds of F1 in percent, for each arm in a folder of records that have scores
alone, without counts by sentence: records/aggregation, records/projected and records/recogniser. `xner report` reads
the records of studies.

    python benchmarks/old_records.py benchmarks/records/recogniser
"""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import srsly
import typer
from common import JsonOption, make_table, report, run, show

from spacy_xner.errors import XnerError

Record = dict[str, Any]
ERRORS = ("ece_uncalibrated", "ece")  # expected calibration error before and after fitting the temperature


def read_records(folder: Path) -> dict[tuple[str, str], list[Record]]:
    """The records of all seeds, by data and arm. RAISES: XnerError where there are none."""
    found: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for path in sorted(folder.glob("*.json")):
        record = srsly.read_json(path)
        if "macro_f" not in record.get("scores", {}) or "data" not in record:
            raise XnerError(
                f"{path}: expected a record with data, arm and scores; `xner report` reads those of studies."
            )
        found[record["data"], record["arm"]].append(record)
    if not found:
        raise XnerError(f"{folder}: found no .json files, expected records.")
    return dict(found)


def summarise(data: str, arm: str, records: Sequence[Record]) -> dict[str, Any]:
    """The row of an arm: mean F1 and its standard deviation by language and as a macro average, ECE, minutes."""
    row: dict[str, Any] = {"data": data, "arm": arm, "seeds": [record["seed"] for record in records]}
    scores = [record["scores"] for record in records]
    values = {lang: [100 * each["languages"][lang]["f"] for each in scores] for lang in scores[0]["targets"]}
    values["macro"] = [100 * each["macro_f"] for each in scores]
    for key, numbers in values.items():
        row[key] = statistics.mean(numbers)
        row[f"{key}_sd"] = statistics.stdev(numbers) if len(numbers) > 1 else None
    row |= {key: statistics.mean(each[key] for each in scores) for key in ERRORS if key in scores[0]}
    return {**row, "minutes": statistics.mean(record["minutes"] for record in records)}


def main(
    folder: Annotated[Path, typer.Argument(help="Folder of records.")],
    json: JsonOption = None,
) -> None:
    """Print a table for each set of data."""
    rows = [summarise(data, arm, records) for (data, arm), records in read_records(folder).items()]
    for data in dict.fromkeys(row["data"] for row in rows):
        of_data = [row for row in rows if row["data"] == data]
        languages = [key.removesuffix("_sd") for key in of_data[0] if key.endswith("_sd")]
        table = make_table(f"{data}: F1", "arm", "seeds", *languages, "ECE before", "ECE", "minutes", n_left=2)
        for row in of_data:
            spreads = ("" if row[f"{key}_sd"] is None else f" ± {row[f'{key}_sd']:.1f}" for key in languages)
            cells = [f"{row[key]:.1f}{spread}" for key, spread in zip(languages, spreads, strict=True)]
            cells += [f"{row[key]:.3f}" if key in row else "-" for key in ERRORS]
            table.add_row(row["arm"], ",".join(map(str, row["seeds"])), *cells, f"{row['minutes']:.1f}")
        show(table)
    report({f"macro_f1_{row['data']}_{row['arm'].replace(' ', '_')}": row["macro"] for row in rows}, rows, json)


if __name__ == "__main__":
    run(main)

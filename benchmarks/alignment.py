"""How many links between words are right?

Precision, recall and alignment error rate (AER; Och and Ney 2003) on the gold alignments of WPT 2003 (English-French,
447 pairs) and WPT 2005 (Romanian-English, 248 pairs), in $XNER_DATA/alignment, of every method of ours, with the
default layers and with each single layer asked for, beside published figures. Sure links must be there, possible ones
may; nothing here learns from them.

    XNER_DATA=FOLDER python benchmarks/alignment.py [--encoder embedded] [--trained FOLDER] [--layers 4 5 6 7 8]
        [--json FILE]

`--trained` takes an encoder that learned from unlabelled pairs (`xner align train`) and adds the figures
`aer_enfr_trained` and `aer_roen_trained`.
"""

import argparse
import gzip
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import srsly
from measuring_data import data_folder, read_pairs
from rich.table import Table

from spacy_xner.alignment.embedding import ALIGN_METHODS, EmbeddingAligner
from spacy_xner.cli.console import make_console
from spacy_xner.files import atomic_path

SETS = ("enfr", "roen")
LINK = re.compile(r"(\d+)([-p])(\d+)")
# Dou and Neubig 2021, table 1 (https://aclanthology.org/2021.eacl-main.181): mBERT, without and with fine-tuning.
PUBLISHED = {
    "eflomal (published)": {"enfr": 8.2, "roen": 25.1},
    "SimAlign, mBERT (published)": {"enfr": 5.8, "roen": 29.0},
    "AWESOME, mBERT, not fine-tuned (published)": {"enfr": 5.6, "roen": 27.9},
    "AWESOME, mBERT, fine-tuned (published)": {"enfr": 4.1, "roen": 20.8},
}

Gold = tuple[set[tuple[int, int]], set[tuple[int, int]]]


def read_gold(path: Path) -> list[Gold]:
    """Sure links, and all (the possible ones too), of each pair, from 0."""
    gold = []
    with gzip.open(path, "rt", encoding="utf8") as file:
        for line in file:
            links = [(int(i) - 1, int(j) - 1, kind) for i, kind, j in LINK.findall(line)]
            sure = {(i, j) for i, j, kind in links if kind == "-"}
            gold.append((sure, {(i, j) for i, j, _ in links}))
    return gold


def score(found: Iterable[Sequence[tuple[int, int]]], gold: Sequence[Gold]) -> dict[str, float]:
    """Precision, recall and AER in percent."""
    n_found = n_sure = found_sure = found_possible = 0
    for links, (sure, possible) in zip(found, gold, strict=True):
        n_found += len(links)
        n_sure += len(sure)
        found_sure += len(sure.intersection(links))
        found_possible += len(possible.intersection(links))
    return {
        "aer": 100 * (1 - (found_sure + found_possible) / max(1, n_found + n_sure)),
        "precision": 100 * found_possible / max(1, n_found),
        "recall": 100 * found_sure / max(1, n_sure),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="embedded", help="embedded, a folder, or a name on the hub")
    parser.add_argument("--trained", help="folder of an encoder that learned from unlabelled pairs")
    parser.add_argument("--layers", type=int, nargs="*", default=[], help="single layers to try too")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()

    folder = data_folder("alignment")
    pairs = {name: list(read_pairs(folder / f"{name}.src-tgt.gz")) for name in SETS}
    gold = {name: read_gold(folder / f"{name}.gold.gz") for name in SETS}
    systems: dict[str, tuple[str, Any, str, str]] = {}
    for method in ALIGN_METHODS:
        systems[f"{method}"] = (arguments.encoder, None, method, "float32")
        for layer in arguments.layers:
            systems[f"{method}, layer {layer}"] = (arguments.encoder, layer, method, "float32")
    systems["transport, fast"] = (arguments.encoder, None, "transport", "auto")
    if arguments.trained:
        systems["transport, trained"] = (arguments.trained, None, "transport", "float32")

    table = Table(title=f"Encoder {arguments.encoder}", title_justify="left")
    table.add_column("system")
    for name in SETS:
        for column in ("AER", "precision", "recall"):
            table.add_column(f"{name} {column}", justify="right")
    rows: list[dict[str, Any]] = []
    for system, (encoder, layers, method, inference) in systems.items():
        aligner = EmbeddingAligner(encoder, layers, method, inference=inference)
        scores = {name: score((a.links for a in aligner.align(pairs[name])), gold[name]) for name in SETS}
        rows.append({"system": system, **{f"{key}_{name}": scores[name][key] for name in SETS for key in scores[name]}})
        table.add_row(system, *(f"{scores[name][key]:.2f}" for name in SETS for key in ("aer", "precision", "recall")))
    for system, published in PUBLISHED.items():
        table.add_row(system, *(cell for name in SETS for cell in (f"{published[name]:.1f}", "", "")))
    make_console().print(table)
    if arguments.json:
        by_name = {row["system"]: row for row in rows}
        figures = {f"aer_{name}": by_name["transport"][f"aer_{name}"] for name in SETS}
        if arguments.trained:
            figures |= {f"aer_{name}_trained": by_name["transport, trained"][f"aer_{name}"] for name in SETS}
        with atomic_path(arguments.json) as path:
            srsly.write_json(path, {"figures": figures, "rows": rows})


if __name__ == "__main__":
    main()

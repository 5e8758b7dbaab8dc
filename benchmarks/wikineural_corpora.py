"""Makes the second test of the study on the shipped corpora: the first development sentences of WikiNEuRal.

Reads $XNER_DATA/wikineural/{de,es,fr,it,nl,pl,pt,ru}.dev.iob.gz, and writes FOLDER/LANG.spacy. Without these data,
FOLDER stays as it is, or empty: the study leaves this test out.

    XNER_DATA=FOLDER python benchmarks/wikineural_corpora.py corpora/wikineural --limit 300
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from common import LimitOption, find_data, read_dev, run
from spacy.tokens import Doc

from spacy_xner.corpus.docs import write_docs

ENCYCLOPAEDIA = ("de", "es", "fr", "it", "nl", "pl", "pt", "ru")


def main(
    folder: Annotated[Path, typer.Argument(help="Where to write.")] = Path("corpora/wikineural"),
    limit: LimitOption = 300,
) -> None:
    """Write the sentences; --limit is of those of each language."""
    folder.mkdir(parents=True, exist_ok=True)  # also without data: a later step of the project depends on it
    save_encyclopaedia(folder, limit)


def save_encyclopaedia(folder: Path, limit: int | None) -> None:
    """Write the first sentences of each language, or say that the data are absent."""
    if wikineural := find_data("wikineural"):
        for lang, docs in read_dev(wikineural, ENCYCLOPAEDIA, limit).items():
            save(folder / f"{lang}.spacy", docs)


def save(path: Path, docs: Iterable[Doc]) -> None:
    """Write a DocBin, and say how many docs it has."""
    print(f"{path}: {write_docs(path, docs):,} docs")


if __name__ == "__main__":
    run(main)

"""Writes sentence pairs that nobody aligned, for `xner align train` to learn from.

The 695 pairs of WPT 2003 and 2005 (without their links) in $XNER_DATA/alignment, and English CoNLL sentences with their
DeepL translations into German, Spanish and Dutch (Garcia-Ferrero et al. 2022) in $XNER_DATA/conll.

    XNER_DATA=FOLDER python benchmarks/alignment_pairs.py pairs.txt [--translations 2000]
    xner align train pairs.txt --output models/aligner
    XNER_DATA=FOLDER python benchmarks/alignment.py --trained models/aligner
    XNER_DATA=FOLDER python benchmarks/projection.py --encoder models/aligner
"""

import gzip
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from experiment import CONLL_TARGETS
from measuring_data import data_folder, read_iob, read_pairs

from spacy_xner.alignment.files import SEPARATOR
from spacy_xner.files import atomic_path

LENGTHS = range(9, 50)  # words of an English sentence: shorter ones in CoNLL are headlines and tables


def main(
    output: Annotated[Path, typer.Argument(help="File to write: `source ||| target` a line.")],
    translations: Annotated[int, typer.Option(help="Pairs of English and DeepL translations.")] = 2000,
    seed: Annotated[int, typer.Option(help="Which of them.")] = 0,
) -> None:
    """Write the pairs."""
    alignment = data_folder("alignment")
    lines = [line_of(*pair) for name in ("enfr", "roen") for pair in read_pairs(alignment / f"{name}.src-tgt.gz")]
    translated = list(translated_lines())
    lines += random.Random(seed).sample(translated, min(translations, len(translated)))
    with atomic_path(output) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf8")
    print(f"{output}: {len(lines):,} pairs")


def translated_lines() -> Iterator[str]:
    conll = data_folder("conll")
    english = read_iob(conll / "en.train.iob.gz")
    for lang in CONLL_TARGETS:
        with gzip.open(conll / f"deepl/{lang}.train.txt.gz", "rt", encoding="utf8") as file:
            for sentence, line in zip(english, file, strict=True):
                if len(sentence.words) in LENGTHS and line.strip():
                    yield line_of(sentence.words, line.split())


def line_of(source: list[str], target: list[str]) -> str:
    return f"{' '.join(source)} {SEPARATOR} {' '.join(target)}"


if __name__ == "__main__":
    typer.run(main)

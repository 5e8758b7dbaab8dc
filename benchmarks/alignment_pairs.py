"""Writes unaligned sentence pairs for `xner align train` to learn from.

The pairs of sentences of alignment.py (without their links) in $XNER_DATA/alignment, and English CoNLL sentences with
their DeepL translations into German, Spanish and Dutch (Garcia-Ferrero et al. 2022) in $XNER_DATA/conll.

    XNER_DATA=FOLDER python benchmarks/alignment_pairs.py pairs.txt
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
from alignment import SETS
from common import CONLL_TARGETS, SeedOption, data_folder, read_iob, read_pairs, run

from spacy_xner.alignment.files import SEPARATOR
from spacy_xner.files import atomic_path

LENGTHS = range(9, 50)  # words of an English sentence: shorter ones in CoNLL are headlines and tables


def main(
    output: Annotated[Path, typer.Argument(help="File to write: `source ||| target` a line.")],
    translations: Annotated[int, typer.Option(help="Pairs of English and DeepL translations.")] = 2000,
    seed: SeedOption = 0,
) -> None:
    """Write the pairs."""
    alignment, conll = data_folder("alignment"), data_folder("conll")
    lines = [format_pair(*pair) for name in SETS for pair in read_pairs(alignment / f"{name}.src-tgt.gz")]
    translated = list(read_translations(conll))
    lines += random.Random(seed).sample(translated, min(translations, len(translated)))
    with atomic_path(output) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf8")
    print(f"{output}: {len(lines):,} pairs")


def read_translations(conll: Path) -> Iterator[str]:
    """A line for each English sentence of a usable length that has a translation, language by language."""
    english = read_iob(conll / "en.train.iob.gz")
    for lang in CONLL_TARGETS:
        with gzip.open(conll / f"deepl/{lang}.train.txt.gz", "rt", encoding="utf8") as file:
            for sentence, line in zip(english, file, strict=True):
                if len(sentence.words) in LENGTHS and line.strip():
                    yield format_pair(sentence.words, line.split())


def format_pair(source: list[str], target: list[str]) -> str:
    return f"{' '.join(source)} {SEPARATOR} {' '.join(target)}"


if __name__ == "__main__":
    run(main)

"""Reads the public data that benchmarks measure on, from the folder in the environment variable XNER_DATA."""

import gzip
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spacy_xner.projection import SourceSpan

VARIABLE = "XNER_DATA"


def data_folder(name: str, needed: bool = False) -> Path:
    """The folder `name` of the measuring data; says in one line that it is absent, and ends the program, otherwise.

    needed (bool): other steps need what the program makes, so that without the data it has failed.
    """
    root = os.environ.get(VARIABLE)
    if not root or not (Path(root) / name).is_dir():
        print(
            f"{'Stopped' if needed else 'Skipped'}: this reads {name}/ in the folder that ${VARIABLE} names, which is "
            f"{root or 'not set'}. benchmarks/README.md says what belongs in it."
        )
        sys.exit(int(needed))
    return Path(root) / name


@dataclass(frozen=True)
class Tagged:
    """A sentence with IOB2 tags."""

    words: list[str]
    tags: list[str]

    @property
    def spans(self) -> list[SourceSpan]:
        spans: list[SourceSpan] = []
        for i, tag in enumerate(self.tags):
            if tag.startswith("I-") and spans and spans[-1].end == i and spans[-1].label == tag[2:]:
                spans[-1] = spans[-1]._replace(end=i + 1)
            elif tag != "O":
                spans.append(SourceSpan(i, i + 1, tag[2:]))
        return spans


def read_iob(path: Path) -> list[Tagged]:
    """Sentences of a `.iob.gz` file: token, tab, tag a line, a blank line after each sentence."""
    sentences, words, tags = [], [], []
    with gzip.open(path, "rt", encoding="utf8") as file:
        for line in file:
            if line := line.rstrip("\n"):
                word, tag = line.split("\t")
                words.append(word)
                tags.append(tag)
            else:
                sentences.append(Tagged(words, tags))
                words, tags = [], []
    return [*sentences, Tagged(words, tags)] if words else sentences


def read_pairs(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Pairs of a gzipped file of `source ||| target` lines, as words."""
    with gzip.open(path, "rt", encoding="utf8") as file:
        for line in file:
            source, target = line.split("|||")
            yield source.split(), target.split()

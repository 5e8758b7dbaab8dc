"""The folder in which the blocks of the pages run."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import write_docs

from .blocks import ROOT

NEWS = [
    ("Angela/B-PER Merkel/I-PER visited/O Vienna/B-LOC ./O", "Angela Merkel besuchte Wien."),
    ("The/O talks/O in/O Paris/B-LOC lasted/O two/O days/O ./O", "Die Gespräche in Paris dauerten zwei Tage."),
    ("It/O rained/O ./O", "Es regnete."),
]


@pytest.fixture
def room(tmp_path: Path, tiny_encoder: Path, tiny_pipeline: Path, tiny_corpus: Path) -> Path:
    """A folder with the files that the blocks name. A page that names others adds them here."""
    for name, target in {
        "training/xner_agg/model-last": tiny_pipeline,
        "training/teacher/model-last": tiny_pipeline,
        "models/encoder": tiny_encoder,
        "corpora/dev": tiny_corpus,
        "corpora/train": tiny_corpus,
        "corpus": ROOT / "corpus",
        "configs": ROOT / "configs",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).symlink_to(target)
    english = [re.sub(r"/\S+", "", tagged) for tagged, _ in NEWS]
    natural = [text.replace(" .", ".") for text in english]  # as `xner corpus convert` writes it
    german = [text for _, text in NEWS]
    columns = "\n".join("".join(f"{token.replace('/', ' ')}\n" for token in tagged.split()) for tagged, _ in NEWS)
    table = ["en\tde", *map("\t".join, zip(natural, german, strict=True))]
    files = {
        **dict.fromkeys(["news.iob", "news.dev.iob", "en.iob"], columns),
        **dict.fromkeys(["translations.tsv", "memory.tsv"], _lines(table)),
        "news.txt": _lines(english),
        "de.txt": _lines(german),
        "en.txt": "[Angela Merkel](PER) visited [Vienna](LOC).\nIt snowed.\n",
        "pairs.txt": _lines(map(" ||| ".join, zip(english, german, strict=True))),
        "plain.txt": "Angela Merkel visitó Viena.\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf8")
    write_docs(tmp_path / "synthetic/es.spacy", convert_files([tmp_path / "plain.txt"], "es", Counter(), "plain"))
    return tmp_path


def _lines(texts: Iterable[str]) -> str:
    return "".join(f"{text}\n" for text in texts)

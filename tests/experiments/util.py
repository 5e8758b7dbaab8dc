"""A small study on sentences with names of persons and places."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from spacy.tokens import Doc

from spacy_xner.annotations.attributes import meta_of
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import with_step, write_docs

NAMES = ("Angela Merkel", "Ada Lovelace", "Wangari Maathai")
PLACES = ("Paris", "Berlin", "London", "Nairobi")

CONFIG = """
[study]
name = "tiny"
config = "{config}"
encoder = "{encoder}"
answer = "b-a"
gold = "{room}/gold.spacy"
dev = "{room}/dev.spacy"
test = "{room}/test"
seeds = [0, 1]
held_back = 0.5
steps = 4
batch_words = 60
eval_every = 2
examples = 2
folder = "{room}/training"
records = "{room}/records"

[study.settings]
vars.swap = 0.0
components.transformer.model.max_layers = null

[arms]

[arms.a]
title = "gold alone"

[arms.a.settings]
components.xner.model.tok2vec.aggregator.@architectures = "spacy_xner.LastLayer.v1"

[arms.b]
projected = "{room}/projected"

[arms.c]
synthetic = "{room}/translated"
teacher = "b"
with_sources = true
"""


def docs_of(room: Path, lines: Sequence[str], lang: str, name: str = "corpus") -> list[Doc]:
    """Labelled docs of lines with markup; docs of the same `name` have the same ids."""
    path = room / f"{name}.txt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf8")
    return list(convert_files([path], lang, Counter(), empty=True))


def make_study(room: Path, encoder: Path, config: str = "configs/xner.cfg") -> Path:
    """Write corpora and a study file. RETURNS: the file."""
    lines = [f"[{name}](PER) visited [{place}](LOC) today ." for name in NAMES for place in PLACES]
    write_docs(room / "gold.spacy", docs_of(room, lines, "en"))
    write_docs(room / "dev.spacy", docs_of(room, [f"Once , {line[:-2]} or so ." for line in lines[:3]], "en", "dev"))
    german = [line.replace("visited", "besuchte").replace("today", "heute") for line in lines]
    projected = docs_of(room, german, "de")
    for doc in projected:
        doc._.xner_meta = with_step(with_step(meta_of(doc), {"step": "translate"}), {"step": "project"})
    write_docs(room / "projected/de.spacy", projected)
    for doc in projected:
        doc.set_ents([], default="missing")
    write_docs(room / "translated/de.spacy", projected)
    write_docs(
        room / "test/de.spacy", docs_of(room, ["Gestern war [Ada Lovelace](PER) in [Paris](LOC) ."], "de", "test")
    )
    path = room / "study.cfg"
    path.write_text(CONFIG.format(room=room, encoder=encoder, config=config), encoding="utf8")
    return path

"""Does better projection make a better pipeline?

CoNLL-2003 English and its DeepL translations into German, Spanish and Dutch (Garcia-Ferrero et al. 2022), in
$XNER_DATA/conll. The labels of the translations are projected by us, or come from the files of AWESOME and SimAlign;
all else is the same: recogniser, sentences, steps, seeds. Scored on the development halves of German, Spanish and
Dutch, which no training has seen. See `experiment.py`: records are kept, and a stopped run goes on.

    XNER_DATA=FOLDER python benchmarks/projected_training.py [--seeds 0,1,2] [--steps 200] [--json FILE]
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import srsly
import typer
from experiment import CONLL_TARGETS, Arm, Experiment, compare
from measuring_data import data_folder
from spacy.tokens import Doc

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.cli.progress import resumable_progress
from spacy_xner.corpus.docs import convert_files, write_docs
from spacy_xner.corpus.project import project_corpus
from spacy_xner.corpus.project_files import pair_files
from spacy_xner.files import atomic_path
from spacy_xner.projection import SpanProjector

OURS = "transport"
PEERS = ("awesome", "simalign")


def english(folder: Path) -> Path:
    path = folder / "conll-en-train.spacy"
    if not path.is_file():
        write_docs(path, convert_files([data_folder("conll") / "en.train.iob.gz"], "en", Counter()))
    return path


def projected(folder: Path, system: str, encoder: str) -> list[Path]:
    """The labelled translations of a system, one file a language; ours are made, a stopped run goes on."""
    conll = data_folder("conll")
    paths = []
    for lang in CONLL_TARGETS:
        path = folder / f"deepl-{system}-{lang}.spacy"
        paths.append(path)
        if path.is_file():
            continue
        if system == OURS:
            projector = SpanProjector(EmbeddingAligner(encoder))
            text = conll / f"deepl/{lang}.train.txt.gz"
            show = resumable_progress(f"Projecting {lang}", "sentences")
            counts: Counter[str] = Counter()
            pairs = pair_files(conll / "en.train.iob.gz", text, counts, lang=lang, tokenized=True)
            project_corpus(path, pairs, projector, counts, show)
            print(f"{path}: {dict(counts)}")
        else:
            write_docs(path, read_peer(conll / f"deepl/{lang}.train.{system}.iob.gz", lang))
    return paths


def read_peer(path: Path, lang: str) -> Iterator[Doc]:
    yield from convert_files([path], lang, Counter())


def main(
    seeds: Annotated[str, typer.Option(help="With commas.")] = "0,1,2",
    systems: Annotated[str, typer.Option(help="With commas.")] = ",".join((OURS, *PEERS)),
    steps: Annotated[int, typer.Option(help="Optimizer steps of each training.")] = 200,
    batch_words: Annotated[int, typer.Option(help="Padded words in a step.")] = 800,
    limit: Annotated[
        int, typer.Option(help="Development sentences of each language, at most; all by default.")
    ] = 100_000,
    encoder: Annotated[str, typer.Option(help="For aligning and training.")] = "models/encoder",
    folder: Annotated[Path, typer.Option(help="For corpora and pipelines.")] = Path("training/benchmarks"),
    records: Annotated[Path, typer.Option(help="For the records of finished runs.")] = Path(
        "benchmarks/records/projected"
    ),
    json: Annotated[Path | None, typer.Option(help="Write figures and rows here.")] = None,
) -> None:
    """Project, train each system's corpora with each seed, print F1 by language."""
    experiment = Experiment("conll", steps, batch_words, folder, records, encoder, limit)
    arms = []
    for system in (name.strip() for name in systems.split(",")):
        files = [english(folder), *projected(folder, system, encoder)]
        arms.append(Arm(system, {"paths.train": [str(path) for path in files]}))
    rows = compare([experiment], arms, [int(seed) for seed in seeds.split(",")])
    if json:
        figures = {f"f1_{lang}_{row['arm']}": row[lang] for row in rows for lang in (*CONLL_TARGETS, "macro")}
        with atomic_path(json) as temporary:
            srsly.write_json(temporary, {"figures": figures, "rows": rows})


if __name__ == "__main__":
    typer.run(main)

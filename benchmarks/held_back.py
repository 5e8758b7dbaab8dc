"""Takes the projected labels of sentences whose labels no arm of a study uses: to choose settings by.

Labels of people in a target language are for the final scores alone; these are projected, and of other sentences than
any arm learns labels from. What is scored on them says which of two settings reads translations better, and no more.

    python benchmarks/held_back.py configs/studies/conll.cfg corpora/conll-projected corpora/conll-held-back
"""

import random
from pathlib import Path
from typing import Annotated

import typer

from spacy_xner.annotations.attributes import meta_of
from spacy_xner.corpus.docs import write_docs
from spacy_xner.corpus.reader import find_docbins
from spacy_xner.experiments.corpora import read_all, split_ids
from spacy_xner.experiments.plan import read_study


def main(
    config: Annotated[Path, typer.Argument(help="The study's .cfg.")],
    projected: Annotated[Path, typer.Argument(help="Folder of its projected corpora.")],
    folder: Annotated[Path, typer.Argument(help="Where to write.")],
    limit: Annotated[int, typer.Option(help="Sentences of each language.")] = 1000,
) -> None:
    """Write a DocBin for each language: sentences on which all entities arrived, drawn at random."""
    study = read_study(config)
    texts = {meta_of(doc)["id"]: doc.text for doc in read_all(study.gold)}
    held_back = split_ids(texts, study.held_back, 1.0, 0).held_back
    for file in find_docbins(projected):
        docs = [doc for doc in read_all(str(file)) if meta_of(doc)["id"] in held_back]
        whole = [doc for doc in docs if meta_of(doc)["score"] > 0]
        random.Random(0).shuffle(whole)
        number = write_docs(folder / file.name, whole[:limit])
        print(
            f"{folder / file.name}: {number:,} of {len(docs):,} sentences held back, {len(docs) - len(whole)} not whole"
        )


if __name__ == "__main__":
    typer.run(main)

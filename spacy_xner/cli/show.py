"""`xner show`: what a pipeline scores and does, at a glance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from spacy.tokens import Doc


def show(
    pipeline: Annotated[str, typer.Argument(help="Installed package or folder of a trained pipeline.")],
    files: Annotated[list[Path], typer.Argument(help="DocBin files, or folders of them, to take the sentences from.")],
    scores: Annotated[Path | None, typer.Option(help="The pipeline's scores, from `xner evaluate --output`.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="Another pipeline's scores, to compare with.")] = None,
) -> None:
    """Print a pipeline's scores and, for each language, a sentence with the entities that it finds.

    The sentence of a language is the first one of 40 to 160 characters with three entities or more in its labels, or
    else the one with most entities.

    Example: `xner show xx_xner_agg corpora/test --scores metrics/xx_xner_agg.json`
    """
    from rich.text import Text

    from ..annotations.attributes import meta_of
    from ..corpus.docs import load_docs
    from ..corpus.reader import find_docbins
    from ..pipelines import load_pipeline
    from ..reporting.score_table import score_table
    from ..scoring.scores import read_scores
    from .console import make_console

    console = make_console()
    if scores:
        compared = read_scores(baseline) if baseline else None
        console.print(score_table(read_scores(scores), compared, title=pipeline))
    nlp = load_pipeline(pipeline)
    chosen: dict[str, Doc] = {}
    for path in [path for file in files for path in find_docbins(file)]:
        for doc in load_docs(path):
            before = chosen.setdefault(meta_of(doc)["lang"], doc)
            if fitness(doc) > fitness(before):
                chosen[meta_of(doc)["lang"]] = doc
    docs = nlp.pipe([doc.text for doc in chosen.values()])
    for lang, doc in zip(chosen, docs, strict=True):
        line, end = Text(f"{lang}  ", style="bold"), 0
        for ent in doc.ents:
            line.append(doc.text[end : ent.start_char], style="not bold")
            line.append(f"[{ent.text}]", style="bold cyan")
            line.append(f"({ent.label_})", style="dim")
            end = ent.end_char
        line.append(doc.text[end:], style="not bold")
        console.print(line, soft_wrap=True)


def fitness(doc: Doc) -> tuple[bool, int]:
    """How well a sentence serves as an example: of a good length and full of names, else by its number of entities."""
    good = 40 <= len(doc.text) <= 160 and len(doc.ents) >= 3
    return good, 0 if good else len(doc.ents)

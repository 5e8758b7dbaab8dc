"""Writes what a pipeline finds in texts as pre-annotations for Prodigy or doccano: people correct them.

    python annotate.py xx_xner_agg news.txt --tool prodigy --output news.prodigy.jsonl --limit 200

The way back is `xner corpus convert`, which reads the exports of both tools.
"""

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import spacy
import typer
from spacy.tokens import Doc

Tool = StrEnum("Tool", ["prodigy", "doccano"])


def lowest_score(doc: Doc) -> float:
    """The score of the least certain entity; 1 where there is none with a score."""
    return min((ent._.confidence for ent in doc.ents if ent._.confidence is not None), default=1.0)


def for_prodigy(doc: Doc, name: str, lang: str) -> dict[str, Any]:
    """A task of `ner.manual`. Its tokens are those of the pipeline, which entities begin and end with.

    Scores are in `meta`, which Prodigy shows, and not in the spans: there, a corrected span would keep the score of
    the pipeline, and training with `hard_weighting` would take it for the weight of the label.
    """
    tokens = [
        {
            "id": token.i,
            "text": token.text,
            "start": token.idx,
            "end": token.idx + len(token),
            "ws": bool(token.whitespace_),
        }
        for token in doc
    ]
    spans = [
        {
            "start": ent.start_char,
            "end": ent.end_char,
            "token_start": ent.start,
            "token_end": ent.end - 1,  # the last token, unlike in spaCy
            "label": ent.label_,
        }
        for ent in doc.ents
    ]
    meta = {"id": name, "lowest score": round(lowest_score(doc), 3)}
    return {"text": doc.text, "id": name, "lang": lang, "tokens": tokens, "spans": spans, "meta": meta}


def for_doccano(doc: Doc, name: str, lang: str) -> dict[str, Any]:
    """A line of doccano's JSONL for sequence labelling. It shows the keys that it does not know beside the text."""
    label = [[ent.start_char, ent.end_char, ent.label_] for ent in doc.ents]
    return {"text": doc.text, "label": label, "name": name, "lang": lang, "lowest_score": round(lowest_score(doc), 3)}


RECORDS: dict[Tool, Callable[[Doc, str, str], dict[str, Any]]] = {Tool.prodigy: for_prodigy, Tool.doccano: for_doccano}


def main(
    pipeline: Annotated[str, typer.Argument(help="Installed package or folder.")],
    texts: Annotated[Path, typer.Argument(help="A text in each line.")],
    tool: Annotated[Tool, typer.Option(help="Who corrects them.")],
    output: Annotated[Path, typer.Option(help="JSONL file to write.")],
    lang: Annotated[str, typer.Option(help="Language of the texts.")] = "de",
    limit: Annotated[int | None, typer.Option(min=1, help="The most texts; those with the lowest scores.")] = None,
) -> None:
    """Write pre-annotations. With --limit, those of which the pipeline is least certain come first."""
    nlp = spacy.load(pipeline)
    lines = texts.read_text(encoding="utf8").splitlines()
    named = ((line, f"{texts.stem}:{number}") for number, line in enumerate(lines, start=1) if line.strip())
    scored = [(lowest_score(doc), RECORDS[tool](doc, name, lang)) for doc, name in nlp.pipe(named, as_tuples=True)]
    if limit is not None:
        scored = sorted(scored, key=lambda pair: pair[0])[:limit]
    written = "".join(json.dumps(record, ensure_ascii=False) + "\n" for _, record in scored)
    output.write_text(written, encoding="utf8")
    print(f"{output}: {len(scored)} of {len(lines)} lines, labels {', '.join(nlp.pipe_labels['xner'])}")


if __name__ == "__main__":
    typer.run(main)

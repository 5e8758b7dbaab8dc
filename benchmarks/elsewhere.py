"""How well does a pipeline do on text that is not from its own corpus?

CoNLL-2002/2003 news and WikiANN encyclopaedia text, development halves, in $XNER_DATA. With --baseline, the difference
from a second pipeline. WikiANN has no MISC, so predicted MISC entities are ignored there.

    XNER_DATA=FOLDER python benchmarks/elsewhere.py xx_xner_agg --baseline training/zero_shot/model-last
"""

from typing import Annotated, Any

import typer
from common import JsonOption, LimitOption, data_folder, read_dev, report, run, show
from spacy.language import Language
from spacy.tokens import Doc

from spacy_xner.pipelines import load_pipeline
from spacy_xner.reporting.score_table import score_table
from spacy_xner.scoring.scores import evaluate_pipeline

SETS = {"conll": ("en", "de", "es", "nl"), "wikiann": ("de", "es", "nl", "pl", "ru")}


@Language.component("xner_benchmark_drop_misc")
def drop_misc(doc: Doc) -> Doc:
    doc.ents = [ent for ent in doc.ents if ent.label_ != "MISC"]
    return doc


def score(nlp: Language, name: str, limit: int | None) -> dict[str, Any]:
    """Scores of a pipeline on a set."""
    docs = read_dev(data_folder(name), SETS[name], limit)
    if name == "wikiann":
        nlp.add_pipe("xner_benchmark_drop_misc")
    scores = evaluate_pipeline(nlp, (doc for of_lang in docs.values() for doc in of_lang))
    if name == "wikiann":
        nlp.remove_pipe("xner_benchmark_drop_misc")
    return scores


def main(
    pipeline: Annotated[str, typer.Argument(help="Installed package or folder.")] = "xx_xner_agg",
    baseline: Annotated[str | None, typer.Option(help="Another pipeline, to compare with.")] = None,
    limit: LimitOption = None,
    json: JsonOption = None,
) -> None:
    """Score on each set and print F1 by language."""
    for name in SETS:
        data_folder(name)  # ends here, before pipelines are loaded
    figures, rows = {}, []
    nlp = load_pipeline(pipeline)
    other = load_pipeline(baseline) if baseline else None
    for name in SETS:
        scores = score(nlp, name, limit)
        compared = score(other, name, limit) if other else None
        show(score_table(scores, compared, title=f"{pipeline} on {name}"))
        figures[f"{name}_macro_f1"] = 100 * scores["macro_f"]
        rows += [{"set": name, "language": lang, **row} for lang, row in scores["languages"].items()]
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)

"""How well does a pipeline do on text that is not its own corpus?

CoNLL-2002/2003 news and WikiANN encyclopaedia text, development halves, in $XNER_DATA. With a second pipeline, the
difference. WikiANN has no MISC, so found MISC entities are left out there.

    XNER_DATA=FOLDER python benchmarks/elsewhere.py [xx_xner_agg] [--baseline training/zero_shot/model-last]
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import srsly
from measuring_data import data_folder
from spacy.language import Language
from spacy.tokens import Doc

from spacy_xner.cli.console import make_console
from spacy_xner.corpus.convert import convert_files
from spacy_xner.files import atomic_path
from spacy_xner.pipelines import load_pipeline
from spacy_xner.reporting.score_table import score_table
from spacy_xner.scoring.scores import evaluate_pipeline

SETS = {"conll": ("en", "de", "es", "nl"), "wikiann": ("de", "es", "nl", "pl", "ru")}


def read_set(name: str, limit: int | None) -> Iterator[Doc]:
    for lang in SETS[name]:
        path = data_folder(name) / f"{lang}.dev.iob.gz"
        yield from islice(convert_files([path], lang, Counter()), limit)


def score(nlp: Language, name: str, limit: int | None) -> dict[str, Any]:
    if name == "wikiann":
        nlp.add_pipe("xner_benchmark_drop_misc")
    scores = evaluate_pipeline(nlp, read_set(name, limit))
    if name == "wikiann":
        nlp.remove_pipe("xner_benchmark_drop_misc")
    return scores


@Language.component("xner_benchmark_drop_misc")
def drop_misc(doc: Doc) -> Doc:
    doc.ents = [ent for ent in doc.ents if ent.label_ != "MISC"]  # type: ignore[assignment]
    return doc


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pipeline", nargs="?", default="xx_xner_agg", help="installed package or folder")
    parser.add_argument("--baseline", help="another pipeline, to compare with")
    parser.add_argument("--limit", type=int, help="sentences of each language; all if left out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write figures and rows here")
    arguments = parser.parse_args()
    figures, rows = {}, []
    nlp = load_pipeline(arguments.pipeline)
    other = load_pipeline(arguments.baseline) if arguments.baseline else None
    for name in SETS:
        scores = score(nlp, name, arguments.limit)
        compared = score(other, name, arguments.limit) if other else None
        make_console().print(score_table(scores, compared, title=f"{arguments.pipeline} on {name}"))
        figures[f"{name}_macro_f1"] = 100 * scores["macro_f"]
        rows += [{"set": name, "language": lang, **row} for lang, row in scores["languages"].items()]
    if arguments.json:
        with atomic_path(arguments.json) as temporary:
            srsly.write_json(temporary, {"figures": figures, "rows": rows})


if __name__ == "__main__":
    main()

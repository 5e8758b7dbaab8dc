"""How well does a pipeline do on text that is not from its own corpus?

CoNLL-2002/2003 news, WikiNEuRal and WikiANN encyclopaedia text, development sets, in $XNER_DATA: F1 of exact entities
by language, and the mean over five of the target languages, where the set has them. With --baseline, the same of a
second pipeline, and the gain. With and without MISC, on which data sets agree least; WikiANN has none, so MISC
entities do not count there. The labels of WikiNEuRal and WikiANN are silver, made from links.

    XNER_DATA=FOLDER python benchmarks/elsewhere.py xx_xner_agg --baseline training/zero_shot/model-last
"""

from collections.abc import Iterable
from statistics import mean
from typing import Annotated

import numpy as np
import typer
from common import JsonOption, LimitOption, data_folder, make_table, read_dev, report, run, show
from spacy.language import Language
from spacy.tokens import Doc

from spacy_xner.annotations.examples import copy_tokens
from spacy_xner.pipelines import load_pipeline
from spacy_xner.scoring.entities import Counts
from spacy_xner.scoring.intervals import interval, resampled_f1

SETS = {
    "conll": ("de", "es", "nl", "en"),
    "wikineural": ("de", "es", "fr", "nl", "ru", "it", "pl", "pt", "en"),
    "wikiann": ("de", "es", "nl", "ru", "pl"),
}
AVERAGED = ("de", "es", "fr", "nl", "ru")  # targets from the beginning; the others follow singly
TITLES = {  # of the sets, for model cards
    "conll": "News: CoNLL-2002 and CoNLL-2003, development set",
    "wikineural": "Encyclopaedia: WikiNEuRal, development set, silver labels",
    "wikiann": "Encyclopaedia: WikiANN, development set, silver labels",
}
WITHOUT_MISC = {"wikiann"}  # sets without this label


def predicted(nlp: Language, docs: Iterable[Doc]) -> list[Doc]:
    """What a pipeline finds in the tokens of labelled docs."""
    return list(nlp.pipe(copy_tokens(doc, nlp.vocab) for doc in docs))


def count(found: Iterable[Doc], gold: Iterable[Doc], misc: bool) -> list[Counts]:
    """The right, wrong and missing entities of each sentence."""
    own, expected = ([{(ent.start, ent.end, ent.label_) for ent in doc.ents} for doc in docs] for docs in (found, gold))
    return count_entities(own, expected, misc)


def count_entities(
    found: Iterable[set[tuple[int, int, str]]], gold: Iterable[set[tuple[int, int, str]]], misc: bool
) -> list[Counts]:
    """The same of entities as first token, end and label."""
    counts = []
    for sides in zip(found, gold, strict=True):
        counts.append(Counts())
        counts[-1].add(*({each for each in side if misc or each[2] != "MISC"} for side in sides))
    return counts


def f1(counts: Iterable[Counts]) -> float:
    """F1 of exact entities, in percent."""
    total = Counts()
    for each in counts:
        total = Counts(total.tp + each.tp, total.fp + each.fp, total.fn + each.fn)
    return 100 * float(total.scores()["f"])


def main(
    pipeline: Annotated[str, typer.Argument(help="Installed package or folder.")] = "xx_xner_agg",
    baseline: Annotated[str | None, typer.Option(help="Another pipeline, to compare with.")] = None,
    limit: LimitOption = None,
    json: JsonOption = None,
) -> None:
    """Score on each set and print F1 by language."""
    gold = {name: read_dev(data_folder(name), languages, limit) for name, languages in SETS.items()}
    pipelines = [load_pipeline(name) for name in ([pipeline, baseline] if baseline else [pipeline])]
    figures: dict[str, float] = {}
    rows = []
    for name, docs in gold.items():
        found = [{lang: predicted(nlp, docs[lang]) for lang in docs} for nlp in pipelines]
        for misc in [False] if name in WITHOUT_MISC else [True, False]:
            title = f"{name}{'' if misc else ' without MISC'}: F1 of exact entities"
            table = make_table(title, "language", "F1", *(["baseline", "gain"] if baseline else []))
            counts = {lang: [count(each[lang], docs[lang], misc) for each in found] for lang in docs}
            scores = {lang: [f1(each) for each in counts[lang]] for lang in docs}
            resampled = {lang: 100 * resampled_f1(counts[lang][0], [0, *lang.encode()]) for lang in docs}
            averaged = [lang for lang in AVERAGED if lang in docs]
            means = [mean(scores[lang][i] for lang in averaged) for i in range(len(pipelines))]
            mean_name = f"mean of {', '.join(averaged)}"
            resampled[mean_name] = np.mean([resampled[lang] for lang in averaged], axis=0)
            for lang, values in {**scores, mean_name: means}.items():
                table.add_row(
                    lang,
                    *(f"{value:.1f}" for value in values),
                    *([f"{values[0] - values[-1]:+.1f}"] if baseline else []),
                )
                low, high = interval(resampled[lang], values[0])
                row = {"set": name, "title": TITLES[name], "misc": misc, "language": lang}
                rows.append({**row, "f1": values[0], "low": low, "high": high, "baseline": values[1:]})
            show(table)
            key = f"{name}{'' if misc else '_without_misc'}"
            figures[f"{key}_macro_f1"] = means[0]
            if baseline:
                figures[f"{key}_gain"] = means[0] - means[-1]
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)

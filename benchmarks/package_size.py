"""How small is the package, and what does the smaller vocabulary cost?

Trims a trained pipeline by training text, translations and word lists (never by the sentences that it is tested on),
packages it, and compares it with the untrimmed one: size, and F1 of exact entities on the shipped test sentences and on
CoNLL's development sentences in $XNER_DATA. load_time.py measures how fast it loads.

The main job trims before it trains, so its pipeline cannot be compared. Train one with the whole encoder; its size is
the same after a few steps:

    python -m spacy train configs/xner.cfg --output training/untrimmed --paths.encoder models/encoder \\
        --paths.train corpora/train --paths.dev corpora/dev/en.spacy --training.max_steps 40
    [XNER_DATA=FOLDER] python benchmarks/package_size.py --pipeline training/untrimmed/model-last
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import srsly
import typer
from common import CONLL_TARGETS, JsonOption, LimitOption, find_data, make_table, read_dev, report, run, show
from spacy.cli.package import package
from spacy.language import Language
from spacy.tokens import Doc

from spacy_xner.corpus.docs import load_docs
from spacy_xner.corpus.reader import find_docbins
from spacy_xner.corpus.texts import read_texts
from spacy_xner.encoders.trimming.needed_pieces import MAX_PIECES, N_WORDS, Wanted
from spacy_xner.encoders.trimming.trim import folder_mb
from spacy_xner.encoders.trimming.trim_pipeline import trim_pipeline
from spacy_xner.pipelines import load_pipeline
from spacy_xner.scoring.scores import evaluate_pipeline

TEXTS = ["corpus/en/train", "corpus/translations", "corpora/train", "corpora/projected"]
MEAN = "mean of targets"


def make_package(pipeline: Path, room: Path) -> Path:
    """The folder of the package as pip installs it."""
    room.mkdir()
    meta = srsly.read_json(pipeline / "meta.json")
    package(pipeline, room, name="xner_agg", version="0.0.0", create_sdist=False, create_wheel=False, silent=True)
    return room / f"{meta['lang']}_xner_agg-0.0.0" / f"{meta['lang']}_xner_agg"


def read_test_sets(test: Path, limit: int | None) -> dict[str, list[Doc]]:
    """The labelled sentences to compare on."""
    sets = {"shipped test": [doc for path in find_docbins(test) for doc in load_docs(path)]}
    if conll := find_data("conll"):
        sets["CoNLL development"] = [doc for docs in read_dev(conll, CONLL_TARGETS, limit).values() for doc in docs]
    return sets


def compare(before: Language, after: Language, name: str, docs: list[Doc]) -> Iterator[dict[str, Any]]:
    """F1 in percent of both pipelines, for each language and the mean of the target languages."""
    old, new = (evaluate_pipeline(nlp, docs) for nlp in (before, after))
    for lang in old["languages"]:
        untrimmed, trimmed = (100 * scores["languages"][lang]["f"] for scores in (old, new))
        yield {"set": name, "lang": lang, "untrimmed": untrimmed, "trimmed": trimmed}
    yield {"set": name, "lang": MEAN, "untrimmed": 100 * old["macro_f"], "trimmed": 100 * new["macro_f"]}


def main(
    pipeline: Annotated[Path, typer.Option(help="A trained pipeline, untrimmed.")] = Path(
        "training/untrimmed/model-last"
    ),
    texts: Annotated[str, typer.Option(help="Files and folders to trim by, with commas.")] = ",".join(TEXTS),
    lang: Annotated[str, typer.Option(help="Languages to trim by, with commas.")] = "en,de,es,fr,nl,ru,zh",
    words: Annotated[int, typer.Option(help="As of `xner encoder trim`.")] = N_WORDS,
    max_pieces: Annotated[int, typer.Option(help="As of `xner encoder trim`.")] = MAX_PIECES,
    float16: Annotated[bool, typer.Option(help="As of `xner encoder trim`.")] = True,
    test: Annotated[Path, typer.Option(help="Labelled DocBins to compare on.")] = Path("corpora/test"),
    limit: LimitOption = 500,
    json: JsonOption = None,
) -> None:
    """Trim, package, compare; --limit is of CoNLL."""
    if not (pipeline / "meta.json").is_file():
        print(f"Skipped: there is no trained pipeline at {pipeline}. `spacy project run all` makes one.")
        return
    figures: dict[str, float] = {}
    rows: list[dict[str, Any]] = []
    with TemporaryDirectory() as name:
        room = Path(name)
        needed = list(dict.fromkeys(read_texts(map(Path, texts.split(",")))))
        wanted = Wanted(needed, lang.split(","), words, max_pieces)
        trimmed = trim_pipeline(pipeline, room / "trimmed", wanted, float16=float16)
        figures["package_mb"] = folder_mb(make_package(room / "trimmed", room / "packages"))
        figures["untrimmed_mb"] = trimmed.mb_before
        figures["pieces_before"], figures["pieces_after"] = trimmed.pieces_before, trimmed.pieces_after
        before, after = load_pipeline(str(pipeline)), load_pipeline(str(room / "trimmed"))
        for set_name, docs in read_test_sets(test, limit).items():
            rows += compare(before, after, set_name, docs)
    table = make_table("Exact entities", "set", "language", "F1 untrimmed", "F1 trimmed", "difference", n_left=2)
    for row in rows:
        old, new = row["untrimmed"], row["trimmed"]
        table.add_row(row["set"], row["lang"], f"{old:.2f}", f"{new:.2f}", f"{new - old:+.2f}")
    show(table)
    # Of the sets, the one with the largest difference
    figures["f1_difference"] = max((row["trimmed"] - row["untrimmed"] for row in rows if row["lang"] == MEAN), key=abs)
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)

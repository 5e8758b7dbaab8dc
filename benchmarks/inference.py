"""How many words does a pipeline read in a second on a CPU: spacy-transformers' own against ours, on the same texts?

- stock: `spacy-transformers.TransformerModel.v3` with spaCy's `ner` on a `TransformerListener`. It runs as `spacy init
  config` sets it (`nlp.batch_size` 128, `max_batch_items` 4096), and with larger batches, which suit it better.
- ours: the pipeline of configs/xner.cfg, with the `inference` of its config, and with each of the others that
  this processor does well.
- ours with ner (--ner): a pipeline that was trained with configs/studies/training/ner.cfg, to compare recognisers.

Texts are CoNLL development sentences of German, Spanish and Dutch in $XNER_DATA, with the words of the data, so that
all read the same tokens and no time goes into tokenisers. Systems run in turn; a speedup is the median of the ratios
within a turn. Macro-F1 is the mean of the three languages, exact entities.

Both pipelines are given (--stock, --ours), or trained here with as many steps as --train-steps says, and kept (see
inference_pipelines.py).

    XNER_DATA=FOLDER python benchmarks/inference.py --train-steps 400
"""

import statistics
import time
from pathlib import Path
from typing import Annotated

import torch
import typer
from common import (
    CONLL_TARGETS,
    EncoderOption,
    JsonOption,
    LimitOption,
    RepeatOption,
    SeedOption,
    data_folder,
    make_table,
    read_dev,
    report,
    run,
    show,
)
from inference_pipelines import System, list_systems, make_pipelines
from spacy.tokens import Doc
from stock_pipeline import computing_in


def measure(system: System, gold: dict[str, list[Doc]]) -> None:
    """Read all texts once, and keep words a second and macro-F1 in points."""
    nlp = system.nlp
    docs = [Doc(nlp.vocab, words=[token.text for token in doc]) for of_lang in gold.values() for doc in of_lang]
    with computing_in(nlp, system.inference):
        list(nlp.pipe([Doc(nlp.vocab, words=["Berlin"])]))  # what is made at the first prediction
        start = time.perf_counter()
        read = list(nlp.pipe(docs, batch_size=system.batch_size))
        seconds = time.perf_counter() - start
    if [id(doc) for doc in read] != [id(doc) for doc in docs]:
        raise SystemExit(f"{system.name} ({system.setting}) returned the docs in another order.")
    left = iter(read)
    system.f1 = statistics.mean(compute_f1([next(left) for _ in of_lang], of_lang) for of_lang in gold.values())
    system.speeds.append(sum(map(len, docs)) / seconds)


def compute_f1(docs: list[Doc], gold: list[Doc]) -> float:
    """F1 of exact entities of a language, in points."""
    right = total = 0
    for doc, reference in zip(docs, gold, strict=True):
        predicted, expected = ({(e.start, e.end, e.label_) for e in d.ents} for d in (doc, reference))
        right += len(predicted & expected)
        total += len(predicted) + len(expected)
    return 200 * right / max(total, 1)


def ratio(one: System, *others: System) -> float:
    """Median over the turns of one's speed over the best of the others' in that turn."""
    speeds = enumerate(one.speeds)
    return statistics.median(speed / max(other.speeds[turn] for other in others) for turn, speed in speeds)


def main(
    stock: Annotated[Path | None, typer.Option(help="Folder of a trained stock pipeline.")] = None,
    ours: Annotated[Path | None, typer.Option(help="Folder of a trained pipeline of this package.")] = None,
    ner: Annotated[Path | None, typer.Option(help="Folder of a pipeline of this package with spaCy's ner.")] = None,
    train_steps: Annotated[int | None, typer.Option(help="Train stock and ours, with this many steps.")] = None,
    work: Annotated[Path, typer.Option(help="Folder for what is trained here.")] = Path("training/inference"),
    encoder: EncoderOption = "embedded",
    limit: LimitOption = 300,
    repeat: RepeatOption = 3,
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Measure all systems in turn and print speeds and F1."""
    folder = data_folder("conll")
    gold = read_dev(folder, CONLL_TARGETS, limit)
    if train_steps:
        stock, ours = make_pipelines(folder, work, encoder, train_steps, seed)
    if not (stock and ours):
        raise typer.BadParameter("give --stock and --ours, or --train-steps")
    systems = list_systems(stock, ours, ner)
    for _ in range(repeat):
        for system in systems:
            measure(system, gold)

    words = sum(len(doc) for docs in gold.values() for doc in docs)
    title = f"{words} words of {', '.join(gold)}, {repeat} turns, {torch.get_num_threads()} threads"
    table = make_table(title, "system", "setting", "words/s", "min-max", "over stock", "macro-F1", n_left=2)
    base, *larger = (system for system in systems if system.name == "stock")
    own = [system for system in systems if system.name == "ours"]
    rows = []
    for each in systems:
        speed, low, high = statistics.median(each.speeds), min(each.speeds), max(each.speeds)
        over = ratio(each, base)
        table.add_row(each.name, each.setting, f"{speed:.0f}", f"{low:.0f}-{high:.0f}", f"{over:.2f}", f"{each.f1:.2f}")
        row = {"system": each.name, "setting": each.setting, "batch_size": each.batch_size}
        rows.append(
            {**row, "words_per_second": speed, "min": low, "max": high, "over_stock": over, "macro_f1": each.f1}
        )
    show(table)
    exact = next(system for system in own if "float32" in system.setting)
    figures = {
        "speedup": ratio(own[0], base),
        "speedup_best_batch": ratio(own[0], base, *larger),
        "speedup_float32": ratio(exact, base),
        "f1_difference": own[0].f1 - base.f1,
        "f1_difference_float32": own[0].f1 - exact.f1,
    }
    if ner:
        figures["speed_ratio_xner_ner"] = ratio(own[0], systems[-1])
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)

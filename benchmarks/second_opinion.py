"""Does a recogniser's second opinion on the target sentence improve projected spans?

Exact spans, F1, without and with a teacher (`xner project --teacher`), on names in the translations of
gold_projections/ and calibration_projections/ (marked *). Held out: with the weight of the teacher that is best, on
average, on the other languages. ECE: expected calibration error of the spans' scores, over 10 bins of equal width.

The sentences are from the training corpus. A fair teacher has seen neither them nor translations of them: write
corpora without them, after `spacy project run convert`, `translate` and `project`, and train on these.

    python benchmarks/second_opinion.py --unseen corpora/unseen
    python -m spacy train configs/xner.cfg --output training/unseen --paths.train corpora/unseen/en.spacy \\
        --paths.dev corpora/dev/en.spacy --training.max_steps 150
    python benchmarks/second_opinion.py --teacher training/unseen/model-last
"""

from pathlib import Path
from typing import Annotated

import typer
from common import JsonOption, LimitOption, make_table, report, run, show
from second_opinion_data import ReadOnce, read_names, write_unseen

from spacy_xner.distillation.span_teacher import PipelineTeacher
from spacy_xner.projection.second_opinion import DEFAULT_WEIGHT

WEIGHTS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5)
COLUMNS = (
    "",
    "teacher alone",
    "without",
    f"weight {DEFAULT_WEIGHT}",
    "held out",
    "its weight",
    "ECE without",
    "ECE with",
)


def main(
    teacher: Annotated[str | None, typer.Option(help="Package or folder of the teacher's pipeline.")] = None,
    unseen: Annotated[Path | None, typer.Option(help="Write training corpora for a fair teacher here.")] = None,
    limit: LimitOption = None,
    json: JsonOption = None,
) -> None:
    """Project with each weight, print the scores."""
    if unseen is not None:
        write_unseen(unseen)
    if teacher is None:
        return
    pipeline = PipelineTeacher(teacher)
    reader = ReadOnce(pipeline)
    languages = dict(read_names(limit))
    scores = {
        name: {weight: lang.score(lang.project(reader, weight)) for weight in WEIGHTS}
        for name, lang in languages.items()
    }
    table = make_table(f"Exact spans, F1; teacher {teacher}", *COLUMNS)
    figures: dict[str, float] = {}
    rows = []
    for name, of_name in scores.items():
        others = [of_other for other, of_other in scores.items() if other[:2] != name[:2]]
        chosen = max(WEIGHTS, key=lambda weight: sum(of_other[weight][0] for of_other in others))
        alone = languages[name].score_teacher(pipeline)
        (without, error_without), (default, error), (held_out, _) = (of_name[w] for w in (0.0, DEFAULT_WEIGHT, chosen))
        f1 = (f"{value:.1f}" for value in (alone, without, default, held_out))
        table.add_row(name, *f1, f"{chosen}", f"{error_without:.3f}", f"{error:.3f}")
        key = name.replace("*", "_calibration")
        figures |= {f"f1_{key}_without": without, f"f1_{key}_with": default, f"f1_{key}_held_out": held_out}
        f1_by_weight = {str(weight): value for weight, (value, _) in of_name.items()}
        errors = {"ece_without": error_without, "ece_with": error}
        rows.append({"names": name, "teacher_alone": alone, "f1_by_weight": f1_by_weight, "held_out": chosen, **errors})
    show(table)
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)

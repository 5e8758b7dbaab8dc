"""The model card of a package: its README.md."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, FileSystemLoader

from .. import __version__
from .page import TEMPLATES
from .score_table import f1_with_interval, percent

N_EXAMPLES = 5  # names for each label


def model_card(
    meta: Mapping[str, Any],
    scores: Mapping[str, Any],
    *,
    machine: str,
    projected: bool = False,
    examples: Mapping[str, Sequence[str]] | None = None,
    examples_of: str = "",
    outside: Sequence[Mapping[str, Any]] = (),
    calibration: Mapping[str, Any] | None = None,
    steps: int | None = None,
    capitalised: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The card as Markdown, after Mitchell et al. 2019, "Model Cards for Model Reporting" (arXiv 1810.03993).

    meta (Mapping): the package's meta.json.
    scores (Mapping): from `evaluate_pipeline`.
    machine (str): what it was made on.
    projected (bool): whether the scored labels are projected.
    examples (Mapping | None): names by label. examples_of (str): where they are from.
    outside (Sequence[Mapping]): rows of benchmarks/elsewhere.py: `set`, `misc`, `language`, `f1`, `baseline`.
    calibration (Mapping | None): of the recogniser, see `Calibration.to_json`.
    steps (int | None): of the last training. capitalised (Mapping | None): see `corpus/capitals.py`.
    """
    found = dict(examples or {})
    labels = {label: list(found.get(label, ()))[:N_EXAMPLES] for label in sorted(found or labels_of(meta))}
    environment = Environment(loader=FileSystemLoader(TEMPLATES), keep_trailing_newline=True, autoescape=False)
    text = environment.get_template("model_card.md").render(
        package=f"{meta.get('lang', 'xx')}_{meta.get('name', 'pipeline')}",
        meta={**meta, "notes": " ".join(str(meta.get("notes") or "").split())},
        labels={label: [escaped(name) for name in names] for label, names in labels.items()},
        examples_of=examples_of,
        scores=[score_row(lang, row) for lang, row in scores["languages"].items()],
        outside=[outside_row(row) for row in outside],
        with_baseline=any(row.get("baseline") for row in outside),
        calibration=calibration and {**calibration, "ece_after": f"{calibration['ece_after']:.3f}"},
        languages=list(scores["languages"]),
        projected=projected,
        machine=machine,
        steps=steps,
        source=scores["source"],
        capitalised={
            label: known
            for label, codes in (capitalised or {}).items()
            if label in labels and (known := [code for code in codes if code in scores["languages"]])
        },
        version=__version__,
    )
    return re.sub(r"\n{3,}", "\n\n", text)  # parts that are left out leave empty lines


def labels_of(meta: Mapping[str, Any]) -> list[str]:
    """All labels in a pipeline's metadata."""
    return sorted({label for labels in meta.get("labels", {}).values() for label in labels})


def score_row(lang: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the table of scores."""
    precision, recall = percent(row["p"]), percent(row["r"])
    counts = {"docs": row["docs"], "entities": row["entities"]}
    return {"lang": lang, **counts, "p": precision, "r": recall, "f": f1_with_interval(row)}


def outside_row(row: Mapping[str, Any]) -> dict[str, str]:
    """A row of the table of scores on text from elsewhere."""
    return {
        "set": row["set"] if row.get("misc", True) else f"{row['set']} without MISC",
        "language": row["language"],
        "f": f"{row['f1']:.1f}",
        "baseline": ", ".join(f"{value:.1f}" for value in row.get("baseline", ())),
    }


def escaped(name: str) -> str:
    """A name in a cell of a Markdown table."""
    return " ".join(name.split()).replace("\\", "\\\\").replace("|", "\\|")

"""The model card of a package: its README.md."""

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from .. import __version__
from ..corpus.label_counts import GIVEN, PREDICTED, PROJECTED
from ..extras import needs_extra
from ..pipelines import TRAINING
from .escaping import escape_markdown
from .score_table import f1_with_interval, interval_of, percent

TEMPLATES = Path(__file__).parent / "templates"
N_EXAMPLES = 5  # names for each label
COLUMNS = {GIVEN: "in the corpus", PROJECTED: "projected", PREDICTED: "predicted by a pipeline"}
SHOWN_VERSIONS = ("spacy-xner", "spacy", "torch")


def model_card(
    meta: Mapping[str, Any],
    scores: Mapping[str, Any],
    *,
    projected: bool = False,
    scored_on: str = "",
    examples: Mapping[str, Sequence[str]] | None = None,
    examples_of: str = "",
    outside: Sequence[Mapping[str, Any]] = (),
    calibration: Mapping[str, Any] | None = None,
    capitalised: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The card as Markdown, after Mitchell et al. 2019, "Model Cards for Model Reporting" (arXiv 1810.03993).

    meta (Mapping): the package's meta.json; what it has of the training is from `spacy_xner.ConsoleLogger.v1`.
    scores (Mapping): from `evaluate_pipeline`.
    projected (bool): whether the scored labels are projected. scored_on (str): what the scores were measured on.
    examples (Mapping | None): names by label. examples_of (str): the languages that they are in.
    outside (Sequence[Mapping]): rows of benchmarks/elsewhere.py: `set`, `language`, `f1` and, if known, `title`,
        `misc`, and the ends of its interval, `low` and `high`.
    calibration (Mapping | None): of the recogniser, see `Calibration.to_json`.
    capitalised (Mapping | None): see `corpus/capitals.py`.
    """
    found = dict(examples or {})
    labels = {label: list(found.get(label, ()))[:N_EXAMPLES] for label in sorted({*found, *labels_of(meta)})}
    environment = Environment(loader=FileSystemLoader(TEMPLATES), keep_trailing_newline=True, autoescape=False)
    text = environment.get_template("model_card.md").render(
        package=f"{meta.get('lang', 'xx')}_{meta.get('name', 'pipeline')}",
        meta={**meta, "notes": " ".join(str(meta.get("notes") or "").split())},
        labels={label: [escape_markdown(name) for name in names] for label, names in labels.items()},
        examples_of=examples_of,
        scored_on=scored_on,
        scores=score_rows(scores),
        label_scores=label_rows(scores, labels),
        outside=outside_tables(outside),
        calibration=calibration and {**calibration, "ece_after": f"{calibration['ece_after']:.3f}"},
        languages=[named(lang) for lang in scores["languages"]],
        projected=projected,
        sources=[source_row(source) for source in (*(meta.get("sources") or ()), code_source(meta))],
        training=training_lines(meta.get(TRAINING)),
        data=data_table(meta.get(TRAINING)),
        source_name=named(scores["source"]),
        capitalised={
            label: known
            for label, codes in (capitalised or {}).items()
            if label in labels and (known := [code for code in codes if code in scores["languages"]])
        },
    )
    return re.sub(r"\n{3,}", "\n\n", text)  # parts that are left out leave empty lines


def labels_of(meta: Mapping[str, Any]) -> list[str]:
    """All labels in a pipeline's metadata."""
    return sorted({label for labels in meta.get("labels", {}).values() for label in labels})


def score_rows(scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of the table of scores: each language, and the mean over the targets where there are several."""
    rows = []
    for lang, row in scores["languages"].items():
        precision, recall = percent(row["p"]), percent(row["r"])
        name = f"{named(lang)}, source" if lang == scores["source"] else named(lang)
        counts = {"docs": row["docs"], "entities": row["entities"]}
        rows.append({"lang": name, **counts, "p": precision, "r": recall, "f": f1_with_interval(row)})
    if len(scores["targets"]) > 1 and scores.get("macro_f") is not None:
        means = {"p": percent(scores["macro_p"]), "r": percent(scores["macro_r"])}
        name = "mean without the source" if scores["source"] in scores["languages"] else "mean"
        rows.append({"lang": name, "docs": "", "entities": "", **means, "f": f1_with_interval(scores, "macro_")})
    return rows


def label_rows(scores: Mapping[str, Any], labels: Mapping[str, Any]) -> dict[str, list[str]]:
    """F1 of each label by language; nothing where the scores have none by label."""
    rows = {}
    for lang, row in scores["languages"].items():
        found = row.get("labels") or {}
        shown = [found[label] if label in found and found[label]["entities"] else {} for label in labels]
        rows[named(lang)] = [percent(each.get("f")) for each in shown]
    return rows if any(row.get("labels") for row in scores["languages"].values()) else {}


def outside_tables(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A table for each set of text from elsewhere: F1 by language, with and without MISC."""
    tables = []
    for name in dict.fromkeys(row["set"] for row in rows):
        own = [row for row in rows if row["set"] == name]
        kinds = [misc for misc in (True, False) if any(row.get("misc", True) == misc for row in own)]
        cells: dict[str, list[str]] = {}
        for row in own:
            cells.setdefault(named(row["language"]), ["-"] * len(kinds))[kinds.index(row.get("misc", True))] = (
                f"{row['f1']:.1f}{interval_of(row.get('low'), row.get('high'))}"
            )
        columns = ["F1" if misc else "F1 without MISC" for misc in kinds]
        tables.append({"title": escape_markdown(own[0].get("title", name)), "columns": columns, "rows": cells})
    return tables


def named(code: str) -> str:
    """The English name of a language and its code; any other text, such as a mean, as it is."""
    with needs_extra("train", "A model card needs"):
        from babel import Locale

    name = Locale("en").languages.get(code.replace("-", "_"))
    return f"{name} ({code})" if name else escape_markdown(code)


def source_row(source: Mapping[str, Any]) -> dict[str, str]:
    """A row of the table of parts: what it is, with its address and author, and its licence."""
    name = ", ".join(str(source[key]) for key in ("name", "url", "author") if source.get(key))
    licence = str(source.get("license") or "")
    return {
        "part": escape_markdown(str(source.get("part", "source"))),
        "name": escape_markdown(name),
        "license": "not stated" if licence in ("", "unknown") else escape_markdown(licence),
    }


def code_source(meta: Mapping[str, Any]) -> dict[str, str]:
    """The code that made the pipeline, as one of its sources."""
    used = (meta.get(TRAINING) or {}).get("versions", {}).get("spacy-xner", __version__)
    return {
        "part": "code",
        "name": f"spacy-xner {used}",
        "license": str(metadata("spacy-xner").json.get("license", "")),
    }


def training_lines(training: Mapping[str, Any] | None) -> list[str]:
    """What a pipeline's meta says of its training, in sentences, the last training first."""
    if not training or "steps" not in training:
        return ["How long it was trained, and on which machine, was not recorded."]
    versions = training.get("versions", {})
    with_ = ", ".join(f"{name} {versions[name]}" for name in SHOWN_VERSIONS if name in versions)
    lines = [
        f"- {training['steps']:,} steps in {duration(training['seconds'])} on {training['machine']}, with {with_}. "
        "This is the time of the training alone, without the preparation of the data."
    ]
    start, before = training.get("start"), ""
    while start:
        earlier = start.get("training") or {}
        took = "of which nothing was recorded"
        if "steps" in earlier:
            took = f"which was trained in {earlier['steps']:,} steps, {duration(earlier['seconds'])}"
            took += "" if earlier["machine"] == training["machine"] else f" on {earlier['machine']}"
        which = "That" if before else "It"
        lines.append(f"- {which} started from the pipeline {escape_markdown(start['name'])}, {took}.")
        before, start = start["name"], earlier.get("start")
    return lines


def data_table(training: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Numbers of sentences by language and origin of their labels; None where they were not recorded."""
    rows = (training or {}).get("data")
    if not rows:
        return None
    known = [labels for labels in COLUMNS if any(row["labels"] == labels for row in rows)]
    table = {
        named(row["lang"]) if row["lang"] else "unknown": [
            sum(each["docs"] for each in rows if (each["lang"], each["labels"]) == (row["lang"], labels))
            for labels in known
        ]
        for row in rows
    }
    return {
        "columns": [COLUMNS[labels] for labels in known],
        "rows": {lang: [f"{n:,}" if n else "-" for n in cells] for lang, cells in table.items()},
    }


def duration(seconds: float) -> str:
    """Seconds as "43 min 5 s"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"

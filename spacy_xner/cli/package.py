"""`xner package`: `spacy package` with scores, languages and licences in the package's metadata."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Float16Option, OutputArgument, QuietOption
from .outputs import choose_output
from .usage import UsageError

if TYPE_CHECKING:
    from ..encoders.origin import Origin

UNKNOWN = "unknown"  # a licence that is not stated
LabelsName = StrEnum("LabelsName", ["manual", "projected"])
BuildName = StrEnum("BuildName", ["wheel", "none"])
BuildOption = Annotated[BuildName, typer.Option(help="wheel; or none: the package's folder only, without network.")]


def package(
    pipeline: Annotated[Path, typer.Argument(help="Folder of a trained pipeline.")],
    name: Annotated[str, typer.Option(help="Name of the package, without the language.")],
    scores: Annotated[Path, typer.Option(help="The pipeline's scores, from `xner evaluate --output`.")],
    output_argument: OutputArgument = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder for the package (required).")] = None,
    version: Annotated[str, typer.Option(help="Version of the package.")] = "0.1.0",
    encoder: Annotated[
        Path | None, typer.Option(help="Folder from `xner encoder fetch`, for the encoder's name and licence.")
    ] = None,
    description: Annotated[str, typer.Option(help="Description. Default: training and test languages.")] = "",
    licence: Annotated[
        str, typer.Option(help="Licence of the package. Default: those of the pipeline, its source and the encoder.")
    ] = "",
    source: Annotated[
        str | None,
        typer.Option(help="Installed package or folder of the pipeline whose labels it learned from, for the licence."),
    ] = None,
    labels: Annotated[
        LabelsName, typer.Option(help="Labels of the scored texts: written by people (manual), or projected.")
    ] = LabelsName["manual"],
    examples: Annotated[
        Path | None, typer.Option(help="Labelled DocBin with names to show as examples of each label.")
    ] = None,
    outside: Annotated[
        Path | None, typer.Option(help="Scores on text from elsewhere, from `benchmarks/elsewhere.py --json`.")
    ] = None,
    float16: Float16Option = False,
    build: BuildOption = BuildName.wheel,
    quiet: QuietOption = False,
) -> None:
    """Build an installable package (a wheel) of a pipeline, with its scores and languages in meta.json.

    Its README.md is a model card: labels with examples, scores with intervals, what it was made from, licences, limits.
    A README.md that is in PIPELINE already is kept.

    The package is `OUTPUT/LANG_NAME-VERSION`, with the wheel in its folder `dist`; an earlier one is replaced.

    Example: `xner package training/xner_agg/model-last --output packages --name xner_agg --scores metrics/scores.json`
    """
    import srsly
    from spacy.cli.package import package as spacy_package

    from ..encoders.origin import Origin, read_origin, trimmed_note
    from ..errors import XnerError
    from ..paths import check_links
    from ..pipelines import with_note
    from ..scoring.scores import read_scores

    output = choose_output(output, output_argument)
    if not (pipeline / "meta.json").is_file():
        raise XnerError(
            f"{pipeline}: this folder holds no pipeline: it has no meta.json. Expected a folder from `spacy train`."
        )
    check_links(pipeline)
    own = srsly.read_json(pipeline / "meta.json")
    check_names(str(own.get("lang", "xx")), name, version)
    rows = read_outside(outside) if outside else []
    if examples is not None and not examples.is_file():
        raise XnerError(f"{examples}: there is no such file, expected a labelled DocBin as --examples.")
    origin = (read_origin(encoder) or Origin(encoder.resolve().name, "a local folder")) if encoder else None
    found = read_scores(scores)
    meta = describe(own, found, labels.value)
    meta |= {"name": name, "version": version, "description": description or meta["description"]}
    add_sources(meta, read_meta(source) if source else None, origin)
    meta["license"] = licence or meta["license"]
    if origin is not None and origin.trimmed and not meta.get("xner_trim"):
        meta |= {"xner_trim": origin.trimmed, "notes": with_note(meta, f"The encoder: {trimmed_note(origin.trimmed)}")}
    output.mkdir(parents=True, exist_ok=True)
    # spaCy would keep the README of an earlier package, with old scores.
    (output / f"{meta['lang']}_{name}-{version}" / "README.md").unlink(missing_ok=True)
    with TemporaryDirectory() as place:
        room = Path(place) / "pipeline"
        room.mkdir()
        # The same pipeline with another meta.json, without copying its weights.
        smaller = halved(pipeline, Path(place) / "float16") if float16 else {}
        for found_part in pipeline.resolve().iterdir():
            part = smaller.get(found_part.name, found_part)
            if part.name != "meta.json" and not is_generated_readme(part):
                (room / part.name).symlink_to(part, target_is_directory=part.is_dir())
        srsly.write_json(room / "meta.json", meta)
        if not (room / "README.md").exists():
            projected = labels == LabelsName["projected"] or bool(found.get("reference"))
            card = card_of(pipeline, meta, found, projected, examples, rows)
            (room / "README.md").write_text(card, encoding="utf8")
        wheel = build == BuildName.wheel
        spacy_package(room, output, create_sdist=False, create_wheel=wheel, force=True, silent=quiet)


def halved(pipeline: Path, folder: Path) -> dict[str, Path]:
    """Write the encoders of a pipeline with their weights as float16. RETURNS: the folder of each, by its name."""
    from ..distillation.weights import half_encoders
    from ..pipelines import load_pipeline

    nlp = load_pipeline(str(pipeline))
    folder.mkdir()
    written = {}
    for name in half_encoders(nlp):
        written[name] = folder / name
        nlp.get_pipe(name).to_disk(written[name], exclude=["vocab"])  # type: ignore[attr-defined]
    return written


def card_of(
    pipeline: Path,
    meta: dict[str, Any],
    scores: dict[str, Any],
    projected: bool,
    examples: Path | None,
    outside: list[dict[str, Any]],
) -> str:
    """The model card of a package; see `model_card`."""
    from spacy.util import load_config

    from ..corpus.docs import load_docs
    from ..experiments.run_record import describe_machine
    from ..reporting.model_card import model_card

    config = load_config(pipeline / "config.cfg", interpolate=True)
    names: dict[str, dict[str, None]] = {}
    for doc in load_docs(examples) if examples else ():
        for entity in doc.ents:
            names.setdefault(entity.label_, {})[entity.text] = None
    return model_card(
        meta,
        scores,
        machine=describe_machine(),
        projected=projected,
        examples={label: list(found) for label, found in names.items()},
        examples_of=examples.name if examples else "",
        outside=outside,
        calibration=calibration_of(pipeline),
        steps=config.get("training", {}).get("max_steps"),
        capitalised=config.get("corpora", {}).get("train", {}).get("capitalised"),
    )


def read_outside(path: Path) -> list[dict[str, Any]]:
    """The rows of `benchmarks/elsewhere.py --json`. RAISES: XnerError for another file."""
    from ..errors import XnerError
    from ..files import read_json

    found = read_json(path)
    rows = found.get("rows") if isinstance(found, dict) else None
    keys = {"set", "language", "f1"}
    if not isinstance(rows, list) or not all(isinstance(row, dict) and keys <= row.keys() for row in rows):
        raise XnerError(
            f"{path}: no scores on text from elsewhere, expected what `benchmarks/elsewhere.py --json` writes."
        )
    return rows


def calibration_of(pipeline: Path) -> dict[str, Any] | None:
    """How well a pipeline's scores were calibrated, from the file of its recogniser; None where they were not."""
    import srsly

    for path in sorted(pipeline.glob("*/cfg")):
        found = srsly.read_json(path)
        if isinstance(found, dict) and found.get("calibration"):
            return dict(found["calibration"])
    return None


def is_generated_readme(path: Path) -> bool:
    """Whether a file is the README of an earlier package, with its name and scores."""
    if path.name != "README.md":
        return False
    text = path.read_text(encoding="utf8", errors="replace")
    return text.startswith("<!-- Model card, made by") or "| **Default Pipeline** |" in text  # spaCy's own


def check_names(lang: str, name: str, version: str) -> None:
    """Check that a package of this name can be imported and installed.

    RAISES: UsageError for a name that is not of letters, digits and _, and for a version in another form than 1.2.3.
    """
    from packaging.version import InvalidVersion, Version

    package = f"{lang}_{name}"
    if not package.isascii() or not package.isidentifier():
        raise UsageError(
            f"The package would be {package}, which Python cannot import: expected a --name of letters, digits and _, "
            f"such as {re.sub('[^A-Za-z0-9_]+', '_', name).strip('_') or 'xner'}."
        )
    try:
        Version(version)
    except InvalidVersion:
        raise UsageError(f"The version is {version!r}, expected numbers such as 1.2.3 (PEP 440).") from None


def describe(meta: dict[str, Any], scores: dict[str, Any], labels: str = "manual") -> dict[str, Any]:
    """Add scores, languages and a description to a pipeline's metadata.

    meta (dict[str, Any]): the pipeline's meta.json.
    scores (dict[str, Any]): from `evaluate_pipeline`.
    labels (str): "manual"; or "projected" for scores against projected labels, which measure agreement with the
        projection, not accuracy.
    RETURNS (dict[str, Any]): a new dict; `performance` has `ents_p`, `ents_r`, `ents_f` (means over the targets) and
        `ents_per_lang`, or the same with `projected_` in front. The author is the pipeline's, if it has one.
    """
    projected = labels == "projected" or bool(scores.get("reference"))  # `xner adapt` says so itself
    against = " against projected labels, not checked by a person" if projected else ""
    scored = f", scored on {', '.join(scores['targets'])}{against}" if scores["targets"] else ""
    description = (
        f"Named entities by spacy-xner: a multilingual encoder, trained with labels in {scores['source']}{scored}."
    )
    prefix = "projected_ents" if projected else "ents"
    performance = {f"{prefix}_{key}": scores[f"macro_{key}"] for key in "prf"}
    if scores.get("reference"):
        performance["reference"] = scores["reference"]
    per_language = {
        lang: {key: row[key] for key in ("p", "r", "f", "docs", "entities")}
        for lang, row in scores["languages"].items()
    }
    return {
        **meta,
        "description": description,
        "author": meta.get("author") or "spacy-xner",
        "languages": list(scores["languages"]),
        "performance": {**performance, f"{prefix}_per_lang": per_language},
    }


def add_sources(meta: dict[str, Any], source: dict[str, Any] | None, origin: Origin | None) -> None:
    """Add to a package's metadata what it was made from, and the licences of all of it.

    source (dict[str, Any] | None): the meta.json of the pipeline whose labels it learned from.
    origin (Origin | None): that of the encoder.
    """
    sources = list(meta.get("sources") or [])
    if source is not None:
        name = f"{source.get('lang', 'xx')}_{source.get('name', 'pipeline')} {source.get('version', '')}"
        sources.append(
            {
                "name": name.strip(),
                "url": str(source.get("url", "")),
                "license": str(source.get("license") or UNKNOWN),
                "author": str(source.get("author", "")),
            }
        )
    if origin is not None:
        commit = f"/tree/{origin.version}" if origin.source.startswith("https://huggingface.co/") else ""
        url = f"{origin.source}{commit}"
        sources.append({"name": origin.name, "url": url, "license": origin.licence, "author": ""})
    if sources:
        meta["sources"] = sources
    licences = [str(meta.get("license") or ""), *(each.get("license") or UNKNOWN for each in sources)]
    meta["license"] = ", ".join(dict.fromkeys(filter(None, licences)))


def read_meta(pipeline: str) -> dict[str, Any]:
    """The meta.json of an installed package or a folder. RAISES: XnerError where there is none."""
    import spacy
    import srsly

    from ..errors import XnerError

    folder = Path(pipeline)
    if not folder.is_dir() and spacy.util.is_package(pipeline):
        folder = spacy.util.get_package_path(pipeline)
    if not (folder / "meta.json").is_file():
        raise XnerError(f"{pipeline}: no installed package or folder of that name has a meta.json.")
    found: dict[str, Any] = srsly.read_json(folder / "meta.json")
    return found

"""`xner package`: `spacy package` with scores, languages and licences in the package's metadata."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from .options import OutputArgument, QuietOption
from .outputs import choose_output

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
    licence: Annotated[str, typer.Option(help="Licence of the package. Default: the encoder's.")] = "",
    build: BuildOption = BuildName.wheel,
    quiet: QuietOption = False,
) -> None:
    """Build an installable package (a wheel) of a pipeline, with its scores and languages in meta.json.

    The package is `OUTPUT/LANG_NAME-VERSION`, with the wheel in its folder `dist`; an earlier one is replaced.

    Example: `xner package training/xner_agg/model-last --output packages --name xner_agg --scores metrics/scores.json`
    """
    import srsly
    from spacy.cli.package import package as spacy_package

    from ..encoders.origin import read_origin
    from ..errors import XnerError
    from ..scoring.scores import read_scores

    output = choose_output(output, output_argument)
    if not (pipeline / "meta.json").is_file():
        raise XnerError(
            f"{pipeline}: this folder holds no pipeline: it has no meta.json. Expected a folder from `spacy train`."
        )
    origin = read_origin(encoder) if encoder else None
    meta = describe(srsly.read_json(pipeline / "meta.json"), read_scores(scores))
    meta |= {"name": name, "version": version, "description": description or meta["description"]}
    if licence or origin:
        meta["license"] = licence or (origin.licence if origin else "")
    if origin:
        meta["sources"] = [{"name": origin.name, "url": origin.source, "license": origin.licence, "author": ""}]
    output.mkdir(parents=True, exist_ok=True)
    # spaCy would keep the README of an earlier package, with old scores.
    (output / f"{meta['lang']}_{name}-{version}" / "README.md").unlink(missing_ok=True)
    with TemporaryDirectory() as room:
        # The same pipeline with another meta.json, without copying its weights.
        for part in pipeline.resolve().iterdir():
            if part.name != "meta.json":
                (Path(room) / part.name).symlink_to(part, target_is_directory=part.is_dir())
        srsly.write_json(Path(room) / "meta.json", meta)
        wheel = build == BuildName.wheel
        spacy_package(Path(room), output, create_sdist=False, create_wheel=wheel, force=True, silent=quiet)


def describe(meta: dict[str, Any], scores: dict[str, Any]) -> dict[str, Any]:
    """Add scores, languages and a description to a pipeline's metadata.

    meta (dict[str, Any]): the pipeline's meta.json.
    scores (dict[str, Any]): from `evaluate_pipeline`.
    RETURNS (dict[str, Any]): a new dict; `performance` has `ents_p`, `ents_r`, `ents_f` (means over the targets) and
        `ents_per_lang`.
    """
    scored = f", scored on {', '.join(scores['targets'])}" if scores["targets"] else ""
    description = (
        f"Named entities by spacy-xner: a multilingual encoder, trained with labels in {scores['source']}{scored}."
    )
    performance = {f"ents_{key}": scores[f"macro_{key}"] for key in "prf"}
    if scores.get("reference"):  # not manual labels: under another name, so that nobody takes them for such
        performance = {"reference": scores["reference"], **{f"projected_{k}": v for k, v in performance.items()}}
    per_language = {
        lang: {key: row[key] for key in ("p", "r", "f", "docs", "entities")}
        for lang, row in scores["languages"].items()
    }
    return {
        **meta,
        "description": description,
        "author": "spacy-xner",
        "languages": list(scores["languages"]),
        "performance": {**performance, "projected_" * bool(scores.get("reference")) + "ents_per_lang": per_language},
    }

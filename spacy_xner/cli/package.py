"""`xner package`: `spacy package` with the scores, languages and licences in the package's meta data."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

BuildName = StrEnum("BuildName", ["wheel", "none"])


def package(
    pipeline: Annotated[Path, typer.Argument(help="Folder of a trained pipeline.")],
    output: Annotated[Path, typer.Argument(help="Folder to build the package in.")],
    name: Annotated[str, typer.Option(help="Name of the package, without the language.")],
    scores: Annotated[Path, typer.Option(help="The pipeline's scores, from `xner evaluate --output`.")],
    version: Annotated[str, typer.Option(help="Version of the package.")] = "0.1.0",
    encoder: Annotated[
        Path | None, typer.Option(help="The encoder's folder, from `xner encoder fetch`, for its name and licence.")
    ] = None,
    description: Annotated[str, typer.Option(help="What it is; by default, the languages of its training.")] = "",
    licence: Annotated[str, typer.Option(help="Licence of the package; the encoder's if left out.")] = "",
    build: Annotated[
        BuildName, typer.Option(help="wheel; or none: only the package's folder, which needs no network.")
    ] = BuildName.wheel,
) -> None:
    """Build an installable package (a wheel) of a pipeline, with its scores and languages in meta.json.

    It is made in `OUTPUT/LANG_NAME-VERSION`, the wheel in the folder `dist` there, in place of an earlier one.

    Example: `xner package training/xner_agg/model-last packages --name xner_agg --scores metrics/xner_agg.json`
    """
    import srsly
    from spacy.cli.package import package as spacy_package

    from ..encoders.origin import read_origin
    from ..errors import XnerError
    from ..scoring.scores import read_scores

    if not (pipeline / "meta.json").is_file():
        raise XnerError(f"{pipeline}: this folder holds no pipeline: it has no meta.json. `spacy train` makes one.")
    origin = read_origin(encoder) if encoder else None
    meta = describe(srsly.read_json(pipeline / "meta.json"), read_scores(scores))
    meta |= {"name": name, "version": version, "description": description or meta["description"]}
    if licence or origin:
        meta["license"] = licence or (origin.licence if origin else "")
    if origin:
        meta["sources"] = [{"name": origin.name, "url": origin.source, "license": origin.licence, "author": ""}]
    output.mkdir(parents=True, exist_ok=True)
    # spaCy would keep the README of an earlier package, with its scores.
    (output / f"{meta['lang']}_{name}-{version}" / "README.md").unlink(missing_ok=True)
    with TemporaryDirectory() as room:
        # The same pipeline with another meta.json, without copying its weights.
        for part in pipeline.resolve().iterdir():
            if part.name != "meta.json":
                (Path(room) / part.name).symlink_to(part, target_is_directory=part.is_dir())
        srsly.write_json(Path(room) / "meta.json", meta)
        wheel = build == BuildName.wheel
        spacy_package(Path(room), output, create_sdist=False, create_wheel=wheel, force=True, silent=False)


def describe(meta: dict[str, Any], scores: dict[str, Any]) -> dict[str, Any]:
    """A pipeline's meta data with what the scores know.

    meta (dict[str, Any]): the pipeline's meta.json.
    scores (dict[str, Any]): by `evaluate_pipeline`.
    RETURNS (dict[str, Any]): a new dict; `performance` has `ents_p`, `ents_r`, `ents_f` (means over the targets) and
        `ents_per_lang`.
    """
    scored = f", scored on {', '.join(scores['targets'])}" if scores["targets"] else ""
    description = (
        f"Named entities by spacy-xner: a multilingual encoder, trained with labels in {scores['source']}{scored}."
    )
    performance = {f"ents_{key}": scores[f"macro_{key}"] for key in "prf"}
    per_language = {
        lang: {key: row[key] for key in ("p", "r", "f", "docs", "entities")}
        for lang, row in scores["languages"].items()
    }
    return {
        **meta,
        "description": description,
        "author": "spacy-xner",
        "languages": list(scores["languages"]),
        "performance": {**performance, "ents_per_lang": per_language},
    }

"""The metadata of a package: scores, languages, what it was made from, and licences."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import spacy
import srsly

from ..encoders.origin import Origin
from ..errors import XnerError
from ..files import read_json

UNKNOWN = "unknown"  # a licence that is not stated
PER_LANGUAGE = ("p", "r", "f", "f_low", "f_high", "docs", "entities")


def describe(
    meta: dict[str, Any],
    scores: dict[str, Any],
    labels: str = "manual",
    outside: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Add scores, languages and a description to a pipeline's metadata. The scores of its training are left out.

    meta (dict[str, Any]): the pipeline's meta.json.
    scores (dict[str, Any]): from `evaluate_pipeline`.
    labels (str): "manual"; or "projected" for scores against projected labels, which measure agreement with the
        projection, not accuracy.
    outside (Sequence[Mapping]): rows of benchmarks/elsewhere.py.
    RETURNS (dict[str, Any]): a new dict; `performance` has `ents_p`, `ents_r`, `ents_f` (means over the targets) and
        `ents_per_lang`, or the same with `projected_` in front, and `outside`, if there is text from elsewhere. The
        author is the pipeline's, if it has one.
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
    if outside:
        performance["outside"] = [dict(row) for row in outside]
    per_language = {
        lang: {key: row[key] for key in PER_LANGUAGE if row.get(key) is not None}
        for lang, row in scores["languages"].items()
    }
    return {
        **meta,
        "description": description,
        "author": meta.get("author") or "spacy-xner",
        "languages": list(scores["languages"]),
        "performance": {**performance, f"{prefix}_per_lang": per_language},
    }


def add_sources(
    meta: dict[str, Any], source: dict[str, Any] | None, origin: Origin | None, data: Sequence[tuple[str, str]] = ()
) -> None:
    """Add to a package's metadata what it was made from, and the licences of all of it.

    source (dict[str, Any] | None): the meta.json of the pipeline whose labels it learned from.
    origin (Origin | None): that of the encoder.
    data (Sequence[tuple[str, str]]): name and licence of each corpus or text that it learned from.
    """
    sources = list(meta.get("sources") or [])
    if source is not None:
        name = f"{source.get('lang', 'xx')}_{source.get('name', 'pipeline')} {source.get('version', '')}"
        sources.append(
            {
                "part": "labels of the training data",
                "name": name.strip(),
                "url": str(source.get("url", "")),
                "license": str(source.get("license") or UNKNOWN),
                "author": str(source.get("author", "")),
            }
        )
    if origin is not None:
        commit = f"/tree/{origin.version}" if origin.source.startswith("https://huggingface.co/") else ""
        url = f"{origin.source}{commit}"
        sources.append({"part": "encoder", "name": origin.name, "url": url, "license": origin.licence, "author": ""})
    sources += [{"part": "data", "name": name, "url": "", "license": licence, "author": ""} for name, licence in data]
    if sources:
        meta["sources"] = sources
    stated = [each for each in sources if each.get("part") != "data" or each.get("license") != UNKNOWN]
    licences = [str(meta.get("license") or ""), *(each.get("license") or UNKNOWN for each in stated)]
    meta["license"] = ", ".join(dict.fromkeys(filter(None, licences)))


def read_meta(pipeline: str) -> dict[str, Any]:
    """The meta.json of an installed package or a folder. RAISES: XnerError where there is none."""
    folder = Path(pipeline)
    if not folder.is_dir() and spacy.util.is_package(pipeline):
        folder = spacy.util.get_package_path(pipeline)
    if not (folder / "meta.json").is_file():
        raise XnerError(f"{pipeline}: no installed package or folder of that name has a meta.json.")
    found: dict[str, Any] = srsly.read_json(folder / "meta.json")
    return found


def read_outside(path: Path) -> list[dict[str, Any]]:
    """The rows of `benchmarks/elsewhere.py --json`. RAISES: XnerError for another file."""
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
    for path in sorted(pipeline.glob("*/cfg")):
        found = srsly.read_json(path)
        if isinstance(found, dict) and found.get("calibration"):
            return dict(found["calibration"])
    return None

"""`xner package`: `spacy package` with scores, languages and licences in the package's metadata."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from .console import make_notes
from .options import Float16Option, OutputArgument, QuietOption
from .outputs import choose_output
from .usage import UsageError

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
    data: Annotated[
        list[str] | None,
        typer.Option(help="NAME=LICENCE: a corpus or text that it learned from, for the model card. Repeatable."),
    ] = None,
    scored_on: Annotated[
        str, typer.Option(help="What the scores were measured on, for the model card, such as 'its test sentences'.")
    ] = "",
    outside: Annotated[
        Path | None, typer.Option(help="Scores on text from elsewhere, from `benchmarks/elsewhere.py --json`.")
    ] = None,
    float16: Float16Option = False,
    build: BuildOption = BuildName.wheel,
    quiet: QuietOption = False,
) -> None:
    """Build an installable package (a wheel) of a pipeline, with its scores and languages in meta.json.

    Its README.md is a model card: labels with examples, scores with intervals, the licence of each part, time and
    machine of the training, limits. --outside adds scores on text from elsewhere. A README.md that is in PIPELINE
    already is kept.

    The package is `OUTPUT/LANG_NAME-VERSION`, with the wheel in its folder `dist`; an earlier one is replaced.
    The output of the build is in `OUTPUT/LANG_NAME-VERSION.log`.

    Example: `xner package training/xner_agg/model-last --output packages --name xner_agg --scores metrics/scores.json`
    """
    output = choose_output(output, output_argument)
    made = make_package(
        pipeline,
        name,
        scores,
        output,
        version=version,
        encoder=encoder,
        description=description,
        licence=licence,
        source=source,
        projected=labels == LabelsName["projected"],
        scored_on=scored_on,
        data=parse_data(data),
        examples=examples,
        outside=outside,
        float16=float16,
        wheel=build == BuildName.wheel,
    )
    make_notes().print(made_line(made), soft_wrap=True)


def make_package(
    pipeline: Path,
    name: str,
    scores: Path,
    output: Path,
    *,
    version: str = "0.1.0",
    encoder: Path | None = None,
    description: str = "",
    licence: str = "",
    source: str | None = None,
    projected: bool = False,
    scored_on: str = "",
    data: Sequence[tuple[str, str]] = (),
    examples: Path | None = None,
    outside: Path | None = None,
    float16: bool = False,
    wheel: bool = True,
) -> Path:
    """What `xner package` does. RETURNS: the wheel, or the package's folder.

    data (Sequence[tuple[str, str]]): name and licence of what the pipeline learned from.
    RAISES: XnerError for wrong input, before anything is written, and where the build fails.
    """
    import srsly

    from ..encoders.origin import Origin, read_origin, trimmed_note
    from ..errors import XnerError
    from ..paths import check_links
    from ..pipelines import with_note
    from ..reporting.package_meta import add_sources, describe, read_meta, read_outside
    from ..scoring.scores import read_scores
    from .build import build_package, check_build

    if wheel:
        check_build()
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
    meta = describe(own, found, "projected" if projected else "manual", rows)
    meta |= {"name": name, "version": version, "description": description or meta["description"]}
    add_sources(meta, read_meta(source) if source else None, origin, data)
    meta["license"] = licence or meta["license"]
    if origin is not None and origin.trimmed and not meta.get("xner_trim"):
        meta |= {"xner_trim": origin.trimmed, "notes": with_note(meta, f"The encoder: {trimmed_note(origin.trimmed)}")}
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
            by_machine = projected or bool(found.get("reference"))
            card = card_of(pipeline, meta, found, by_machine, scored_on, examples, rows)
            (room / "README.md").write_text(card, encoding="utf8")
        return build_package(room, output, f"{meta['lang']}_{name}-{version}", wheel)


def parse_data(values: Sequence[str] | None) -> list[tuple[str, str]]:
    """Name and licence of each value of --data. RAISES: UsageError for another form than NAME=LICENCE."""
    found = []
    for value in values or ():
        name, _, licence = (part.strip() for part in value.rpartition("="))
        if not name or not licence:
            raise UsageError(f"--data is {value!r}, expected NAME=LICENCE, such as 'my corpus=CC-BY-4.0'.")
        found.append((name, licence))
    return found


def made_line(made: Path) -> str:
    """Where a package is, how large it is, and how it is installed and loaded."""
    if made.is_dir():
        return f"{made}: the package's folder. Install it: pip install {made}"
    size, name = made.stat().st_size / 1e6, made.name.split("-", 1)[0]
    return f'{made} ({size:.0f} MB). Install it: pip install {made}. Load it: spacy.load("{name}")'


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
    scored_on: str,
    examples: Path | None,
    outside: list[dict[str, Any]],
) -> str:
    """The model card of a package; see `model_card`."""
    from spacy.util import load_config

    from ..annotations.attributes import meta_of
    from ..corpus.docs import load_docs
    from ..reporting.model_card import model_card, named
    from ..reporting.package_meta import calibration_of

    config = load_config(pipeline / "config.cfg", interpolate=True)
    names: dict[str, Counter[str]] = {}
    langs: dict[str, None] = {}
    for doc in load_docs(examples) if examples else ():
        langs[meta_of(doc)["lang"]] = None
        for entity in doc.ents:
            names.setdefault(entity.label_, Counter())[entity.text] += 1
    return model_card(
        meta,
        scores,
        projected=projected,
        scored_on=scored_on,
        examples={label: [name for name, _ in found.most_common()] for label, found in names.items()},
        examples_of=" and ".join(named(lang) for lang in langs),
        outside=outside,
        calibration=calibration_of(pipeline),
        capitalised=config.get("corpora", {}).get("train", {}).get("capitalised"),
    )


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

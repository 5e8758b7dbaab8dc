"""Trimming the vocabulary of the encoder in a trained pipeline."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import srsly
from spacy_transformers import Transformer

from ... import compat
from ...errors import XnerError
from ...files import atomic_path, read_json
from ...paths import check_links
from ...pipelines import load_pipeline, with_note
from ..origin import trimmed_note
from .needed_pieces import Wanted
from .trim import TrimReport, check_not_inside, trim

MARK = "xner_trim"  # in meta.json of a trimmed pipeline


def trim_pipeline(
    folder: str | Path, dest: str | Path, wanted: Wanted, *, float16: bool = False, progress: bool = True
) -> TrimReport:
    """Write a copy of a trained pipeline whose encoder has a smaller vocabulary.

    Settings, other components and meta data are kept; the meta data get a note. Entities are the same in texts whose
    word pieces are all kept.

    folder (str | Path): the pipeline, with a `transformer` component.
    dest (str | Path): the folder to write; a pipeline that was trimmed into it before is replaced.
    wanted, float16, progress: as for `trim_encoder`.
    RAISES: XnerError where the folder has no such pipeline, its encoder's type of vocabulary cannot be trimmed, or
        `dest` has other files.
    """
    folder, dest = Path(folder).expanduser(), Path(dest).expanduser()
    check_not_inside(folder, dest)
    _check_pipeline_destination(dest)
    if not is_pipeline(folder):
        raise XnerError(
            f"{folder}: this folder holds no pipeline: it has no meta.json and config.cfg. Expected a folder from "
            "`spacy train`."
        )
    check_links(folder)
    meta = read_json(folder / "meta.json")
    nlp = load_pipeline(str(folder))
    encoders = [(name, pipe) for name, pipe in nlp.components if isinstance(pipe, Transformer)]
    if len(encoders) != 1:
        raise XnerError(
            f"{folder}: the pipeline has {len(encoders)} transformer components ({', '.join(nlp.component_names)}), "
            "expected one. (One whose listeners were replaced has copies of the encoder: trim it before that.)"
        )
    name, pipe = encoders[0]
    model: Any = pipe.model
    trimmed = trim(model.tokenizer, model.transformer, wanted, name=str(folder), progress=progress)
    compat.replace_encoder(model, trimmed.tokenizer, model.transformer)
    if float16:
        model.transformer.half()
    with atomic_path(dest) as new:
        # Each component has its own weight file: the one of the encoder is not copied.
        shutil.copytree(folder, new, ignore=_all_in(folder / name))
        pipe.to_disk(new / name, exclude=["vocab"])
        record = trimmed.record(wanted)
        notes = with_note(meta, f"The encoder: {trimmed_note(record)}")
        srsly.write_json(new / "meta.json", {**meta, "notes": notes, MARK: record})
    return trimmed.report(folder, dest)


def is_pipeline(path: str | Path) -> bool:
    """Whether a folder has a trained pipeline, and not an encoder."""
    folder = Path(path).expanduser()
    return (folder / "meta.json").is_file() and (folder / "config.cfg").is_file()


def _check_pipeline_destination(dest: Path) -> None:
    """RAISES: XnerError where `dest` has anything that `trim_pipeline` did not write."""
    if not dest.exists() or (dest.is_dir() and not any(dest.iterdir())):
        return
    if not is_pipeline(dest) or MARK not in srsly.read_json(dest / "meta.json"):
        raise XnerError(f"{dest} has other files than a trimmed pipeline. Choose another folder or remove it.")


def _all_in(folder: Path) -> Callable[[str, list[str]], list[str]]:
    """A function for `shutil.copytree` that leaves out the files of a folder."""
    return lambda path, names: names if Path(path) == folder else []

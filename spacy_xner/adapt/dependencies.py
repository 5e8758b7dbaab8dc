"""Tracks what each output file of an adaptation was made from, so that only outdated files are recomputed."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..alignment import embedding, segmenters
from ..corpus import project, translate
from ..distillation import distiller
from ..errors import XnerError
from ..files import read_json, write_json
from ..journal import differing_keys
from ..projection import confidence, filters, projector
from ..translation import Translator
from . import trimming
from .settings import Settings

SOURCE, TRANSLATED, PROJECTED, DISTILLED = "source.spacy", "translated", "projected", "distilled"
TRIMMED, TEACHER, PIPELINE, MADE = "trimmed", "teacher", "pipeline", "made.json"


@dataclass(frozen=True)
class Dependencies:
    """Computes what each output file depends on: also the revisions of the algorithms, see `corpus/provenance.py`.

    pipeline (str): name and fingerprint of the source pipeline.
    texts (str): checksum of the text file.
    encoder (str): version of the encoder.
    config (str): checksum of the training config.
    settings (Settings): all settings.
    translators (Mapping[str, Translator]): by target language.
    """

    pipeline: str
    texts: str
    encoder: str
    config: str
    settings: Settings
    translators: Mapping[str, Translator]

    def for_file(self, file: str) -> dict[str, Any]:
        """Everything that an output file or folder depends on, as plain JSON."""
        settings = self.settings
        found: dict[str, Any] = {
            "pipeline": self.pipeline,
            "texts": self.texts,
            "lang": settings.lang,
            "min_score": settings.min_score,
        }
        if file == SOURCE:
            return as_json(found)
        langs = [Path(file).stem] if file.startswith((f"{TRANSLATED}/", f"{PROJECTED}/")) else list(settings.targets)
        found["revisions"] = {"translate": translate.REVISION}
        found["translators"] = {lang: self.translators[lang].identity for lang in langs}
        if file.startswith(f"{TRANSLATED}/"):
            return as_json(found)
        found["encoder"] = f"{settings.encoder} {self.encoder}"
        if file == TRIMMED:  # not for the sentences that are held back
            found |= {"held_back": settings.held_back, "seed": settings.seed}
            return as_json(found | {"trim": trimming.identity(settings.max_pieces)})
        found["revisions"] |= {
            "align": embedding.REVISION,
            "place": projector.REVISION,
            "project": project.REVISION,
        }
        found |= {"segmenters": segmenters.identity(), "scores": confidence.identity()}
        found["filters"] = filters.identity(settings.filters)
        if file.startswith(f"{PROJECTED}/"):
            return as_json(found)
        found |= {"held_back": settings.held_back, "seed": settings.seed}
        if file in (TEACHER, PIPELINE) or file.startswith(f"{DISTILLED}/"):
            found |= {"steps": settings.steps, "batch_words": settings.batch_words, "config": self.config}
            found["trim"] = trimming.identity(settings.max_pieces)
        if file == PIPELINE:
            found["distill"] = settings.distill
        if file == PIPELINE or file.startswith(f"{DISTILLED}/"):
            found["revisions"] |= {"distill": distiller.REVISION}
        return as_json(found)


class OutputFolder:
    """An output folder whose `made.json` records the dependencies of each file in it.

    path (Path): the folder, which is created where it is missing.
    force (bool): forget what is recorded, so that no file is current.
    RAISES: XnerError where the folder has files but no `made.json`.
    """

    def __init__(self, path: Path, force: bool = False) -> None:
        self.path, self.force = path, force
        exists = (path / MADE).is_file()
        if path.is_dir() and any(path.iterdir()) and not exists:
            raise XnerError(f"{path} has other files, expected a new folder or one that `xner adapt` made.")
        self.made: dict[str, Any] = read_json(path / MADE) if exists and not force else {}
        if not exists:
            self.save()

    def reload(self) -> None:
        """Read `made.json` again, which another run may have changed."""
        if not self.force:
            self.made = read_json(self.path / MADE)

    def save(self) -> None:
        """Write `made.json`."""
        write_json(self.path / MADE, self.made)

    def is_current(self, file: str, dependencies: dict[str, Any]) -> bool:
        """Whether a file or folder exists and was made with these dependencies."""
        return (self.path / file).exists() and self.made.get(file) == dependencies

    @contextmanager
    def making(self, file: str, dependencies: dict[str, Any], report_change: Callable[[str], None]) -> Iterator[Path]:
        """Yield the path of a file or folder to make. Record its dependencies when the block ends without an error.

        report_change (Callable[[str], None]): receives a message if the file is recomputed.
        """
        before = self.made.get(file)
        if before is not None and before != dependencies:
            report_change(
                f"{file} is recomputed, since these changed: {', '.join(differing_keys(before, dependencies))}"
            )
        if self.made.pop(file, None):  # an incomplete file must not count as current
            self.save()
        yield self.path / file
        self.made[file] = dependencies
        self.save()


def as_json(value: dict[str, Any]) -> dict[str, Any]:
    """A value after it was written as JSON and read again: tuples become lists."""
    read: dict[str, Any] = json.loads(json.dumps(value))
    return read

"""The layout of a labelled corpus folder: settings, labelled files by split, text without labels, translations."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ..errors import XnerError

SETTINGS = "corpus.toml"
EXAMPLE = 'source = "en", targets = ["de"], labels = ["PER", "LOC"], minimum = {train = 1000, dev = 50, test = 100}'
Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True)
class Layout:
    """The settings of a corpus folder.

    root (Path): the folder.
    source (str): code of the language with training sentences.
    targets (tuple[str, ...]): codes of the languages with translations, dev and test sentences.
    labels (tuple[str, ...]): the entity labels.
    minimum (dict[str, int]): minimum number of sentences of a language in "train", "dev", "test", "translations" and
        "unlabelled".
    """

    root: Path
    source: str
    targets: tuple[str, ...]
    labels: tuple[str, ...]
    minimum: dict[str, int]

    def files(self) -> Iterator[tuple[str, Split, Path]]:
        """Yield language, split and path of each labelled file: `en/train/*.txt` or `en/train.txt`, `de/dev.txt`."""
        for lang in (self.source, *self.targets):
            for split in SPLITS:
                single, folder = self.root / lang / f"{split}.txt", self.root / lang / split
                for path in [single] * single.is_file() + sorted(folder.glob("*.txt")):
                    yield lang, split, path

    def unlabelled(self) -> Iterator[tuple[str, Path]]:
        """Yield language and path of each file of text without labels: `de/unlabelled.txt`."""
        for lang in (self.source, *self.targets):
            path = self.root / lang / "unlabelled.txt"
            if path.is_file():
                yield lang, path

    def translations(self) -> list[Path]:
        """The files of the translation memory."""
        return sorted((self.root / "translations").glob("*.tsv"))


def read_layout(root: str | Path) -> Layout:
    """Read the settings of a corpus folder. RAISES: XnerError if they are missing or incomplete."""
    path = Path(root) / SETTINGS
    if not path.is_file():
        raise XnerError(
            f"{path}: file not found. Expected the folder of a labelled corpus, with a file such as: {EXAMPLE}"
        )
    try:
        settings = tomllib.loads(path.read_text(encoding="utf8"))
        targets, labels = tuple(settings["targets"]), tuple(settings["labels"])
        return Layout(Path(root), str(settings["source"]), targets, labels, dict(settings.get("minimum", {})))
    except tomllib.TOMLDecodeError as error:
        raise XnerError(f"{path}: not TOML: {error}.") from None
    except KeyError as error:
        raise XnerError(f"{path}: the setting {error} is missing; expected source, targets and labels.") from None

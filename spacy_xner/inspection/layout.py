"""Where a labelled corpus folder keeps what: `corpus.toml`, `<lang>/{train,dev,test}`, `translations/*.tsv`."""

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

    root (Path): The folder.
    source (str): Code of the language that has training sentences.
    targets (tuple[str, ...]): Codes of the languages that have translations, dev and test sentences.
    labels (tuple[str, ...]): The entity labels.
    minimum (dict[str, int]): Least number of sentences for "train", "dev", "test" and of rows for "translations".
    """

    root: Path
    source: str
    targets: tuple[str, ...]
    labels: tuple[str, ...]
    minimum: dict[str, int]

    def files(self) -> Iterator[tuple[str, Split, Path]]:
        """Language, split and path of each labelled file: `en/train/*.txt` or `en/train.txt`, `de/dev.txt`, ..."""
        for lang in (self.source, *self.targets):
            for split in SPLITS:
                single, folder = self.root / lang / f"{split}.txt", self.root / lang / split
                for path in [single] * single.is_file() + sorted(folder.glob("*.txt")):
                    yield lang, split, path

    def translations(self) -> list[Path]:
        """The translation memory's files."""
        return sorted((self.root / "translations").glob("*.tsv"))


def read_layout(root: str | Path) -> Layout:
    """Read the settings of a corpus folder. RAISES: XnerError where they are missing or incomplete."""
    path = Path(root) / SETTINGS
    if not path.is_file():
        raise XnerError(f"{path}: not there. Expected the folder of a labelled corpus, with a file such as: {EXAMPLE}")
    try:
        settings = tomllib.loads(path.read_text(encoding="utf8"))
        targets, labels = tuple(settings["targets"]), tuple(settings["labels"])
        return Layout(Path(root), str(settings["source"]), targets, labels, dict(settings.get("minimum", {})))
    except tomllib.TOMLDecodeError as error:
        raise XnerError(f"{path}: not TOML: {error}.") from None
    except KeyError as error:
        raise XnerError(f"{path}: the setting {error} is missing; expected source, targets and labels.") from None

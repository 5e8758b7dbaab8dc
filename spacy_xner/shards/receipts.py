"""Receipts: a small file for each finished shard, with its hash and counts, which show whether the shard is whole."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import XnerError
from ..files import file_sha256, read_json, write_json
from ..json_checks import Expected, check, mapping, number, text
from .manifest import Manifest

RECEIPTS = ".receipts"  # hidden, so that programs that read all files of the folder see shards alone
EXPECTED: dict[str, Expected] = {
    "manifest": text,
    "rows": number(0, int),
    "size": number(0, int),
    "sha256": text,
    "counts": mapping(number(None, int)),
}
State = Literal["done", "missing", "damaged"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known of a finished shard.

    shard (int): its number.
    manifest (str): the `key` of the manifest that it belongs to.
    rows (int): number of rows in it. size (int): in bytes. sha256 (str): of its bytes, in hex.
    counts (dict[str, int]): of the step.
    """

    shard: int
    manifest: str
    rows: int
    size: int
    sha256: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a shard.

    receipt (Receipt | None): None unless the shard is done.
    reason (str): of a damaged shard, what is wrong with it.
    """

    shard: int
    state: State
    receipt: Receipt | None = None
    reason: str = ""


def receipt_path(folder: Path, shard: int) -> Path:
    """The file with the receipt of a shard."""
    return folder / RECEIPTS / f"{shard:05d}.json"


def write_receipt(folder: Path, manifest: Manifest, shard: int, rows: int, counts: Counter[str]) -> Receipt:
    """Write the receipt of a shard whose file is in place. RAISES: XnerError as `write_json`."""
    path = folder / manifest.shard_name(shard)
    receipt = Receipt(shard, manifest.key, rows, path.stat().st_size, file_sha256(path), dict(counts))
    content: dict[str, Any] = {name: getattr(receipt, name) for name in EXPECTED}
    write_json(receipt_path(folder, shard), content)
    return receipt


def find_shard(folder: Path, manifest: Manifest, shard: int) -> Found:
    """Whether a shard is done: it has a receipt of this manifest, and its file has the bytes that the receipt says.

    A file without a receipt is of a run that was killed before it wrote the receipt: the shard is missing.
    """
    path, receipt_file = folder / manifest.shard_name(shard), receipt_path(folder, shard)
    if not receipt_file.is_file():
        return Found(shard, "missing")
    try:
        content = read_json(receipt_file)
        check(content, EXPECTED, str(receipt_file))
    except XnerError as error:
        return Found(shard, "damaged", reason=str(error))
    receipt = Receipt(shard, **{name: content[name] for name in EXPECTED})
    if receipt.manifest != manifest.key:
        return Found(shard, "damaged", reason=f"{receipt_file} belongs to another manifest")
    if not path.is_file():
        return Found(shard, "damaged", reason=f"{path.name} was removed, but has a receipt")
    if (size := path.stat().st_size) != receipt.size:
        return Found(shard, "damaged", reason=f"{path.name} has {size:,} bytes, expected {receipt.size:,}")
    if file_sha256(path) != receipt.sha256:
        return Found(shard, "damaged", reason=f"{path.name} has other bytes than those that were written")
    return Found(shard, "done", receipt)


def total_counts(receipts: Iterable[Receipt]) -> Counter[str]:
    """The sum of the counts of shards; names whose count is 0 are kept."""
    total: Counter[str] = Counter()
    for receipt in receipts:
        total.update(receipt.counts)
    return total


def leftovers(folder: Path) -> list[Path]:
    """Temporary files of runs that were killed, or that still work."""
    return sorted(path for pattern in (".shard-*", ".manifest.json.*") for path in folder.glob(pattern))

"""Docs in several DocBin files of one folder, which `spacy_xner.Corpus.v1` reads as one corpus."""

import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from spacy.tokens import Doc

from ..errors import XnerError
from ..files import atomic_path, check_writable
from .docs import write_docs

SHARD_NAME = re.compile(r"shard-\d{5,}\.spacy")


def write_doc_shards(folder: str | Path, docs: Iterable[Doc], shard_size: int) -> int:
    """Write docs into a folder, as `shard-00000.spacy` and so on, of which one at a time is in memory.

    The folder appears when all docs are written. Shards of an earlier run in it are replaced.

    shard_size (int): docs of each file; the last one can have fewer.
    RETURNS (int): the number of docs.
    RAISES: XnerError for a folder that holds anything else, which would be lost, if there are no docs, and as
        `write_docs`.
    """
    folder = Path(folder)
    check_shard_folder(folder)
    check_writable(folder)
    n_docs, stream = 0, iter(docs)
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        while shard := list(islice(stream, shard_size)):
            n_docs += write_docs(temporary / f"shard-{n_docs // shard_size:05}.spacy", shard)
        if not n_docs:
            raise XnerError(
                f"{folder}: not written, because no doc is left. The counts above show where they were dropped."
            )
    return n_docs


def check_shard_folder(folder: Path) -> None:
    """RAISES: XnerError where a folder to write shards into is a file, or holds anything else than shards."""
    if folder.is_file():
        raise XnerError(f"{folder} is a file, expected a folder to write shards into. Choose another name.")
    others = [path.name for path in folder.glob("*") if not SHARD_NAME.fullmatch(path.name)] if folder.is_dir() else []
    if others:
        raise XnerError(
            f"The folder {folder} holds something else than shards, such as {min(others)}, which would be lost. Choose "
            "another folder."
        )

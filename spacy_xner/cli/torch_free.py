"""Keep PyTorch out of processes that run no model."""

import sys

_in_console_script = False


def allow_torch_free() -> None:
    """Let `avoid_torch` have an effect in this process. For the console script alone, which owns its process."""
    global _in_console_script
    _in_console_script = True


def avoid_torch() -> None:
    """Import thinc in such a way that it does not import PyTorch, which takes seconds.

    thinc/compat.py imports torch wherever it is installed, and spaCy imports thinc. `corpus convert`, `corpus stats`
    and others read and write text and DocBins, but run no model: they call this before they import spaCy. torch is
    hidden while thinc is imported and not longer, so that a later `import torch` works as ever (a plugin, for example);
    only thinc then believes that there is no torch, so no model can run in this process.

    Does nothing outside of the console script `xner` (in a library or notebook, torch may be needed later), nor where
    torch or thinc is imported already (as in `python -m spacy xner ...`).
    """
    if not _in_console_script or "torch" in sys.modules or "thinc" in sys.modules:
        return
    sys.modules["torch"] = None  # type: ignore[assignment]  # `import torch` raises ImportError
    try:
        import thinc.compat  # noqa: F401
    finally:
        del sys.modules["torch"]

"""Keep PyTorch out of processes that run no model."""

import sys

_in_console_script = False


def allow_torch_free() -> None:
    """Let `avoid_torch` have an effect in this process. Only for the console script, which is alone in its process."""
    global _in_console_script
    _in_console_script = True


def avoid_torch() -> None:
    """Import thinc in such a way that it does not import PyTorch, which takes seconds.

    thinc/compat.py imports torch wherever it is installed, and spaCy imports thinc. Commands such as `corpus convert`
    and `report` run no model: they call this function before they import spaCy. torch is hidden only while thinc is
    imported, so a later `import torch` (by a plugin, for example) still works; but thinc has recorded that torch is
    missing, so no PyTorch model can run in this process.

    Does nothing outside of the console script `xner` (in a library or notebook, torch may be needed later), nor if
    torch or thinc is already imported (as in `python -m spacy xner ...`).
    """
    if not _in_console_script or "torch" in sys.modules or "thinc" in sys.modules:
        return
    sys.modules["torch"] = None  # type: ignore[assignment]  # `import torch` raises ImportError
    try:
        import thinc.compat  # noqa: F401
    finally:
        del sys.modules["torch"]

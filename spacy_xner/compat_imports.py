"""What transformers imports and prediction does not need: imported when it is used.

As in compat.py, the test of each function says which part of another package has changed.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, cast

from .extras import needs_extra

MODULE = "transformers.generation.candidate_generator"


def defer_sklearn() -> None:
    """Let transformers import scikit-learn at the first call of what it imports from it, not at its own import.

    scikit-learn and scipy.stats take a seventh of the time in which a pipeline is loaded. All that is read of them is
    `roc_curve`, for text generation with an assistant model. Does nothing where one of both is imported already.

    Uses that the module `MODULE` imports `roc_curve` where `transformers.utils.is_sklearn_available()` (transformers
    4.45 to 4.53). Elsewhere scikit-learn is imported as before.
    """
    if "sklearn" not in sys.modules and MODULE not in sys.modules:
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds `MODULE` once, with another loader."""

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != MODULE:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Deferring(spec.loader)
        return spec


class _Deferring(Loader):
    """Runs a module that finds no scikit-learn, and then gives it a `roc_curve` that imports it."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        utils = cast(Any, sys.modules["transformers.utils"])  # `MODULE` imports it
        available = utils.is_sklearn_available
        utils.is_sklearn_available = lambda: False
        try:
            self.loader.exec_module(module)
        finally:
            utils.is_sklearn_available = available
        loaded: Any = module
        loaded.is_sklearn_available = available
        if available():
            loaded.roc_curve = _roc_curve


def _roc_curve(*arguments: Any, **settings: Any) -> Any:
    """`sklearn.metrics.roc_curve`."""
    with needs_extra("train", "Text generation with an assistant model needs"):
        from sklearn.metrics import roc_curve  # type: ignore[import-untyped, unused-ignore]

    return roc_curve(*arguments, **settings)

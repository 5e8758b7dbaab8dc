"""Cross-lingual named entity recognition for spaCy: labels in one language, pipelines for others."""

from .compat_imports import defer_sklearn

__version__ = "0.1.0"

defer_sklearn()

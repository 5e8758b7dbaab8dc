"""Cross-lingual named entity recognition for spaCy: labels in one language, pipelines for others."""

__version__ = "0.1.0"

"""Cross-lingual named entity recognition for spaCy: labels in one language, pipelines for others."""

from .compat_imports import defer_sklearn

__version__ = "0.1.0"

defer_sklearn()


def install_extensions() -> None:
    """Register `span._.confidence`, `doc._.xner_meta` and the other attributes, so that docs of a file have them.

    Components of this package do it when they are made. The import of the package does not do it: spaCy imports it for
    every pipeline, and other code has attributes with the name `confidence` too.

    RAISES: XnerError where `span._.confidence` is a getter or a method of other code.
    """
    from .annotations import attributes  # here, because it imports spaCy, which takes seconds

    attributes.install_extensions()

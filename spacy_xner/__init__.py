"""Named entities in languages nobody labelled: layer aggregation, projection and synthetic text for spaCy."""

__version__ = "0.1.0"

"""Data augmentation for training: replace entities by other names of the same type."""

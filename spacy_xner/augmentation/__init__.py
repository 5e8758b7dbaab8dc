"""Data augmentation for training: entities replaced by other names of the same type."""

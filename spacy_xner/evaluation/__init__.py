"""Per-language scores and their tables."""

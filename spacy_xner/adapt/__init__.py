"""Adapts a pipeline for one language to other languages, from unlabelled text."""

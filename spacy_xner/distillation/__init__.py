"""Soft labels from teacher pipelines, and the training corpora made of them."""

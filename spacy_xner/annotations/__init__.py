"""Annotations on Doc and Span: custom attributes, scored entities, soft labels."""

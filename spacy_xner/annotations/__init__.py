"""What spacy-xner keeps on Doc and Span: custom attributes, scored entities, soft labels."""

"""Labelled corpora: file formats, DocBin files, translation, projection, filters, and the training reader."""

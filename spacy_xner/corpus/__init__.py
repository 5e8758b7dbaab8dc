"""Corpora: file formats, DocBins, translation, projection, filters, and the training reader."""

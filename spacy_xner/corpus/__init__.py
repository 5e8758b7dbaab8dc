"""Corpora: files to and from DocBin, translation and projection of whole corpora, checks, and the training reader."""

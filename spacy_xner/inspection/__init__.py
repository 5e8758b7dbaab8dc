"""Inspection of corpora: statistics, the layout of a labelled corpus folder, and checks of its files."""

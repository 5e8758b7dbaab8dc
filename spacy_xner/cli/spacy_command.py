"""Adds `xner` to spaCy's command line; spaCy imports this module through the entry point group `spacy_cli`."""

from spacy.cli import app as spacy_app

from . import app

spacy_app.add_typer(app, name="xner")

"""Puts `xner` under spaCy's own command line; spaCy imports this by the entry point group `spacy_cli`."""

from spacy.cli import app as spacy_app

from . import app

spacy_app.add_typer(app, name="xner")

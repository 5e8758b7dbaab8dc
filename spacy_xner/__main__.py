"""`python -m spacy_xner`: the same as `xner`, with a chosen Python interpreter."""

from .cli import main

main()

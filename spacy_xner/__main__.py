"""`python -m spacy_xner`: the same as `xner`, for whoever wants to be sure of the interpreter."""

from .cli import main

main()

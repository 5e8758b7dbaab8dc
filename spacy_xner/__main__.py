"""`python -m spacy_xner`: the command `xner`, run by an explicitly chosen interpreter."""

from .cli import main

main()

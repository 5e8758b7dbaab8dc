"""Training and evaluation examples from reference docs."""

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example


def make_example(nlp: Language, reference: Doc) -> Example:
    """Pair a reference with its text as the pipeline tokenizes it, or with its own tokens if its spaces are unknown."""
    if reference.has_unknown_spaces:
        return Example(Doc(nlp.vocab, words=[token.text for token in reference]), reference)
    return Example(nlp.make_doc(reference.text), reference)

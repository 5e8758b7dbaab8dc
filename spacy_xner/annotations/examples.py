"""Copies of a doc's tokens, and training and evaluation examples from reference docs."""

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab


def copy_tokens(doc: Doc, vocab: Vocab) -> Doc:
    """A doc with the same tokens and spaces, without labels and attributes; unknown spaces stay unknown."""
    spaces = None if doc.has_unknown_spaces else [bool(token.whitespace_) for token in doc]
    return Doc(vocab, words=[token.text for token in doc], spaces=spaces)


def make_example(nlp: Language, reference: Doc) -> Example:
    """Pair a reference with its text as the pipeline tokenizes it, or with its own tokens if its spaces are unknown."""
    if reference.has_unknown_spaces:
        return Example(copy_tokens(reference, nlp.vocab), reference)
    return Example(nlp.make_doc(reference.text), reference)

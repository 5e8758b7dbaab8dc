"""A small recogniser on spaCy's own token vectors."""

from typing import Any

import spacy
from spacy.language import Language
from spacy.training import Example
from thinc.api import fix_random_seed

from ..aggregation.util import TEXTS

TOK2VEC = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 16,
    "depth": 1,
    "embed_size": 100,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
}
SMALL = {"model": {"@architectures": "spacy_xner.TokenClassifier.v1", "tok2vec": TOK2VEC}}


def examples_of(nlp: Language, texts: Any = None) -> list[Example]:
    return [Example.from_dict(nlp.make_doc(text), {"entities": spans}) for text, spans in texts or TEXTS]


def small_pipeline(steps: int = 0, **settings: Any) -> Language:
    """A pipeline that was trained for some steps on `TEXTS`."""
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("xner", config={**SMALL, **settings})
    optimizer = nlp.initialize(lambda: examples_of(nlp))
    optimizer.learn_rate = 0.02
    for _ in range(steps):
        nlp.update(examples_of(nlp), sgd=optimizer)
    return nlp


def untrained_pipeline() -> Language:
    """A pipeline with one label, not trained."""
    nlp = spacy.blank("en")
    nlp.add_pipe("xner", config=SMALL)
    nlp.initialize(lambda: examples_of(nlp, [("Ada sings", [(0, 3, "PER")])]))
    return nlp


def entities_of(doc: Any) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]

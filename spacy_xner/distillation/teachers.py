"""Teachers: pipelines that say of text what they think, as distributions over tags."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from ..annotations.attributes import confidence_of
from ..errors import XnerError
from ..ner.component import SoftmaxRecogniser
from ..ner.decoding import log_softmax
from ..ner.fitting import recognisers_of
from ..pipelines import name_of

TINY = 1e-10
ENCODER_DATA: Any = ("._.", "trf_data", None, None)  # the key of `doc._.trf_data`


@dataclass(frozen=True)
class Opinion:
    """What teachers think of a text.

    doc (Doc): with the entities that fit best, their scores, and the distributions of its tokens as soft labels.
    certainty (float): how sure the least sure decision is, in [0, 1]: the lowest score of an entity, or the lowest
        probability that a token outside of all entities is outside; 1 for an empty text.
    """

    doc: Doc
    certainty: float


class Teachers:
    """One pipeline with an `xner` component, or the average of several.

    Averaging is of the distributions of each token, each with its pipeline's own temperature, as ensembles of softmax
    classifiers do (Lakshminarayanan et al. 2017, arXiv 1612.01474).

    pipelines (Sequence[Language]): each with exactly one `xner`; all with the same labels and the same tokens.
    RAISES: XnerError for no pipeline, one without `xner` or with several, and for labels that differ.
    """

    def __init__(self, pipelines: Sequence[Language]) -> None:
        if not pipelines:
            raise XnerError("There is no teacher, expected one pipeline or more.")
        self.pipelines = list(pipelines)
        self.recognisers: list[SoftmaxRecogniser] = []
        for nlp in self.pipelines:
            found = recognisers_of(nlp)
            if len(found) != 1:
                raise XnerError(
                    f"The teacher {name_of(nlp)} has {len(found)} components made by the factory 'xner' in its "
                    f"pipeline ({', '.join(nlp.pipe_names) or 'empty'}), expected one: soft labels are what it gives. "
                    f"`xner adapt` learns from pipelines of other kinds."
                )
            self.recognisers.append(found[0])
        self.labels = self.recognisers[0].labels
        for nlp, recogniser in zip(self.pipelines, self.recognisers, strict=True):
            if set(recogniser.labels) != set(self.labels):
                raise XnerError(
                    f"Teachers have different labels: {', '.join(sorted(self.labels))} in "
                    f"{name_of(self.pipelines[0])}, and {', '.join(sorted(recogniser.labels))} in {name_of(nlp)}. "
                    f"Expected the same, so that they can be averaged."
                )

    @property
    def identity(self) -> list[str]:
        """The teachers' names."""
        return [name_of(nlp) for nlp in self.pipelines]

    def check_tokens(self, texts: Iterable[str]) -> None:
        """RAISES: XnerError for a text that the teachers' tokenizers cut differently."""
        if len(self.pipelines) > 1:
            for text in texts:
                self._check_same_tokens([nlp.make_doc(text) for nlp in self.pipelines])

    def _check_same_tokens(self, docs: Sequence[Doc]) -> None:
        """Of one text, a doc by each teacher."""
        words = [token.text for token in docs[0]]
        for nlp, other in zip(self.pipelines[1:], docs[1:], strict=True):
            if [token.text for token in other] != words:
                raise XnerError(
                    f"The teachers {name_of(self.pipelines[0])} and {name_of(nlp)} cut the text "
                    f"'{other.text[:60]}' into different tokens, expected the same tokenizer in both."
                )

    def label(self, texts: Iterable[str], batch_size: int = 256) -> Iterator[Opinion]:
        """Label texts, lazily, in order; docs have the tokens of the first teacher. RAISES: as `check_tokens`."""
        remaining = iter(texts)
        while batch := list(islice(remaining, batch_size)):
            yield from self._label_batch(batch)

    def _label_batch(self, texts: list[str]) -> Iterator[Opinion]:
        first = self.recognisers[0]
        predicted = [logits_of(nlp, xner, texts) for nlp, xner in zip(self.pipelines, self.recognisers, strict=True)]
        docs = predicted[0][0]
        for of_text in zip(*(made for made, _ in predicted), strict=True):
            self._check_same_tokens(of_text)
        scores = [
            np.log(np.maximum(np.mean(of_doc, axis=0), TINY)) * first.temperature
            for of_doc in zip(*self._probabilities([logits for _, logits in predicted]), strict=True)
        ]
        first.set_annotations(docs, scores)
        first.set_soft_labels(docs, scores)
        for doc, array in zip(docs, scores, strict=True):
            yield Opinion(doc, certainty_of(doc, np.exp(array / first.temperature), first.scheme.tags.index("O")))

    def _probabilities(self, logits: Sequence[Sequence[np.ndarray]]) -> list[list[np.ndarray]]:
        """Each teacher's distributions for each doc, with the columns of the first one."""
        found = []
        for recogniser, arrays in zip(self.recognisers, logits, strict=True):
            order = [recogniser.scheme.tags.index(tag) for tag in self.recognisers[0].scheme.tags]
            found.append([np.exp(log_softmax(array, recogniser.temperature))[:, order] for array in arrays])
        return found


def logits_of(nlp: Language, recogniser: SoftmaxRecogniser, texts: Sequence[str]) -> tuple[list[Doc], list[np.ndarray]]:
    """Docs of texts, and a pipeline's logits for each: (n_tokens, n_tags)."""
    position = [component for _, component in nlp.pipeline].index(recogniser)
    with nlp.select_pipes(enable=nlp.pipe_names[:position]):
        docs = list(nlp.pipe(texts))
    logits = recogniser.predict(docs)
    for doc in docs:  # the encoder's layers are large, and are not to be written with the doc
        doc.user_data.pop(ENCODER_DATA, None)
    return docs, logits


def certainty_of(doc: Doc, probabilities: np.ndarray, outside: int) -> float:
    """See `Opinion`."""
    free = [token.i for token in doc if token.ent_iob_ not in ("B", "I")]
    scores = [score for entity in doc.ents if (score := confidence_of(entity)) is not None]  # given ones have none
    return float(min([1.0, *scores, *probabilities[free, outside].tolist()]))

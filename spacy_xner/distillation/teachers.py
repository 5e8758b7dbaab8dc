"""Teachers: pipelines whose predictions are kept as distributions over tags."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from ..annotations.attributes import confidence_of
from ..compat_spacy import OUTPUT_KEY
from ..corpus.capitals import Capitalised, capitalised_of
from ..errors import XnerError
from ..ner.component import SoftmaxRecogniser
from ..ner.decoding import log_softmax
from ..ner.fitting import recognisers_of
from ..pipelines import name_of

MIN_PROBABILITY = 1e-10  # before the logarithm


@dataclass(frozen=True)
class TeacherPrediction:
    """The prediction of teachers for a text.

    doc (Doc): the text with the most probable entities, their scores, and soft labels: the distributions of its tokens.
    certainty (float): certainty of the least certain decision, in [0, 1]: the minimum of the entities' scores and, for
        tokens outside of entities, of the probability of being outside; 1 for an empty text.
    """

    doc: Doc
    certainty: float


class Teachers:
    """One pipeline with an `xner` component, or an ensemble of several.

    An ensemble averages the distributions of each token, each computed with the temperature of its pipeline
    (Lakshminarayanan et al. 2017, arXiv 1612.01474).

    pipelines (Sequence[Language]): each has exactly one `xner` component; all have the same labels and tokens.
    RAISES: XnerError for no pipeline, a pipeline without `xner` or with several, and for different labels.
    """

    def __init__(self, pipelines: Sequence[Language]) -> None:
        if not pipelines:
            raise XnerError("There is no teacher, expected one or more pipelines.")
        self.pipelines = list(pipelines)
        self.recognisers: list[SoftmaxRecogniser] = []
        for nlp in self.pipelines:
            found = recognisers_of(nlp)
            if len(found) != 1:
                raise XnerError(
                    f"The teacher {name_of(nlp)} has {len(found)} components made by the factory 'xner' in its "
                    f"pipeline ({', '.join(nlp.pipe_names) or 'empty'}), expected one, for soft labels. "
                    f"`xner adapt` learns from pipelines with other components."
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

    @cached_property
    def capitalised(self) -> Capitalised:
        """For each label, the languages in which one of the teachers has learned to leave out names without a capital
        letter, see `corpus/capitals.py`."""
        found: dict[str, frozenset[str]] = {}
        for nlp in self.pipelines:
            for label, languages in capitalised_of(nlp).items():
                found[label] = found.get(label, frozenset()) | languages
        return found

    def check_tokens(self, texts: Iterable[str]) -> None:
        """RAISES: XnerError for a text that the teachers tokenize differently."""
        if len(self.pipelines) > 1:
            for text in texts:
                self._check_same_tokens([nlp.make_doc(text) for nlp in self.pipelines])

    def _check_same_tokens(self, docs: Sequence[Doc]) -> None:
        """docs (Sequence[Doc]): the same text, tokenized by each teacher."""
        words = [token.text for token in docs[0]]
        for nlp, other in zip(self.pipelines[1:], docs[1:], strict=True):
            if [token.text for token in other] != words:
                raise XnerError(
                    f"The teachers {name_of(self.pipelines[0])} and {name_of(nlp)} tokenize the text "
                    f"'{other.text[:60]}' differently, expected the same tokenizer in both."
                )

    def label(self, texts: Iterable[str], batch_size: int = 256) -> Iterator[TeacherPrediction]:
        """Yield a prediction for each text, in order. RAISES: XnerError as `check_tokens`."""
        remaining = iter(texts)
        while batch := list(islice(remaining, batch_size)):
            yield from self._label_batch(batch)

    def _label_batch(self, texts: list[str]) -> Iterator[TeacherPrediction]:
        first = self.recognisers[0]
        predicted = [logits_of(nlp, xner, texts) for nlp, xner in zip(self.pipelines, self.recognisers, strict=True)]
        docs = predicted[0][0]
        for docs_of_text in zip(*(docs for docs, _ in predicted), strict=True):
            self._check_same_tokens(docs_of_text)
        scores = [
            np.log(np.maximum(np.mean(arrays, axis=0), MIN_PROBABILITY)) * first.temperature
            for arrays in zip(*self._probabilities([logits for _, logits in predicted]), strict=True)
        ]
        first.set_annotations(docs, scores)
        first.set_soft_labels(docs, scores)
        for doc, array in zip(docs, scores, strict=True):
            yield TeacherPrediction(
                doc, certainty_of(doc, np.exp(array / first.temperature), first.scheme.tags.index("O"))
            )

    def _probabilities(self, logits: Sequence[Sequence[np.ndarray]]) -> list[list[np.ndarray]]:
        """The distributions of each teacher for each doc, with their columns in the order of the first teacher."""
        found = []
        for recogniser, arrays in zip(self.recognisers, logits, strict=True):
            order = [recogniser.scheme.tags.index(tag) for tag in self.recognisers[0].scheme.tags]
            found.append([np.exp(log_softmax(array, recogniser.temperature))[:, order] for array in arrays])
        return found


def logits_of(
    nlp: Language, recogniser: SoftmaxRecogniser, texts: Sequence[str | Doc]
) -> tuple[list[Doc], list[np.ndarray]]:
    """Docs of texts, and the logits of the pipeline's recogniser for each: (n_tokens, n_tags).

    texts (Sequence[str | Doc]): texts, or docs with the pipeline's vocabulary, whose tokens stay.
    """
    position = [component for _, component in nlp.pipeline].index(recogniser)
    with nlp.select_pipes(enable=nlp.pipe_names[:position]):
        docs = list(nlp.pipe(texts))
    logits = recogniser.predict(docs)
    for doc in docs:  # large outputs of the encoder, which must not be written with the doc
        doc.user_data.pop(OUTPUT_KEY, None)
    return docs, logits


def certainty_of(doc: Doc, probabilities: np.ndarray, outside: int) -> float:
    """The certainty of a prediction, see `TeacherPrediction`.

    probabilities (np.ndarray): (n_tokens, n_tags). outside (int): the column of the tag O.
    """
    tokens_outside = [token.i for token in doc if token.ent_iob_ not in ("B", "I")]
    # Entities set by earlier components have no score.
    scores = [score for entity in doc.ents if (score := confidence_of(entity)) is not None]
    return float(min([1.0, *scores, *probabilities[tokens_outside, outside].tolist()]))

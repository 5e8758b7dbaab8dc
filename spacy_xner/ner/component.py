"""The pipeline component `xner`.

spaCy imports this module whenever it makes a pipeline, so nothing heavy is imported here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from spacy.attrs import ENT_IOB, ENT_TYPE, IS_SPACE, SENT_START
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import logger
from spacy.vocab import Vocab
from thinc.api import Config, Model
from thinc.types import Floats2d

from ..annotations.attributes import install_extensions
from ..annotations.entities import SPANS_KEY, set_scored_entities
from ..annotations.soft_labels import get_soft_labels, set_soft_labels
from ..errors import XnerError
from .decoding import Constraints, FoundEntity, constrain, decode, log_softmax, score_spans
from .soft_targets import aligned_soft_labels
from .tags import TagScheme

UNCALIBRATED = "scores_uncalibrated"
BEGIN, INSIDE = 3, 1  # of `token.ent_iob`

DEFAULT_MODEL = Config().from_str(
    """
    [model]
    @architectures = "spacy_xner.TokenClassifier.v1"

    [model.tok2vec]
    @architectures = "spacy.HashEmbedCNN.v2"
    pretrained_vectors = null
    width = 96
    depth = 4
    embed_size = 2000
    window_size = 1
    maxout_pieces = 3
    subword_features = true
    """
)["model"]


@Language.factory(
    "xner",
    assigns=["doc.ents", "doc.spans", "token.ent_iob", "token.ent_type"],
    default_config={
        "model": DEFAULT_MODEL,
        "threshold": 0.0,
        "soft_weight": 0.5,
        "scorer": {"@scorers": "spacy.ner_scorer.v1"},
    },
    default_score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_recogniser(
    nlp: Language,
    name: str,
    model: Model[list[Doc], list[Floats2d]],
    threshold: float,
    soft_weight: float,
    scorer: Callable[..., dict[str, Any]] | None,
) -> "SoftmaxRecogniser":
    """Make an `xner`; the arguments are those of `SoftmaxRecogniser`."""
    return SoftmaxRecogniser(nlp.vocab, model, name, threshold=threshold, soft_weight=soft_weight, scorer=scorer)


class SoftmaxRecogniser(TrainablePipe):
    """An entity recogniser with a softmax over BILUO tags for each token, and a calibrated score for each entity.

    The best legal tag sequence gives the entities (Viterbi). An entity's score is the probability of just this span
    with this label, summed over all legal sequences (`decoding`), with logits divided by `temperature`, which
    `spacy_xner.FitTemperature.v1` or `xner calibrate` fits on development data. It sets `doc.ents`,
    `span._.confidence`, and `doc.spans["xner"]` with `attrs["scores"]`.

    As with spaCy's `ner`, entities that are in `doc.ents` before stay, and none is put on blocked tokens, over the
    first token of a sentence, or with white space at its beginning. Those that were there before are in
    `doc.spans["xner"]` where they have a score, which they keep.

    vocab (Vocab): the pipeline's.
    model (Model): logits of tags for each token, for example `spacy_xner.TokenClassifier.v1`.
    name (str): the component's name.
    threshold (float): entities with a lower score, as the temperature makes it, are left out, in [0, 1]. It is a
        setting of the config, and a loaded pipeline has the one of its config, whatever was set before saving.
    soft_weight (float): share of the soft label in the target of tokens that have a hard one too, in [0, 1].
    scorer (Callable | None): scores examples.
    RAISES: XnerError for a threshold or a weight out of range.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], list[Floats2d]],
        name: str = "xner",
        *,
        threshold: float = 0.0,
        soft_weight: float = 0.5,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        install_extensions()
        self.vocab = vocab
        self.model = model
        self.name = name
        self.cfg: dict[str, Any] = {"labels": [], "temperature": 1.0, "calibration": None}
        self.scorer = scorer
        self.threshold = threshold
        self.soft_weight = soft_weight
        self.report: Counter[str] = Counter()
        self.keep_uncalibrated = False  # scores with temperature 1 too, as evaluation wants them
        self._scheme = TagScheme(())

    # Settings

    @property
    def threshold(self) -> float:
        """Entities with a lower score are left out, in [0, 1]."""
        return float(self.cfg["threshold"])

    @threshold.setter
    def threshold(self, value: float) -> None:
        self.cfg["threshold"] = check_share(value, "threshold", self.name)

    @property
    def soft_weight(self) -> float:
        """Share of the soft label where a token has both, in [0, 1]."""
        return float(self.cfg["soft_weight"])

    @soft_weight.setter
    def soft_weight(self, value: float) -> None:
        self.cfg["soft_weight"] = check_share(value, "soft_weight", self.name)

    @property
    def temperature(self) -> float:
        """What logits are divided by; above 1 where the model is too sure of itself."""
        return float(self.cfg["temperature"])

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity labels."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> list[str]:
        """The labels, as `spacy init labels` writes and [initialize.components] reads them."""
        return list(self.labels)

    @property
    def scheme(self) -> TagScheme:
        """The tags of the labels, in the order of the model's columns."""
        if self._scheme.labels != self.labels:
            self._scheme = TagScheme(self.labels)
        return self._scheme

    def add_label(self, label: str) -> int:
        """Add a label, before or after training. RETURNS: 1, or 0 if it was there already."""
        if not isinstance(label, str) or not label:
            raise XnerError(f"The label {label!r} of the component {self.name!r} must be a string that is not empty.")
        if label in self.labels:
            return 0
        self.cfg["labels"].append(label)
        self.vocab.strings.add(label)
        output = self.model.get_ref("output_layer")
        if output.has_param("W"):
            self.set_output(len(self.scheme))
        return 1

    # Prediction

    def predict(self, docs: Iterable[Doc]) -> list[np.ndarray]:
        """Logits of the tags, float32 (n_tokens, n_tags) for each doc."""
        docs = list(docs)
        if not any(len(doc) for doc in docs):
            return [np.zeros((0, len(self.scheme)), dtype="f") for _ in docs]
        if not self.labels:
            raise XnerError(
                f"The component {self.name!r} has no labels: train the pipeline (`spacy train`), or add labels with "
                "`add_label` and call `nlp.initialize()`."
            )
        return [self.model.ops.to_numpy(logits) for logits in self.model.predict(docs)]

    def set_annotations(self, docs: Iterable[Doc], scores: Sequence[np.ndarray]) -> None:
        """Decode logits and set the entities of docs, in place."""
        docs = list(docs)
        limits = [constraints_of(doc) for doc in docs]
        found = decode(self._log_probabilities(scores, limits, self.temperature), self.scheme)
        plain: list[list[FoundEntity]] | None = None
        if self.keep_uncalibrated:
            triples = [[entity[:3] for entity in entities] for entities in found]
            plain = score_spans(self._log_probabilities(scores, limits, 1.0), triples, self.scheme)
        for i, doc in enumerate(docs):
            kept = [j for j, entity in enumerate(found[i]) if entity.confidence >= self.threshold]
            entities = [found[i][j] for j in kept]
            spans = [Span(doc, entity.start, entity.end, label=entity.label) for entity in entities]
            given, blocked = (list(doc.ents), blocked_spans(doc)) if limits[i].outside.any() else ([], [])
            set_scored_entities(doc, spans, [entity.confidence for entity in entities], given=given, blocked=blocked)
            if plain is not None:
                group, own = doc.spans[SPANS_KEY], {plain[i][j].start: plain[i][j].confidence for j in kept}
                pairs = zip(group, group.attrs["scores"], strict=True)  # those that were there before keep theirs
                group.attrs[UNCALIBRATED] = [own.get(span.start, score) for span, score in pairs]

    def _log_probabilities(
        self, logits: Sequence[np.ndarray], limits: Sequence[Constraints], temperature: float
    ) -> list[np.ndarray]:
        return [
            constrain(log_softmax(array, temperature), self.scheme, limit)
            for array, limit in zip(logits, limits, strict=True)
        ]

    def set_soft_labels(self, docs: Iterable[Doc], scores: Sequence[np.ndarray]) -> None:
        """Keep what this recogniser, as a teacher, thinks of docs: distributions over tags, with its temperature.

        scores (Sequence[np.ndarray]): what `predict` gave for the docs.
        """
        for doc, logits in zip(docs, scores, strict=True):
            set_soft_labels(doc, self.scheme.tags, np.exp(log_softmax(logits, self.temperature)))

    # Training

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        """Prepare for training: labels from the examples' entities and soft labels, or as given; sizes of the model.

        RAISES: XnerError for no label, and for entities with labels that the soft labels' teacher does not know.
        """
        self.cfg |= {"temperature": 1.0, "calibration": None}  # those of an earlier training are of other weights
        found: Iterable[str] = labels if labels is not None else labels_of(get_examples(), self.name)
        for label in found:
            self.add_label(label)
        if not self.labels:
            raise XnerError(
                f"The component {self.name!r} found no entity label in the training data's first examples. Is the data "
                f'labelled? Labels can also be given: [initialize.components.{self.name}] labels = ["PER", "LOC"].'
            )
        sample = list(islice(get_examples(), 10))
        docs = [example.predicted for example in sample]
        if docs:
            Y = [self.model.ops.alloc2f(len(doc), len(self.scheme)) for doc in docs]
            self.model.initialize(X=docs, Y=Y)
        else:
            self.model.get_ref("output_layer").set_dim("nO", len(self.scheme))
            self.model.initialize()

    def get_loss(self, examples: Iterable[Example], scores: Sequence[Floats2d]) -> tuple[float, list[Floats2d]]:
        """Cross-entropy with the target distribution of each token that has one.

        A token's target is its hard label, its soft label, or the mean of both, weighted by `soft_weight`. Tokens with
        neither (missing annotation, or tokens that fit none of the reference's) teach nothing.

        RETURNS: the loss, summed over the tokens, and its gradients, (n_tokens, n_tags) for each doc. They are not
            divided by the number of tokens: clipping, which every spaCy config has, then keeps all steps of one size.
            Those of a mean are large at first and small later, and Adam, which remembers the first ones, hardly moves.
        RAISES: XnerError for labels that the component does not have, and for wrong soft labels.
        """
        ops = self.model.ops
        targets = [self._target(example) for example in examples]
        target = ops.xp.asarray(np.concatenate(targets))
        has_target = target.sum(axis=1, keepdims=True) > 0
        logits = ops.xp.concatenate(list(scores))
        probabilities = ops.softmax(logits)
        gradient = (probabilities - target) * has_target
        loss = -(target * ops.xp.log(ops.xp.maximum(probabilities, 1e-10))).sum()
        lengths = np.cumsum([len(array) for array in targets])[:-1]
        return float(loss), list(ops.xp.split(gradient, lengths.tolist()))

    def _target(self, example: Example) -> np.ndarray:
        """The target distribution of each token, float32 (n_tokens, n_tags); zeros where there is none."""
        reference = example.reference
        soft, n_lost = aligned_soft_labels(example, self.scheme, component=self.name)
        if n_lost and not self.report["soft labels lost"]:
            logger.warning(
                "%s: soft labels of tokens that the pipeline's tokenizer cuts differently are left out (%d in '%s'); "
                "the component's `report` counts them.",
                self.name,
                n_lost,
                reference.text[:60],
            )
        self.report["soft labels lost"] += n_lost
        if not reference.has_annotation("ENT_IOB"):
            return soft
        for entity in reference.ents:  # it may come from another vocabulary, and so may the component
            self.vocab.strings.add(entity.label_)
            example.predicted.vocab.strings.add(entity.label_)
        columns = self.scheme.encode(example.get_aligned_ner(), component=self.name)
        hard = np.zeros_like(soft)
        known = np.flatnonzero(columns >= 0)
        hard[known, columns[known]] = 1.0
        both = soft.any(axis=1, keepdims=True) & hard.any(axis=1, keepdims=True)
        mixed = np.where(both, (1 - self.soft_weight) * hard + self.soft_weight * soft, hard + soft)
        return mixed.astype("f")

    # Keeping

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "SoftmaxRecogniser":
        """Load from `to_bytes`."""
        settings = self.threshold, self.soft_weight
        super().from_bytes(bytes_data, exclude=exclude)
        self.threshold, self.soft_weight = settings
        return self

    def from_disk(self, path: Any, *, exclude: Iterable[str] = ()) -> "SoftmaxRecogniser":
        """Load from the folder that `to_disk` made."""
        settings = self.threshold, self.soft_weight
        super().from_disk(path, exclude=exclude)
        self.threshold, self.soft_weight = settings
        return self


def check_share(value: float, setting: str, component: str) -> float:
    """A setting that must be a number in [0, 1]."""
    if not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
        raise XnerError(f"The setting {setting} of the component {component!r} must be from 0 to 1, but it is {value}.")
    return float(value)


def labels_of(examples: Iterable[Example], component: str) -> list[str]:
    """The labels of the examples' entities and soft labels, sorted.

    RAISES: XnerError where a label of entities is none of the soft labels': what people call so, the teacher would
        teach to be something else, or nothing. The other way round is a warning: people may not have had such entities.
    """
    hard: set[str] = set()
    soft: set[str] = set()
    for example in examples:
        hard |= {entity.label_ for entity in example.reference.ents}
        if (found := get_soft_labels(example.reference)) is not None:
            soft |= {tag[2:] for tag in found[0] if tag[1:2] == "-"}
    if soft and (unknown := sorted(hard - soft)):
        raise XnerError(
            f"The component {component!r} is to learn entities with the labels {', '.join(sorted(hard))}, and soft "
            f"labels of a teacher that knows {', '.join(sorted(soft))}, not {', '.join(unknown)}. Expected a teacher "
            f"with the same labels: train it on them, or rename the labels of one side."
        )
    if hard and (more := sorted(soft - hard)):
        logger.warning(
            "%s: the teacher's labels %s are none of the labelled entities'. Where labelled text has such entities, it "
            "teaches that they are none: see that both have the same labels.",
            component,
            ", ".join(more),
        )
    return sorted(hard | soft)


def constraints_of(doc: Doc) -> Constraints:
    """What the doc allows: see `SoftmaxRecogniser`."""
    if not len(doc):
        return Constraints.none(0)
    iob, label, space, start = doc.to_array([ENT_IOB, ENT_TYPE, IS_SPACE, SENT_START]).T
    taken = (iob == BEGIN) | ((iob == INSIDE) & (label != 0))
    sentence_start = start == 1
    sentence_start[0] = False
    return Constraints(outside=taken, no_start=space == 1, no_inside=sentence_start)


def blocked_spans(doc: Doc) -> list[Span]:
    """The tokens that `doc.set_ents(blocked=...)` blocked, each as a span."""
    iob, label = doc.to_array([ENT_IOB, ENT_TYPE]).T
    return [Span(doc, i, i + 1) for i in np.flatnonzero((iob == BEGIN) & (label == 0)).tolist()]

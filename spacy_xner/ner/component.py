"""The pipeline component `xner`.

spaCy imports this module for every pipeline, so it imports nothing heavy.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import logger
from spacy.vocab import Vocab
from thinc.api import Config, Model, Optimizer
from thinc.types import Floats2d

from .. import optimizers  # noqa: F401  (so that pipelines can be pickled after an update)
from ..annotations.attributes import install_extensions
from ..annotations.entities import SPANS_KEY, set_scored_entities
from ..annotations.soft_labels import set_soft_labels
from ..errors import XnerError
from ..unread import check_outputs, has_stock_listener
from .batches import DECODED_TOKENS, PREDICTED_TOKENS, batch_by_tokens
from .constraints import blocked_spans, constraints_of
from .decoding import log_softmax
from .labels import labels_of
from .layer_heads import total_loss
from .prediction import find_entities
from .settings import ConfigSetting, ConfiguredComponent, check_below_one, check_loaded, check_share, one_of
from .tags import TagScheme
from .targets import Target, TargetSettings, cross_entropy, target_of
from .weighting import HARD_WEIGHTINGS, SOFT_WEIGHTINGS

UNCALIBRATED = "scores_uncalibrated"

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
        "label_smoothing": 0.0,
        "hard_weighting": None,
        "soft_weighting": None,
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
    label_smoothing: float,
    hard_weighting: str | None,
    soft_weighting: str | None,
    scorer: Callable[..., dict[str, Any]] | None,
) -> "SoftmaxRecogniser":
    """Make an `xner`; the arguments are those of `SoftmaxRecogniser`."""
    return SoftmaxRecogniser(
        nlp.vocab,
        model,
        name,
        threshold=threshold,
        soft_weight=soft_weight,
        label_smoothing=label_smoothing,
        hard_weighting=hard_weighting,
        soft_weighting=soft_weighting,
        scorer=scorer,
        nlp=nlp,
    )


class SoftmaxRecogniser(ConfiguredComponent, TrainablePipe):
    """An entity recogniser with a softmax over BILUO tags for each token, and a calibrated score for each entity.

    The best legal tag sequence gives the entities (Viterbi). An entity's score is the probability of exactly this span
    with this label, summed over all legal sequences (see `decoding`). Logits are divided by `temperature`, which
    `spacy_xner.FitTemperature.v1` or `xner calibrate` fits on development data. The component sets `doc.ents`,
    `span._.confidence`, and `doc.spans["xner"]` with `attrs["scores"]`.

    As in spaCy's `ner`, entities that are already in `doc.ents` are kept, and no entity contains a blocked token,
    crosses the first token of a sentence, or begins or ends with white space. Kept entities are in `doc.spans["xner"]`
    if they have a score, with that score. A score belongs to a place and a label: entities that other components set
    later have none, unless both are the same. `doc.spans["xner"]` follows the tokens when they are merged or split (see
    `ScoredSpans`).

    Several threads can predict with a component at the same time, and save or pickle it meanwhile. To train it, or to
    add labels, is for one thread alone, while no other predicts.

    vocab (Vocab): the pipeline's vocabulary.
    model (Model): logits of tags for each token, for example `spacy_xner.TokenClassifier.v1`.
    name (str): the component's name.
    threshold (float): entities with a lower calibrated score are left out, in [0, 1]. It is saved in the pipeline's
        config, where the command line and `spacy.load(..., config=...)` can change it. While the component is trained
        (`in_training`: from `initialize` or the first `update` until it is loaded or calibrated) it is not applied, so
        that the scores by which training selects a pipeline do not depend on when the temperature was fitted.
    soft_weight (float): share of the soft label in the target of tokens that have a hard label too, in [0, 1].
    label_smoothing (float): share of the uniform distribution in the target of each hard label, in [0, 1).
    hard_weighting (str | None): how much a hard label counts in training. "span": as much as the score of its entity,
        such as that of a projected one; "sentence": as much as the lowest score of an entity of the text; None: 1.
    soft_weighting (str | None): how much a soft label counts. "token": as much as its highest probability; "sentence":
        as much as the teacher's certainty for the text; None: 1. See `weighting`.
    scorer (Callable | None): scores examples.
    nlp (Language | None): the pipeline in whose config these settings are saved, also where they are set in Python.
    RAISES: XnerError for a number out of range, and an unknown weighting.
    """

    soft_weight = ConfigSetting(check_share)
    label_smoothing = ConfigSetting(check_below_one)
    hard_weighting = ConfigSetting(one_of(HARD_WEIGHTINGS))
    soft_weighting = ConfigSetting(one_of(SOFT_WEIGHTINGS))

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], list[Floats2d]],
        name: str = "xner",
        *,
        threshold: float = 0.0,
        soft_weight: float = 0.5,
        label_smoothing: float = 0.0,
        hard_weighting: str | None = None,
        soft_weighting: str | None = None,
        scorer: Callable[..., dict[str, Any]] | None = None,
        nlp: Language | None = None,
    ) -> None:
        install_extensions()
        self.vocab = vocab
        self.model = model
        self.name = name
        self.cfg: dict[str, Any] = {"labels": [], "temperature": 1.0, "calibration": None}
        self.scorer = scorer
        self.in_training = False
        self.report: Counter[str] = Counter()
        self.keep_uncalibrated = False  # whether to keep scores with temperature 1 too, for evaluation
        self._scheme = TagScheme(())
        self._threshold = check_share(threshold, "threshold", name)
        self.start_settings(
            nlp,
            soft_weight=soft_weight,
            label_smoothing=label_smoothing,
            hard_weighting=hard_weighting,
            soft_weighting=soft_weighting,
        )

    # Settings

    @property
    def threshold(self) -> float:
        """Entities with a lower score are left out, in [0, 1]. Setting it changes the pipeline's config too."""
        return self._threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        self._threshold = check_share(value, "threshold", self.name)
        self.in_training = False
        self.configure("threshold", self._threshold)

    @property
    def applied_threshold(self) -> float:
        """The threshold, or 0 while the component is trained: see `in_training`."""
        if self.in_training and self.threshold and not self.report["threshold not applied"]:
            logger.warning(
                "%s: the threshold %s is not applied while the component is trained, since the temperature was fitted "
                "to other weights. It is applied when the pipeline is loaded, after `calibrate`, or when it is set.",
                self.name,
                self.threshold,
            )
            self.report["threshold not applied"] += 1
        return 0.0 if self.in_training else self.threshold

    @property
    def temperature(self) -> float:
        """Logits are divided by it; above 1 for an overconfident model."""
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

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Set the entities of a stream of docs, in batches that are limited in tokens too.

        batch_size (int): the most docs of a batch.
        """
        for docs in batch_by_tokens(stream, DECODED_TOKENS, batch_size):
            yield from super().pipe(docs, batch_size=len(docs))

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
        if has_stock_listener(self.model):
            check_outputs(docs)  # this package's listeners check it themselves
        to_numpy = self.model.ops.to_numpy
        batches = batch_by_tokens(docs, PREDICTED_TOKENS)
        return [to_numpy(logits) for batch in batches for logits in self.model.predict(batch)]

    def set_annotations(self, docs: Iterable[Doc], scores: Sequence[np.ndarray]) -> None:
        """Decode logits and set the entities of docs, in place."""
        docs = list(docs)
        threshold = self.applied_threshold
        limits = [constraints_of(doc) for doc in docs]
        found = find_entities(scores, limits, self.scheme, self.temperature, uncalibrated=self.keep_uncalibrated)
        for doc, limit, (entities, plain) in zip(docs, limits, found, strict=True):
            kept = [j for j, entity in enumerate(entities) if entity.confidence >= threshold]
            spans = [Span(doc, entities[j].start, entities[j].end, label=entities[j].label) for j in kept]
            given, blocked = (list(doc.ents), blocked_spans(doc)) if limit.outside.any() else ([], [])
            set_scored_entities(doc, spans, [entities[j].confidence for j in kept], given=given, blocked=blocked)
            if plain is not None:
                group, own = doc.spans[SPANS_KEY], {entities[j].start: plain[j] for j in kept}
                pairs = zip(group, group.attrs["scores"], strict=True)  # kept entities have their own score
                group.attrs[UNCALIBRATED] = [own.get(span.start, score) for span, score in pairs]

    def set_soft_labels(self, docs: Iterable[Doc], scores: Sequence[np.ndarray]) -> None:
        """Keep this recogniser's predictions as soft labels: distributions over tags, with its temperature.

        scores (Sequence[np.ndarray]): the result of `predict` for the docs.
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
        """Prepare for training: set the labels and the model's sizes.

        labels (Sequence[str] | None): the entity labels; None for those of the examples' entities and soft labels.
        RAISES: XnerError where there is no label, and for gold labels that the teacher of soft labels does not have.
        """
        self.in_training = True
        self.cfg |= {"temperature": 1.0, "calibration": None}  # those of an earlier training are for other weights
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

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch of examples, as other components of spaCy; from then on it is `in_training`."""
        self.in_training = True
        updated: dict[str, float] = super().update(examples, drop=drop, sgd=sgd, losses=losses)
        return updated

    def rehearse(self, examples: Iterable[Example], **settings: Any) -> dict[str, float]:
        """Do nothing, as most components of spaCy, but say so. For the same purpose use soft labels."""
        if not self.report["rehearsals"]:
            logger.warning(
                "%s: `rehearse` has no effect on this component. To keep what it knows, train on soft labels too: "
                "`set_soft_labels` makes them from its predictions.",
                self.name,
            )
        self.report["rehearsals"] += 1
        return settings.get("losses") or {}

    def get_loss(self, examples: Iterable[Example], scores: Sequence[Floats2d]) -> tuple[float, list[Floats2d]]:
        """Cross-entropy with the target distribution of each token that has one.

        A token's target is its hard label, its soft label, or the mean of both, weighted by `soft_weight`. Tokens with
        neither (without annotation, or not aligned with a reference token) are ignored. With `hard_weighting` or
        `soft_weighting`, the loss of each label is multiplied by its weight.

        RETURNS: the loss, summed over the tokens, and its gradients, (n_tokens, n_tags) for each doc. They are not
            divided by the number of tokens: gradient clipping, which spaCy's configs have, then gives all steps the
            same size. Gradients of a mean start large and become small, and Adam, which averages over earlier ones,
            then takes very small steps.
        RAISES: XnerError for labels that the component does not have, and for invalid soft labels.
        """
        settings = TargetSettings(self.soft_weight, self.label_smoothing, self.hard_weighting, self.soft_weighting)
        targets = [self._target(example, settings) for example in examples]
        return total_loss(scores, lambda logits: cross_entropy(self.model.ops, logits, targets))

    def _target(self, example: Example, settings: TargetSettings) -> Target:
        target = target_of(example, self.scheme, settings, component=self.name)
        if target.n_lost and not self.report["soft labels lost"]:
            logger.warning(
                "%s: soft labels of tokens that the pipeline's tokenizer splits differently are left out (%d in '%s'); "
                "the component's `report` counts them.",
                self.name,
                target.n_lost,
                example.reference.text[:60],
            )
        self.report["soft labels lost"] += target.n_lost
        return target

    # Serialisation

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The component as bytes, without the settings that are in the pipeline's config."""
        self.warn_of_unsaved()
        data: bytes = super().to_bytes(exclude=exclude)
        return data

    def to_disk(self, path: Any, *, exclude: Iterable[str] = ()) -> None:
        """Save to a folder, without the settings that are in the pipeline's config."""
        self.warn_of_unsaved()
        super().to_disk(path, exclude=exclude)

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "SoftmaxRecogniser":
        """Load from `to_bytes`."""
        super().from_bytes(bytes_data, exclude=exclude)
        return self._loaded()

    def from_disk(self, path: Any, *, exclude: Iterable[str] = ()) -> "SoftmaxRecogniser":
        """Load from the folder that `to_disk` made."""
        super().from_disk(path, exclude=exclude)
        return self._loaded()

    def _loaded(self) -> "SoftmaxRecogniser":
        self.in_training = False
        for setting in ("threshold", "soft_weight"):  # where earlier versions saved them too
            self.cfg.pop(setting, None)
        output = self.model.get_ref("output_layer")
        check_loaded(self.cfg, output.get_dim("nO") if output.has_dim("nO") else None, self.name)
        return self

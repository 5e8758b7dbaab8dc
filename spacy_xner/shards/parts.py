"""Settings of what steps need in memory, which can be pickled: translators, aligners, projectors, label carriers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..projection.confidence import DEFAULT_MIN_SCORE
from ..projection.second_opinion import DEFAULT_WEIGHT

if TYPE_CHECKING:
    from ..alignment.embedding import EmbeddingAligner
    from ..projection import SpanProjector
    from ..translation import Translator


@dataclass(frozen=True)
class TranslatorSpec:
    """A translator.

    name (str), settings (Mapping[str, Any]): as for `make_translator`. Keys and passwords do not belong here: a spec is
        written to files.
    source, target (str): language codes.
    """

    name: str
    source: str
    target: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> "Translator":
        """Make the translator. RAISES: XnerError as `make_translator`."""
        from ..translation import make_translator

        return make_translator(self.name, source=self.source, target=self.target, **self.settings)


@dataclass(frozen=True)
class AlignerSpec:
    """An aligner: the arguments of `EmbeddingAligner`.

    languages (tuple[str, str] | None): of source and target, for an encoder that is a translation model.
    """

    encoder: str = "embedded"
    layers: int | tuple[int, ...] | None = None
    method: str = "transport"
    batch_size: int = 32
    inference: str = "float32"
    languages: tuple[str, str] | None = None

    def load(self) -> "EmbeddingAligner":
        """Make the aligner, which loads its encoder on first use. RAISES: XnerError as `EmbeddingAligner`."""
        from ..alignment.embedding import EmbeddingAligner
        from ..alignment.seq2seq import Seq2SeqAligner

        settings: dict[str, Any] = {"batch_size": self.batch_size, "inference": self.inference}
        settings |= {"layers": self.layers, "method": self.method}
        if self.languages is not None:
            return Seq2SeqAligner(self.encoder, *self.languages, **settings)
        return EmbeddingAligner(self.encoder, **settings)


@dataclass(frozen=True)
class ProjectorSpec:
    """A projector: the arguments of `SpanProjector`, with the algorithm that belongs to the aligner's method.

    teacher (str | None): an installed pipeline or a folder of one, see `PipelineTeacher`.
    """

    aligner: AlignerSpec = AlignerSpec()
    min_score: float = DEFAULT_MIN_SCORE
    filters: Sequence[str] = ()
    label_map: Mapping[str, str] = field(default_factory=dict)
    teacher: str | None = None
    teacher_weight: float = DEFAULT_WEIGHT

    def load(self) -> "SpanProjector":
        """Make the projector. RAISES: XnerError as `SpanProjector`."""
        from ..distillation.span_teacher import PipelineTeacher
        from ..projection import SpanProjector
        from ..projection.link_projection import LinkProjection
        from ..projection.transport_projection import TransportProjection

        return SpanProjector(
            self.aligner.load(),
            TransportProjection() if self.aligner.method == "transport" else LinkProjection(),
            self.min_score,
            self.filters,
            self.label_map,
            None if self.teacher is None else PipelineTeacher(self.teacher),
            self.teacher_weight,
        )


@dataclass(frozen=True)
class CarrySpec:
    """Labels that the translator carries, see `carry_docs`.

    carrier (str), translate_names (bool), tags (str): as for `make_label_carrier`.
    agree (ProjectorSpec | None): keep only entities that this projector projects to the same tokens.
    """

    carrier: str
    translate_names: bool = True
    tags: str = "<a>"
    spans_key: str = ""
    complete: bool = False
    agree: ProjectorSpec | None = None

"""The pipeline component `xner_projector`.

spaCy imports this module whenever it makes a pipeline, so nothing heavy is imported here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc
from spacy.util import minibatch

from ..annotations.attributes import install_extensions, is_fully_labelled
from ..annotations.entities import set_spans
from ..errors import XnerError
from ..translation.own import as_translator
from .confidence import DEFAULT_MIN_SCORE
from .projector import SpanProjector
from .second_opinion import DEFAULT_WEIGHT
from .translated_source import TranslatedSource

DEFAULT_CONFIG = {
    "aligner": {"@misc": "spacy_xner.EmbeddingAligner.v1"},
    "projection": {"@misc": "spacy_xner.TransportProjection.v1"},
    "min_score": DEFAULT_MIN_SCORE,
    "filters": [],
    "translator": None,
    "source_pipeline": None,
    "label_map": None,
    "teacher": None,
    "teacher_weight": DEFAULT_WEIGHT,
    "scorer": {"@scorers": "spacy.ner_scorer.v1"},
}


@Language.factory(
    "xner_projector",
    assigns=["doc.ents", "doc.spans", "token.ent_iob", "token.ent_type"],
    default_config=DEFAULT_CONFIG,
    default_score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_projector(
    nlp: Language,
    name: str,
    aligner: Any,  # an Aligner; a protocol cannot be checked without loading the encoder
    projection: Any,  # a ProjectionAlgorithm
    min_score: float,
    filters: list[str],
    translator: Any,  # a Translator
    source_pipeline: str | None,
    label_map: dict[str, str] | None,
    teacher: Any,  # a Teacher
    teacher_weight: float,
    scorer: Callable[..., dict[str, Any]] | None,
    complete: bool | None = None,  # of older configs
) -> "Projector":
    """Make an `xner_projector`; see `Projector`.

    aligner (Aligner): aligns the words of both docs, for example `spacy_xner.EmbeddingAligner.v1`.
    projection (ProjectionAlgorithm): places the spans, for example `spacy_xner.TransportProjection.v1`.
    min_score (float): leave out entities with a lower score, in [0, 1], see `SpanProjector`.
    filters (list[str]): drop sentences that fail one of these filters, see `SpanProjector`: such a doc gets no
        entities, and all its tokens are without annotation.
    translator (Translator | None): translates docs that have no `doc._.xner_source` into the language of
        `source_pipeline`, for example `spacy_xner.Apertium.v1` with source "es" and target "en".
    source_pipeline (str | None): name or folder of the pipeline that finds entities in the translations.
    label_map (dict[str, str] | None): new names for labels of the source, "" for labels to leave out.
    teacher (Teacher | None): a recogniser whose opinion weighs when spans are placed, for example
        `spacy_xner.PipelineTeacher.v1` with the setting `pipeline`.
    teacher_weight (float): how much it weighs, see `SpanProjector`.
    scorer (Callable | None): scores examples.
    complete (bool | None): older configs have it: true is the filter "label_counts".
    RAISES: XnerError for settings of the wrong type, and for a translator without source_pipeline or the reverse.
    """
    for setting, value, method in (("aligner", aligner, "align"), ("projection", projection, "project")):
        if not hasattr(type(value), method):
            raise XnerError(
                f"The setting {setting} of the component {name!r} is {value!r}: expected a registered object, such as "
                f"{DEFAULT_CONFIG[setting]}."
            )
    if (translator is None) != (source_pipeline is None):
        missing = "translator" if translator is None else "source_pipeline"
        raise XnerError(
            f"The component {name!r} has no {missing}: to project from translations it needs a translator, such as "
            f'{{"@misc": "spacy_xner.Apertium.v1", "source": "es", "target": "en"}}, and a source_pipeline that '
            f"finds entities in the translations, such as en_core_web_sm."
        )
    if translator is not None and as_translator(translator) is None:
        raise XnerError(f"The setting translator of the component {name!r} is {translator!r}: expected a translator.")
    if teacher is not None and not hasattr(type(teacher), "read"):
        raise XnerError(
            f"The setting teacher of the component {name!r} is {teacher!r}: expected a registered object, such as "
            '{"@misc": "spacy_xner.PipelineTeacher.v1", "pipeline": "xx_xner_agg"}.'
        )
    filters = [*filters, "label_counts"] if complete else filters
    projector = SpanProjector(aligner, projection, min_score, filters, label_map, teacher, teacher_weight)
    sources = TranslatedSource(translator, source_pipeline) if source_pipeline else None
    return Projector(name, projector, sources, scorer=scorer)


class Projector(Pipe):
    """Projects the entities of `doc._.xner_source` onto docs; can translate docs to get a source.

    Sets `doc.ents`, and `doc.spans["xner"]` with `attrs["scores"]`; each span has its score as `span._.confidence`. Old
    entities are replaced, also where none is projected. Where an entity is lost, or the source is only partly labelled,
    the tokens outside of projected entities are without annotation (`ent_iob` 0): they are not known to be O. A doc
    without a source is not changed. The encoder is loaded for the first doc whose source has entities.

    All settings are in the pipeline's config; there is nothing else to save.

    `report` counts over all docs so far in this process, as `Projection.counts`; with a translator, also
    `untranslated`: docs for which it knew no translation.
    """

    def __init__(
        self,
        name: str,
        projector: SpanProjector,
        sources: TranslatedSource | None = None,
        *,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        install_extensions()
        self.name = name
        self.scorer = scorer
        self.projector = projector
        self.sources = sources
        self.report: Counter[str] = Counter(dict.fromkeys(projector.count_names, 0))

    def __call__(self, doc: Doc) -> Doc:
        """Project onto one doc, in place."""
        self._project_alone(doc)
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Project onto docs, in place, `batch_size` at a time. Where a batch fails, its docs are tried one by one."""
        for docs in minibatch(stream, size=batch_size):
            try:
                self._project(docs)
            except Exception:
                yield from (doc for doc in docs if self._project_alone(doc))
            else:
                yield from docs

    def _project_alone(self, doc: Doc) -> bool:
        """Project onto one doc. RETURNS: False if it failed and the error handler did not raise."""
        try:
            self._project([doc])
        except Exception as error:
            self.get_error_handler()(self.name, self, [doc], error)
            return False
        return True

    def _project(self, docs: list[Doc]) -> None:
        counts: Counter[str] = Counter()  # added to the report only if no doc fails
        if self.sources is not None:
            counts["untranslated"] += self.sources.add([doc for doc in docs if doc._.xner_source is None])
        docs = [doc for doc in docs if doc._.xner_source is not None]
        found = self.projector.project((doc._.xner_source, doc) for doc in docs)
        for doc, projection in zip(docs, found, strict=True):
            complete = projection.complete and is_fully_labelled(doc._.xner_source)
            set_spans(doc, projection.spans, complete=complete)
            counts.update(projection.counts)
        self.report.update(counts)

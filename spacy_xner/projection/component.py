"""The pipeline component `xner_projector`.

spaCy imports this module whenever it makes a pipeline, so nothing heavy is imported here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc, Span
from spacy.util import minibatch

from ..annotations.attributes import install_extensions
from ..annotations.entities import set_scored_entities
from ..errors import XnerError
from . import source_doc  # noqa: F401  (docs can be serialised with their source)
from .projector import SpanProjector, identifiers_of
from .translated_source import TranslatedSource
from .types import Projection

DEFAULT_CONFIG = {
    "aligner": {"@misc": "spacy_xner.EmbeddingAligner.v1", "join_unspaced": True},
    "projection": {"@misc": "spacy_xner.TransportProjection.v1"},
    "min_score": 0.0,
    "complete": False,
    "translator": None,
    "source_pipeline": None,
    "label_map": None,
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
    complete: bool,
    translator: Any,  # a Translator
    source_pipeline: str | None,
    label_map: dict[str, str] | None,
    scorer: Callable[..., dict[str, Any]] | None,
) -> "Projector":
    """Make an `xner_projector`.

    aligner (Aligner): aligns the words of both docs, for example `spacy_xner.EmbeddingAligner.v1`.
    projection (ProjectionAlgorithm): places the spans, for example `spacy_xner.TransportProjection.v1`.
    min_score (float): leave out entities with a lower score, in [0, 1].
    complete (bool): leave out all entities of a doc when not all of its source arrived.
    translator (Translator | None): translates docs that have no `doc._.xner_source` into the language of
        `source_pipeline`, for example `spacy_xner.Apertium.v1` with source "es" and target "en".
    source_pipeline (str | None): name or folder of the pipeline that finds the entities of translations.
    label_map (dict[str, str] | None): other names for labels of the source, "" for those to leave out.
    scorer (Callable | None): scores examples.
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
            f"The component {name!r} has no {missing}: to project from translations it takes both, a translator, as "
            f'{{"@misc": "spacy_xner.Apertium.v1", "source": "es", "target": "en"}}, and the source_pipeline that '
            f"reads what it gives, as en_core_web_sm."
        )
    if translator is not None and not hasattr(type(translator), "translate"):
        raise XnerError(f"The setting translator of the component {name!r} is {translator!r}: expected a translator.")
    projector = SpanProjector(aligner, projection, min_score, complete, label_map)
    sources = TranslatedSource(translator, source_pipeline) if source_pipeline else None
    return Projector(name, projector, sources, scorer=scorer)


class Projector(Pipe):
    """Gives docs the entities of their translation in `doc._.xner_source`, or of one that it makes.

    Sets `doc.ents`, and `doc.spans["xner"]` with `attrs["scores"]`; each span has its score as `span._.confidence`. All
    are replaced, also where no entity arrived. A doc without a source passes as it is. The encoder is loaded with the
    first source that has entities.

    All settings are in the pipeline's config, so that there is nothing else to save.
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

    @property
    def report(self) -> Counter[str]:
        """What became of the source's entities so far, see `SpanProjector`; per process.

        With a translator, `untranslated` counts the docs for which it knew no translation.
        """
        return self.projector.report

    def __call__(self, doc: Doc) -> Doc:
        """Project onto one doc, in place."""
        self._project_alone(doc)
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Project onto docs, in place, `batch_size` at a time. One that fails takes no other with it."""
        for docs in minibatch(stream, size=batch_size):
            before = Counter(self.report)
            try:
                self._project(docs)
            except Exception:
                self.report.clear()
                self.report.update(before)
                yield from (doc for doc in docs if self._project_alone(doc))
            else:
                yield from docs

    def _project_alone(self, doc: Doc) -> bool:
        """Whether projecting onto a doc did not fail, where the error handler lets it."""
        try:
            self._project([doc])
        except Exception as error:
            self.get_error_handler()(self.name, self, [doc], error)
            return False
        return True

    def _project(self, docs: list[Doc]) -> None:
        if self.sources is not None:
            self.report["untranslated"] += self.sources.add([doc for doc in docs if doc._.xner_source is None])
        docs = [doc for doc in docs if doc._.xner_source is not None]
        found = self.projector.project((doc._.xner_source, doc) for doc in docs)
        for doc, projection in zip(docs, found, strict=True):
            set_projection(doc, projection)


def set_projection(doc: Doc, projection: Projection) -> None:
    """Put projected spans into a doc; what the source's entities are linked to (`kb_id_`, `id_`) comes along."""
    spans = []
    for span in projection.spans:
        kb_id, span_id = identifiers_of(doc._.xner_source, span)
        spans.append(Span(doc, span.start, span.end, label=span.label, kb_id=kb_id, span_id=span_id))
    set_scored_entities(doc, spans, [span.score for span in projection.spans])

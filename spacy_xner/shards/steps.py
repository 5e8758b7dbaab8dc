"""Steps on lists of rows: translate, project, synthesize, distill. Stateless: the result depends on these rows alone.

Each is built on the functions that the commands use for a whole file: `translate_pairs`, `carry_pairs`,
`project_pairs`, `synthesize_pairs`, `Distiller.label_batch`. So a shard gives what a file with the same sentences
gives. What these functions find out about the corpus as a whole is found out from the shard:

- A translator in another language than the target is an error in a shard with a hundred translations or more, as in
  a file. In a smaller one (the last shard, or a test run), a file's limit of five would stop a long run for a list of
  names: the counts alone show it.
- The usual length ratio, of the filter `length_ratio`, is the median of the shard.
- Duplicates are dropped within a shard. The same translation can be kept in several shards: `drop_duplicates` drops
  these afterwards.
- Sentences are encoded in batches that begin with the shard, so that the last digits of scores do not depend on other
  shards.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from ..annotations.entities import PlainSpan
from ..corpus.carried_doc import score_of
from ..corpus.carry import carry_pairs, texts_to_carry
from ..corpus.filters import Filters
from ..corpus.project import project_pairs, set_results
from ..corpus.provenance import Pair, source_hash_of, text_hash
from ..corpus.quality import Quality
from ..corpus.synthesize import synthesize_pairs
from ..corpus.translate import translate_pairs
from ..distillation.distiller import Distiller, EntitiesByDoc
from ..distillation.span_teacher import PipelineTeacher
from ..distillation.teachers import TeacherPrediction
from ..errors import XnerError
from ..languages.tokenizer import multilingual_tokenizer
from ..projection import SpanProjector
from ..translation import Translator
from ..translation.labelled_text import LabelCarrier
from .row import Row
from .row_docs import doc_of, source_doc, target_doc, with_doc, with_target

REVISION = 1  # of what this file and the filters of translations make of rows; other functions have their own
LABELLED = frozenset({"project", "carry"})  # provenance steps whose result is labelled
SOFT_LEFT_OUT = "soft labels of sources, which translations do not get"
OTHER_TOKENS = "with entities that are no tokens of the teachers"


def translate_batch(
    rows: Sequence[Row],
    translator: Translator,
    lang: str,
    counts: Counter[str],
    *,
    carrier: LabelCarrier | None = None,
    complete: bool = False,
    projector: SpanProjector | None = None,
    spans_key: str = "",
    cache: Path | bool = True,
) -> list[Row]:
    """Translate the sources of rows. Rows without a translation are left out.

    lang (str): code of the target language.
    carrier (LabelCarrier | None): translates the labels too; None: the targets are unlabelled.
    complete, projector, spans_key, cache: as in `carry_docs`.
    counts (Counter[str]): receives the counts of `translate_docs`, or of `carry_docs`; and of soft labels left out.
    RAISES: XnerError as these functions, but see the top of this file; and no row needs to have the span group.
    """
    docs, by_doc = _source_docs(rows)
    found: Counter[str] = Counter()
    if carrier is None:
        pairs = translate_pairs(docs, translator, lang, found, cache, is_part=True)
    else:
        pairs = carry_pairs(docs, translator, lang, found, carrier, complete, cache, projector, spans_key, is_part=True)
    return _with_targets(pairs, by_doc, found, counts)


def synthesize_batch(
    rows: Sequence[Row],
    translator: Translator,
    lang: str,
    filters: Filters,
    counts: Counter[str],
    quality: Quality | None = None,
    cache: Path | bool = True,
) -> list[Row]:
    """Translate the sources of rows, without their labels, and leave out rows whose translation fails a filter.

    lang (str): code of the target language.
    quality (Quality | None), cache (Path | bool): as in `synthesize`.
    counts (Counter[str]): receives the counts of `synthesize`; and of soft labels left out.
    RAISES: XnerError as `synthesize`, but see the top of this file; ids may occur twice.
    """
    docs, by_doc = _source_docs(rows)
    found: Counter[str] = Counter()
    pairs = synthesize_pairs(docs, translator, lang, filters, found, quality, cache=cache, is_part=True)
    return _with_targets(pairs, by_doc, found, counts)


def project_batch(rows: Sequence[Row], projector: SpanProjector, counts: Counter[str]) -> list[Row]:
    """Project the entities of the sources onto the targets, see `project_corpus`. Dropped rows are left out.

    counts (Counter[str]): receives the sum of `Projection.counts`.
    RAISES: XnerError for a row without a target, with an unlabelled source, or with a target that was made from another
        text.
    """
    with forget_words(_pipelines_of(projector)):
        return _project(rows, projector, counts)


def _project(rows: Sequence[Row], projector: SpanProjector, counts: Counter[str]) -> list[Row]:
    vocab = multilingual_tokenizer().vocab
    pairs = [(source_doc(row, vocab), target_doc(row, vocab)) for row in rows]
    for row, (source, target) in zip(rows, pairs, strict=True):
        if row.source_spans is None and len(source):
            raise XnerError(f"The source of the row {row.id} is unlabelled, expected entities to project.")
        _check_made_from(row, source.text, target)
    counts.update(dict.fromkeys(projector.count_names, 0))
    results = list(project_pairs(pairs, projector))
    for result in results:
        counts.update(result["counts"])
    kept = (row for row, result in zip(rows, results, strict=True) if not result["dropped"])
    labelled = set_results((target for _, target in pairs), results, projector.identity)
    return [with_target(row, target) for row, target in zip(kept, labelled, strict=True)]


def distill_batch(
    rows: Sequence[Row], distiller: Distiller, counts: Counter[str], keep_entities: bool = False
) -> list[Row]:
    """Label the targets of rows with soft labels, or the sources of rows without a target; see `Distiller`.

    With a projector, the teachers label the source of each translation too, and these entities are projected, as with
    the distiller's `sources`. Rows in which any of them is lost are left out.

    distiller (Distiller): without `sources`, since each row has its own; `batch_size` rows are labelled at a time.
    keep_entities (bool): the entities that a text has stay, as projected ones; they count for agreement. Rows that have
        lost one, or that are only partly labelled, are left out: they are "not fully projected". False: labelled texts
        are an error.
    counts (Counter[str]): receives the counts of `Distiller.distill`; with `keep_entities` also of docs among those
        "not fully projected" whose entities are no tokens of the teachers.
    RAISES: XnerError for a labelled text without `keep_entities`, teachers that tokenize a text differently, and a
        target that was made from another text than the row's source.
    """
    made = []
    for start in range(0, len(rows), distiller.batch_size):
        batch = rows[start : start + distiller.batch_size]
        with forget_words([*distiller.teachers.pipelines, *_pipelines_of(distiller.projector)]):
            made += _distill(batch, distiller, counts, keep_entities)
    return made


def _distill(rows: Sequence[Row], distiller: Distiller, counts: Counter[str], keep_entities: bool) -> list[Row]:
    """As `distill_batch`, for rows that are labelled together."""
    vocab = distiller.teachers.pipelines[0].vocab
    docs = [doc_of(row, vocab) for row in rows]
    if not keep_entities:
        for row, doc in zip(rows, docs, strict=True):
            if doc.has_annotation("ENT_IOB") and len(doc):
                raise XnerError(
                    f"The row {row.id} is labelled ('{doc.text[:60]}'), expected unlabelled text. To keep the entities "
                    f"beside the soft labels, set keep_entities."
                )
    find = _Entities(rows, distiller, counts) if keep_entities or distiller.projector else None
    return [with_doc(rows[i], doc, counts) for i, doc in distiller.label_batch(docs, counts, find)]


def _pipelines_of(projector: SpanProjector | None) -> list[Language]:
    teacher = None if projector is None else projector.teacher
    return [teacher.nlp] if isinstance(teacher, PipelineTeacher) else []


@contextmanager
def forget_words(pipelines: Iterable[Language]) -> Iterator[None]:
    """Let pipelines forget the words that they read in the block, and all docs with them.

    A vocabulary keeps each new word, half a kilobyte, as long as it lives: gigabytes for ten million sentences.
    """
    with ExitStack() as stack:
        for nlp in pipelines:
            stack.enter_context(nlp.memory_zone())
        yield


class _Entities:
    """`FindEntities` for rows: their own entities, or those that teachers find in their sources."""

    def __init__(self, rows: Sequence[Row], distiller: Distiller, counts: Counter[str]) -> None:
        self.rows, self.distiller, self.counts = rows, distiller, counts

    def __call__(self, docs: Sequence[Doc], predictions: Sequence[TeacherPrediction]) -> EntitiesByDoc:
        found: dict[int, Sequence[PlainSpan] | None] = {}
        for i, (doc, prediction) in enumerate(zip(docs, predictions, strict=True)):
            if _is_labelled(self.rows[i], doc):
                complete = self.rows[i].complete if self.rows[i].words is not None else self.rows[i].source_complete
                found[i] = self._place(doc, prediction.doc) if complete and doc.has_annotation("ENT_IOB") else None
        if self.distiller.projector is None:
            return found
        texts = {}
        for i, row in enumerate(self.rows):
            if row.words is not None and i not in found:
                texts[i] = source_doc(row, docs[i].vocab).text
                _check_made_from(row, texts[i], docs[i])
        distinct = list(dict.fromkeys(texts.values()))
        spans = dict(zip(distinct, self.distiller.label_sources(distinct), strict=True))
        return found | dict(
            self.distiller.project_sources({i: (text, spans[text]) for i, text in texts.items()}, predictions)
        )

    def _place(self, doc: Doc, labelled: Doc) -> list[PlainSpan] | None:
        """The entities of a doc in the tokens of another doc of the same text; None where they are no tokens there."""
        spans = []
        for entity in doc.ents:
            place = labelled.char_span(entity.start_char, entity.end_char)
            if place is None:
                self.counts[OTHER_TOKENS] += 1
                return None
            score = score_of(entity)
            spans.append(PlainSpan(place.start, place.end, entity.label_, score, entity.kb_id_, entity.id_))
        return spans


def _is_labelled(row: Row, doc: Doc) -> bool:
    """Whether a text has entities, or had some that are all lost."""
    return bool(doc.has_annotation("ENT_IOB")) or any(
        step.get("step") in LABELLED for step in row.meta.get("provenance", [])
    )


def texts_to_translate(rows: Iterable[Row], carrier: LabelCarrier | None = None, spans_key: str = "") -> Iterator[str]:
    """The texts that the translator of `translate_batch` or `synthesize_batch` receives; one row is read at a time.

    carrier (LabelCarrier | None), spans_key (str): as in `translate_batch`.
    """
    vocab = multilingual_tokenizer().vocab
    docs = (source_doc(row, vocab) for row in rows)
    yield from (doc.text for doc in docs) if carrier is None else texts_to_carry(docs, carrier, spans_key)


def _source_docs(rows: Iterable[Row]) -> tuple[list[Doc], dict[int, Row]]:
    """The source docs of rows, and the row of each by the `id` of the doc."""
    vocab = multilingual_tokenizer().vocab
    pairs = [(source_doc(row, vocab), row) for row in rows]
    return [doc for doc, _ in pairs], {id(doc): row for doc, row in pairs}


def _with_targets(
    pairs: Iterable[Pair], by_doc: dict[int, Row], found: Counter[str], counts: Counter[str]
) -> list[Row]:
    """The rows of source docs, with their targets. found, counts (Counter[str]): of these rows, and the caller's."""
    made = []
    try:
        for source, target in pairs:
            row = by_doc[id(source)]
            if row.words is None and row.soft_labels is not None:
                found[SOFT_LEFT_OUT] += 1
            made.append(with_target(row, target))
    finally:
        counts.update(found)
    return made


def _check_made_from(row: Row, source: str, target: Doc) -> None:
    """RAISES: XnerError for a target that was made from another text than that of its source."""
    if source_hash_of(target) not in (None, text_hash(source)):
        raise XnerError(
            f"The row {row.id}: its target ('{target.text[:60]}') was not made from its source ('{source[:60]}'), but "
            f"from another text. Expected the row as it was translated, unchanged."
        )

"""Translate labelled docs with their labels, which markers or placeholders in the text carry, without an aligner."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from spacy.tokens import Doc

from ..annotations.attributes import confidence_of, is_fully_labelled, meta_of
from ..annotations.entities import PlainSpan, set_spans
from ..errors import XnerError
from ..languages.codes import normalise_code
from ..languages.tokenizer import multilingual_tokenizer
from ..redaction import redact_json
from ..translation import Translator
from ..translation.label_carriers import LabelCarrier, LabelledTranslation, translate_labelled
from .convert import doc_of_sentence
from .docs import with_step
from .formats.sentence import Sentence
from .language_check import check_language, check_language_early, count_translation
from .provenance import made_from, text_hash
from .translate import with_optional_cache

REVISION = 2  # of what this file and the label carriers give; see `corpus/provenance.py`


def carry_docs(
    docs: Sequence[Doc],
    translator: Translator,
    lang: str,
    counts: Counter[str],
    carrier: LabelCarrier,
    complete: bool = False,
    cache: Path | bool = True,
) -> Iterator[Doc]:
    """Yield a labelled doc in the target language for each doc whose translation is known, with the same id.

    docs (Sequence[Doc]): docs with meta and entities.
    translator (Translator): gives a translation or None for each text.
    lang (str): code of the target language.
    counts (Counter[str]): receives the counts of `translate_docs`; of the "entities" of translated docs, which have
        "arrived" or are "lost"; of "duplicated", the additional places of entities that occur more than once; of "docs
        left out", which are damaged or, with `complete`, incomplete, and of the "entities left out" in them.
    carrier (LabelCarrier): `Placeholders` or `Markers`.
    complete (bool): leave out docs in which an entity is lost or duplicated.
    cache (Path | bool): as in `translate_docs`.
    RAISES: XnerError as `translate_docs`, and for an unlabelled doc.

    The score of each entity is that of the source's, or 1 where it has none; `kb_id_` and `id_` are those of the
    source's. The score of a doc is 0 if an entity is lost or duplicated, else that of its source. Where an entity is
    lost, or the source is only partly labelled, the tokens outside of entities are without annotation, as in
    `project_corpus`.
    """
    for doc in docs:
        if not doc.has_annotation("ENT_IOB"):
            raise XnerError(
                f"The source doc {meta_of(doc)['id']} is unlabelled, expected entities to carry. Translate without "
                f"--carry."
            )
    tokenizer = multilingual_tokenizer()
    lang = normalise_code(lang)
    identity = redact_json(translator.identity)
    settings = {"way": type(carrier).__name__, **vars(carrier)}
    items = ((doc.text, [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]) for doc in docs)
    carried = translate_labelled(with_optional_cache(translator, cache), items, carrier)
    for doc, found in zip(docs, carried, strict=True):
        text = count_translation(None if found is None else found.text, lang, counts)
        check_language_early(lang, counts, translator, cache)
        if found is None or text is None or not count_entities(doc, found, complete, counts):
            continue
        target, _ = doc_of_sentence(tokenizer, Sentence(text, tuple(found.spans), Path(meta_of(doc)["id"]), 0))
        set_spans(target, carried_spans(doc, target, found), complete=not found.lost and is_fully_labelled(doc))
        made = made_from(text_hash(doc.text), REVISION)
        step = {"step": "carry", "translator": identity, **settings, **made, "missing": found.lost}
        whole = not found.lost and not found.duplicated
        target._.xner_meta = with_step(
            meta_of(doc), step, lang=lang, score=meta_of(doc).get("score", 1.0) if whole else 0.0
        )
        yield target
    check_language(lang, counts, translator, cache)


def carried_spans(source: Doc, target: Doc, found: LabelledTranslation) -> list[PlainSpan]:
    """The entities of a carried translation, with the scores and identifiers of their source entities.

    target (Doc): the translation with the entities of `found`, in the same order.
    """
    spans = []
    for entity, k in zip(target.ents, found.sources, strict=True):
        origin = source.ents[k]
        score = confidence_of(origin)
        place = entity.start, entity.end, entity.label_, 1.0 if score is None else score
        spans.append(PlainSpan(*place, origin.kb_id_, origin.id_))
    return spans


def count_entities(doc: Doc, found: LabelledTranslation, complete: bool, counts: Counter[str]) -> bool:
    """Count the entities of a doc that arrived in its translation. RETURNS (bool): whether the translation is kept."""
    n_arrived = len(doc.ents) - found.lost
    counts.update(entities=len(doc.ents), arrived=n_arrived, lost=found.lost, duplicated=found.duplicated)
    if found.damaged or (complete and (found.lost or found.duplicated)):
        counts["docs left out"] += 1
        counts["entities left out"] += n_arrived
        return False
    return True

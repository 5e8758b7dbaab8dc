"""Translate labelled docs with their labels, which tags, markers or placeholders in the text carry: no aligner."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..annotations.entities import SPANS_KEY
from ..errors import XnerError
from ..languages.codes import normalise_code
from ..languages.tokenizer import multilingual_tokenizer
from ..redaction import redact_json
from ..translation import Translator
from ..translation.label_carriers import translate_labelled
from ..translation.labelled_text import LabelCarrier, LabelledTranslation
from ..translation.text_edits import CharSpan
from .carried_doc import CarriedDoc, Places, find_places
from .language_check import check_installed, check_language_early, check_language_of_part, count_translation
from .provenance import Pair, made_from, text_hash
from .translate import with_optional_cache

if TYPE_CHECKING:
    from ..projection import SpanProjector

REVISION = 2  # of what this file and the label carriers give; see `corpus/provenance.py`


def carry_docs(
    docs: Sequence[Doc],
    translator: Translator,
    lang: str,
    counts: Counter[str],
    carrier: LabelCarrier,
    complete: bool = False,
    cache: Path | bool = True,
    projector: "SpanProjector | None" = None,
    spans_key: str = "",
) -> Iterator[Doc]:
    """Yield a labelled doc in the target language for each doc whose translation is known, with the same id.

    docs (Sequence[Doc]): docs with meta and entities.
    translator (Translator): gives a translation or None for each text.
    lang (str): code of the target language.
    counts (Counter[str]): receives the counts of `translate_docs`; of the "entities" of translated docs, which have
        "arrived" or are "lost", and of "lost: REASON" where the carrier knows it; of "duplicated", the additional
        places of entities that occur more than once; of "docs left out", which are damaged or, with `complete`,
        incomplete, and of the "entities left out" in them; with a projector, the counts of `keep_agreed`.
    carrier (LabelCarrier): `Placeholders`, `Markers` or `Xml`.
    complete (bool): leave out docs in which an entity is lost or duplicated, or does not agree with the projector.
    cache (Path | bool): as in `translate_docs`.
    projector (SpanProjector | None): keep only entities that it projects to the same tokens with the same label; None:
        keep all. Its filters have no effect.
    spans_key (str): carry also the spans of this group (`doc.spans[spans_key]`), which may be nested, into a group with
        the same name; "" for entities alone. Spans at the same place count as one. A group cannot say that a span is
        missing: docs that have lost one are left out.
    RAISES: XnerError as `translate_docs`, for an unlabelled doc, and for a span group with a carrier that does not nest
        spans, with a projector, or that no doc has.

    The score of each entity is that of the source's, or 1 where it has none; `kb_id_` and `id_` are those of the
    source's. The score of a doc is 0 if an entity is lost or duplicated, else that of its source. Where an entity is
    lost, or the source is only partly labelled, the tokens outside of entities are without annotation, as in
    `project_corpus`.
    """
    found = carry_pairs(docs, translator, lang, counts, carrier, complete, cache, projector, spans_key)
    return (translated for _, translated in found)


def carry_pairs(
    docs: Sequence[Doc],
    translator: Translator,
    lang: str,
    counts: Counter[str],
    carrier: LabelCarrier,
    complete: bool = False,
    cache: Path | bool = True,
    projector: "SpanProjector | None" = None,
    spans_key: str = "",
    is_part: bool = False,
) -> Iterator[Pair]:
    """As `carry_docs`, with the source doc of each translation.

    is_part (bool): as in `translate_pairs`; and no doc needs to have the span group.
    """
    check_docs(docs, carrier, projector, spans_key, is_part)
    check_installed()
    lang = normalise_code(lang)
    step: dict[str, Any] = {"step": "carry", "translator": redact_json(translator.identity)}
    step |= {"way": type(carrier).__name__, **vars(carrier)}
    step |= {"spans_key": spans_key} if spans_key else {}
    step |= {"agree": projector.identity} if projector else {}
    tokenizer = multilingual_tokenizer()
    translator = with_optional_cache(translator, cache)

    def carried() -> Iterator[CarriedDoc]:
        places = [find_places(doc, spans_key) for doc in docs]
        items = (with_spans(doc, each) for doc, each in zip(docs, places, strict=True))
        translated = translate_labelled(translator, items, carrier)
        for doc, each, found in zip(docs, places, translated, strict=True):
            text = count_translation(None if found is None else found.text, lang, counts)
            check_language_early(lang, counts, translator, cache)
            if found is not None and text is not None and count_entities(each, found, complete, counts):
                yield CarriedDoc.of(doc, each, found, tokenizer)
        check_language_of_part(lang, counts, translator, cache, is_part)

    finished = carried()
    if projector is not None:
        from .agreement import keep_agreed  # imports torch, which carrying alone does not need

        finished = keep_agreed(finished, projector, complete, counts)
    for each in finished:
        finish = {**step, **made_from(text_hash(each.source.text), REVISION)}
        yield each.source, each.finish(finish, lang, spans_key)


def check_docs(
    docs: Sequence[Doc], carrier: LabelCarrier, projector: "SpanProjector | None", spans_key: str, is_part: bool = False
) -> None:
    """RAISES: XnerError as described in `carry_docs`. is_part (bool): as in `carry_pairs`."""
    for doc in docs:
        if not doc.has_annotation("ENT_IOB") and spans_key not in doc.spans:
            raise XnerError(
                f"The source doc {meta_of(doc)['id']} is unlabelled, expected entities to carry. Translate without "
                f"--carry."
            )
    if not spans_key:
        return
    if spans_key == SPANS_KEY:
        raise XnerError(f"The span group {spans_key!r} has the entities themselves, which are carried without it.")
    if not carrier.nests:
        raise XnerError(
            f"{type(carrier).__name__} cannot carry the span group {spans_key!r}, since its spans may overlap. "
            f"Expected the carrier Xml (--carry xml)."
        )
    if projector is not None:
        raise XnerError(
            f"The span group {spans_key!r} cannot be compared with a projection, which has entities alone. Expected a "
            f"span group or agreement (--agree), not both."
        )
    if not is_part and not any(spans_key in doc.spans for doc in docs):
        found = ", ".join(sorted({key for doc in docs for key in doc.spans})) or "none"
        raise XnerError(f"No source doc has a span group {spans_key!r}, found: {found}.")


def count_entities(places: Places, found: LabelledTranslation, complete: bool, counts: Counter[str]) -> bool:
    """Count the entities of a doc that arrived in its translation. RETURNS (bool): whether the translation is kept."""
    n_arrived = len(places) - found.lost
    counts.update(entities=len(places), arrived=n_arrived, lost=found.lost, duplicated=found.duplicated)
    counts.update({f"lost: {reason}": number for reason, number in found.reasons.items()})
    arrived = set(found.sources)
    lost = [each for number, spans in enumerate(places.values()) if number not in arrived for each in spans]
    lacks_group_span = any(each.entity is None for each in lost)
    if found.damaged or lacks_group_span or (complete and (found.lost or found.duplicated)):
        counts["docs left out"] += 1
        counts["entities left out"] += n_arrived
        return False
    return True


def texts_to_carry(docs: Iterable[Doc], carrier: LabelCarrier, spans_key: str = "") -> Iterator[str]:
    """The texts that the translator receives in `carry_docs`, with the carrier's signs in them."""
    for doc in docs:
        encoded = carrier.encode(*with_spans(doc, find_places(doc, spans_key)))
        yield encoded.text
        yield from encoded.to_translate


def with_spans(doc: Doc, places: Places) -> tuple[str, list[CharSpan]]:
    """The text of a doc, and the places of its spans with the label of the first one there."""
    return doc.text, [(*place, spans[0].span.label_) for place, spans in places.items()]

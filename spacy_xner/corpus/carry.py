"""Labelled docs into labelled docs of another language: the labels travel in the text, without an aligner."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..annotations.entities import set_scored_entities
from ..errors import XnerError
from ..languages.codes import normalise
from ..languages.tokenizer import multilingual_blank
from ..translation import Translator
from ..translation.label_carriers import LabelCarrier, LabelledTranslation, translate_labelled
from .docs import doc_of_sentence, with_step
from .formats import Sentence
from .translate import cached, check_early, check_language, count_translation


def carry_docs(
    docs: Sequence[Doc],
    translator: Translator,
    lang: str,
    counts: Counter[str],
    way: LabelCarrier,
    complete: bool = True,
    cache: Path | bool = True,
) -> Iterator[Doc]:
    """Yield a labelled doc in the target language for each doc whose translation is known, with the same id.

    docs (Sequence[Doc]): Docs with meta and entities.
    translator (Translator): Gives a translation, or None, for each text.
    lang (str): The target language's code.
    counts (Counter[str]): Is given what `translate_docs` counts; "entities" = "arrived" + "lost" of the translated
        docs; "duplicated", places beyond the first where an entity stands; "docs left out", which are damaged or, with
        `complete`, not complete, and the "entities left out" with them.
    way (LabelCarrier): `Placeholders` or `Markers`.
    complete (bool): Leave out docs in which an entity is lost or duplicated.
    cache (Path | bool): As for `translate_docs`.
    RAISES: XnerError as `translate_docs`, and where a doc is unlabelled.

    Scores are 1; that of a doc is 0 where an entity is lost or duplicated, else that of its source.
    """
    for doc in docs:
        if not doc.has_annotation("ENT_IOB"):
            raise XnerError(
                f"The source doc {meta_of(doc)['id']} is unlabelled, expected entities to carry. Translate without "
                f"--carry."
            )
    nlp = multilingual_blank("xx")
    lang = normalise(lang)
    settings = {"way": type(way).__name__, **vars(way)}
    items = ((doc.text, [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]) for doc in docs)
    carried = translate_labelled(cached(translator, cache), items, way)
    for doc, found in zip(docs, carried, strict=True):
        text = count_translation(None if found is None else found.text, lang, counts)
        check_early(lang, counts, translator, cache)
        if found is None or text is None or not count_entities(doc, found, complete, counts):
            continue
        target, _ = doc_of_sentence(nlp, Sentence(text, tuple(found.spans), Path(meta_of(doc)["id"]), 0))
        set_scored_entities(target, target.ents, [1.0] * len(target.ents))
        step = {"step": "carry", "translator": translator.identity, **settings, "missing": found.lost}
        whole = not found.lost and not found.duplicated
        target._.xner_meta = with_step(
            meta_of(doc), step, lang=lang, score=meta_of(doc).get("score", 1.0) if whole else 0.0
        )
        yield target
    check_language(lang, counts, translator, cache)


def count_entities(doc: Doc, found: LabelledTranslation, complete: bool, counts: Counter[str]) -> bool:
    """Count what became of a doc's entities. RETURNS: whether the translation is kept."""
    n_arrived = len(doc.ents) - found.lost
    counts.update(entities=len(doc.ents), arrived=n_arrived, lost=found.lost, duplicated=found.duplicated)
    if found.damaged or (complete and (found.lost or found.duplicated)):
        counts["docs left out"] += 1
        counts["entities left out"] += n_arrived
        return False
    return True

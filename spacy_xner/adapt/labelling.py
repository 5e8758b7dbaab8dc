"""Text with the entities that a pipeline finds in it, as docs of a corpus."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc, Span

from ..corpus.docs import convert_files, doc_of_sentence
from ..corpus.formats import Sentence, ending
from ..encoders.tokenizer import multilingual_blank
from ..errors import XnerError
from ..pipelines import name_of
from ..tokens import meta_of, set_scored_entities


def label_texts(nlp: Language, path: Path, lang: str, min_score: float, counts: Counter[str]) -> Iterator[Doc]:
    """Yield the sentences of a text file with the entities that a pipeline finds, and their scores where it has some.

    A text is a line of a `.txt`, or a doc of a `.spacy`, whose labels are not looked at. It is one sentence, unless the
    pipeline finds several.

    lang (str): language of the text.
    min_score (float): a sentence with an entity of a lower score is left out: the entity would be taught as wrong.
    counts (Counter[str]): is given the numbers of "texts", "sentences", "entities", "repeated" and "unsure".
    RAISES: XnerError for a file that cannot be read.
    """
    format = "docbin" if ending(path) == ".spacy" else "plain"
    blank = multilingual_blank("xx")
    seen: set[str] = set()
    counts.update({"texts": 0, "sentences": 0, "entities": 0, "repeated": 0, "unsure": 0})
    texts = ((doc.text, meta_of(doc)) for doc in convert_files([path], lang, Counter(), format))  # type: ignore[arg-type]
    for doc, meta in nlp.pipe(texts, as_tuples=True):
        counts["texts"] += 1
        scores = scores_of(doc)
        for number, sentence in enumerate(sentences_of(doc), start=1):
            counts["sentences"] += 1
            if sentence.text in seen:
                counts["repeated"] += 1
                continue
            seen.add(sentence.text)
            found = [scores.get((entity.start, entity.end, entity.label_)) for entity in sentence.ents]
            if any(score is not None and score < min_score for score in found):
                counts["unsure"] += 1
                continue
            counts["entities"] += len(found)
            made = with_entities(blank, sentence, found, path)
            step = {"step": "label", "pipeline": name_of(nlp), "file": path.name}
            name = f"{meta['id']}.{number}" if number > 1 else meta["id"]
            made._.xner_meta = {"id": name, "lang": lang, "score": 1.0, "provenance": [*meta["provenance"], step]}
            yield made


def sentences_of(doc: Doc) -> list[Span]:
    """The sentences of a doc that hold more than white space; the whole doc where they would divide an entity."""
    whole = [doc[:]] if doc.text.strip() else []
    if not doc.has_annotation("SENT_START"):
        return whole
    sentences = [sentence for sentence in doc.sents if sentence.text.strip()]
    inside = sum(len(sentence.ents) for sentence in sentences)
    return sentences if inside == len(doc.ents) else whole


def scores_of(doc: Doc) -> dict[tuple[int, int, str], float]:
    """The scores that a pipeline gives its entities: `span._.confidence`, or `attrs["scores"]` of a group of spans."""
    scores: dict[tuple[int, int, str], float] = {}
    for group in doc.spans.values():
        if len(of_group := group.attrs.get("scores", ())) == len(group):
            scores |= {(s.start, s.end, s.label_): float(x) for s, x in zip(group, of_group, strict=True)}
    own = {(e.start, e.end, e.label_): e._.confidence for e in doc.ents if e._.confidence is not None}
    return scores | own


def with_entities(blank: Language, sentence: Span, scores: list[float | None], path: Path) -> Doc:
    """A sentence as a doc in spacy-xner's tokens, which are cut where an entity begins or ends inside one."""
    text = sentence.text.strip()
    offset = sentence.start_char + len(sentence.text) - len(sentence.text.lstrip())
    spans = []
    for entity in sentence.ents:
        inner = entity.text.strip()
        start = entity.start_char + len(entity.text) - len(entity.text.lstrip()) - offset
        spans.append((start, start + len(inner), entity.label_))
    doc, _ = doc_of_sentence(blank, Sentence(text, tuple(spans), path, 0))
    if len(doc.ents) != len(spans):
        raise XnerError(f"The entities of '{text[:60]}' overlap, expected a pipeline that sets doc.ents.")
    if all(score is not None for score in scores):
        set_scored_entities(doc, list(doc.ents), [float(score) for score in scores if score is not None])
    return doc

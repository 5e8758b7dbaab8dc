"""Labels unlabelled text with the entities that a pipeline predicts."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span

from ..annotations.attributes import confidence_of, meta_of
from ..annotations.entities import set_scored_entities
from ..corpus.convert import doc_of_sentence
from ..corpus.docs import write_docs
from ..corpus.formats.sentence import Sentence
from ..corpus.texts import read_unlabelled
from ..errors import XnerError
from ..files import file_sha256
from ..journal import Journal
from ..languages.tokenizer import MultilingualTokenizer, multilingual_tokenizer
from ..pipelines import fingerprint_of, name_of

Sentences = list[dict[str, Any]]  # of one text, see `find_entities`


def label_file(
    nlp: Language,
    path: Path,
    output: Path,
    lang: str,
    min_score: float,
    counts: Counter[str],
    progress: Callable[[Iterable[Any], int], Iterable[Any]] = lambda items, start: items,
) -> None:
    """Write the sentences of a text file, with a pipeline's entities, to a DocBin, see `labelled_docs`.

    An interrupted run resumes.

    progress (Callable): receives the results and the number of results of an earlier run.
    RAISES: XnerError for a file that cannot be read or has no text, for a text in another language, and for a text that
        is longer than the pipeline accepts.
    """
    with Journal(output, {"label": file_sha256(path), "pipeline": fingerprint_of(nlp)}) as journal:
        remaining = islice(read_texts(nlp, path, lang), journal.done, None)
        for _ in progress(journal.add(find_entities(nlp, remaining)), journal.done):
            pass
        labelled = zip(read_unlabelled(path, lang, counts), journal, strict=True)
        write_docs(output, labelled_docs(labelled, nlp, path, min_score, counts))
        journal.remove()


def read_texts(nlp: Language, path: Path, lang: str) -> Iterator[Doc]:
    """Read the texts of a file. RAISES: XnerError as `check_text` and `read_unlabelled`."""
    return (check_text(text, nlp, lang, path) for text in read_unlabelled(path, lang, Counter()))


def check_text(text: Doc, nlp: Language, lang: str, path: Path) -> Doc:
    """Return a text. RAISES: XnerError where it is in another language, or longer than the pipeline accepts."""
    meta = meta_of(text)
    if meta["lang"] != lang:
        raise XnerError(
            f"{path}: the text {meta['id']} is in {meta['lang']}, expected {lang}, the language of the pipeline "
            f"{name_of(nlp)}. If the pipeline also works for {meta['lang']}, set --source-lang."
        )
    if len(text.text) > nlp.max_length:
        raise XnerError(
            f"{path}: the text {meta['id']} has {len(text.text):,} characters, expected at most {nlp.max_length:,}, "
            f"the maximum of the pipeline {name_of(nlp)}. Split it, for example into one line for each paragraph."
        )
    return text


def find_entities(nlp: Language, texts: Iterable[Doc]) -> Iterator[Sentences]:
    """Yield the sentences of each text as plain JSON: `text`, and `entities` as (start, end, label, score, kb_id, id).

    Offsets are in characters. If the pipeline sets no sentences, a text is one sentence. The score is None if the
    pipeline gives no scores.
    """
    for doc in nlp.pipe(text.text for text in texts):
        scores = scores_of(doc)
        yield [sentence_as_json(sentence, scores) for sentence in sentences_of(doc)]


def labelled_docs(
    labelled: Iterable[tuple[Doc, Sentences]], nlp: Language, path: Path, min_score: float, counts: Counter[str]
) -> Iterator[Doc]:
    """Yield a doc, in spacy-xner's tokenization, for each labelled sentence. Repeated sentences are skipped.

    The key `text` of the provenance has the id of the text that the sentence is from.

    labelled (Iterable[tuple[Doc, Sentences]]): texts and their sentences.
    min_score (float): sentences that have an entity with a lower score are skipped; without the entity, its tokens
        would be trained as O.
    counts (Counter[str]): receives counts of "sentences", "entities", "repeated" and "low score".
    """
    tokenizer = multilingual_tokenizer()
    earlier: set[str] = set()
    ids: set[str] = set()
    counts.update({"sentences": 0, "entities": 0, "repeated": 0, "low score": 0})
    for text, sentences in labelled:
        meta = meta_of(text)
        for number, sentence in enumerate(sentences, start=1):
            counts["sentences"] += 1
            if sentence["text"] in earlier:
                counts["repeated"] += 1
                continue
            earlier.add(sentence["text"])
            if any(score is not None and score < min_score for _, _, _, score, *_ in sentence["entities"]):
                counts["low score"] += 1
                continue
            counts["entities"] += len(sentence["entities"])
            doc = with_entities(tokenizer, sentence, path)
            step = {"step": "label", "pipeline": name_of(nlp), "file": path.name, "text": meta["id"]}
            name = f"{meta['id']}.{number}" if number > 1 else meta["id"]
            while name in ids:  # another text may have this id
                name += f".{number}"
            ids.add(name)
            provenance = [*meta["provenance"], step]
            doc._.xner_meta = {"id": name, "lang": meta["lang"], "score": 1.0, "provenance": provenance}
            yield doc


def text_of(doc: Doc) -> str:
    """The id of the text that a labelled sentence is from."""
    meta = meta_of(doc)
    steps = [step for step in meta["provenance"] if step.get("step") == "label"]
    return str(steps[-1].get("text", meta["id"]) if steps else meta["id"])


def sentences_of(doc: Doc) -> list[Span]:
    """The non-empty sentences of a doc; the whole doc if a sentence boundary is inside an entity."""
    whole = [doc[:]] if doc.text.strip() else []
    if not doc.has_annotation("SENT_START"):
        return whole
    sentences = [sentence for sentence in doc.sents if sentence.text.strip()]
    inside = sum(len(sentence.ents) for sentence in sentences)
    return sentences if inside == len(doc.ents) else whole


def scores_of(doc: Doc) -> dict[tuple[int, int, str], float]:
    """Entity scores by (start, end, label): from `span._.confidence`, or else `attrs["scores"]` of a span group."""
    scores: dict[tuple[int, int, str], float] = {}
    for group in doc.spans.values():
        if len(group_scores := group.attrs.get("scores", ())) == len(group):
            scores |= {(s.start, s.end, s.label_): float(x) for s, x in zip(group, group_scores, strict=True)}
    confidences = {(e.start, e.end, e.label_): score for e in doc.ents if (score := confidence_of(e)) is not None}
    return scores | confidences


def sentence_as_json(sentence: Span, scores: dict[tuple[int, int, str], float]) -> dict[str, Any]:
    """A sentence and its entities as plain JSON, without surrounding white space, see `find_entities`."""
    offset = sentence.start_char + len(sentence.text) - len(sentence.text.lstrip())
    entities = []
    for entity in sentence.ents:
        inner = entity.text.strip()
        start = entity.start_char + len(entity.text) - len(entity.text.lstrip()) - offset
        score = scores.get((entity.start, entity.end, entity.label_))
        identifiers = entity.kb_id_, entity.id_
        entities.append((start, start + len(inner), entity.label_, score, *identifiers))
    return {"text": sentence.text.strip(), "entities": entities}


def with_entities(tokenizer: MultilingualTokenizer, sentence: dict[str, Any], path: Path) -> Doc:
    """A sentence as a doc in spacy-xner's tokenization; tokens are split at entity boundaries inside them."""
    spans = tuple((start, end, label) for start, end, label, *_ in sentence["entities"])
    doc, _ = doc_of_sentence(tokenizer, Sentence(sentence["text"], spans, path, 0))
    if len(doc.ents) != len(spans):
        raise XnerError(f"The entities of '{doc.text[:60]}' overlap, expected a pipeline that sets doc.ents.")
    found = zip(doc.ents, sentence["entities"], strict=True)
    entities = [
        Span(doc, entity.start, entity.end, label=entity.label_, kb_id=kb_id, span_id=span_id)
        for entity, (*_, kb_id, span_id) in found
    ]
    scores = [score for _, _, _, score, *_ in sentence["entities"]]
    if entities and all(score is None for score in scores):
        doc.set_ents(entities)
        return doc
    scored = [entity for entity, score in zip(entities, scores, strict=True) if score is not None]
    without = [entity for entity, score in zip(entities, scores, strict=True) if score is None]
    set_scored_entities(doc, scored, [score for score in scores if score is not None], given=without)
    return doc

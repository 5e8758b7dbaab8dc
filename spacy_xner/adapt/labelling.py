"""Text with the entities that a pipeline finds in it, as docs of a corpus."""

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

Found = list[dict[str, Any]]


def label_file(
    nlp: Language,
    path: Path,
    output: Path,
    lang: str,
    min_score: float,
    counts: Counter[str],
    progress: Callable[[Iterable[Any], int], Iterable[Any]] = lambda items, start: items,
) -> None:
    """Write the sentences of a text file, with the entities that a pipeline finds, to a DocBin, see `labelled_docs`.

    A stopped run is gone on with.

    progress: is given the results as they come, and how many there were from an earlier run.
    RAISES: XnerError for a file that cannot be read, or that has no sentence; for a text that says that it is in
        another language, or is longer than the pipeline takes.
    """
    with Journal(output, {"label": file_sha256(path), "pipeline": fingerprint_of(nlp)}) as journal:
        waiting = islice(read_texts(nlp, path, lang), journal.done, None)
        for _ in progress(journal.add(find_entities(nlp, waiting)), journal.done):
            pass
        found = zip(read_unlabelled(path, lang, counts), journal, strict=True)
        write_docs(output, labelled_docs(found, nlp, path, min_score, counts))
        journal.remove()


def read_texts(nlp: Language, path: Path, lang: str) -> Iterator[Doc]:
    """The texts of a file. RAISES: XnerError for one that the pipeline is not for, and as `read_unlabelled`."""
    return (check_text(text, nlp, lang, path) for text in read_unlabelled(path, lang, Counter()))


def check_text(text: Doc, nlp: Language, lang: str, path: Path) -> Doc:
    """RAISES: XnerError for a text that the pipeline is not for."""
    meta = meta_of(text)
    if meta["lang"] != lang:
        raise XnerError(
            f"{path}: the text {meta['id']} is in {meta['lang']}, expected {lang}, the language of the pipeline "
            f"{name_of(nlp)}. Where the pipeline is for {meta['lang']} too, say it by --source-lang."
        )
    if len(text.text) > nlp.max_length:
        raise XnerError(
            f"{path}: the text {meta['id']} has {len(text.text):,} characters, expected at most {nlp.max_length:,}, "
            f"which is what the pipeline {name_of(nlp)} takes. Put it in parts, a paragraph a line."
        )
    return text


def find_entities(nlp: Language, texts: Iterable[Doc]) -> Iterator[Found]:
    """For each text its sentences, as plain JSON: `text`, and `entities` as (start, end, label, score) in characters.

    A text is one sentence, unless the pipeline finds several. The score is None where the pipeline has none.
    """
    for doc in nlp.pipe(text.text for text in texts):
        scores = scores_of(doc)
        yield [as_plain(sentence, scores) for sentence in sentences_of(doc)]


def labelled_docs(
    found: Iterable[tuple[Doc, Found]], nlp: Language, path: Path, min_score: float, counts: Counter[str]
) -> Iterator[Doc]:
    """Docs, in spacy-xner's tokens, of texts and what was found in each; a sentence that occurs again is left out.

    Provenance says by `text` which text a sentence is of.

    min_score (float): a sentence with an entity of a lower score is left out: the entity would be taught as wrong.
    counts (Counter[str]): is given the numbers of "sentences", "entities", "repeated" and "unsure".
    """
    tokenizer = multilingual_tokenizer()
    seen: set[str] = set()
    ids: set[str] = set()
    counts.update({"sentences": 0, "entities": 0, "repeated": 0, "unsure": 0})
    for text, sentences in found:
        meta = meta_of(text)
        for number, sentence in enumerate(sentences, start=1):
            counts["sentences"] += 1
            if sentence["text"] in seen:
                counts["repeated"] += 1
                continue
            seen.add(sentence["text"])
            if any(score is not None and score < min_score for *_, score in sentence["entities"]):
                counts["unsure"] += 1
                continue
            counts["entities"] += len(sentence["entities"])
            made = with_entities(tokenizer, sentence, path)
            step = {"step": "label", "pipeline": name_of(nlp), "file": path.name, "text": meta["id"]}
            name = f"{meta['id']}.{number}" if number > 1 else meta["id"]
            while name in ids:  # another text may be called so
                name += f".{number}"
            ids.add(name)
            provenance = [*meta["provenance"], step]
            made._.xner_meta = {"id": name, "lang": meta["lang"], "score": 1.0, "provenance": provenance}
            yield made


def text_of(doc: Doc) -> str:
    """The id of the text that a labelled sentence is of."""
    meta = meta_of(doc)
    steps = [step for step in meta["provenance"] if step.get("step") == "label"]
    return str(steps[-1].get("text", meta["id"]) if steps else meta["id"])


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
    own = {(e.start, e.end, e.label_): score for e in doc.ents if (score := confidence_of(e)) is not None}
    return scores | own


def as_plain(sentence: Span, scores: dict[tuple[int, int, str], float]) -> dict[str, Any]:
    """A sentence without the white space around it and its entities, see `find_entities`."""
    offset = sentence.start_char + len(sentence.text) - len(sentence.text.lstrip())
    entities = []
    for entity in sentence.ents:
        inner = entity.text.strip()
        start = entity.start_char + len(entity.text) - len(entity.text.lstrip()) - offset
        score = scores.get((entity.start, entity.end, entity.label_))
        entities.append((start, start + len(inner), entity.label_, score))
    return {"text": sentence.text.strip(), "entities": entities}


def with_entities(tokenizer: MultilingualTokenizer, sentence: dict[str, Any], path: Path) -> Doc:
    """A sentence as a doc in spacy-xner's tokens, which are cut where an entity begins or ends inside one."""
    spans = tuple((start, end, label) for start, end, label, _ in sentence["entities"])
    doc, _ = doc_of_sentence(tokenizer, Sentence(sentence["text"], spans, path, 0))
    if len(doc.ents) != len(spans):
        raise XnerError(f"The entities of '{doc.text[:60]}' overlap, expected a pipeline that sets doc.ents.")
    scores = [score for *_, score in sentence["entities"]]
    if all(score is not None for score in scores):
        set_scored_entities(doc, list(doc.ents), scores)
    return doc

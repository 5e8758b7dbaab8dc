"""Label unlabelled docs with a language model that marks the entities in tags."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..errors import XnerError
from ..languages.tokenizer import multilingual_tokenizer
from ..lines import read_lines
from ..redaction import redact_json
from ..translation.tagging import ModelTagger, parse_tagged
from .convert import doc_of_sentence
from .docs import with_step
from .formats.sentence import Sentence
from .provenance import made_from, text_hash
from .translate import translate_texts

REVISION = 1  # of what this file makes of answers; see `corpus/provenance.py`


def label_docs(
    docs: Sequence[Doc], tagger: ModelTagger, counts: Counter[str], cache: Path | bool = True
) -> Iterator[Doc]:
    """Yield a labelled doc, with the same text and id, for each doc that the model has copied with tags.

    Tokens are made anew, and split where an entity begins or ends inside one. Labels that docs have are not looked at.

    docs (Sequence[Doc]): docs with meta.
    counts (Counter[str]): receives counts of "docs", "labelled", "entities", and of docs that are left out: "without an
        answer", and "another text than the sentence", where the copy has other characters.
    cache (Path | bool): as in `translate_docs`. An interrupted run resumes from it.
    RAISES: XnerError as the tagger.
    """
    tokenizer = multilingual_tokenizer()
    step = {"step": "label", "model": redact_json(tagger.identity)}
    counts.update(dict.fromkeys(("docs", "labelled", "entities", "without an answer", tagger.task.fault), 0))
    for doc, tagged in zip(docs, translate_texts([doc.text for doc in docs], tagger, cache), strict=True):
        counts["docs"] += 1
        if tagged is None:
            counts["without an answer"] += 1
            continue
        if (spans := parse_tagged(doc.text, tagged, tagger.labels)) is None:
            counts[tagger.task.fault] += 1
            continue
        counts.update({"labelled": 1, "entities": len(spans)})
        labelled, _ = doc_of_sentence(tokenizer, Sentence(doc.text, tuple(spans), Path(meta_of(doc)["id"]), 0))
        labelled._.xner_meta = with_step(meta_of(doc), {**step, **made_from(text_hash(doc.text), REVISION)})
        yield labelled


def read_labels(path: Path | None) -> dict[str, str] | None:
    """Labels and what they stand for, from lines such as `PER: persons, also invented ones`; None for None.

    RAISES: XnerError for another line, and for a label that occurs twice.
    """
    if path is None:
        return None
    labels: dict[str, str] = {}
    for number, line in read_lines(path):
        label, colon, description = (part.strip() for part in line.partition(":"))
        if not line.strip():
            continue
        if not (colon and label and description):
            raise XnerError(f"{path}:{number}: found '{line[:60]}', expected a label and what it is, as PER: persons.")
        if label in labels:
            raise XnerError(f"{path}:{number}: the label {label} occurs twice, expected it once.")
        labels[label] = description
    return labels

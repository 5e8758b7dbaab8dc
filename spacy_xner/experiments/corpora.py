"""What an arm of a study learns from."""

import functools
import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..corpus.docs import content_of, hash_of, load_docs, write_docs
from ..corpus.reader import find_docbins
from ..errors import XnerError
from ..files import Stamps, file_stamps
from .plan import Arm, Study


@dataclass(frozen=True)
class Split:
    """Ids of source sentences: whose labels are used, and which are held back."""

    used: frozenset[str]
    held_back: frozenset[str]


def split_ids(texts: Mapping[str, str], held_back: float, labels: float, seed: int) -> Split:
    """Divide source sentences.

    The ones held back are the same for every seed and share of labels, so that all arms and runs have the same
    synthetic text; which labels are used differs by seed, and a smaller share is a part of a greater one. Sentences
    with the same text, case aside, are all held back or none is.

    texts (Mapping[str, str]): the text of each sentence, by id.
    RAISES: XnerError where no label would be left.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(texts):
        groups[texts[name].casefold()].append(name)
    order = list(groups.values())
    random.Random(0).shuffle(order)
    back: list[str] = []
    while order and len(back) < round(len(texts) * held_back):
        back += order.pop()
    rest = [name for group in order for name in group]
    random.Random(seed).shuffle(rest)
    used = rest[: round(len(rest) * labels)]
    if not used:
        raise XnerError(
            f"Of {len(texts)} source sentences {len(back)} are held back, and a share of {labels} of the others is "
            f"none: expected at least one labelled sentence."
        )
    return Split(frozenset(used), frozenset(back))


def write_training_files(study: Study, arm: Arm, split: Split, folder: Path) -> tuple[list[Path], Counter[str]]:
    """Write what an arm learns from, but for what its teacher says: gold labels, and projected ones.

    RETURNS: the files, and the number of docs of each kind.
    """
    counts: Counter[str] = Counter()
    files = []
    gold = [doc for doc in read_all(study.gold) if meta_of(doc)["id"] in split.used]
    files.append(folder / "gold.spacy")
    counts["gold"] = write_docs(files[-1], gold)
    if arm.projected:
        projected = [doc for doc in read_all(arm.projected) if meta_of(doc)["id"] in split.used]
        counts["projected"] = len(projected)
        if projected:  # a small share of the labels may have no translation
            files.append(folder / "projected.spacy")
            write_docs(files[-1], projected)
    return files, counts


def synthetic_texts(study: Study, arm: Arm, split: Split) -> list[Doc]:
    """The unlabelled texts that an arm's teacher labels: no translations of sentences whose labels the arm could use.

    RAISES: XnerError where none is left.
    """
    known = {meta_of(doc)["id"] for doc in read_all(study.gold)}
    texts = [
        doc
        for doc in read_all(str(arm.synthetic))
        if meta_of(doc)["id"] in split.held_back or meta_of(doc)["id"] not in known
    ]
    if not texts:
        raise XnerError(
            f"The arm {arm.name} has no synthetic text: none in {arm.synthetic} translates a sentence that is held "
            f"back (held_back = {study.held_back}), expected some."
        )
    return texts


def read_all(path: str) -> Iterator[Doc]:
    """The docs of a DocBin file or of a folder of them."""
    for file in find_docbins(path):
        yield from load_docs(file)


class Known(NamedTuple):
    """What the checks of a doc ask for."""

    id: str
    lang: str
    text: str
    n_tokens: int
    labelled: bool
    made_by: frozenset[str]  # steps of its provenance
    digest: str  # of its tokens and entities


def read_known(path: str) -> list[Known]:
    """What is to be known of the docs of a file or folder, which are not kept themselves. Read again if it changed."""
    return _read_known(path, file_stamps(find_docbins(path)))


@functools.lru_cache(maxsize=32)
def _read_known(path: str, stamps: Stamps) -> list[Known]:
    found = []
    for doc in read_all(path):
        meta = meta_of(doc)
        made_by = frozenset(str(step.get("step")) for step in meta.get("provenance", []))
        labelled = doc.has_annotation("ENT_IOB")
        digest = hash_of(content_of(doc))
        found.append(Known(meta["id"], meta["lang"], doc.text, len(doc), labelled, made_by, digest))
    return found


def digest_of(path: str) -> str:
    """A hash of what a file or folder teaches: ids, languages, tokens and entities.

    Scores and provenance are no part of it: they differ in their last digits from machine to machine.
    """
    return _digest_of(path, file_stamps(find_docbins(path)))


@functools.lru_cache(maxsize=32)
def _digest_of(path: str, stamps: Stamps) -> str:
    digest = hashlib.sha256()
    for doc in _read_known(path, stamps):
        digest.update(repr((doc.id, doc.lang, doc.digest)).encode("utf8", "surrogatepass"))
    return digest.hexdigest()[:16]

"""What an arm of a study may learn from, and what it may not."""

import functools
import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from spacy.tokens import Doc

from ..corpus.docs import TRANSLATING, content_of, hash_of, load_docs, write_docs
from ..corpus.reader import find_docbins
from ..corpus.sameness import normalise
from ..errors import XnerError
from ..tokens import meta_of
from .plan import Arm, Study

PROJECTED = {"project", "carry"}  # steps that give a translation its labels
Stamps = tuple[tuple[str, int, int], ...]
LEAST_TOKENS = 5  # of a text that counts as the same in training and test; shorter ones are the same by chance


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
    return _read_known(path, stamps_of(path))


def stamps_of(path: str) -> Stamps:
    """Name, time and size of the files of a path: the same as long as they have not changed."""
    return tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in find_docbins(path))


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
    return _digest_of(path, stamps_of(path))


@functools.lru_cache(maxsize=32)
def _digest_of(path: str, stamps: Stamps) -> str:
    digest = hashlib.sha256()
    for doc in _read_known(path, stamps):
        digest.update(repr((doc.id, doc.lang, doc.digest)).encode("utf8", "surrogatepass"))
    return digest.hexdigest()[:16]


def check_inputs(study: Study, arms: Iterable[Arm]) -> None:
    """RAISES: XnerError for files that are missing, development data that it must not have, texts in training and test.

    What is refused: gold data in another language than the source's, or with an id twice; development data and
    "projected" data that people labelled in a target language; development data that is all of the gold data; test docs
    that are unlabelled, or whose text (but for case, spaces and punctuation) some arm would learn from; synthetic text
    that is labelled, or no translation of sentences that the study has, unless the arm asks for that.
    """
    arms = list(arms)
    for arm in arms:
        for path in (study.gold, study.dev, study.test, arm.projected, arm.synthetic):
            if path is not None and not Path(path).exists():
                raise XnerError(
                    f"The arm {arm.name} of the study {study.name} needs {path}, which is not there. `xner corpus` "
                    f"makes such files (in a project: the steps before the study)."
                )
    projected = sorted({arm.projected for arm in arms if arm.projected})
    synthetic = sorted({arm.synthetic for arm in arms if arm.synthetic})
    known = {path: read_known(path) for path in {study.gold, study.dev, study.test, *projected, *synthetic}}
    for path in (study.gold, study.dev, study.test):
        for doc in known[path]:
            if doc.n_tokens and not doc.labelled:
                raise XnerError(f"{path}: the doc {doc.id} is unlabelled, expected entities.")
    ids: set[str] = set()
    for doc in known[study.gold]:
        if doc.lang != study.source:
            raise XnerError(
                f"{study.gold}: the doc {doc.id} is in {doc.lang}, expected the source language ({study.source}) "
                f"alone: projected docs go to the arms that learn from them, as `projected`."
            )
        if doc.id in ids:
            raise XnerError(f"{study.gold}: two docs have the id {doc.id}, expected an id for each.")
        ids.add(doc.id)
    for path in projected:
        if ids.isdisjoint(doc.id for doc in known[path]):
            raise XnerError(
                f"{path}: no doc has the id of one in {study.gold}, expected translations of those sentences, as "
                f"`xner corpus project` writes them."
            )
        for doc in known[path]:
            if not doc.made_by & PROJECTED:
                raise XnerError(
                    f"{path}: the labels of the doc {doc.id} are not projected, by its provenance "
                    f"({', '.join(sorted(doc.made_by))}). Expected what `xner corpus project` writes, or "
                    f"`xner corpus translate --carry`: labels of people in a target language are for the final score "
                    f"alone."
                )
            if doc.n_tokens and not doc.labelled:
                raise XnerError(f"{path}: the doc {doc.id} is unlabelled, expected projected entities.")
    for path in synthetic:
        for doc in known[path]:
            if doc.labelled:
                raise XnerError(f"{path}: the doc {doc.id} is labelled, expected unlabelled text.")
    for doc in known[study.dev]:
        if doc.lang != study.source and not doc.made_by & PROJECTED:
            raise XnerError(
                f"{study.dev}: the doc {doc.id} is in {doc.lang} and not projected. "
                f"Development data is in the source language ({study.source}) or projected: labels of a target "
                f"language are for the final score alone."
            )
    if {doc.text for doc in known[study.dev]} <= {doc.text for doc in known[study.gold]}:
        raise XnerError(
            f"{study.dev}: all of its sentences are in {study.gold}, expected some that no arm learns from."
        )
    tested = {(doc.lang, normalise(doc.text)) for doc in known[study.test] if doc.n_tokens >= LEAST_TOKENS}
    for path in sorted({study.gold, study.dev, *projected, *synthetic}):
        for doc in known[path]:
            if doc.n_tokens >= LEAST_TOKENS and (doc.lang, normalise(doc.text)) in tested:
                raise XnerError(f"{path}: the doc {doc.id} is in {study.test} too: '{doc.text[:60]}'.")
    for arm in arms:
        texts = known.get(arm.synthetic or "", [])
        others = [doc.id for doc in texts if doc.id not in ids or not doc.made_by & TRANSLATING]
        if others and not arm.unrelated:
            raise XnerError(
                f"{arm.synthetic}: {len(others):,} docs ({others[0]}, ...) translate no sentence of {study.gold}, by "
                f"their ids and provenance. Where the arm {arm.name} is to learn from other text too, set unrelated = "
                f"true."
            )

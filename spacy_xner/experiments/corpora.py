"""The corpora of a run: labelled files to train on, and text for the teacher to label."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from spacy.tokens import Doc

from ..alignment.embedding import EmbeddingAligner
from ..annotations.attributes import meta_of
from ..corpus.docs import write_docs
from ..errors import XnerError
from ..projection.filters import filter_pairs
from ..projection.types import count_name
from .corpus_facts import read_all
from .plan import Arm, Study
from .split import Split


def write_training_files(study: Study, arm: Arm, split: Split, folder: Path) -> tuple[list[Path], Counter[str]]:
    """Write the gold and the projected docs that an arm is trained on; those that its teacher labels are not included.

    RETURNS: the files, and the number of docs of each kind; for an arm with filters, also the number of projected docs
        that each of them drops. A doc that several drop is counted under each.
    RAISES: XnerError if filters drop all projected docs.
    """
    counts: Counter[str] = Counter()
    files = []
    gold = [doc for doc in read_all(study.gold) if meta_of(doc)["id"] in split.used]
    files.append(folder / "gold.spacy")
    counts["gold"] = write_docs(files[-1], gold)
    if arm.projected:
        projected = [doc for doc in read_all(arm.projected) if meta_of(doc)["id"] in split.used]
        if arm.filters:
            projected = filtered(study, arm, gold, projected, counts)
        counts["projected"] = len(projected)
        if projected:  # with a small share of the labels there may be no translation
            files.append(folder / "projected.spacy")
            write_docs(files[-1], projected)
    return files, counts


def filtered(study: Study, arm: Arm, gold: Sequence[Doc], projected: Sequence[Doc], counts: Counter[str]) -> list[Doc]:
    """The projected docs that pass the filters of an arm.

    gold (Sequence[Doc]): the docs whose entities were projected.
    counts (Counter[str]): receives the number of docs that each filter drops.
    RAISES: XnerError if none is left.
    """
    sources = {meta_of(doc)["id"]: doc for doc in gold}
    counts.update(dict.fromkeys(map(count_name, arm.filters), 0))
    kept = []
    pairs = ((sources[meta_of(doc)["id"]], doc) for doc in projected)
    aligner = EmbeddingAligner(study.encoder, inference="auto")
    for doc, failed in zip(projected, filter_pairs(pairs, arm.filters, aligner), strict=True):
        counts.update(map(count_name, failed))
        if not failed:
            kept.append(doc)
    if projected and not kept:
        raise XnerError(
            f"The arm {arm.name} has no projected sentences: its filters ({', '.join(arm.filters)}) drop all "
            f"{len(projected):,} of {arm.projected}. Expected labels as in {study.gold}, and fewer filters."
        )
    return kept


def synthetic_texts(study: Study, arm: Arm, split: Split) -> list[Doc]:
    """The unlabelled docs for an arm's teacher, without translations of sentences that are not held back.

    RAISES: XnerError if none is left.
    """
    known = {meta_of(doc)["id"] for doc in read_all(study.gold)}
    texts = [
        doc
        for doc in read_all(str(arm.synthetic))
        if (not arm.synthetic_languages or meta_of(doc)["lang"] in arm.synthetic_languages)
        and (meta_of(doc)["id"] in split.held_back or meta_of(doc)["id"] not in known)
    ]
    if not texts:
        raise XnerError(
            f"The arm {arm.name} has no synthetic text: no doc in {arm.synthetic} translates a sentence that is held "
            f"back (held_back = {study.held_back}), expected some."
        )
    return texts

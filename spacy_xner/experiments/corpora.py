"""The corpora of a run: labelled files to train on, and text for the teacher to label."""

from collections import Counter
from pathlib import Path

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..corpus.docs import write_docs
from ..errors import XnerError
from .corpus_facts import read_all
from .plan import Arm, Study
from .split import Split


def write_training_files(study: Study, arm: Arm, split: Split, folder: Path) -> tuple[list[Path], Counter[str]]:
    """Write the gold and the projected docs that an arm is trained on; those that its teacher labels are not included.

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
        if projected:  # with a small share of the labels there may be no translation
            files.append(folder / "projected.spacy")
            write_docs(files[-1], projected)
    return files, counts


def synthetic_texts(study: Study, arm: Arm, split: Split) -> list[Doc]:
    """The unlabelled docs for an arm's teacher, without translations of sentences that are not held back.

    RAISES: XnerError if none is left.
    """
    known = {meta_of(doc)["id"] for doc in read_all(study.gold)}
    texts = [
        doc
        for doc in read_all(str(arm.synthetic))
        if meta_of(doc)["id"] in split.held_back or meta_of(doc)["id"] not in known
    ]
    if not texts:
        raise XnerError(
            f"The arm {arm.name} has no synthetic text: no doc in {arm.synthetic} translates a sentence that is held "
            f"back (held_back = {study.held_back}), expected some."
        )
    return texts

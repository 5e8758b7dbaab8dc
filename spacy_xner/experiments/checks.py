"""What an arm of a study may learn from, and what it may not."""

from collections.abc import Iterable
from pathlib import Path

from ..corpus.docs import TRANSLATING
from ..corpus.texts import comparison_key
from ..errors import XnerError
from .corpora import Known, read_known
from .plan import Arm, Study

PROJECTED = {"project", "carry"}  # steps that give a translation its labels
LEAST_TOKENS = 5  # of a text that counts as the same in training and test; shorter ones are the same by chance


def check_inputs(study: Study, arms: Iterable[Arm]) -> None:
    """RAISES: XnerError for files that are missing, development data that it must not have, texts in training and test.

    What is refused: gold data in another language than the source's, or with an id twice; development data and
    "projected" data that people labelled in a target language; development data that is all of the gold data; test docs
    that are unlabelled, all in the source language, or whose text (but for case, spaces and punctuation) some arm would
    learn from; synthetic text that is labelled, or no translation of sentences that the study has, unless the arm asks
    for that.
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
    check_labelled(study.gold, study.dev, study.test)
    check_gold(study)
    check_dev(study)
    check_test(study)
    ids = {doc.id for doc in read_known(study.gold)}
    for path in projected:
        check_projected(path, ids, study.gold)
    for path in synthetic:
        check_unlabelled(path)
    check_untested(study, [study.gold, study.dev, *projected, *synthetic])
    for arm in arms:
        if arm.synthetic and not arm.unrelated:
            check_related(arm.name, arm.synthetic, ids, study.gold)


def check_labelled(*paths: str) -> None:
    """RAISES: XnerError for docs whose entities nobody looked for."""
    for path in paths:
        for doc in read_known(path):
            if doc.n_tokens and not doc.labelled:
                raise XnerError(f"{path}: the doc {doc.id} is unlabelled, expected entities.")


def check_unlabelled(path: str) -> None:
    """RAISES: XnerError for synthetic text with labels."""
    for doc in read_known(path):
        if doc.labelled:
            raise XnerError(f"{path}: the doc {doc.id} is labelled, expected unlabelled text.")


def check_gold(study: Study) -> None:
    """RAISES: XnerError for gold docs in other languages than the source's, and for ids that two docs have."""
    ids: set[str] = set()
    for doc in read_known(study.gold):
        if doc.lang != study.source:
            raise XnerError(
                f"{study.gold}: the doc {doc.id} is in {doc.lang}, expected the source language ({study.source}) "
                f"alone: projected docs go to the arms that learn from them, as `projected`."
            )
        if doc.id in ids:
            raise XnerError(f"{study.gold}: two docs have the id {doc.id}, expected an id for each.")
        ids.add(doc.id)


def check_dev(study: Study) -> None:
    """RAISES: XnerError for labels of people in a target language, and for what an arm learns from."""
    dev = read_known(study.dev)
    for doc in dev:
        if doc.lang != study.source and not doc.made_by & PROJECTED:
            raise XnerError(
                f"{study.dev}: the doc {doc.id} is in {doc.lang} and not projected. "
                f"Development data is in the source language ({study.source}) or projected: labels of a target "
                f"language are for the final score alone."
            )
    if {doc.text for doc in dev} <= {doc.text for doc in read_known(study.gold)}:
        raise XnerError(
            f"{study.dev}: all of its sentences are in {study.gold}, expected some that no arm learns from."
        )


def check_test(study: Study) -> None:
    """RAISES: XnerError for test docs of which none is in a target language."""
    if all(doc.lang == study.source for doc in read_known(study.test)):
        raise XnerError(f"{study.test}: found no doc in another language than {study.source}, the source's.")


def check_projected(path: str, ids: set[str], gold: str) -> None:
    """RAISES: XnerError for what is projected from other sentences than the gold ones, or labelled by people.

    ids (set[str]): of the gold docs.
    """
    docs = read_known(path)
    if ids.isdisjoint(doc.id for doc in docs):
        raise XnerError(
            f"{path}: no doc has the id of one in {gold}, expected translations of those sentences, as "
            f"`xner project` writes them."
        )
    for doc in docs:
        if not doc.made_by & PROJECTED:
            raise XnerError(
                f"{path}: the labels of the doc {doc.id} are not projected, by its provenance "
                f"({', '.join(sorted(doc.made_by))}). Expected what `xner project` writes, or "
                f"`xner corpus translate --carry`: labels of people in a target language are for the final score "
                f"alone."
            )
        if doc.n_tokens and not doc.labelled:
            raise XnerError(f"{path}: the doc {doc.id} is unlabelled, expected projected entities.")


def check_untested(study: Study, paths: Iterable[str]) -> None:
    """RAISES: XnerError for texts, but for case, spaces and punctuation, that are test sentences too."""
    tested = {_same_text(doc) for doc in read_known(study.test) if doc.n_tokens >= LEAST_TOKENS}
    for path in paths:
        for doc in read_known(path):
            if doc.n_tokens >= LEAST_TOKENS and _same_text(doc) in tested:
                raise XnerError(f"{path}: the doc {doc.id} is in {study.test} too: '{doc.text[:60]}'.")


def _same_text(doc: Known) -> tuple[str, str]:
    return doc.lang, comparison_key(doc.text)


def check_related(arm: str, path: str, ids: set[str], gold: str) -> None:
    """RAISES: XnerError for synthetic text that translates no gold sentence: an arm has to ask for that.

    ids (set[str]): of the gold docs.
    """
    others = [doc.id for doc in read_known(path) if doc.id not in ids or not doc.made_by & TRANSLATING]
    if others:
        raise XnerError(
            f"{path}: {len(others):,} docs ({others[0]}, ...) translate no sentence of {gold}, by their ids and "
            f"provenance. Where the arm {arm} is to learn from other text too, set unrelated = true."
        )

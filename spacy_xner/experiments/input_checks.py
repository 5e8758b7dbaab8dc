"""Checks of a study's corpora: which labels an arm may learn from, and that no test sentence is among them."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from ..annotations.attributes import meta_of
from ..corpus.docs import TRANSLATION_STEPS, docs_by_id, load_docs
from ..corpus.near_duplicates import NearDuplicates, is_long
from ..corpus.provenance import check_sources
from ..corpus.reader import find_docbins
from ..corpus.texts import comparison_key
from ..errors import XnerError
from .corpus_facts import DocFacts, read_all, read_facts
from .plan import Arm, Study
from .plan_checks import check_teacher_labels
from .run import split_of

PROJECTING = {"project", "carry"}  # provenance steps that give a translation its labels
MAX_DEV_OVERLAP = 0.2  # of the development sentences, near-duplicates of training sentences
MIN_TOKENS = 5  # shorter texts may be in both training and test data: they are often equal by chance


def check_inputs(study: Study, arms: Iterable[Arm]) -> list[str]:
    """Check the corpora of a study.

    RETURNS: what was found and allowed, as sentences.
    RAISES: XnerError for
        - a missing file;
        - gold data in another language than the source language, or with an id that two docs have;
        - development and "projected" data with manual labels in a target language;
        - development data that is entirely in the gold data, or more than a fifth of whose sentences are
          near-duplicates of training sentences (see `NearDuplicates`);
        - test docs that are unlabelled, or all in the source language;
        - projected docs and synthetic text that were made from another text than the gold doc with their id;
        - training texts that are test sentences too, ignoring case, spaces and punctuation;
        - synthetic text that is labelled, or that translates no sentence of the study, unless the arm allows that;
        - an arm's synthetic languages in which there is no synthetic text;
        - several teachers of an arm with a share of the labels;
        - an arm `with_sources` whose synthetic text translates no sentence of the study.
    """
    arms = list(arms)
    for arm in arms:
        check_teacher_labels(arm, min(study.labels))
        for path in (study.gold, study.dev, *study.tests.values(), arm.projected, arm.synthetic):
            if path is not None and not Path(path).exists():
                raise XnerError(
                    f"The arm {arm.name} of the study {study.name} needs {path}, which does not exist. `xner corpus` "
                    f"makes such files (in a project: the steps before the study)."
                )
    projected = sorted({arm.projected for arm in arms if arm.projected})
    synthetic = sorted({arm.synthetic for arm in arms if arm.synthetic})
    check_labelled(study.gold, study.dev, *study.tests.values())
    check_gold(study)
    check_dev(study)
    check_test(study)
    ids = {doc.id for doc in read_facts(study.gold)}
    for path in projected:
        check_projected(path, ids, study.gold)
    for path in synthetic:
        check_unlabelled(path)
    for path in (*projected, *synthetic):
        check_current(path, study.gold)
    notes = check_dev_overlap(study, [study.gold, *projected])
    check_no_test_sentences(study, [study.gold, study.dev, *projected, *synthetic])
    for arm in arms:
        if arm.synthetic and not arm.unrelated:
            check_translations(arm.name, arm.synthetic, ids, study.gold)
        if arm.synthetic:
            check_languages(arm.name, arm.synthetic, arm.synthetic_languages)
        if arm.synthetic and arm.with_sources:
            check_has_sources(arm.name, arm.synthetic, ids, study.gold)
    return notes


def absent_tests(study: Study) -> list[str]:
    """A sentence for each optional test of a study that is left out because its data are absent."""
    return [
        f"The test {name} is left out: there is no DocBin in {path}. To get it, convert labelled text in the target "
        f"languages to it (`xner corpus convert`; in a project, a step before the study), and run the study again."
        for name, path in study.absent_tests.items()
    ]


def check_labelled(*paths: str) -> None:
    """RAISES: XnerError for docs without entity annotation."""
    for path in paths:
        for doc in read_facts(path):
            # A projected doc that has lost all its entities is unlabelled.
            if doc.n_tokens and not doc.labelled and not doc.steps & PROJECTING:
                raise XnerError(f"{path}: the doc {doc.id} is unlabelled, expected entities.")


def check_unlabelled(path: str) -> None:
    """RAISES: XnerError for synthetic text with labels."""
    for doc in read_facts(path):
        if doc.labelled:
            raise XnerError(f"{path}: the doc {doc.id} is labelled, expected unlabelled text.")


def check_gold(study: Study) -> None:
    """RAISES: XnerError for gold docs in other languages than the source language, and for an id that two docs have."""
    ids: set[str] = set()
    for doc in read_facts(study.gold):
        if doc.lang != study.source:
            raise XnerError(
                f"{study.gold}: the doc {doc.id} is in {doc.lang}, expected the source language ({study.source}) "
                f"alone. Give projected docs as `projected` to the arms that learn from them."
            )
        if doc.id in ids:
            raise XnerError(f"{study.gold}: two docs have the id {doc.id}, expected an id for each.")
        ids.add(doc.id)


def check_dev(study: Study) -> None:
    """RAISES: XnerError for manual labels in a target language, and for sentences that are all in the gold data."""
    dev = read_facts(study.dev)
    for doc in dev:
        if doc.lang != study.source and not doc.steps & PROJECTING:
            raise XnerError(
                f"{study.dev}: the doc {doc.id} is in {doc.lang} and not projected. Expected development data in the "
                f"source language ({study.source}), or projected: labels of a target language are for the final score "
                f"alone."
            )
    if {doc.text for doc in dev} <= {doc.text for doc in read_facts(study.gold)}:
        raise XnerError(
            f"{study.dev}: all of its sentences are in {study.gold}, expected some that no arm learns from."
        )


def check_dev_overlap(study: Study, paths: Iterable[str]) -> list[str]:
    """Count the development sentences that are near-duplicates of training sentences in their language.

    paths (Iterable[str]): labelled training data; sentences that are held back from training do not count.
    RETURNS: a note, if there are some.
    RAISES: XnerError if they are more than a fifth of those of five words or more: temperatures would be fitted to
        sentences that the pipelines know. (In CoNLL-2003, written by one agency, they are 7%.)
    """
    held_back = split_of(study).held_back
    trained: dict[str, list[str]] = defaultdict(list)
    for doc in (doc for path in paths for doc in read_facts(path)):
        if doc.id not in held_back:
            trained[doc.lang].append(doc.text)
    known = {lang: NearDuplicates(texts) for lang, texts in trained.items()}
    dev = [doc for doc in read_facts(study.dev) if doc.lang in known and is_long(doc.text)]
    found = [doc for doc in dev if doc.text in known[doc.lang]]
    if not found:
        return []
    share = f"{len(found):,} of {len(dev):,} sentences of five words or more ({len(found) / len(dev):.0%})"
    if len(found) > MAX_DEV_OVERLAP * len(dev):
        raise XnerError(
            f"{study.dev}: {share} differ in one word at most from sentences that arms learn from, such as "
            f"{found[0].id}: '{found[0].text[:60]}'. Expected at most {MAX_DEV_OVERLAP:.0%}. Remove them from one of "
            f"the two."
        )
    return [f"{study.dev}: {share} differ in one word at most from sentences that arms learn from"]


def check_test(study: Study) -> None:
    """RAISES: XnerError if no doc of a test is in a target language."""
    for test in study.tests.values():
        if all(doc.lang == study.source for doc in read_facts(test)):
            raise XnerError(f"{test}: found no doc in another language than {study.source}, the source language.")


def check_projected(path: str, ids: set[str], gold: str) -> None:
    """RAISES: XnerError for projections of other sentences than the gold ones, and for manual labels.

    ids (set[str]): of the gold docs.
    """
    docs = read_facts(path)
    if ids.isdisjoint(doc.id for doc in docs):
        raise XnerError(
            f"{path}: no doc has the id of one in {gold}, expected translations of those sentences, as "
            f"`xner project` writes them."
        )
    for doc in docs:
        if not doc.steps & PROJECTING:
            raise XnerError(
                f"{path}: the labels of the doc {doc.id} are not projected, by its provenance "
                f"({', '.join(sorted(doc.steps))}). Expected the output of `xner project` or `xner corpus "
                f"translate --carry`: manual labels in a target language are for the final score alone."
            )
    with_tokens = [doc for doc in docs if doc.n_tokens]
    if with_tokens and not any(doc.labelled for doc in with_tokens):  # some have lost all their entities
        raise XnerError(f"{path}: the doc {docs[0].id} is unlabelled, expected projected entities.")


def check_current(path: str, gold: str) -> None:
    """RAISES: XnerError for docs that were made from another text than the gold doc with their id has now."""
    sources = docs_by_id(read_all(gold))
    for file in find_docbins(path):
        docs = [doc for doc in load_docs(file) if meta_of(doc)["id"] in sources]
        check_sources([(sources[meta_of(doc)["id"]], doc) for doc in docs], gold, file, sources.values())


def check_no_test_sentences(study: Study, paths: Iterable[str]) -> None:
    """RAISES: XnerError for texts that are test sentences too, ignoring case, spaces and punctuation."""
    tested: dict[tuple[str, str], str] = {}
    for tests in study.tests.values():
        tested |= {_comparison_key(doc): tests for doc in read_facts(tests) if doc.n_tokens >= MIN_TOKENS}
    for path in paths:
        for doc in read_facts(path):
            if doc.n_tokens >= MIN_TOKENS and (test := tested.get(_comparison_key(doc))):
                raise XnerError(
                    f"{path}: the doc {doc.id} is in {test} too: '{doc.text[:60]}'. Remove it from one of them."
                )


def _comparison_key(doc: DocFacts) -> tuple[str, str]:
    return doc.lang, comparison_key(doc.text)


def check_languages(arm: str, path: str, languages: Iterable[str]) -> None:
    """RAISES: XnerError for languages of an arm in which there is no synthetic text."""
    found = {doc.lang for doc in read_facts(path)}
    if missing := sorted(set(languages) - found):
        raise XnerError(
            f"{path}: no doc is in {', '.join(missing)}, which are synthetic_languages of the arm {arm}: expected "
            f"languages of this text ({', '.join(sorted(found))})."
        )


def check_translations(arm: str, path: str, ids: set[str], gold: str) -> None:
    """RAISES: XnerError for synthetic text that translates no gold sentence.

    ids (set[str]): of the gold docs.
    """
    others = [doc.id for doc in read_facts(path) if doc.id not in ids or not doc.steps & TRANSLATION_STEPS]
    if others:
        raise XnerError(
            f"{path}: {len(others):,} docs ({others[0]}, ...) translate no sentence of {gold}, by their ids and "
            f"provenance. If the arm {arm} is to learn from other text too, set unrelated = true."
        )


def check_has_sources(arm: str, path: str, ids: set[str], gold: str) -> None:
    """RAISES: XnerError for synthetic text of which no doc has a source sentence, where an arm needs sources.

    ids (set[str]): of the gold docs.
    """
    if ids.isdisjoint(doc.id for doc in read_facts(path)):
        raise XnerError(
            f"{path}: no doc has the id of a sentence of {gold}, but the arm {arm} has with_sources = true, which "
            f"projects what the teacher finds in the source sentences. Expected translations, or with_sources = false."
        )

"""Training data of arms: splits of the source sentences, files, and their digests."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.annotations.attributes import meta_of
from spacy_xner.annotations.soft_labels import set_soft_labels
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.errors import XnerError
from spacy_xner.experiments.corpora import synthetic_texts, write_training_files
from spacy_xner.experiments.corpus_facts import corpus_digest
from spacy_xner.experiments.plan import Study
from spacy_xner.experiments.split import split_ids

TEXTS = {f"corpus:{i}": f"text {i // 2}".upper() if i % 2 else f"text {i // 2}" for i in range(40)}  # each twice


@given(held_back=st.floats(0, 0.7), labels=st.floats(0.1, 1), seed=st.integers(0, 5))
def test_split(held_back: float, labels: float, seed: int) -> None:
    split = split_ids(TEXTS, held_back, labels, seed)
    assert not split.used & split.held_back
    assert split.used | split.held_back <= set(TEXTS)
    assert not {TEXTS[i].casefold() for i in split.used} & {TEXTS[i].casefold() for i in split.held_back}
    everything = split_ids(dict(reversed(TEXTS.items())), held_back, 1.0, seed)
    assert split.used <= everything.used  # a part of the greater share, whatever the order of the file
    assert split.held_back == split_ids(TEXTS, held_back, 1.0, seed + 1).held_back  # the same for every seed


def test_nothing_left() -> None:
    with pytest.raises(XnerError, match="expected at least one labelled sentence"):
        split_ids({"a": "a", "b": "b", "c": "c"}, 0.5, 0.01, 0)


def test_files_of_an_arm(study: Study, tmp_path: Path) -> None:
    """Labels of held-back sentences are not used, gold or projected; synthetic text is of these sentences alone."""
    ids = {meta_of(doc)["id"]: doc.text for doc in load_docs(study.gold)}
    split = split_ids(ids, 0.5, 0.5, 0)
    files, counts = write_training_files(study, study.arms["b"], split, tmp_path / "files")
    assert counts == {"gold": 3, "projected": 3}
    for file in files:
        assert {meta_of(doc)["id"] for doc in load_docs(file)} == split.used
    texts = synthetic_texts(study, study.arms["c"], split)
    assert {meta_of(doc)["id"] for doc in texts} == split.held_back
    with pytest.raises(XnerError, match="has no synthetic text"):
        synthetic_texts(study, study.arms["c"], split_ids(ids, 0.0, 1.0, 0))


def test_the_digest_covers_what_is_learned(study: Study, tmp_path: Path) -> None:
    """It covers entities and ids, but not scores, which differ from machine to machine."""
    path = tmp_path / "projected/de.spacy"
    before = corpus_digest(str(path))
    docs = load_docs(path)
    for doc in docs:
        doc._.xner_meta = {**meta_of(doc), "score": 0.123456}
    write_docs(path, docs)
    assert corpus_digest(str(path)) == before == corpus_digest(str(tmp_path / "projected"))
    missing = [doc.copy() for doc in docs]
    missing[0].set_ents(list(docs[0].ents), missing=[docs[0][-1:]])
    write_docs(path, missing)
    assert corpus_digest(str(path)) != before  # a token without annotation is no O
    soft = [doc.copy() for doc in docs]
    digests = set()
    for share in (0.9, 0.8):
        set_soft_labels(soft[0], ["O", "U-PER"], [[share, 1 - share]] * len(soft[0]))
        write_docs(path, soft)
        digests.add(corpus_digest(str(path)))
    assert len(digests | {before}) == 3
    docs[0].set_ents(list(docs[0].ents[1:]))
    write_docs(path, docs)
    entity = corpus_digest(str(path))
    docs[0]._.xner_meta = {**meta_of(docs[0]), "id": "other"}
    write_docs(path, docs)
    assert len({before, entity, corpus_digest(str(path))}) == 3

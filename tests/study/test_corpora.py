"""What arms may learn from: splits of the source sentences, and data that is refused."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.errors import XnerError
from spacy_xner.study.corpora import check_inputs, digest_of, split_ids, synthetic_texts, write_training_files
from spacy_xner.study.plan import Study, read_study
from spacy_xner.tokens import meta_of

from .util import docs_of, make_study

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


@pytest.fixture
def study(tmp_path: Path, tiny_encoder: Path) -> Study:
    return read_study(make_study(tmp_path, tiny_encoder))


def test_files_of_an_arm(study: Study, tmp_path: Path) -> None:
    """No label of a sentence that is held back, gold or projected; synthetic text is of those alone."""
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


def test_labels_of_a_target_language_are_refused_for_development(study: Study, tmp_path: Path) -> None:
    check_inputs(study, study.arms.values())
    write_docs(study.dev, docs_of(tmp_path, ["[Ada](PER) singt ."], "de", "dev"))
    with pytest.raises(XnerError, match=r"dev:1 is in de and not projected.*for the final score alone"):
        check_inputs(study, study.arms.values())


def test_test_sentences_in_training(study: Study, tmp_path: Path) -> None:
    tested = load_docs(tmp_path / "test/de.spacy")
    write_docs(tmp_path / "translated/de.spacy", tested)
    with pytest.raises(XnerError, match="test:1 is labelled, expected unlabelled text"):
        check_inputs(study, study.arms.values())
    tested[0].set_ents([], default="missing")
    write_docs(tmp_path / "translated/de.spacy", tested)
    with pytest.raises(XnerError, match=r"translated: the doc test:1 is in .*/test too: 'Gestern war"):
        check_inputs(study, study.arms.values())


def test_nearly_the_same_text_in_training_and_test(study: Study, tmp_path: Path) -> None:
    """Case, spaces and punctuation do not make another text."""
    docs = load_docs(tmp_path / "translated/de.spacy")
    other = docs_of(tmp_path, ["gestern war Ada Lovelace in Paris!"], "de", "other")[0]
    other.set_ents([], default="missing")
    other._.xner_meta = meta_of(docs[0])
    write_docs(tmp_path / "translated/de.spacy", [other, *docs[1:]])
    with pytest.raises(XnerError, match=r"the doc corpus:1 is in .*/test too: 'gestern war"):
        check_inputs(study, study.arms.values())


def test_gold_in_another_language(study: Study, tmp_path: Path) -> None:
    gold = load_docs(study.gold)
    gold[3]._.xner_meta = {**meta_of(gold[3]), "lang": "de"}
    write_docs(study.gold, gold)
    with pytest.raises(XnerError, match=r"corpus:4 is in de, expected the source language \(en\) alone"):
        check_inputs(study, study.arms.values())
    gold[3]._.xner_meta = meta_of(gold[2])
    write_docs(study.gold, gold)
    with pytest.raises(XnerError, match="two docs have the id corpus:3"):
        check_inputs(study, study.arms.values())


def test_development_data_that_is_learned_from(study: Study) -> None:
    write_docs(study.dev, load_docs(study.gold)[:2])
    with pytest.raises(XnerError, match="all of its sentences are in "):
        check_inputs(study, study.arms.values())


def test_ids_alone_make_no_translation(study: Study, tmp_path: Path) -> None:
    docs = load_docs(tmp_path / "translated/de.spacy")
    docs[0]._.xner_meta = {**meta_of(docs[0]), "provenance": [{"step": "convert"}]}
    write_docs(tmp_path / "translated/de.spacy", docs)
    with pytest.raises(XnerError, match=r"1 docs \(corpus:1, \.\.\.\) translate no .* by their ids and provenance"):
        check_inputs(study, study.arms.values())


def test_labels_of_people_are_no_projection(study: Study, tmp_path: Path) -> None:
    docs = load_docs(tmp_path / "projected/de.spacy")
    for doc in docs:
        doc._.xner_meta = {**meta_of(doc), "provenance": [{"step": "convert"}]}
    write_docs(tmp_path / "projected/de.spacy", docs)
    with pytest.raises(
        XnerError, match=r"the labels of the doc corpus:1 are not projected, by its provenance \(convert\)"
    ):
        check_inputs(study, study.arms.values())


def test_unlabelled_translations_are_no_projection(study: Study, tmp_path: Path) -> None:
    docs = load_docs(tmp_path / "projected/de.spacy")
    for doc in docs:
        doc.set_ents([], default="missing")
    write_docs(tmp_path / "projected/de.spacy", docs)
    with pytest.raises(XnerError, match="corpus:1 is unlabelled, expected projected entities"):
        check_inputs(study, study.arms.values())


def test_the_digest_is_of_what_is_learned(study: Study, tmp_path: Path) -> None:
    """Not of scores, which differ from machine to machine; but of an entity, and of a sentence's id."""
    path = tmp_path / "projected/de.spacy"
    before = digest_of(str(path))
    docs = load_docs(path)
    for doc in docs:
        doc._.xner_meta = {**meta_of(doc), "score": 0.123456}
    write_docs(path, docs)
    assert digest_of(str(path)) == before == digest_of(str(tmp_path / "projected"))
    docs[0].set_ents(docs[0].ents[1:])
    write_docs(path, docs)
    entity = digest_of(str(path))
    docs[0]._.xner_meta = {**meta_of(docs[0]), "id": "other"}
    write_docs(path, docs)
    assert len({before, entity, digest_of(str(path))}) == 3


def test_unrelated_text_is_asked_for(study: Study, tmp_path: Path) -> None:
    docs = load_docs(tmp_path / "translated/de.spacy")
    other = docs[0].copy()
    other._.xner_meta = {**meta_of(other), "id": "web:1"}
    write_docs(tmp_path / "translated/web.spacy", [other])
    with pytest.raises(XnerError, match=r"translated: 1 docs \(web:1, \.\.\.\) translate no.*unrelated = true"):
        check_inputs(study, study.arms.values())
    arm = replace(study.arms["c"], unrelated=True)
    check_inputs(study, [arm])
    ids = {meta_of(doc)["id"]: doc.text for doc in load_docs(study.gold)}
    split = split_ids(ids, 0.5, 1.0, 0)
    found = {meta_of(doc)["id"] for doc in synthetic_texts(study, arm, split)}
    assert found == {*split.held_back, "web:1"}


def test_missing_input(study: Study, tmp_path: Path) -> None:
    (tmp_path / "translated/de.spacy").unlink()
    (tmp_path / "translated").rmdir()
    check_inputs(study, [study.arms["a"], study.arms["b"]])
    with pytest.raises(XnerError, match=r"arm c of the study tiny needs .*/translated, which is not there"):
        check_inputs(study, study.arms.values())


def test_inputs_that_would_change_the_study_silently(study: Study, tmp_path: Path) -> None:
    """Unlabelled sentences to score on, and projected ones of other sentences."""
    projected = load_docs(tmp_path / "projected/de.spacy")
    for doc in projected:
        doc._.xner_meta = {**meta_of(doc), "id": f"other {meta_of(doc)['id']}"}
    write_docs(tmp_path / "projected/de.spacy", projected)
    with pytest.raises(XnerError, match="no doc has the id of one in"):
        check_inputs(study, study.arms.values())
    tested = load_docs(tmp_path / "test/de.spacy")
    tested[0].set_ents([], default="missing")
    write_docs(tmp_path / "test/de.spacy", tested)
    with pytest.raises(XnerError, match="test:1 is unlabelled, expected entities"):
        check_inputs(study, study.arms.values())

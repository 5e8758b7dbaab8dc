"""Data that a study refuses."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from spacy.tokens import Doc

from spacy_xner.annotations.attributes import meta_of
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.corpus.provenance import text_hash
from spacy_xner.errors import XnerError
from spacy_xner.experiments.corpora import synthetic_texts
from spacy_xner.experiments.input_checks import check_inputs
from spacy_xner.experiments.plan import Study
from spacy_xner.experiments.run import split_of
from spacy_xner.experiments.split import split_ids

from .util import NAMES, docs_of


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
    """Case, spaces and punctuation are ignored."""
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


def test_development_data_that_is_in_the_gold_data(study: Study) -> None:
    write_docs(study.dev, load_docs(study.gold)[:2])
    with pytest.raises(XnerError, match="all of its sentences are in "):
        check_inputs(study, study.arms.values())


@pytest.mark.parametrize("change", [("visited", "left"), ("today .", "again today !")])
def test_development_data_that_is_nearly_in_the_gold_data(
    study: Study, tmp_path: Path, change: tuple[str, str]
) -> None:
    """One word is replaced or added; sentences that are held back from training do not count."""
    trained = [doc for doc in load_docs(study.gold) if meta_of(doc)["id"] in split_of(study).used]
    held_back = [doc for doc in load_docs(study.gold) if meta_of(doc)["id"] in split_of(study).held_back]
    old = load_docs(study.dev)
    far = [f"Tomorrow number {i} of many people will see {i + 1} times [Rome](LOC) ." for i in range(4)]

    def write(similar: list[str]) -> None:
        write_docs(study.dev, [*old[:1], *docs_of(tmp_path, [*similar, *far], "en", "dev2")])

    def changed(docs: list[Doc]) -> list[str]:
        return [marked(doc.text.replace(*change)) for doc in docs]

    def marked(text: str) -> str:
        return re.sub("|".join(NAMES), r"[\g<0>](PER)", text)

    write(changed(trained)[:1])
    (note,) = check_inputs(study, study.arms.values())
    assert "dev.spacy: 1 of 6 sentences of five words or more (17%) differ in one word at most" in note
    write(changed(trained)[:2])
    with pytest.raises(XnerError, match=r"2 of 7 sentences of five words or more \(29%\) differ .* at most 20%"):
        check_inputs(study, study.arms.values())
    write([text.replace(" today", " twice today in the end") for text in changed(held_back)])
    assert check_inputs(study, study.arms.values()) == []


def test_ids_alone_do_not_make_a_translation(study: Study, tmp_path: Path) -> None:
    docs = load_docs(tmp_path / "translated/de.spacy")
    docs[0]._.xner_meta = {**meta_of(docs[0]), "provenance": [{"step": "convert"}]}
    write_docs(tmp_path / "translated/de.spacy", docs)
    with pytest.raises(XnerError, match=r"1 docs \(corpus:1, \.\.\.\) translate no .* by their ids and provenance"):
        check_inputs(study, study.arms.values())


def test_manual_labels_are_not_projected(study: Study, tmp_path: Path) -> None:
    docs = load_docs(tmp_path / "projected/de.spacy")
    for doc in docs:
        doc._.xner_meta = {**meta_of(doc), "provenance": [{"step": "convert"}]}
    write_docs(tmp_path / "projected/de.spacy", docs)
    with pytest.raises(
        XnerError, match=r"the labels of the doc corpus:1 are not projected, by its provenance \(convert\)"
    ):
        check_inputs(study, study.arms.values())


@pytest.mark.parametrize("folder", ["projected", "translated"])
def test_docs_made_from_an_older_gold_file(study: Study, tmp_path: Path, folder: str) -> None:
    """Where a line was inserted into the gold file, ids belong to other sentences."""
    gold = {meta_of(doc)["id"]: doc for doc in load_docs(study.gold)}
    docs = load_docs(tmp_path / f"{folder}/de.spacy")
    for doc in docs:
        step = {"step": "translate", "source": text_hash(gold[meta_of(doc)["id"]].text)}
        doc._.xner_meta = {**meta_of(doc), "provenance": [*meta_of(doc)["provenance"], step]}
    write_docs(tmp_path / f"{folder}/de.spacy", docs)
    check_inputs(study, study.arms.values())
    texts = [doc.text.replace("[", "") for doc in gold.values()]
    write_docs(study.gold, docs_of(tmp_path, ["[Ada](PER) came first .", *texts], "en"))
    with pytest.raises(
        XnerError, match=rf"{folder}/de.spacy: the doc corpus:1 .* was not made from the text of this id"
    ):
        check_inputs(study, study.arms.values())


def test_unlabelled_translations_are_not_projected(study: Study, tmp_path: Path) -> None:
    docs = load_docs(tmp_path / "projected/de.spacy")
    for doc in docs:
        doc.set_ents([], default="missing")
    write_docs(tmp_path / "projected/de.spacy", docs)
    with pytest.raises(XnerError, match="corpus:1 is unlabelled, expected projected entities"):
        check_inputs(study, study.arms.values())


def test_sources_for_text_that_has_none(study: Study, tmp_path: Path) -> None:
    """`with_sources` needs at least one translation; text of its own beside it has soft labels alone."""
    docs = load_docs(tmp_path / "translated/de.spacy")
    translation = docs[0]
    for number, doc in enumerate(docs[1:]):
        doc._.xner_meta = {"id": f"web:{number}", "lang": "de"}
    write_docs(tmp_path / "translated/de.spacy", docs)
    arm = replace(study.arms["c"], unrelated=True)
    check_inputs(study, [arm])
    translation._.xner_meta = {"id": "web:x", "lang": "de"}
    write_docs(tmp_path / "translated/de.spacy", docs)
    check_inputs(study, [replace(arm, with_sources=False)])
    with pytest.raises(XnerError, match=r"translated: no doc has the id of .* the arm c has with_sources = true"):
        check_inputs(study, [arm])


def test_unrelated_text_must_be_allowed(study: Study, tmp_path: Path) -> None:
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
    with pytest.raises(XnerError, match=r"arm c of the study tiny needs .*/translated, which does not exist"):
        check_inputs(study, study.arms.values())


def test_inputs_that_would_change_the_study_silently(study: Study, tmp_path: Path) -> None:
    """Unlabelled test sentences, and projections of other sentences."""
    projected = load_docs(tmp_path / "projected/de.spacy")
    for doc in projected:
        doc._.xner_meta = {**meta_of(doc), "id": f"other {meta_of(doc)['id']}"}
    write_docs(tmp_path / "projected/de.spacy", projected)
    with pytest.raises(XnerError, match="no doc has the id of one in"):
        check_inputs(study, study.arms.values())
    write_docs(tmp_path / "test.spacy", docs_of(tmp_path, ["[Ada](PER) was here yesterday ."], "en", "test"))
    with pytest.raises(XnerError, match="found no doc in another language than en"):
        check_inputs(replace(study, test=str(tmp_path / "test.spacy")), study.arms.values())
    tested = load_docs(tmp_path / "test/de.spacy")
    tested[0].set_ents([], default="missing")
    write_docs(tmp_path / "test/de.spacy", tested)
    with pytest.raises(XnerError, match="test:1 is unlabelled, expected entities"):
        check_inputs(study, study.arms.values())

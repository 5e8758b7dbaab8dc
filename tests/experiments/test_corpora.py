"""Training data of arms: splits of the source sentences, files, and their digests."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.annotations.attributes import meta_of
from spacy_xner.annotations.entities import PlainSpan, set_spans
from spacy_xner.annotations.soft_labels import set_soft_labels
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.errors import XnerError
from spacy_xner.experiments.corpora import synthetic_texts, write_training_files
from spacy_xner.experiments.corpus_facts import corpus_digest
from spacy_xner.experiments.input_checks import check_inputs
from spacy_xner.experiments.plan import Study
from spacy_xner.experiments.run import Run
from spacy_xner.experiments.split import split_ids
from spacy_xner.projection.filters import NAMES, filter_pairs

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


def test_synthetic_text_in_some_languages(study: Study, tmp_path: Path) -> None:
    """An arm uses the text in its languages alone; a language without text is found before anything is trained."""
    french = [doc for doc in load_docs(tmp_path / "translated/de.spacy") if meta_of(doc)["id"] != "corpus:1"]
    for doc in french:
        doc._.xner_meta = {**meta_of(doc), "lang": "fr"}
    write_docs(tmp_path / "translated/fr.spacy", french)
    split = split_ids({meta_of(doc)["id"]: doc.text for doc in load_docs(study.gold)}, 0.5, 1.0, 0)
    arm = study.arms["c"]
    n_texts = {}
    for languages in ((), ["fr"], ["de"], ["fr", "de"]):
        texts = synthetic_texts(study, replace(arm, synthetic_languages=languages), split)
        assert {meta_of(doc)["lang"] for doc in texts} == set(languages or ["de", "fr"])
        n_texts["".join(languages)] = len(texts)
    assert n_texts["de"] + n_texts["fr"] == n_texts["frde"] == n_texts[""]
    with pytest.raises(XnerError, match=r"no doc is in ja, which .* of the arm c: expected languages of .*\(de, fr\)"):
        check_inputs(study, [replace(arm, synthetic_languages=["de", "ja"])])


def test_filters_of_an_arm(study: Study, tmp_path: Path, tiny_encoder: Path) -> None:
    """Projected sentences that fail one are left out, and counted under each that they fail."""
    path = tmp_path / "projected/de.spacy"
    sources = {meta_of(doc)["id"]: doc for doc in load_docs(study.gold)}
    split = split_ids({id: doc.text for id, doc in sources.items()}, 0.0, 1.0, 0)
    docs = load_docs(path)
    short = Doc(docs[0].vocab, words=["Paris"])
    short._.xner_meta = meta_of(docs[0])
    lost = docs[1].copy()
    lost.set_ents([lost.ents[0]])
    docs = [short, lost, *docs[2:]]
    write_docs(path, docs)
    aligner = EmbeddingAligner(str(tiny_encoder), inference="auto")
    failed = list(filter_pairs(((sources[meta_of(doc)["id"]], doc) for doc in docs), NAMES, aligner))
    assert [set(names) >= {"label_counts"} for names in failed] == [True, True] + [False] * (len(docs) - 2)
    assert "unaligned" in failed[0]
    for filters in (["label_counts"], ["unaligned", "unaligned"], NAMES):
        arm = replace(study.arms["b"], filters=filters)
        files, counts = write_training_files(study, arm, split, tmp_path / "files")
        kept = [doc for doc, names in zip(docs, failed, strict=True) if not set(names) & set(filters)]
        assert [meta_of(doc)["id"] for doc in load_docs(files[1])] == [meta_of(doc)["id"] for doc in kept]
        dropped = {f"dropped_by_{name}": sum(name in names for names in failed) for name in filters}
        assert counts == {"gold": len(sources), "projected": len(kept), **dropped}
    write_docs(path, docs[:2])
    with pytest.raises(XnerError, match=r"its filters \(label_counts\) drop all 2 of .*projected"):
        write_training_files(study, replace(arm, filters=["label_counts"]), split, tmp_path / "files")


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


def test_scores_of_arms_that_weigh_by_them(study: Study, tmp_path: Path) -> None:
    """Their setting has the mean score of the projected entities; the settings of other arms are as before."""
    arm = replace(study.arms["b"], settings={"components.xner.hard_weighting": "span"})
    path = tmp_path / "projected/de.spacy"
    docs = load_docs(path)
    assert Run(study, arm, 0).setting()["scores"] == 1.0  # there are none
    for doc in docs:
        set_spans(doc, [PlainSpan(e.start, e.end, e.label_, 0.25 + 0.5 * (e.start > 0)) for e in doc.ents])
    write_docs(path, docs)
    assert Run(study, arm, 0).setting()["scores"] == 0.5  # each sentence has an entity at its start, and another one
    assert "scores" not in Run(study, study.arms["b"], 0).setting()
    assert "scores" not in Run(study, replace(arm, projected=None), 0).setting()

"""Projected labels of held-back sentences: none that an arm learns from, and complete ones alone."""

from pathlib import Path

import pytest

from spacy_xner.annotations.attributes import meta_of
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.errors import XnerError
from spacy_xner.experiments.held_back import write_held_back
from spacy_xner.experiments.plan import Study
from spacy_xner.experiments.run import split_of

from ..cli.util import ok


def test_held_back_sentences(study: Study, tmp_path: Path) -> None:
    projected = tmp_path / "projected/de.spacy"
    docs = load_docs(projected)
    incomplete = next(doc for doc in docs if meta_of(doc)["id"] in split_of(study).held_back)
    incomplete._.xner_meta = {**meta_of(incomplete), "score": 0.0}
    write_docs(projected, docs)
    (written,) = write_held_back(study, projected.parent, tmp_path / "held-back")
    assert written == (tmp_path / "held-back/de.spacy", 5, 6, 1)
    found = {meta_of(doc)["id"] for doc in load_docs(written.path)}
    assert found == split_of(study).held_back - {meta_of(incomplete)["id"]}
    assert not found & split_of(study, seed=1).used
    with pytest.raises(XnerError, match="not written, because no doc is left"):
        list(write_held_back(study, projected.parent, tmp_path / "none", limit=0))


def test_option(study: Study, tmp_path: Path) -> None:
    """Nothing is trained. A limit takes the first sentences of the same random order."""
    files = tmp_path / "study.cfg", "--write-held-back", tmp_path / "projected"
    out = ok("study", *files, tmp_path / "all")
    assert "all/de.spacy: 6 of 6 held-back sentences; 0 with an entity" in " ".join(out.split())
    ok("study", *files, tmp_path / "some", "--limit", "2")
    ids = [[meta_of(doc)["id"] for doc in load_docs(tmp_path / f"{name}/de.spacy")] for name in ("all", "some")]
    assert ids[1] == ids[0][:2]
    assert not (tmp_path / "training").exists()
    assert not (tmp_path / "records").exists()

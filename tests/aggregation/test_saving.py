"""Saving, loading and copying trained pipelines, and awkward texts in them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy
import pytest
import spacy
import torch
from numpy.testing import assert_allclose
from spacy.language import Language
from spacy_transformers.layers import TransformerListener

from spacy_xner.aggregation.weights import find_aggregators, softmax_weights

from ..cli.util import run_spacy
from .util import AGGREGATORS, make_config, make_examples, make_pipeline, predict, tok2vec_of, train


@pytest.fixture(scope="module")
def trained_with(tiny_encoder: Path) -> Callable[[str], Language]:
    """A function that trains a pipeline with an aggregator, each once."""

    @cache
    def trained_with(aggregator: str) -> Language:
        nlp = make_pipeline(make_config(tiny_encoder, aggregator))
        train(nlp, steps=60, learn_rate=0.003)
        assert any(predict(nlp))
        return nlp

    return trained_with


@pytest.fixture(scope="module", params=AGGREGATORS)
def trained(request: pytest.FixtureRequest, trained_with: Callable[[str], Language]) -> Language:
    return trained_with(request.param)


def assert_same(nlp: Language, other: Language) -> None:
    assert predict(other) == predict(nlp)
    ours, theirs = (find_aggregators(n.get_pipe("ner").model) for n in (nlp, other))  # type: ignore[attr-defined]
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert_allclose(softmax_weights(a), softmax_weights(b))


def test_to_disk(trained: Language, tmp_path: Path) -> None:
    trained.to_disk(tmp_path)
    assert_same(trained, spacy.load(tmp_path))


def test_to_bytes(trained: Language) -> None:
    assert_same(trained, spacy.blank("xx").from_config(trained.config).from_bytes(trained.to_bytes()))


def test_no_pickle_in_the_weights(trained: Language) -> None:
    shim = trained.get_pipe("transformer").model.layers[0].shims[0]  # type: ignore[attr-defined]
    assert b"data.pkl" not in shim.to_bytes()


def test_replace_listeners(trained: Language, tmp_path: Path) -> None:
    trained.to_disk(tmp_path / "with")
    nlp = spacy.load(tmp_path / "with")
    nlp.replace_listeners("transformer", "ner", ["model.tok2vec"])
    assert nlp.config["components"]["ner"]["model"]["tok2vec"]["@architectures"].endswith("LayerAggregationTok2Vec.v1")
    assert not any(isinstance(node, TransformerListener) for node in nlp.get_pipe("ner").model.walk())  # type: ignore[attr-defined]
    nlp.remove_pipe("transformer")
    assert_same(trained, nlp)
    nlp.to_disk(tmp_path / "without")
    loaded = spacy.load(tmp_path / "without")
    assert loaded.pipe_names == ["ner"]
    assert_same(trained, loaded)
    train(loaded, steps=1)


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Torch with more than one thread: a forked worker must not wait for its parent's threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_processes(trained: Language) -> None:
    trained("word " * 500)  # enough work for the parent to start its threads
    texts = ["Angela Merkel visited Paris .", "", "Berlin"] * 3
    one = [[(ent.text, ent.label_) for ent in doc.ents] for doc in trained.pipe(texts)]
    two = [[(ent.text, ent.label_) for ent in doc.ents] for doc in trained.pipe(texts, n_process=2, batch_size=2)]
    assert one == two


def test_source_from_another_pipeline(trained: Language, tmp_path: Path) -> None:
    trained.to_disk(tmp_path)
    source = spacy.load(tmp_path)
    nlp = spacy.blank("xx")
    nlp.add_pipe("transformer", source=source)
    nlp.add_pipe("ner", source=source)
    assert_same(trained, nlp)


def test_assemble(trained: Language, tmp_path: Path) -> None:
    trained.to_disk(tmp_path / "source")
    (tmp_path / "config.cfg").write_text(
        '[nlp]\nlang = "xx"\npipeline = ["transformer","ner"]\n\n[components]\n\n'
        + "".join(f'[components.{name}]\nsource = "{tmp_path / "source"}"\n\n' for name in ("transformer", "ner")),
        encoding="utf8",
    )
    run_spacy("assemble", tmp_path / "config.cfg", tmp_path / "assembled")
    assert_same(trained, spacy.load(tmp_path / "assembled"))


def test_they_load_where_nothing_but_spacy_is_imported(trained_with: Callable[[str], Language], tmp_path: Path) -> None:
    """One process loads a pipeline with each aggregator."""
    text = "Angela Merkel visited Paris ."
    expected = []
    for number, aggregator in enumerate(AGGREGATORS):
        nlp = trained_with(aggregator)
        nlp.to_disk(tmp_path / str(number))
        expected.append([ent.label_ for ent in nlp(text).ents])
    assert any(expected)
    code = (
        "import spacy, sys\n"
        "pipelines = map(spacy.load, sys.argv[2:])\n"
        "print([[ent.label_ for ent in nlp(sys.argv[1]).ents] for nlp in pipelines])"
    )
    folders = [str(tmp_path / str(number)) for number in range(len(AGGREGATORS))]
    command = [sys.executable, "-W", "ignore", "-c", code, text, *folders]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == str(expected)


AWKWARD = ["", " ", "\n\n", "a", "😀", "👩‍👩‍👧‍👦 x", "שלום עולם", "สวัสดีชาวโลก", "北京是中国的首都", "e\u0301", "\u200b"]


@pytest.mark.parametrize("text", [*AWKWARD, "x" * 500, "word " * 10_000], ids=lambda text: repr(text[:12]))
def test_awkward_texts(trained: Language, text: str) -> None:
    """A finite vector for each token, which is zero without word pieces, and the same among other docs."""
    doc = trained(text)
    (vectors,) = tok2vec_of(trained).predict([doc])
    lengths = doc._.trf_data.align.lengths
    assert doc.text == text
    assert len(vectors) == len(doc) == len(lengths)
    assert numpy.isfinite(vectors).all()
    assert (vectors.any(axis=1) == (lengths > 0)).all()
    if len(doc) < 100:
        together, _ = trained.pipe([text, "Angela Merkel visited Paris ."])
        assert_allclose(tok2vec_of(trained).predict([together])[0], vectors, atol=1e-4)


def test_initialised_again_where_the_encoder_is_gone(trained: Language, tmp_path: Path) -> None:
    """Its weights came with the pipeline."""
    trained.to_disk(tmp_path)
    nlp = spacy.load(tmp_path, config={"components": {"transformer": {"model": {"name": "models/gone"}}}})
    nlp.initialize(lambda: make_examples(nlp))
    assert len(nlp("Berlin")) == 1

"""Aggregation in a pipeline: gradients, learning, and every way a pipeline is kept and moved."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest
import spacy
import torch
from numpy.testing import assert_allclose
from spacy.language import Language
from spacy_transformers.layers import TransformerListener
from thinc.api import Model

from spacy_xner.aggregation.weights import find_aggregators, softmax_weights
from spacy_xner.errors import XnerError

from .util import (
    AGGREGATORS,
    STOCK_LISTENER,
    STOCK_TRANSFORMER,
    WEIGHTED,
    make_config,
    make_examples,
    make_pipeline,
    predict,
    train,
)

TOK2VEC = "components.ner.model.tok2vec"


def torch_encoder(nlp: Language) -> torch.nn.Module:
    return nlp.get_pipe("transformer").model.transformer  # type: ignore[attr-defined,no-any-return]


def tok2vec_of(nlp: Language) -> Model:
    return nlp.get_pipe("ner").model.get_ref("tok2vec").layers[0]  # type: ignore[attr-defined,no-any-return]


def weights_of(nlp: Language) -> numpy.ndarray:
    (aggregator,) = find_aggregators(nlp.get_pipe("ner").model)  # type: ignore[attr-defined]
    return numpy.array(softmax_weights(aggregator))


def run_backward(nlp: Language, texts: list[str]) -> tuple[list[numpy.ndarray], list[numpy.ndarray]]:
    """One forward and backward pass of transformer and listener; the outputs and the gradients put on them."""
    docs = [nlp.make_doc(text) for text in texts]
    transformer = nlp.get_pipe("transformer")
    examples = [spacy.training.Example(doc, doc) for doc in docs]
    transformer.update(examples, drop=0.0)  # type: ignore[attr-defined]
    vectors, backprop = tok2vec_of(nlp)(docs, is_train=True)
    random = numpy.random.default_rng(0)
    gradients = [random.normal(size=v.shape).astype("f") for v in vectors]
    backprop([g.copy() for g in gradients])
    return vectors, gradients


@pytest.mark.parametrize("aggregator", AGGREGATORS)
def test_gradients_equal_torch(tiny_encoder: Path, aggregator: str) -> None:
    """All encoder parameters' gradients against autograd through the same computation, written in torch alone."""
    nlp = make_pipeline(make_config(tiny_encoder, aggregator))
    predict(nlp)  # settles the aggregator's dimensions
    texts = ["Angela Merkel visited Paris .", "", "Berlin is big"]
    encoder = torch_encoder(nlp)
    encoder.zero_grad()
    vectors, gradients = run_backward(nlp, texts)
    ours = {name: p.grad.clone() for name, p in encoder.named_parameters() if p.grad is not None}

    encoder.zero_grad()
    aggregate = tok2vec_of(nlp).layers[1]
    mixer = aggregate.layers[0]
    tokenizer = nlp.get_pipe("transformer").model.tokenizer  # type: ignore[attr-defined]
    total = torch.zeros(())
    for text, vector, gradient in zip(texts, vectors, gradients, strict=True):
        doc = nlp.make_doc(text)
        if not len(doc):
            continue
        encoded = tokenizer(text, return_offsets_mapping=True)
        hidden = encoder(torch.tensor([encoded["input_ids"]])).hidden_states
        stacked = torch.stack(hidden, dim=2)[0]
        if aggregator == AGGREGATORS[0]:
            mixed = stacked[:, -1]
        else:
            weights = torch.tensor(numpy.array(softmax_weights(mixer)))
            if aggregator == AGGREGATORS[1]:
                mixed = torch.einsum("plw,l->pw", stacked, weights) * float(mixer.get_param("scale")[0])
            else:
                W = torch.tensor(mixer.get_param("W"))
                mixed = torch.einsum("plw,olw->po", stacked, W * (weights * len(weights))[None, :, None])
                mixed = mixed + torch.tensor(mixer.get_param("b"))
        for token, token_vector, token_gradient in zip(doc, vector, gradient, strict=True):
            pieces = [
                i
                for i, (start, end) in enumerate(encoded["offset_mapping"])
                if start < end and start < token.idx + len(token) and end > token.idx
            ]
            pooled = mixed[pieces].mean(dim=0)
            assert_allclose(pooled.detach().numpy(), token_vector, rtol=1e-3, atol=1e-4)
            total = total + (pooled * torch.tensor(token_gradient)).sum()
    total.backward()
    theirs = {name: p.grad for name, p in encoder.named_parameters() if p.grad is not None}
    # The pooler has no part in it; zero gradients and absent ones mean the same.
    assert set(theirs) == set(ours) > {"embeddings.word_embeddings.weight"}
    for name in theirs:
        assert_allclose(ours[name].numpy(), theirs[name].numpy(), rtol=1e-3, atol=1e-4, err_msg=name)


def test_every_layer_gets_more_than_the_last_ones_gradient(tiny_encoder: Path) -> None:
    """With the last layer's weight at nothing, lower layers still learn: no root of the backward pass is lost."""
    nlp = make_pipeline(make_config(tiny_encoder, "spacy_xner.ScalarMix.v1"))
    predict(nlp)
    (aggregator,) = find_aggregators(nlp.get_pipe("ner").model)  # type: ignore[attr-defined]
    logits = aggregator.get_param("layer_logits")
    logits[:] = 0
    logits[-1] = -100
    encoder = torch_encoder(nlp)
    encoder.zero_grad()
    run_backward(nlp, ["Angela Merkel visited Paris ."])
    norms = {name: float(p.grad.norm()) for name, p in encoder.named_parameters() if p.grad is not None}
    assert norms["encoder.layer.2.output.dense.weight"] < 1e-6
    for i in range(2):
        assert norms[f"encoder.layer.{i}.output.dense.weight"] > 1e-4
    assert norms["embeddings.word_embeddings.weight"] > 1e-4


def test_strided_spans_overlap(tiny_encoder: Path) -> None:
    """A token in two spans reads the mean of its pieces in both; its gradient goes to both."""
    nlp = make_pipeline(make_config(tiny_encoder, "spacy_xner.LastLayer.v1"))
    doc = nlp("one two three four five six seven eight nine ten")
    spans = doc._.trf_data.model_output["last_hidden_state"]
    assert spans.shape[0] == 2
    vectors, _ = run_backward(nlp, [doc.text])
    align = doc._.trf_data.align
    flat = spans.reshape(-1, spans.shape[-1])
    start = 0
    for vector, length in zip(vectors[0], align.lengths, strict=True):
        assert_allclose(vector, flat[align.dataXd[start : start + length]].mean(axis=0), rtol=1e-4, atol=1e-5)
        start += length


def test_grad_factor(tiny_encoder: Path) -> None:
    nlp = make_pipeline(make_config(tiny_encoder, **{f"{TOK2VEC}.grad_factor": 0.0}))
    predict(nlp)
    encoder = torch_encoder(nlp)
    encoder.zero_grad()
    run_backward(nlp, ["Berlin"])
    assert all(p.grad is None or not p.grad.any() for p in encoder.parameters())


@pytest.mark.parametrize("aggregator", AGGREGATORS)
@pytest.mark.parametrize("mixed_precision", [False, True])
def test_learns(tiny_encoder: Path, aggregator: str, mixed_precision: bool) -> None:
    config = make_config(
        tiny_encoder,
        aggregator,
        **{"components.transformer.model.mixed_precision": mixed_precision},
    )
    nlp = make_pipeline(config)
    train(nlp, steps=120, learn_rate=0.002)
    expected = [[(ent.start_char, ent.end_char, ent.label_) for ent in eg.reference.ents] for eg in make_examples(nlp)]
    assert predict(nlp) == expected


def test_last_layer_is_the_stock_pipeline(tiny_encoder: Path) -> None:
    """Number by number the same as spacy-transformers' own model and listener, in training too."""
    ours = make_pipeline(make_config(tiny_encoder, "spacy_xner.LastLayer.v1"))
    config = make_config(tiny_encoder, **{"components.transformer.model.@architectures": STOCK_TRANSFORMER})
    config["components"]["ner"]["model"]["tok2vec"] = STOCK_LISTENER
    stock = make_pipeline(config)
    losses: list[list[float]] = [[], []]
    for nlp, record in zip((ours, stock), losses, strict=True):
        optimizer = nlp.resume_training()
        for _ in range(5):
            loss: dict[str, float] = {}
            nlp.update(make_examples(nlp), sgd=optimizer, losses=loss)
            record += [float(loss["ner"]), float(loss["transformer"])]
    assert_allclose(losses[0], losses[1], rtol=1e-4)


@pytest.mark.parametrize("aggregator", WEIGHTED)
@pytest.mark.parametrize("learn_rate", [0.01, 5e-5])
def test_weights_move(tiny_encoder: Path, aggregator: str, learn_rate: float) -> None:
    """Also at the small learning rates that transformers are fine-tuned with."""
    nlp = make_pipeline(make_config(tiny_encoder, aggregator))
    predict(nlp)
    before = weights_of(nlp)
    assert_allclose(before, numpy.full(4, 0.25), rtol=1e-5)
    train(nlp, steps=20, learn_rate=learn_rate)
    after = weights_of(nlp)
    assert numpy.abs(after - before).max() > 20 * learn_rate
    assert after.sum() == pytest.approx(1.0, abs=1e-5)


def test_frozen_embeddings(tiny_encoder: Path) -> None:
    config = make_config(tiny_encoder, **{"components.transformer.model.freeze_embeddings": True})
    nlp = make_pipeline(config)
    words = torch_encoder(nlp).get_input_embeddings().weight  # type: ignore[operator]
    before, positions = (
        words.detach().clone(),
        torch_encoder(nlp).embeddings.position_embeddings.weight.detach().clone(),
    )  # type: ignore[union-attr,operator]
    train(nlp, steps=3)
    loaded = spacy.blank("xx").from_config(nlp.config).from_bytes(nlp.to_bytes())
    train(loaded, steps=2)
    for pipeline in (nlp, loaded):
        encoder = torch_encoder(pipeline)
        assert torch.equal(encoder.get_input_embeddings().weight, before)  # type: ignore[operator]
        assert not torch.equal(encoder.embeddings.position_embeddings.weight, positions)  # type: ignore[union-attr,arg-type]


def test_learn_rate_factor(tiny_encoder: Path) -> None:
    """With Adam a parameter moves by about the learning rate at the first step: here by a tenth of it."""
    config = make_config(tiny_encoder, **{"components.transformer.model.learn_rate_factor": 0.1})
    nlp = make_pipeline(config)
    before = {name: p.detach().clone() for name, p in torch_encoder(nlp).named_parameters()}
    train(nlp, steps=2, learn_rate=0.01)  # spaCy's parser sends no gradient in the first
    moved = max(float((p - before[name]).abs().max()) for name, p in torch_encoder(nlp).named_parameters())
    assert moved == pytest.approx(0.001, rel=0.05)


# Other components in the same pipeline


def with_tagger(encoder: Path, pipeline: list[str]) -> Language:
    config = make_config(encoder)
    config["nlp"]["pipeline"] = ["transformer", *pipeline]
    config["components"]["senter"] = {
        "factory": "senter",
        "model": {"@architectures": "spacy.Tagger.v2", "tok2vec": STOCK_LISTENER},
    }
    return make_pipeline(config)


def examples_with_sentences(nlp: Language) -> list[spacy.training.Example]:
    examples = make_examples(nlp)
    for example in examples:
        for token in example.reference:
            token.is_sent_start = token.i == 0
    return examples


def test_stock_listener_after_ours(tiny_encoder: Path) -> None:
    nlp = with_tagger(tiny_encoder, ["ner", "senter"])
    losses: dict[str, float] = {}
    nlp.update(examples_with_sentences(nlp), sgd=nlp.resume_training(), losses=losses)
    assert losses["ner"] > 0
    assert losses["senter"] > 0


def test_stock_listener_before_ours_is_refused(tiny_encoder: Path) -> None:
    nlp = with_tagger(tiny_encoder, ["senter", "ner"])
    with pytest.raises(XnerError, match=r"before the other one in \[nlp\] pipeline"):
        nlp.update(examples_with_sentences(nlp), sgd=nlp.resume_training())


def test_stock_transformer_is_refused(tiny_encoder: Path) -> None:
    config = make_config(tiny_encoder, **{"components.transformer.model.@architectures": STOCK_TRANSFORMER})
    nlp = make_pipeline(config)
    with pytest.raises(XnerError, match=r"@architectures = \"spacy_xner.AllLayersTransformer.v1\""):
        nlp("Berlin")
    with pytest.raises(XnerError, match="AllLayersTransformer"):
        train(nlp, steps=1)


def test_disabled_transformer(tiny_encoder: Path) -> None:
    nlp = make_pipeline(make_config(tiny_encoder))
    with nlp.select_pipes(disable=["transformer"]):
        assert len(nlp("Berlin and Paris")) == 3
    nlp("Berlin")  # and its dimensions are still free to be settled


def test_frozen_transformer(tiny_encoder: Path) -> None:
    """A transformer that annotates but is not updated leaves its output on the docs."""
    nlp = make_pipeline(make_config(tiny_encoder))
    optimizer = nlp.resume_training()
    losses: dict[str, float] = {}
    nlp.update(make_examples(nlp), sgd=optimizer, losses=losses, exclude=["transformer"], annotates=["transformer"])
    assert losses["ner"] > 0


def test_encoder_of_another_size_is_refused(tiny_encoder: Path) -> None:
    nlp = make_pipeline(make_config(tiny_encoder))
    predict(nlp)
    doc = nlp.make_doc("Berlin")
    nlp.get_pipe("transformer")(doc)  # type: ignore[operator]
    doc._.trf_data.model_output["xner_layers"].pop()
    with pytest.raises(XnerError, match="made for 4 layers of width 32; the encoder gives 3"):
        nlp.get_pipe("ner")(doc)  # type: ignore[operator]


# Keeping and moving


@pytest.fixture(scope="module", params=AGGREGATORS)
def trained(request: pytest.FixtureRequest, tiny_encoder: Path) -> Language:
    nlp = make_pipeline(make_config(tiny_encoder, request.param))
    train(nlp, steps=60, learn_rate=0.003)
    assert any(predict(nlp))
    return nlp


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


def test_replacing_a_stock_listener_is_refused(tiny_encoder: Path) -> None:
    nlp = with_tagger(tiny_encoder, ["ner", "senter"])
    with pytest.raises(XnerError, match=r"only spacy_xner\.LayerAggregationListener\.v1 can"):
        nlp.replace_listeners("transformer", "senter", ["model.tok2vec"])


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Torch with more than one thread, whatever the environment says: a worker cannot wait for its parent's."""
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
    command = ["-m", "spacy", "assemble", str(tmp_path / "config.cfg"), str(tmp_path / "assembled")]
    subprocess.run([sys.executable, "-W", "ignore", *command], check=True, capture_output=True)
    assert_same(trained, spacy.load(tmp_path / "assembled"))


def test_loads_where_nothing_but_spacy_is_imported(trained: Language, tmp_path: Path) -> None:
    trained.to_disk(tmp_path)
    text = "Angela Merkel visited Paris ."
    code = f"import spacy; print([e.label_ for e in spacy.load({str(tmp_path)!r})({text!r}).ents])"
    result = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == str([ent.label_ for ent in trained(text).ents])


AWKWARD = ["", " ", "\n\n", "a", "😀", "👩‍👩‍👧‍👦 x", "שלום עולם", "สวัสดีชาวโลก", "北京是中国的首都", "e\u0301", "\u200b"]


@pytest.mark.parametrize("text", [*AWKWARD, "x" * 500, "word " * 10_000], ids=lambda text: repr(text[:12]))
def test_awkward_texts(trained: Language, text: str) -> None:
    doc = trained(text)
    assert doc.text == text

"""Gradients of the encoder through the listener, compared with torch's autograd."""

from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
import torch
from numpy.testing import assert_allclose
from thinc.api import Model

from spacy_xner.aggregation.weights import find_aggregators, softmax_weights

from .util import (
    AGGREGATORS,
    LAST_LAYER,
    LAYER_ATTENTION,
    SCALAR_MIX,
    TOK2VEC,
    make_config,
    make_pipeline,
    predict,
    run_backward,
    tok2vec_of,
    torch_encoder,
)


def aggregate_in_torch(aggregator: str, mixer: Model, stacked: torch.Tensor) -> torch.Tensor:
    """The same computation on (n_pieces, n_layers, width), written in torch."""
    if aggregator == LAST_LAYER:
        return stacked[:, -1]
    if aggregator == LAYER_ATTENTION:
        parameters = {name: torch.tensor(mixer.get_param(name)) for name in mixer.param_names}
        query = stacked[:, -1] @ parameters["query_W"][0].T + parameters["query_b"][0]
        keys = torch.einsum("plw,qw->plq", stacked[:, :-1], parameters["key_W"][0])
        scores = torch.einsum("plq,pq->pl", keys, query) / query.shape[1] ** 0.5
        attended = torch.einsum("pl,plw->pw", scores.softmax(dim=1), stacked[:, :-1])
        return stacked[:, -1] + parameters["fusion_scale"] * attended
    weights = torch.tensor(numpy.array(softmax_weights(mixer)))
    if aggregator == SCALAR_MIX:
        return torch.einsum("plw,l->pw", stacked, weights) * float(mixer.get_param("scale")[0])
    W = torch.tensor(mixer.get_param("W"))
    mixed = torch.einsum("plw,olw->po", stacked, W * (weights * len(weights))[None, :, None])
    return mixed + torch.tensor(mixer.get_param("b"))


POOLINGS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "reduce_mean.v1": lambda pieces: pieces.mean(dim=0),
    "reduce_sum.v1": lambda pieces: pieces.sum(dim=0),
    "reduce_max.v1": lambda pieces: pieces.max(dim=0).values,
    "reduce_first.v1": lambda pieces: pieces[0],
    "reduce_last.v1": lambda pieces: pieces[-1],
}


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("aggregator", AGGREGATORS)
def test_gradients_equal_torch(tiny_encoder: Path, aggregator: str, pooling: str) -> None:
    """All encoder parameters' gradients against autograd through the same computation, written in torch alone."""
    nlp = make_pipeline(make_config(tiny_encoder, aggregator, **{f"{TOK2VEC}.pooling.@layers": pooling}))
    predict(nlp)  # settles the aggregator's dimensions
    mixer = tok2vec_of(nlp).layers[1].layers[0]
    if aggregator == LAYER_ATTENTION:  # what it attends to counts for nothing at the start
        mixer.set_param("fusion_scale", mixer.ops.asarray_f(numpy.linspace(-1, 1, 32).tolist()))
    texts = ["Angela Merkel visited Paris .", "", "Berlin is big"]
    encoder = torch_encoder(nlp)
    encoder.zero_grad()
    vectors, gradients = run_backward(nlp, texts)
    ours = {name: p.grad.clone() for name, p in encoder.named_parameters() if p.grad is not None}

    encoder.zero_grad()
    tokenizer = nlp.get_pipe("transformer").model.tokenizer  # type: ignore[attr-defined]
    total = torch.zeros(())
    for text, vector, gradient in zip(texts, vectors, gradients, strict=True):
        doc = nlp.make_doc(text)
        if not len(doc):
            continue
        encoded = tokenizer(text, return_offsets_mapping=True)
        hidden = encoder(torch.tensor([encoded["input_ids"]])).hidden_states
        stacked = torch.stack(hidden, dim=2)[0]
        mixed = aggregate_in_torch(aggregator, mixer, stacked)
        for token, token_vector, token_gradient in zip(doc, vector, gradient, strict=True):
            pieces = [
                i
                for i, (start, end) in enumerate(encoded["offset_mapping"])
                if start < end and start < token.idx + len(token) and end > token.idx
            ]
            pooled = POOLINGS[pooling](mixed[pieces])
            assert_allclose(pooled.detach().numpy(), token_vector, rtol=1e-3, atol=1e-4)
            total = total + (pooled * torch.tensor(token_gradient)).sum()
    total.backward()
    theirs = {name: p.grad for name, p in encoder.named_parameters() if p.grad is not None}
    # The pooler has no part in it; zero gradients and absent ones mean the same.
    assert set(theirs) == set(ours) > {"embeddings.word_embeddings.weight"}
    for name in theirs:
        assert_allclose(ours[name].numpy(), theirs[name].numpy(), rtol=1e-3, atol=1e-4, err_msg=name)


def test_every_layer_gets_more_than_the_last_ones_gradient(tiny_encoder: Path) -> None:
    """With weight 0 for the last layer, lower layers still get gradients: no root of the backward pass is missing."""
    nlp = make_pipeline(make_config(tiny_encoder, "spacy_xner.ScalarMix.v1"))
    predict(nlp)
    (aggregator,) = find_aggregators(nlp.get_pipe("ner").model)  # type: ignore[attr-defined]
    aggregator.set_param("layer_logits", aggregator.ops.asarray_f([0, 0, 0, -100]))
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
@pytest.mark.parametrize("pooling", POOLINGS)
def test_tokens_without_word_pieces(tiny_encoder: Path, aggregator: str, pooling: str) -> None:
    """White space has no pieces: zeros, whether pieces or tokens are aggregated, and no gradient."""
    nlp = make_pipeline(make_config(tiny_encoder, aggregator, **{f"{TOK2VEC}.pooling.@layers": pooling}))
    predict(nlp)
    mixer = tok2vec_of(nlp).layers[1].layers[0]
    if "b" in mixer.param_names:
        mixer.set_param("b", mixer.get_param("b") + 1)
    doc = nlp.make_doc("Berlin  \n and Paris")
    (vectors,), _ = run_backward(nlp, [doc.text])
    lengths = nlp(doc.text)._.trf_data.align.lengths
    assert (lengths == 0).any()
    for token, vector, length in zip(doc, vectors, lengths, strict=True):
        assert vector.any() == (length > 0), token
    if "b" in mixer.param_names:
        random = numpy.random.default_rng(0)
        gradient = random.normal(size=vectors.shape).astype("f")  # what `run_backward` sends
        counts = lengths if pooling == "reduce_sum.v1" else lengths > 0
        assert_allclose(
            numpy.asarray(mixer.get_grad("b")), (gradient * counts[:, None]).sum(axis=0), rtol=1e-3, atol=1e-4
        )

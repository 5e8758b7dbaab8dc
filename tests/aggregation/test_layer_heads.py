"""Classifiers on lower layers in training: losses, gradients, saving, and predictions without them."""

from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
import torch
from numpy.testing import assert_allclose, assert_array_equal
from spacy.cli.package import package
from spacy.language import Language
from spacy.training import Example
from thinc.api import Model, fix_random_seed

from spacy_xner.corpus.docs import write_docs
from spacy_xner.errors import XnerError
from spacy_xner.experiments.training import train_into
from spacy_xner.ner.layer_heads import LayerLogits, supervised_classifier, total_loss

from ..experiments.util import docs_of
from ..ner.util import TOK2VEC as HASH_EMBED
from .test_gradients import aggregate_in_torch
from .util import (
    LAST_LAYER,
    TEXTS,
    WEIGHTED_CONCAT,
    make_config,
    make_examples,
    make_pipeline,
    predict,
    torch_encoder,
    train,
    with_xner,
)

ROOT = Path(__file__).parents[2]
SUPERVISED = "spacy_xner.SupervisedLayers.v1"


def make(encoder: Path, aggregator: str = LAST_LAYER, **settings: Any) -> Language:
    """A pipeline whose classifiers have random parameters, not zeros, which would hide gradients."""
    config = with_xner(make_config(encoder, aggregator))
    config["components"]["xner"]["model"].update({"@architectures": SUPERVISED, "layers": [1, 2], **settings})
    nlp = make_pipeline(config)
    train(nlp, steps=1)
    random = numpy.random.default_rng(0)
    for head in classifiers(nlp):
        for name in ("W", "b"):
            shape: Any = head.get_param(name).shape
            head.set_param(name, random.normal(size=shape, scale=0.3).astype("f"))
    return nlp


def classifiers(nlp: Language) -> list[Any]:
    """The linear layers: the recogniser's first."""
    model: Model = nlp.get_pipe("xner").model  # type: ignore[attr-defined]
    return [model.get_ref("output_layer"), *(head.get_ref("output_layer") for head in model.layers[1:])]


@pytest.mark.parametrize("aggregator", [LAST_LAYER, WEIGHTED_CONCAT])
def test_gradients_equal_torch(tiny_encoder: Path, aggregator: str) -> None:
    """Of the encoder and of all classifiers, against autograd; an empty doc among the docs."""
    nlp = make(tiny_encoder, aggregator, layers=[-1, 1])
    texts = ["Angela Merkel visited Paris .", "", "Berlin is big"]
    recogniser: Any = nlp.get_pipe("xner")
    encoder = torch_encoder(nlp)
    encoder.zero_grad()
    docs = [nlp.make_doc(text) for text in texts]
    nlp.get_pipe("transformer").update([Example(doc, doc) for doc in docs])  # type: ignore[attr-defined]
    logits, backprop = recogniser.model.begin_update(docs)
    random = numpy.random.default_rng(1)
    parts = [logits.output, *logits.layers]
    gradients = [[random.normal(size=rows.shape).astype("f") for rows in part] for part in parts]
    backprop(LayerLogits(gradients[0], gradients[1:], logits.weight))
    ours = {name: p.grad.clone() for name, p in encoder.named_parameters() if p.grad is not None}

    encoder.zero_grad()
    mixer = recogniser.model.get_ref("tok2vec").layers[1].layers[0]
    weights = [
        [torch.tensor(head.get_param(name), requires_grad=True) for name in ("W", "b")] for head in classifiers(nlp)
    ]
    tokenizer = nlp.get_pipe("transformer").model.tokenizer  # type: ignore[attr-defined]
    total = torch.zeros(())
    for number, doc in enumerate(docs):
        if not len(doc):
            continue
        encoded = tokenizer(doc.text, return_offsets_mapping=True)
        hidden = torch.stack(encoder(torch.tensor([encoded["input_ids"]])).hidden_states, dim=2)[0]
        for token in doc:
            pieces = [
                i
                for i, (start, end) in enumerate(encoded["offset_mapping"])
                if start < end and start < token.idx + len(token) and end > token.idx
            ]
            mixed = aggregate_in_torch(aggregator, mixer, hidden)[pieces].mean(dim=0)
            read = [mixed, hidden[pieces, 1].mean(dim=0), hidden[pieces, -1].mean(dim=0)]  # lowest first
            for part, found, vector, (W, b) in zip(gradients, parts, read, weights, strict=True):
                rows = vector @ W.T + b
                assert_allclose(rows.detach().numpy(), found[number][token.i], rtol=1e-3, atol=1e-4)
                total = total + (rows * torch.tensor(part[number][token.i])).sum()
    total.backward()
    theirs = {name: p.grad for name, p in encoder.named_parameters() if p.grad is not None}
    assert set(theirs) == set(ours) > {"embeddings.word_embeddings.weight"}
    for name in theirs:
        assert_allclose(ours[name].numpy(), theirs[name].numpy(), rtol=1e-3, atol=1e-4, err_msg=name)
    for head, (W, b) in zip(classifiers(nlp), weights, strict=True):
        for name, value in (("W", W), ("b", b)):
            assert value.grad is not None
            assert_allclose(head.get_grad(name), value.grad.numpy(), rtol=1e-3, atol=1e-4)


def test_the_encoder_gets_its_share(tiny_encoder: Path) -> None:
    """`grad_factor` is for the gradients of single layers too."""
    nlp = make(tiny_encoder)
    norms = []
    for factor in (1.0, 0.5):
        nlp.get_pipe("xner").model.get_ref("tok2vec").layers[1].attrs["grad_factor"] = factor  # type: ignore[attr-defined]
        encoder = torch_encoder(nlp)
        encoder.zero_grad()
        fix_random_seed(0)  # of dropout
        nlp.update(make_examples(nlp), sgd=False)  # type: ignore[arg-type]
        norms.append(float(encoder.encoder.layer[0].output.dense.weight.grad.norm()))  # type: ignore[union-attr,index]
    assert norms[0] == pytest.approx(2 * norms[1], rel=1e-3)


def test_loss_by_hand(tiny_encoder: Path) -> None:
    """Cross-entropy of the recogniser, and a tenth of those of the layers."""
    nlp = make(tiny_encoder, weight=0.1)
    recogniser: Any = nlp.get_pipe("xner")
    n_tags = len(recogniser.scheme)
    example = Example.from_dict(nlp.make_doc("Berlin"), {"entities": [(0, 6, "LOC")]})
    gold = recogniser.scheme.index["U-LOC"]
    arrays: list[Any] = [numpy.random.default_rng(i).normal(size=(1, n_tags)).astype("f") for i in range(3)]
    loss, gradient = recogniser.get_loss([example], LayerLogits([arrays[0]], [[arrays[1]], [arrays[2]]], 0.1))
    probabilities = [numpy.exp(array) / numpy.exp(array).sum() for array in arrays]
    assert loss == pytest.approx(
        sum(w * -numpy.log(p[0, gold]) for w, p in zip((1, 0.1, 0.1), probabilities, strict=True)), rel=1e-5
    )
    found = [gradient.output, *gradient.layers]
    for factor, p, (rows,) in zip((1, 0.1, 0.1), probabilities, found, strict=True):
        assert_allclose(rows, factor * (p - numpy.eye(n_tags)[gold]), atol=1e-6)
    assert total_loss([arrays[0]], lambda logits: (3.0, logits)) == (3.0, [arrays[0]])


def logits_of(nlp: Language) -> list[Any]:
    docs = list(nlp.get_pipe("transformer").pipe([eg.predicted for eg in make_examples(nlp)]))  # type: ignore[attr-defined]
    predicted: list[Any] = nlp.get_pipe("xner").predict(docs)  # type: ignore[attr-defined]
    return predicted


@pytest.fixture(scope="module")
def trained(tiny_encoder: Path) -> Language:
    nlp = make(tiny_encoder)
    train(nlp, steps=3)
    return nlp


def test_prediction_is_without_them(trained: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the layers' classifiers is computed; the logits are those of the recogniser alone."""
    model: Any = trained.get_pipe("xner").model  # type: ignore[attr-defined]
    docs = list(trained.get_pipe("transformer").pipe([eg.predicted for eg in make_examples(trained)]))  # type: ignore[attr-defined]
    expected = model.layers[0].predict(docs)
    for head in model.layers[1:]:
        monkeypatch.setattr(head, "_func", lambda *_: pytest.fail("a classifier of a layer was computed"))
    for one, other in zip(model.predict(docs), expected, strict=True):
        assert_allclose(one, other, atol=1e-5)


def test_saving(trained: Language, tmp_path: Path) -> None:
    """To a folder, to bytes, as a package, and with a transformer of its own; each can be trained on."""
    expected = logits_of(trained)
    trained.to_disk(tmp_path / "pipeline")
    (tmp_path / "packages").mkdir()
    package(tmp_path / "pipeline", tmp_path / "packages", create_sdist=False, create_wheel=False)
    (inside,) = (tmp_path / "packages").glob("*/*/*/config.cfg")
    loaded = spacy.load(tmp_path / "pipeline")
    again = spacy.blank("xx").from_config(trained.config).from_bytes(trained.to_bytes())
    for nlp in (loaded, again, spacy.load(inside.parent)):
        for one, other in zip(logits_of(nlp), expected, strict=True):
            assert_allclose(one, other, atol=1e-5)
        for head, before in zip(classifiers(nlp), classifiers(trained), strict=True):
            assert_array_equal(head.get_param("W"), before.get_param("W"))
    loaded.replace_listeners("transformer", "xner", ["model.tok2vec"])
    loaded.remove_pipe("transformer")
    loaded.to_disk(tmp_path / "alone")
    alone = spacy.load(tmp_path / "alone")
    docs = [eg.predicted for eg in make_examples(alone)]
    for one, other in zip(alone.get_pipe("xner").predict(docs), expected, strict=True):  # type: ignore[attr-defined]
        assert_allclose(one, other, atol=1e-4)
    for nlp in (again, alone):
        before = [head.get_param("W").copy() for head in classifiers(nlp)]
        train(nlp, steps=1)
        assert all((head.get_param("W") != W).any() for head, W in zip(classifiers(nlp), before, strict=True))


def test_it_learns(tiny_encoder: Path) -> None:
    """The recogniser, and each layer's classifier from its own layer."""
    config = with_xner(make_config(tiny_encoder, LAST_LAYER))
    config["components"]["xner"]["model"].update({"@architectures": SUPERVISED, "layers": [1, 2]})
    nlp = make_pipeline(config)
    train(nlp, steps=80, learn_rate=0.005)
    assert predict(nlp) == [spans for _, spans in TEXTS]
    recogniser: Any = nlp.get_pipe("xner")
    examples = make_examples(nlp)
    nlp.get_pipe("transformer").update(examples)  # type: ignore[attr-defined]
    logits = recogniser.model.begin_update([example.predicted for example in examples])[0]
    for layer in logits.layers:
        loss, _ = recogniser.get_loss(examples, layer)
        assert loss < 0.3 * sum(len(example.predicted) for example in examples)  # log(9) = 2.2 a token at the start


def test_a_label_more(tiny_encoder: Path) -> None:
    """All classifiers get its tags, and keep what they know of the others."""
    nlp = make(tiny_encoder)
    before = [head.get_param("W").copy() for head in classifiers(nlp)]
    nlp.get_pipe("xner").add_label("ORG")  # type: ignore[attr-defined]
    for head, W in zip(classifiers(nlp), before, strict=True):
        assert_array_equal(head.get_param("W")[: len(W)], W)
        assert len(head.get_param("W")) == len(W) + 4
    train(nlp, steps=1)


def test_texts_without_tokens(tiny_encoder: Path) -> None:
    config = with_xner(make_config(tiny_encoder))
    config["components"]["xner"]["model"].update({"@architectures": SUPERVISED, "layers": [1]})
    nlp = make_pipeline(config)
    nlp.update([Example(nlp.make_doc(""), nlp.make_doc(""))], sgd=nlp.resume_training())
    assert not classifiers(nlp)[1].has_param("W")  # its width is known with the first token
    train(nlp, steps=1)
    assert classifiers(nlp)[1].has_param("W")


def test_training_by_the_config_of_the_project(tiny_encoder: Path, tmp_path: Path) -> None:
    """As an arm of a study sets it."""
    write_docs(tmp_path / "gold.spacy", docs_of(tmp_path, ["[Ada](PER) was in [Paris](LOC) ."] * 6, "en"))
    model = "components.xner.model"
    overrides = {
        "paths.encoder": str(tiny_encoder),
        "paths.train": str(tmp_path / "gold.spacy"),
        "paths.dev": str(tmp_path / "gold.spacy"),
        "components.transformer.model.max_layers": None,
        "training.max_steps": 2,
        "training.eval_frequency": 2,
        f"{model}.@architectures": SUPERVISED,
        f"{model}.layers": [1],
        f"{model}.weight": 0.2,
        "components.xner.hard_weighting": "span",
        "components.xner.soft_weighting": "sentence",
        "components.xner.label_smoothing": 0.1,
        f"{model}.tok2vec.aggregator.@architectures": LAST_LAYER,
    }
    train_into(tmp_path / "out", ROOT / "configs/xner.cfg", 60, overrides)
    nlp = spacy.load(tmp_path / "out/model-last")
    assert nlp.config["components"]["xner"]["model"]["weight"] == 0.2
    assert nlp.config["components"]["xner"]["label_smoothing"] == 0.1
    assert all(head.get_param("W").any() for head in classifiers(nlp))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layers": []}, r"layers is \[\], expected whole numbers"),
        ({"layers": [1, 1]}, "a layer is named twice"),
        ({"weight": 0.0}, r"weight is 0.0, expected a number above 0"),
        ({"layers": [7]}, "the encoder has no layer 7"),
    ],
)
def test_wrong_settings(tiny_encoder: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(XnerError, match=message):
        make(tiny_encoder, **settings)


def test_a_tok2vec_without_layers() -> None:
    tok2vec = spacy.registry.resolve({"tok2vec": HASH_EMBED})["tok2vec"]
    with pytest.raises(XnerError, match=r"gives no layers of an encoder\. Expected tok2vec ="):
        supervised_classifier(tok2vec, [1])
    tok2vec.attrs["begin_with_layers"] = None
    with pytest.raises(XnerError, match=r"layers is \[1, True\], expected whole numbers"):
        supervised_classifier(tok2vec, [1, True])

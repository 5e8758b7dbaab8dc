"""Encoders that learn to align: the loss by hand and by differences, what changes and what does not, the folder."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from spacy_xner.alignment.affinity import centred_cosines
from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.alignment.encoder import PieceEncoder
from spacy_xner.alignment.similarity import pool_words
from spacy_xner.alignment.trained_encoder import train_encoder
from spacy_xner.alignment.training import (
    NULL,
    TEMPERATURE,
    affinities,
    batch_loss,
    plan_loss,
    plan_shares,
    plans_of,
    pooled,
    train_on_pairs,
)
from spacy_xner.cli import app
from spacy_xner.encoders.origin import read_origin
from spacy_xner.errors import XnerError

PAIRS = [(["Berlin", "is", "big", "."], ["Berlin", "ist", "groß", "."]), (["Paris", "!"], ["¡", "París", "!"])]


def test_loss_by_hand() -> None:
    """One word has a link, one has none to give, and one is not sure."""
    cosines = torch.tensor([[[0.8], [0.0], [0.3]]])
    plan = np.array([[0.4], [0.0], [0.1]])
    rows = torch.log_softmax(torch.tensor([[0.8, NULL], [0.0, NULL]]) / TEMPERATURE, dim=1)
    column = torch.log_softmax(torch.tensor([0.8, 0.0, 0.3, NULL]) / TEMPERATURE, dim=0)
    expected = -(rows[0, 0] + rows[1, 1] + column[0])
    assert plan_loss(cosines, plan).item() == pytest.approx(expected.item(), rel=1e-6)


def test_gradient() -> None:
    torch.manual_seed(0)
    source, target = (torch.randn(2, n, 5, dtype=torch.double, requires_grad=True) for n in (3, 4))
    plan = np.full((3, 4), 0.001)
    plan[0, 1] = plan[2, 3] = 0.24
    assert torch.autograd.gradcheck(lambda x, y: plan_loss(affinities(x, y), plan), (source, target))


def test_affinities_are_those_of_aligning(tiny_encoder: Path) -> None:
    encoder = PieceEncoder(str(tiny_encoder), [1, 2])
    source, target = encoder.encode(PAIRS[0])
    kept = [(s.vectors, s.pieces[s.content], s.words[s.content]) for s in (source, target)]
    sides = [pooled(torch.from_numpy(vectors), pieces, words) for vectors, pieces, words in kept]
    one, other = (pool_words(vectors[:, pieces], words) for vectors, pieces, words in kept)
    expected = centred_cosines(one, other)
    np.testing.assert_allclose(affinities(*sides).mean(dim=0).numpy(), expected, atol=1e-5)


def test_shares_of_a_plan() -> None:
    """A word of the shorter sentence, of at least 2/3 of the other's length, gives each word of the other a share."""
    plan = np.array([[0.5, 0.0, 0.0], [0.0, 0.2, 0.3]])  # rows have 1/2 each, columns 1/3
    np.testing.assert_allclose(plan_shares(plan), np.array([[1, 0, 0], [0, 0.4, 0.6]]))
    for one_to_ten in (np.full((1, 10), 0.1), np.full((10, 1), 0.1)):
        np.testing.assert_allclose(plan_shares(one_to_ten), 2 / 3)


def test_it_learns(tiny_encoder: Path) -> None:
    encoder = PieceEncoder(str(tiny_encoder), [1, 2])
    before = {name: weight.clone() for name, weight in encoder.model.state_dict().items()}
    plans = plans_of(encoder, PAIRS)
    with torch.no_grad():
        at_first = batch_loss(encoder, PAIRS, plans).item()
    pairs = [*PAIRS, ([], ["x"]), (["x"] * 200, ["y"])]
    counts = train_on_pairs(encoder, pairs, rounds=2, steps=20, batch_size=2, learn_rate=1e-3, seed=0)
    assert counts == {"pairs": 4, "empty or too long": 2}
    with torch.no_grad():
        assert batch_loss(encoder, PAIRS, plans).item() < 0.8 * at_first
    changed = {name for name, weight in encoder.model.state_dict().items() if not torch.equal(weight, before[name])}
    assert "embeddings.word_embeddings.weight" not in changed
    assert any(name.startswith("encoder.layer.1.") for name in changed)


def test_the_same_seed_gives_the_same_encoder(tiny_encoder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        train_encoder(str(tiny_encoder), tmp_path / name, PAIRS, layers=[1, 2], steps=3, batch_size=2)
    one, two = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two


def test_folder(tiny_encoder: Path, tmp_path: Path) -> None:
    """An ordinary encoder: upper layers as they were, and its origin says how it was made."""
    from transformers import AutoModel

    pairs = tmp_path / "pairs.txt"
    pairs.write_text("".join(f"{' '.join(s)} ||| {' '.join(t)}\n" for s, t in PAIRS), encoding="utf8")
    dest = tmp_path / "aligner"
    arguments = ["align", "train", pairs, "--output", dest, "--encoder", tiny_encoder, "--layers", "1,2"]
    arguments += ["--steps", "5", "--batch-size", "2", "--learn-rate", "0.001"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    old, new = (AutoModel.from_pretrained(str(folder)).state_dict() for folder in (tiny_encoder, dest))
    same = {name for name in old if torch.equal(old[name], new[name])}
    assert {name for name in old if name.startswith("encoder.layer.2.")} <= same
    assert "encoder.layer.1.output.dense.weight" not in same
    origin = read_origin(dest)
    assert origin is not None
    assert origin.aligned is not None
    assert origin.aligned["pairs"] == 2
    assert "xner align train" in (dest / "README.md").read_text(encoding="utf8")
    assert len(list(EmbeddingAligner(str(dest), [1, 2]).align(PAIRS))) == 2


def test_refused(tiny_encoder: Path, tmp_path: Path) -> None:
    encoder = PieceEncoder(str(tiny_encoder), 1)
    with pytest.raises(XnerError, match="no sentence pair to learn from"):
        train_on_pairs(encoder, [([], [])], steps=1, batch_size=1, learn_rate=1e-4, seed=0)
    with pytest.raises(XnerError, match="rounds 2, steps 0, batch size 8"):
        train_encoder(str(tiny_encoder), tmp_path / "x", PAIRS, steps=0)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    with pytest.raises(XnerError, match="not part of a fetched encoder"):
        train_encoder(str(tiny_encoder), other, PAIRS)
    assert Counter(path.name for path in tmp_path.iterdir()) == {"other": 1}

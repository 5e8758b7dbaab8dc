"""Self-training of an encoder on unaligned sentence pairs, for better word alignment."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy, deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn.functional import normalize

from ..encoders.packed import Batch, can_pack, make_encoder
from ..errors import XnerError
from .affinity import PRIOR_WORDS
from .loading import current_device
from .similarity import words_with_pieces
from .transport import transport_plan
from .types import Plan, Words

if TYPE_CHECKING:
    from .encoder import PieceEncoder

TEMPERATURE = 0.1  # of the trained distributions; higher than the plan's, so that close words count too
# Settings of the plans that are learned from: affinities of the bins and of neighbours, and the least share of its mass
# that a word sends to a counterpart.
NULL, NEIGHBOURS, LEAST_SHARE = 0.1, 0.15, 0.36
MIN_LENGTH_RATIO = 2 / 3  # of the shorter sentence to the longer one, for shares of a word's mass
FREE_SHARE = 0.2  # a word that sends less of its mass than this has no counterpart
WARM_UP = 20  # steps

Pair = tuple[Words, Words]


def train_on_pairs(
    encoder: "PieceEncoder",
    pairs: Sequence[Pair],
    *,
    rounds: int = 1,
    steps: int,
    batch_size: int,
    learn_rate: float,
    seed: int,
    progress: Callable[[Iterable[int]], Iterable[int]] = lambda steps: steps,
) -> Counter[str]:
    """Self-training: the affinities of a word are trained towards the transport plan of its sentence pair.

    The plan of `transport_plan` uses more than the affinities of single words: neighbours, and competition for
    counterparts. It is the target for the affinities (the "self-training" of Dou and Neubig 2021,
    https://aclanthology.org/2021.eacl-main.181, does so with links on which both directions agree). Words without a
    counterpart in the plan are trained to have none, so that affinities do not grow everywhere.

    The plans are those of the encoder at the start of the round. With plans of the current encoder, an encoder that
    learns to link fewer words would link ever fewer.

    Changes `encoder.model` in place, except word embeddings.

    encoder (PieceEncoder): its layers are trained.
    pairs (Sequence[Pair]): translations; those with an empty or too long side are left out.
    rounds (int): number of rounds, each with plans of the encoder that the previous round has trained.
    steps (int), batch_size (int): optimizer steps of a round, and pairs in a step.
    progress: receives the steps.
    RETURNS: counts of "pairs" and, among the pairs that were read, those left out as "empty or too long".
    RAISES: XnerError if no pair is left.
    """
    counts = Counter({"pairs": len(pairs), "empty or too long": 0})
    shuffled = endless_pairs(encoder, pairs, random.Random(seed), counts)
    model = encoder.model.to(current_device())
    model.get_input_embeddings().weight.requires_grad_(False)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for step in progress(range(rounds * steps)):
        if step % steps == 0:
            teacher = copy(encoder)
            teacher.model = deepcopy(model)
            optimizer = torch.optim.AdamW(parameters, lr=learn_rate, weight_decay=0.0)
            schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, partial(rate_at, steps=steps))
        batch = [next(shuffled) for _ in range(batch_size)]
        loss = batch_loss(encoder, batch, plans_of(teacher, batch))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    encoder.forget_packed()
    return counts


def rate_at(step: int, steps: int) -> float:
    """The factor of the learning rate at a step of a round: warm-up, then linear decay."""
    return min(1.0, (step + 1) / WARM_UP) * max(0.05, 1 - step / steps)


def endless_pairs(
    encoder: "PieceEncoder", pairs: Sequence[Pair], rng: random.Random, counts: Counter[str]
) -> Iterator[Pair]:
    """Yield pairs whose sides have word pieces and are within the encoder's limit, shuffled again in each epoch.

    A pair is checked when it is due, so that a few steps on a million pairs need not wait for all checks.

    RAISES: XnerError if there is none.
    """
    left = list(range(len(pairs)))
    while left:
        rng.shuffle(left)
        unusable = set()
        for i in left:
            if all(0 < len(ids) <= encoder.window for ids, *_ in encoder.pieces(pairs[i])):
                yield pairs[i]
            else:
                counts["empty or too long"] += 1
                unusable.add(i)
        left = [i for i in left if i not in unusable]
    raise XnerError("There is no sentence pair to learn from: expected some with words on both sides.")


def batch_loss(encoder: "PieceEncoder", batch: Sequence[Pair], plans: Sequence[Plan]) -> torch.Tensor:
    """The mean loss of a word in the batch, over the encoder's layers."""
    losses = [plan_loss(cosines, plan) for cosines, plan in zip(cosines_of(encoder, batch), plans, strict=True)]
    return torch.stack(losses).sum() / sum(sum(plan.shape) for plan in plans)


def plans_of(encoder: "PieceEncoder", batch: Sequence[Pair]) -> list[Plan]:
    """The plan of each pair, from affinities averaged over the encoder's layers."""
    with torch.inference_mode():
        return [
            transport_plan(cosines.mean(dim=0).cpu().numpy(), NULL, NEIGHBOURS)
            for cosines in cosines_of(encoder, batch)
        ]


def cosines_of(encoder: "PieceEncoder", batch: Sequence[Pair]) -> list[torch.Tensor]:
    """For each pair, `affinities` of its words that have pieces."""
    sentences = [words for pair in batch for words in pair]
    pieces = list(encoder.pieces(sentences))
    vectors = run(encoder, [encoder.with_special_pieces(ids) for ids, *_ in pieces])
    words = [
        pooled(array[:, encoder.first : encoder.first + len(ids)], of_pieces[content], of_words[content])
        for array, (ids, of_pieces, of_words, content) in zip(vectors, pieces, strict=True)
    ]
    return [affinities(source, target) for source, target in zip(words[::2], words[1::2], strict=True)]


def run(encoder: "PieceEncoder", sequences: list[list[int]]) -> list[torch.Tensor]:
    """The encoder's layers for sequences of ids, (n_layers, length, width) each, with gradients and without dropout."""
    model: Any = encoder.model.eval()
    order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]))
    device = next(model.parameters()).device
    result = [torch.empty(0)] * len(sequences)
    if device.type == "cpu" and can_pack(model):
        layers = make_encoder(model, "float32")(Batch([sequences[i] for i in order]))
        stacked, start = torch.stack([layers[layer] for layer in encoder.layers]), 0
        for i in order:
            result[i] = stacked[:, start : start + len(sequences[i])]
            start += len(sequences[i])
        return result
    ids, mask = encoder.pad(sequences)
    states = model(input_ids=ids.to(device), attention_mask=mask.to(device), output_hidden_states=True).hidden_states
    stacked = torch.stack([states[layer] for layer in encoder.layers], dim=1).float()
    return [stacked[i, :, : len(sequence)] for i, sequence in enumerate(sequences)]


def pooled(vectors: torch.Tensor, pieces: np.ndarray, words: np.ndarray) -> torch.Tensor:
    """The mean of each word's pieces, (n_layers, n_words_with_pieces, width)."""
    found, _ = words_with_pieces(words)
    rows = torch.from_numpy(np.searchsorted(found, words)).to(vectors.device)
    sums = vectors.new_zeros((len(vectors), len(found), vectors.shape[-1]))
    sums = sums.index_add(1, rows, vectors[:, torch.from_numpy(pieces).to(vectors.device)])
    return sums / torch.bincount(rows, minlength=len(found))[None, :, None]


def affinities(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """As `centred_cosines`, layer by layer and with gradients: (n_layers, n_source, n_target)."""
    common = (source.sum(dim=1, keepdim=True) + target.sum(dim=1, keepdim=True)) / (
        source.shape[1] + target.shape[1] + PRIOR_WORDS
    )
    return normalize(source - common, dim=-1) @ normalize(target - common, dim=-1).transpose(1, 2)


def plan_loss(cosines: torch.Tensor, plan: Plan) -> torch.Tensor:
    """Cross entropy, summed over the words of both sides, mean over the layers.

    A word's distribution over the words of the other side and "none" is the softmax of its affinities and `NULL`. The
    target of a word with links is its part of the plan; that of a word that sends nearly no mass is "none". Other words
    are too uncertain to learn from.

    cosines (torch.Tensor): (n_layers, n_source, n_target).
    """
    total = cosines.new_zeros(())
    for scores, side in ((cosines, plan), (cosines.transpose(1, 2), plan.T)):
        n_rows = len(side)
        kept = np.where(plan_shares(side) >= LEAST_SHARE, side, 0.0)
        mass = kept.sum(axis=1, keepdims=True)
        free = (mass[:, 0] == 0) & (side.sum(axis=1) * n_rows < FREE_SHARE)
        wanted = np.concatenate([kept / np.where(mass > 0, mass, 1), free[:, None]], axis=1)
        none = scores.new_full((len(scores), n_rows, 1), NULL)
        log_shares = torch.log_softmax(torch.cat([scores, none], dim=2) / TEMPERATURE, dim=2)
        total = total - (torch.from_numpy(wanted).to(log_shares) * log_shares).sum() / len(scores)
    return total


def plan_shares(plan: Plan) -> Plan:
    """The share of its mass that a word of the shorter sentence sends to each word, (n_source, n_target), in [0, 1].

    A word of a much shorter sentence has more mass than a word of the other one can take. So the ratio of the lengths
    counts as at least `MIN_LENGTH_RATIO`.
    """
    shorter, longer = sorted(plan.shape)
    return plan * max(shorter, MIN_LENGTH_RATIO * longer)

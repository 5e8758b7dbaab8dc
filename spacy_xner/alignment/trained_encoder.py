"""Trains an encoder for alignment and writes it into a Hugging Face folder."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from transformers import AutoModel

from ..encoders.check import check_loadable
from ..encoders.fetch import check_destination
from ..encoders.names import resolve_encoder
from ..encoders.origin import Origin, copy_texts, read_origin, write_origin
from ..errors import XnerError
from ..files import atomic_path
from ..model_files import LOCAL
from .encoder import PieceEncoder
from .training import Pair, train_on_pairs


def train_encoder(
    name: str,
    dest: str | Path,
    pairs: Sequence[Pair],
    *,
    layers: int | Sequence[int] | None = None,
    rounds: int = 2,
    steps: int = 300,
    batch_size: int = 8,
    learn_rate: float = 3e-5,
    seed: int = 0,
    progress: Callable[[Iterable[int]], Iterable[int]] = lambda steps: steps,
) -> Counter[str]:
    """Train an encoder on sentence pairs (see `train_on_pairs`), and write it into a folder.

    Word embeddings, tokenizer, and the layers above those that alignment reads are not changed.

    name (str): `embedded`, a folder, or a name on the hub, with or without `@revision`.
    dest (str | Path): the folder to write; an encoder in it is replaced.
    layers (int | list[int] | None): layers that are read and trained, by default the middle ones, as for transport.
    RETURNS: counts of "pairs", "empty or too long".
    RAISES: XnerError for an unknown encoder, pairs without words, and a `dest` that holds something else.
    """
    if min(rounds, steps) < 1 or batch_size < 1 or learn_rate <= 0:
        raise XnerError(
            f"Found rounds {rounds}, steps {steps}, batch size {batch_size} and learning rate {learn_rate}: expected 1 "
            f"or more of each, and a positive rate."
        )
    dest = Path(dest).expanduser()
    check_destination(dest)
    source = Path(resolve_encoder(name))
    if source.resolve() == dest.resolve():
        raise XnerError(f"{dest} is the encoder to train, which would be overwritten: choose another folder.")
    encoder = PieceEncoder(str(source), layers, beside=1)
    counts = train_on_pairs(
        encoder,
        pairs,
        rounds=rounds,
        steps=steps,
        batch_size=batch_size,
        learn_rate=learn_rate,
        seed=seed,
        progress=progress,
    )
    whole = AutoModel.from_pretrained(str(source), use_safetensors=True, **LOCAL)
    whole.load_state_dict(encoder.model.to("cpu").state_dict(), strict=False)  # upper layers were not loaded
    with atomic_path(dest) as new:
        whole.save_pretrained(str(new), safe_serialization=True)
        for weights in new.glob("*.safetensors"):  # safetensors lets only the owner read its files
            weights.chmod((new / "config.json").stat().st_mode)
        encoder.tokenizer.save_pretrained(str(new))
        copy_texts(source, new)
        origin = read_origin(source) or Origin(source.resolve().name, "a local folder")
        record = {
            "pairs": counts["pairs"] - counts["empty or too long"],
            "layers": [*encoder.layers],
            "rounds": rounds,
            "steps": steps,
            "batch_size": batch_size,
            "learn_rate": learn_rate,
            "seed": seed,
        }
        made = f"{origin.name.removesuffix(' (aligned)')} (aligned)"
        write_origin(new, replace(origin, name=made, sha256={}, aligned=record))
        check_loadable(new, name=str(dest))
    return counts

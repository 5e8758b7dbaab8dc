"""Encoders with fewer word pieces: most weights of a small multilingual encoder are embeddings of unused languages."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from ... import compat
from ...errors import XnerError
from ...files import atomic_path
from ...model_files import CONFIG_NAME, LOCAL
from ..check import check_loadable
from ..fetch import check_destination
from ..names import resolve_encoder
from ..origin import Origin, copy_texts, read_origin, write_origin
from .needed_pieces import Wanted, choose_pieces, shares_as_before
from .vocabulary import Vocabulary, read_vocabulary, rebuild


@dataclass(frozen=True)
class TrimReport:
    """The effect of trimming.

    pieces_before, pieces_after (int): word pieces.
    mb_before, mb_after (float): size of the folder, in 10^6 bytes.
    scripts (tuple[str, ...]): scripts of which all characters were kept.
    same_pieces, same_words (float | None): shares in [0, 1] of the texts' word pieces and words that are tokenized as
        before; None without texts.
    """

    pieces_before: int
    pieces_after: int
    mb_before: float
    mb_after: float
    scripts: tuple[str, ...]
    same_pieces: float | None
    same_words: float | None


def trim_encoder(
    name: str, dest: str | Path, wanted: Wanted, *, float16: bool = False, progress: bool = True
) -> TrimReport:
    """Write an encoder with a smaller vocabulary, its licence and origin into a folder that `transformers` can load.

    Text whose word pieces are all kept gets the same vectors as before. Other text is split into smaller pieces, down
    to characters; characters of scripts that were left out become the unknown piece.

    name (str): `embedded`, a folder, or a name on the hub.
    dest (str | Path): the folder to write; an encoder that was written there before is replaced, as by `fetch_encoder`.
    wanted (Wanted): the texts and languages to trim for.
    float16 (bool): write the weights as float16, in half the space; they are read as float32.
    progress (bool): show progress bars.
    RAISES: XnerError where there is no such encoder, its type of vocabulary cannot be trimmed, or `dest` has other
        files.
    """
    dest = Path(dest).expanduser()
    check_not_inside(Path(name).expanduser(), dest)
    check_destination(dest)
    source = Path(resolve_encoder(name))
    check_loadable(source, name=name)
    tokenizer = AutoTokenizer.from_pretrained(str(source), use_fast=True, **LOCAL)
    with torch.random.fork_rng(devices=[]):  # an encoder without pooler gets a random one, the same each time
        torch.manual_seed(0)
        model = AutoModel.from_pretrained(str(source), torch_dtype="auto", use_safetensors=True, **LOCAL)
    trimmed = trim(tokenizer, model, wanted, name=name, progress=progress)
    with atomic_path(dest) as new:
        (model.half() if float16 else model).save_pretrained(str(new), safe_serialization=True)
        if float16:  # the data type for computing
            config = json.loads((new / CONFIG_NAME).read_text(encoding="utf8"))
            config = json.dumps(
                {**config, "torch_dtype": "float32"}, indent=2
            )  # not with srsly, which rounds 1e-12 to 0
            (new / CONFIG_NAME).write_text(config, encoding="utf8")
        for weights in new.glob("*.safetensors"):  # safetensors sets 0600
            weights.chmod((new / "config.json").stat().st_mode)
        trimmed.tokenizer.save_pretrained(str(new))
        copy_texts(source, new)
        origin = read_origin(source) or Origin(source.resolve().name, "a local folder")
        made = f"{origin.name.removesuffix(' (trimmed)')} (trimmed)"
        write_origin(new, replace(origin, name=made, sha256={}, trimmed=trimmed.record(wanted)))
        check_loadable(new, name=str(dest))
    return trimmed.report(source, dest)


@dataclass(frozen=True)
class Trimmed:
    """A tokenizer with a smaller vocabulary, and numbers for the report."""

    tokenizer: Any  # PreTrainedTokenizerFast
    pieces_before: int
    scripts: tuple[str, ...]
    same: tuple[float, float] | tuple[None, None]

    def record(self, wanted: Wanted) -> dict[str, Any]:
        """How the vocabulary was trimmed, for ORIGIN.json or meta.json."""
        return {
            "pieces_before": self.pieces_before,
            "pieces_after": len(self.tokenizer),
            "languages": [*wanted.langs],
            "words": wanted.n_words if wanted.langs else 0,
            "texts": len(wanted.texts),
            "scripts": [*self.scripts],
        }

    def report(self, before: Path, after: Path) -> TrimReport:
        """The report, with the sizes of the folders before and after."""
        sizes = folder_mb(before), folder_mb(after)
        return TrimReport(self.pieces_before, len(self.tokenizer), *sizes, self.scripts, *self.same)


def trim(
    tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel, wanted: Wanted, *, name: str, progress: bool = True
) -> Trimmed:
    """Keep only the embeddings of the wanted word pieces in a model, in place, and make the tokenizer for it.

    name (str): what the user calls the encoder, for messages.
    RAISES: XnerError where the tokenizer is not a fast one, or its type of vocabulary cannot be trimmed.
    """
    before, vocabulary = vocabulary_of(tokenizer, name)
    ids, scripts = choose_pieces(before, vocabulary, wanted, progress=progress)
    named = {
        key: i
        for key, i in model.config.to_dict().items()
        if key.endswith("_token_id") and isinstance(i, int) and (i in vocabulary.pieces or i in vocabulary.added)
    }
    after, order = rebuild(vocabulary, ids | set(named.values()))
    new_ids = {old: new for new, old in enumerate(order)}
    pad = compat.get_padding_index(model)
    if pad is not None and new_ids.get(pad) != pad:
        raise XnerError(
            f"{name}: the id of its padding piece, {pad}, would change, but its position ids are counted from it. Its "
            "vocabulary cannot be trimmed."
        )
    keep_embeddings(model, order)
    model.config.update({key: new_ids[i] for key, i in named.items()})
    return Trimmed(
        wrap(after, tokenizer),
        len(tokenizer),
        tuple(sorted(scripts)),
        shares_as_before(before, after, wanted.texts, progress=progress) if wanted.texts else (None, None),
    )


def vocabulary_of(tokenizer: PreTrainedTokenizerBase, name: str) -> tuple[Tokenizer, Vocabulary]:
    """The fast version of a tokenizer, without truncation and padding, and its vocabulary.

    RAISES: XnerError as `trim`.
    """
    found = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(found, Tokenizer):
        raise XnerError(f"{name}: its tokenizer has no fast version, so its vocabulary cannot be trimmed.")
    fast = Tokenizer.from_str(found.to_str())
    fast.no_truncation()
    fast.no_padding()
    return fast, read_vocabulary(fast, name)


def load_vocabulary(folder: str | Path) -> tuple[Tokenizer, Vocabulary]:
    """As `vocabulary_of`, of the encoder in a folder. RAISES: XnerError where its vocabulary cannot be trimmed."""
    return vocabulary_of(AutoTokenizer.from_pretrained(str(folder), use_fast=True, **LOCAL), str(folder))


def keep_embeddings(model: PreTrainedModel, ids: list[int]) -> None:
    """Keep only some of a model's word embeddings, in the order of `ids`."""
    old: Any = model.get_input_embeddings()
    new = torch.nn.Embedding(len(ids), old.embedding_dim, dtype=old.weight.dtype, device=old.weight.device)
    if old.padding_idx is not None and old.padding_idx in ids:
        new.padding_idx = ids.index(old.padding_idx)
    new.weight = torch.nn.Parameter(old.weight.data[torch.tensor(ids)].clone(), requires_grad=old.weight.requires_grad)
    new.train(old.training)
    model.set_input_embeddings(new)
    model.config.vocab_size = len(ids)


def wrap(tokenizer: Tokenizer, like: PreTrainedTokenizerBase) -> PreTrainedTokenizerFast:
    """A fast tokenizer of transformers, with the settings of another one.

    Its class is the general one, which saves everything in tokenizer.json: other classes need a vocabulary file too,
    and some copy the one that they were loaded from, untrimmed.
    """
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=like.model_max_length,
        model_input_names=like.model_input_names,
        padding_side=like.padding_side,
        truncation_side=like.truncation_side,
        clean_up_tokenization_spaces=like.clean_up_tokenization_spaces,
        **like.special_tokens_map,
    )


def folder_mb(folder: Path) -> float:
    """The size of all files in a folder, in 10^6 bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def check_not_inside(source: Path, dest: Path) -> None:
    """RAISES: XnerError where the destination is the source, or inside it."""
    if source.is_dir() and source.resolve() in (dest.resolve(), *dest.resolve().parents):
        raise XnerError(f"{dest} is the folder to trim, {source}, or is inside it. Choose another folder.")

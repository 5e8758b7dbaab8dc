"""What scale.py measures with: random sentences, an encoder with random weights, a teacher with it, a dictionary."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from spacy_xner.annotations.entities import PlainSpan
from spacy_xner.files import atomic_path
from spacy_xner.shards.rows import Row

N_WORDS = 20_000
WIDTH, LAYERS = 32, 2


@cache
def words_of(lang: str) -> list[str]:
    """The most frequent words of a language that consist of letters."""
    from wordfreq import top_n_list

    return [word for word in top_n_list(lang, 2 * N_WORDS) if word.isalpha()][:N_WORDS]


def make_rows(n_rows: int, seed: int) -> Iterator[Row]:
    """Sentences of 5 to 25 words, each with one or two entities of one or two words."""
    words, random = words_of("en"), np.random.default_rng(seed)
    for number in range(n_rows):
        length = int(random.integers(5, 26))
        chosen = [words[int(i)] for i in np.minimum(random.zipf(1.3, length) - 1, len(words) - 1)]
        spans = [PlainSpan(at, at + int(random.integers(1, 3)), "PER", 1.0) for at in (0, length - 2)][: number % 2 + 1]
        spaces = [True] * (length - 1) + [False]
        yield Row(f"{seed}:{number}", "en", "en", chosen, spaces, spans)


def make_dictionary(path: Path) -> None:
    """A dictionary that translates the n-th English word by the n-th German one."""
    pairs = zip(words_of("en"), words_of("de"), strict=True)
    with atomic_path(path) as temporary:
        temporary.write_text("".join(f"{first}\t{second}\n" for first, second in pairs), encoding="utf8")


def make_encoder(folder: Path) -> None:
    """A BERT of 2 layers of 32 numbers, in which each of the words is one word piece."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    if folder.is_dir():
        return
    torch.manual_seed(0)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [*special, *dict.fromkeys(words_of("en") + words_of("de"))]
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        (temporary / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf8")
        BertTokenizerFast(str(temporary / "vocab.txt"), do_lower_case=False).save_pretrained(str(temporary))
        config = BertConfig(
            vocab_size=len(pieces),
            hidden_size=WIDTH,
            num_hidden_layers=LAYERS,
            num_attention_heads=4,
            intermediate_size=2 * WIDTH,
            max_position_embeddings=128,
        )
        BertModel(config).save_pretrained(str(temporary))


def make_teacher(folder: Path, encoder: Path) -> None:
    """A pipeline of the training config with the tiny encoder, initialised and not trained."""
    from spacy.tokens import Doc
    from spacy.training import Example
    from spacy.util import load_config, load_model_from_config
    from thinc.api import fix_random_seed

    from spacy_xner.experiments.plan import DEFAULT_CONFIG

    if folder.is_dir():
        return
    fix_random_seed(0)
    settings: dict[str, Any] = {f"paths.{name}": str(encoder) for name in ("encoder", "train", "dev")}
    settings |= {"components.transformer.model.max_layers": None}
    nlp = load_model_from_config(load_config(DEFAULT_CONFIG, overrides=settings), auto_fill=True)
    words = ["Ada", "visits", "Berlin"]
    doc = Doc(nlp.vocab, words=words, ents=["B-PER", "O", "B-LOC"])
    nlp.initialize(lambda: [Example(nlp.make_doc(doc.text), doc)])
    with atomic_path(folder) as temporary:
        nlp.to_disk(temporary)

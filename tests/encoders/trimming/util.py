"""Small tokenizers of each type, trained on a few sentences, and encoders with them."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Encoding, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    XLMRobertaConfig,
    XLMRobertaModel,
)

KINDS = ("Unigram", "WordPiece", "BPE over bytes", "BPE with byte fallback")
TEXTS = [
    "Angela Merkel visited Paris, London and Berlin in 2015.",
    "Die Kanzlerin besuchte die Universität Wien, die Universität Graz und die Universität Linz.",
    "Wangari Maathai lived in Nairobi; Nairobi is the capital of Kenya.",
    "Москва слезам не верит, а Москва-река течёт в Москве.",
    "北京大学在北京, 南京大学在南京。",
    "the other theatre there then gathered the others together",
    "visited visiting visitor revisited revisiting unvisited",
]
AWKWARD = [
    "",
    " ",
    "🦉🦉",
    "한국어 텍스트",
    "ไทย",
    "a" * 10_000,
    "é" * 3000 + " " + "ß" * 300,
    "\u200b\ufeff",
    "e\u0301",
    "\x00",
]
SPECIAL = {
    "Unigram": ("<s>", "</s>", "<pad>", "<unk>", "<mask>"),
    "WordPiece": ("[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"),
}


def make_tokenizer(kind: str) -> Tokenizer:
    """A tokenizer of some 400 pieces, with special tokens at both ends of a text."""
    cls, sep, pad, unk, mask = special = SPECIAL.get(kind, SPECIAL["Unigram"])
    first = [cls, pad, sep, unk] if kind != "WordPiece" else [pad, unk, cls, sep, mask]
    if kind == "Unigram":
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.NFKC(), pre_tokenizers.Metaspace()
        trainer: Any = trainers.UnigramTrainer(vocab_size=400, special_tokens=first, unk_token=unk, show_progress=False)
    elif kind == "WordPiece":
        tokenizer = Tokenizer(models.WordPiece(unk_token=unk))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(vocab_size=400, special_tokens=first, show_progress=False)
    elif kind == "BPE over bytes":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=500, special_tokens=first, initial_alphabet=alphabet, show_progress=False
        )
    else:
        tokenizer = Tokenizer(models.BPE(unk_token=unk, byte_fallback=True))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        first += [f"<0x{byte:02X}>" for byte in range(256)]
        trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=first, show_progress=False)
    tokenizer.train_from_iterator(TEXTS, trainer)
    ends = [(token, tokenizer.token_to_id(token)) for token in (cls, sep)]
    tokenizer.post_processor = (
        processors.RobertaProcessing(ends[1], ends[0])
        if kind == "BPE over bytes"
        else processors.TemplateProcessing(f"{cls} $A {sep}", f"{cls} $A {sep} $B {sep}", ends)
    )
    tokenizer.add_special_tokens(list(special))  # the mask comes last, as in XLM-R
    return tokenizer


def word_pieces(encoding: Encoding) -> list[list[tuple[int, str, tuple[int, int]]]]:
    """The pieces of each word of the pre-tokenization: id, piece, offsets."""
    words: dict[int, list[tuple[int, str, tuple[int, int]]]] = {}
    for word, *piece in zip(encoding.word_ids, encoding.ids, encoding.tokens, encoding.offsets, strict=True):
        if word is not None:
            words.setdefault(word, []).append((piece[0], piece[1], piece[2]))
    return list(words.values())


def make_encoder(kind: str, folder: Path) -> Path:
    """A Hugging Face folder with a random encoder of 2 layers on such a tokenizer: BERT, XLM-RoBERTa or RoBERTa."""
    cls, sep, pad, unk, mask = SPECIAL.get(kind, SPECIAL["Unigram"])
    tokenizer: Any = PreTrainedTokenizerFast(
        tokenizer_object=make_tokenizer(kind),
        model_max_length=128,
        model_input_names=["input_ids", "attention_mask"],
        **{"cls_token": cls, "sep_token": sep, "pad_token": pad, "unk_token": unk, "mask_token": mask},
        **({} if kind == "WordPiece" else {"bos_token": cls, "eos_token": sep}),
    )
    tokenizer.save_pretrained(str(folder))
    config_class, model_class = {
        "WordPiece": (BertConfig, BertModel),
        "Unigram": (XLMRobertaConfig, XLMRobertaModel),
    }.get(kind, (RobertaConfig, RobertaModel))
    config = config_class(
        vocab_size=len(tokenizer) + 5,  # rows that no piece has, as the embedded encoder has them
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=140,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.2,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model_class(config).save_pretrained(str(folder), safe_serialization=True)
    return folder

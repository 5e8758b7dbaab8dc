"""Tiny random translation models of four families, made in moments."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

SENTENCES = [
    "The young house is here.",
    "She gave up, and nobody saw it!",
    "Wangari Maathai visited London.",
    "早上好。",
]
LANGUAGES = ["eng_Latn", "deu_Latn", "zho_Hans", "zho_Hant", "arb_Arab"]


def ends_soon(model: Any, eos: int) -> None:
    """Make a random model likely to end after some pieces, as a trained one does."""
    with torch.no_grad():
        norm = getattr(model.model.decoder, "layer_norm", None)
        if norm is None:  # Marian has a bias for each piece
            model.final_logits_bias[0, eos] = 8.0
        else:
            norm.bias.fill_(1.0)
            model.lm_head.weight[eos] = 0.58


def tiny_nllb(folder: Path, languages: Sequence[str] = LANGUAGES, long_winded: bool = False) -> Path:
    """NLLB: a fast tokenizer of letters, M2M-100's model; at most 40 pieces."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizerFast

    letters = sorted(set("".join(SENTENCES).replace(" ", "▁")))
    vocab = {piece: i for i, piece in enumerate(["<s>", "<pad>", "</s>", "<unk>", *letters])}
    tokenizer = Tokenizer(models.BPE(vocab, [], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "raw.json"))
    fast = NllbTokenizerFast(
        tokenizer_file=str(folder / "raw.json"), additional_special_tokens=[*languages], model_max_length=40,
        src_lang=languages[0],
    )  # fmt: skip
    fast.save_pretrained(str(folder))
    settings = make_settings(len(fast)) | {"max_position_embeddings": 40}
    config = M2M100Config(**settings, pad_token_id=1, eos_token_id=2, bos_token_id=0, decoder_start_token_id=2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = M2M100ForConditionalGeneration(config)
    if not long_winded:
        ends_soon(model, 2)
    model.save_pretrained(str(folder), safe_serialization=True)
    return folder


def tiny_marian(folder: Path, codes: Sequence[str] = (), source: str = "eng", target: str = "deu") -> Path:
    """Marian, as OPUS-MT: sentencepiece tokenizers trained on four sentences; `codes` make it multilingual."""
    import sentencepiece
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    for name in ("source", "target"):
        with (folder / f"{name}.spm").open("wb") as file:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(SENTENCES * 5), model_writer=file, vocab_size=60, hard_vocab_limit=False,
                num_threads=1, minloglevel=2,
            )  # fmt: skip
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    pieces = [processor.id_to_piece(i) for i in range(3, processor.get_piece_size())]
    vocab = ["</s>", "<unk>", *(f">>{code}<<" for code in codes), *pieces, "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(vocab)}))
    MarianTokenizer(
        vocab=str(folder / "vocab.json"), source_spm=str(folder / "source.spm"), target_spm=str(folder / "target.spm"),
        source_lang=source, target_lang=target, model_max_length=48,
    ).save_pretrained(str(folder))  # fmt: skip
    pad = len(vocab) - 1
    settings = make_settings(len(vocab)) | {"max_position_embeddings": 48, "decoder_vocab_size": len(vocab)}
    config = MarianConfig(**settings, pad_token_id=pad, eos_token_id=0, decoder_start_token_id=pad)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = MarianMTModel(config)
    ends_soon(model, 0)
    model.save_pretrained(str(folder), safe_serialization=True)
    return folder


def tiny_m2m100(folder: Path) -> Path:
    """M2M-100: a slow sentencepiece tokenizer with tokens of a hundred languages; at most 40 pieces."""
    import sentencepiece
    from transformers import M2M100Config, M2M100ForConditionalGeneration, M2M100Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    raw = folder / "raw.model"
    with raw.open("wb") as file:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(SENTENCES * 5), model_writer=file, vocab_size=60, hard_vocab_limit=False,
            num_threads=1, minloglevel=2,
        )  # fmt: skip
    processor = sentencepiece.SentencePieceProcessor(model_file=str(raw))
    vocab = ["<s>", "<pad>", "</s>", "<unk>", *(processor.id_to_piece(i) for i in range(3, len(processor)))]
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(vocab)}))
    tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(raw), src_lang="en", model_max_length=40)
    tokenizer.save_pretrained(str(folder))
    settings = make_settings(len(vocab) + 108) | {"max_position_embeddings": 40}  # a hundred languages, eight reserved
    config = M2M100Config(**settings, pad_token_id=1, eos_token_id=2, bos_token_id=0, decoder_start_token_id=2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        M2M100ForConditionalGeneration(config).save_pretrained(str(folder), safe_serialization=True)
    return folder


def tiny_t5(folder: Path) -> Path:
    """T5: a fast tokenizer of letters without a maximum length, relative positions."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import T5Config, T5ForConditionalGeneration, T5TokenizerFast

    letters = sorted(set("".join(SENTENCES).replace(" ", "▁")))
    vocab = {piece: i for i, piece in enumerate(["<pad>", "</s>", "<unk>", *letters])}
    tokenizer = Tokenizer(models.BPE(vocab, [], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "raw.json"))
    T5TokenizerFast(tokenizer_file=str(folder / "raw.json"), extra_ids=0).save_pretrained(str(folder))
    config = T5Config(
        vocab_size=len(vocab), d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, dropout_rate=0.0,
        pad_token_id=0, eos_token_id=1, decoder_start_token_id=0,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        T5ForConditionalGeneration(config).save_pretrained(str(folder), safe_serialization=True)
    return folder


def make_settings(vocab_size: int) -> dict[str, Any]:
    return {
        "vocab_size": vocab_size,
        "d_model": 16,
        **{f"{side}_{name}": 2 for side in ("encoder", "decoder") for name in ("layers", "attention_heads")},
        **{f"{side}_ffn_dim": 32 for side in ("encoder", "decoder")},
        "dropout": 0.0,
        "init_std": 1.0,
    }

"""Writing the embedded encoder as a Hugging Face folder."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import XnerError
from .embedded import EmbeddedModel

WORD_START = "▁"  # U+2581, how SentencePiece writes a space
MASK = "<mask>"


def write_huggingface(model: EmbeddedModel, folder: Path) -> None:
    """Write config.json, model.safetensors and the tokenizer files into `folder`, which is created."""
    from safetensors.numpy import save_file
    from transformers import PreTrainedTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "position_embedding_type": "absolute",
        "pad_token_id": model.special["pad"],
        "attention_probs_dropout_prob": 0.1,
        "hidden_dropout_prob": 0.1,
        "torch_dtype": "float32",
        **model.config,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf8")
    # The model has no pooler, but `BertModel` has one: with the identity, loading is reproducible and gives no warning.
    hidden = model.config["hidden_size"]
    pooler = {"pooler.dense.weight": np.eye(hidden, dtype="f"), "pooler.dense.bias": np.zeros(hidden, dtype="f")}
    save_file(model.tensors | pooler, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod((folder / "config.json").stat().st_mode)  # safetensors sets 0600
    mark = {name: model.pieces[index][0] for name, index in model.special.items()}
    tokenizer: Any = PreTrainedTokenizerFast(
        tokenizer_object=_build_tokenizer(model),
        model_max_length=model.config["max_position_embeddings"],
        bos_token=mark["bos"],
        eos_token=mark["eos"],
        cls_token=mark["bos"],
        sep_token=mark["eos"],
        pad_token=mark["pad"],
        unk_token=mark["unk"],
        mask_token=MASK,
    )
    tokenizer.save_pretrained(str(folder))


def _build_tokenizer(model: EmbeddedModel) -> Any:
    """A `tokenizers.Tokenizer` like that of XLM-R: normalise, mark word starts, unigram pieces, `<s> ... </s>`.

    The SentencePiece character map is NFKC, except that some control characters are removed and some marks become
    spaces. Only these exceptions are listed: NFKC also composes character sequences, which the map does not contain.
    (In decomposed text, the reference tokenizer.json with the library `tokenizers` drops the second mark of a letter
    and does not compose letters of more than five bytes; SentencePiece and this tokenizer compose both.)

    RAISES: XnerError for a character map with other exceptions.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    special = model.special
    marks = [model.pieces[special[name]][0] for name in ("bos", "pad", "eos", "unk")] + [MASK]
    unigram = models.Unigram(model.pieces, unk_id=special["unk"], byte_fallback=False)
    tokenizer = Tokenizer(unigram)
    exceptions: dict[str, list[str]] = {"": [], " ": []}
    for character, replacement in model.normalization.items():
        if unicodedata.normalize("NFKC", character) != replacement:
            if replacement not in exceptions:
                raise XnerError(
                    f"The embedded encoder's character map turns {character!r} into {replacement!r}, which is neither "
                    "NFKC nor a space nor nothing. This release does not support that file."
                )
            exceptions[replacement].append(character)
    tokenizer.normalizer = normalizers.Sequence(
        [
            *(normalizers.Replace(Regex(_character_class(c)), to) for to, c in exceptions.items()),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=WORD_START, prepend_scheme="always")
    bos, eos = model.pieces[special["bos"]][0], model.pieces[special["eos"]][0]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, special["bos"]), (eos, special["eos"])],
    )
    tokenizer.add_special_tokens([AddedToken(mark, normalized=False, special=True) for mark in marks])
    return tokenizer


def _character_class(characters: list[str]) -> str:
    """A regular expression that matches any of the characters; nothing if there are none."""
    return "[" + "".join(f"\\x{{{ord(c):X}}}" for c in characters) + "]" if characters else r"(?!)"

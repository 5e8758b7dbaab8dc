"""Neural translation with sequence-to-sequence models of transformers: OPUS-MT (Marian), NLLB, M2M-100, mBART."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from .pieces import PieceTranslator, check_at_least
from .seq2seq_loading import load_model, model_folder, model_version

REVISION = 1  # raise it if translations change: keys of the cache have it
BUFFER = 4  # batches that are sorted by length together; an interrupted run repeats at most this many


class Seq2Seq(PieceTranslator):
    """Translates with a model from a folder or the hub; loads only safetensors, and runs no code of a model.

    Texts are sorted into batches of similar length; translations are yielded in the original order. A text with more
    pieces than `max_length` is split at the end of lines, sentences, clauses or words. If the model does not end a
    translation, it is None. The other arguments are those of `PieceTranslator`.

    model (str): a folder, or a name on the hub such as `facebook/nllb-200-distilled-600M`, with or without `@revision`.
    batch_size (int): texts for each forward pass of the model.
    num_beams (int): beams of the beam search; 1 is fastest.
    RAISES: XnerError where the model cannot be loaded, does not support a language, or is for other languages.

    Runs on the device of thinc (`spacy.require_gpu`), or else of torch. `counts` has the numbers of `split` and of
    `unfinished` texts.
    """

    def __init__(
        self,
        model: str,
        source: str,
        target: str,
        batch_size: int = 16,
        num_beams: int = 4,
        max_length: int | None = None,
    ) -> None:
        check_at_least("Seq2Seq", 1, batch_size=batch_size, num_beams=num_beams)
        self.batch_size, self.num_beams = batch_size, num_beams
        folder = model_folder(model)
        self.version = model_version(folder)
        tokenizer, self.model = load_model(folder, model)
        limit = piece_limit(tokenizer, self.model)
        super().__init__("Seq2Seq", model, source, target, tokenizer, limit, max_length)
        token = self.target_token
        self.first_token = None if token is None else int(tokenizer.convert_tokens_to_ids(token))

    @cached_property
    def identity(self) -> dict[str, Any]:
        return {
            "name": "Seq2Seq.v1",
            "revision": REVISION,
            "source": self.source,
            "target": self.target,
            "model": Path(self.model_name).name if Path(self.model_name).is_dir() else self.model_name,
            "version": self.version,
            "num_beams": self.num_beams,
            "max_length": self.max_length,
        }

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        """Yield one translation for each text, in order; None where the model does not end it."""
        from thinc.api import get_torch_default_device
        from torch import get_default_device

        device = get_torch_default_device()
        self.model.to(get_default_device() if device.type == "cpu" else device)
        return super().translate(texts)

    def blocks(self, texts: Iterator[str]) -> Iterator[list[str]]:
        while block := list(islice(texts, self.batch_size * BUFFER)):
            yield block

    def translate_parts(self, parts: Sequence[str], lengths: Sequence[int]) -> list[str | None]:
        batches = (parts[first : first + self.batch_size] for first in range(0, len(parts), self.batch_size))
        return [translation for batch in batches for translation in self._run(batch)]

    def _run(self, batch: Sequence[str]) -> Iterator[str | None]:
        import torch

        texts = [self.prefix + text for text in batch]
        inputs = self.tokenizer(texts, padding=True, return_tensors="pt", verbose=False).to(self.model.device)
        longest = [self.most_pieces(int(length)) for length in inputs["attention_mask"].sum(1)]
        first = {} if self.first_token is None else {"forced_bos_token_id": self.first_token}
        with torch.inference_mode():
            output = self.model.generate(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                num_beams=self.num_beams,
                do_sample=False,
                max_new_tokens=max(longest),
                **first,
            )
        for pieces, most in zip(output.tolist(), longest, strict=True):
            ends = [i for i, piece in enumerate(pieces) if i and piece == self.tokenizer.eos_token_id]
            # At the maximum length, the search may have added the end token.
            yield None if not ends or ends[0] >= most else self.decode(pieces[: ends[0]])


def piece_limit(tokenizer: Any, model: Any) -> int:
    """Maximum number of pieces of a text, special tokens included: the limit of tokenizer and position embeddings."""
    limits = [tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", None), 1024]
    return int(min(limit for limit in limits if limit))

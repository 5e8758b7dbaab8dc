"""Neural translation by CTranslate2, which runs OPUS-MT, NLLB and M2M-100 in 8-bit integers on a CPU.

Klein et al. 2020, "Efficient and high-quality neural machine translation with OpenNMT", WNGT.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from .ctranslate2_loading import converted_folder, import_engine, load_converted, load_tokenizer, tokenizer_folder
from .pieces import PieceTranslator, check_at_least
from .seq2seq_loading import model_version

REVISION = 1  # raise it if translations change: keys of the cache have it
BUFFER = 4  # batches that are sorted by length together, for each of `inter_threads`
TYPICAL_LENGTH = 32  # pieces of a sentence
# Greatest number of pieces. A converted model does not say it, and some tokenizers neither.
LIMIT, MARIAN_LIMIT = 1024, 512


class CTranslate2(PieceTranslator):
    """Translates with a model that `ct2-transformers-converter` has converted, in batches of similar length.

    Texts that are too long, and translations without an end, are treated as by `Seq2Seq`. In float32 and with
    `beam_size=1`, translations are those of `Seq2Seq` with `num_beams=1`. The other arguments are those of
    `PieceTranslator`.

    model (str): folder of the converted model, or a name on the hub, with or without `@revision`.
    tokenizer (str | None): folder or hub name of the model that was converted, for its tokenizer; None: the tokenizer's
        files are in the converted folder, where `--copy_files` puts them.
    device (str | None): `cpu`, `cuda` or `auto`; None: that of thinc (`spacy.require_gpu`).
    compute_type (str | None): `int8`, `float32`, ...; None: `int8` on a CPU, or else `auto`, the fastest one.
    inter_threads (int): batches that are translated at once.
    intra_threads (int): threads for each batch; 0: the default of CTranslate2.
    beam_size (int): beams of the beam search; 1 is fastest.
    max_batch_size (int): greatest number of pieces of a batch, padding included; a longer text is a batch alone.
    RAISES: XnerError where the package or the model is missing, the model is not converted or damaged, does not support
        a language, or is for other languages; and for settings that this machine does not have.

    `counts` has the numbers of `split` and of `unfinished` texts.
    """

    def __init__(
        self,
        model: str,
        source: str,
        target: str,
        tokenizer: str | None = None,
        device: str | None = None,
        compute_type: str | None = None,
        inter_threads: int = 1,
        intra_threads: int = 0,
        beam_size: int = 4,
        max_batch_size: int = 1024,
        max_length: int | None = None,
    ) -> None:
        counts = {"inter_threads": inter_threads, "beam_size": beam_size, "max_batch_size": max_batch_size}
        check_at_least("CTranslate2", 1, **counts)
        check_at_least("CTranslate2", 0, intra_threads=intra_threads)
        self.inter_threads, self.beam_size, self.max_batch_size = inter_threads, beam_size, max_batch_size
        self.engine_version = str(import_engine().__version__)
        folder = converted_folder(model)
        own = folder if tokenizer is None else tokenizer_folder(tokenizer)
        self.version, self.tokenizer_version = model_version(folder), model_version(own)
        loaded = load_tokenizer(own, tokenizer or model)
        super().__init__("CTranslate2", model, source, target, loaded, tokenizer_limit(loaded), max_length)
        device, index = (device, 0) if device is not None else thinc_device()
        self.engine = load_converted(
            folder,
            model,
            device=device,
            device_index=index,
            compute_type=compute_type or ("int8" if device == "cpu" else "auto"),
            inter_threads=inter_threads,
            intra_threads=intra_threads,
        )

    @cached_property
    def identity(self) -> dict[str, Any]:
        return {
            "name": "CTranslate2.v1",
            "revision": REVISION,
            "source": self.source,
            "target": self.target,
            "model": Path(self.model_name).name if Path(self.model_name).is_dir() else self.model_name,
            "version": self.version,
            "tokenizer": self.tokenizer_version,
            "engine": self.engine_version,
            "compute_type": self.engine.compute_type,
            "beam_size": self.beam_size,
            "max_length": self.max_length,
        }

    def blocks(self, texts: Iterator[str]) -> Iterator[list[str]]:
        n_texts = max(1, BUFFER * self.inter_threads * self.max_batch_size // TYPICAL_LENGTH)
        while block := list(islice(texts, n_texts)):
            yield block

    def translate_parts(self, parts: Sequence[str], lengths: Sequence[int]) -> list[str | None]:
        """Translate in batches, several at once; the parts are sorted, longest first."""
        running: list[Any] = []
        first = 0
        while first < len(parts):
            last = first + max(1, self.max_batch_size // lengths[first])
            running += self._start(parts[first:last], lengths[first])
            first = last
        return [self._text_of(future.result(), length) for future, length in zip(running, lengths, strict=True)]

    def _start(self, batch: Sequence[str], longest: int) -> list[Any]:
        """Queue a batch. RETURNS: a future for each text."""
        ids = [self.tokenizer(self.prefix + text, verbose=False).input_ids for text in batch]
        started: list[Any] = self.engine.translate_batch(
            [self.tokenizer.convert_ids_to_tokens(each) for each in ids],
            None if self.target_token is None else [[self.target_token]] * len(batch),
            beam_size=self.beam_size,
            max_input_length=0,  # nothing is cut
            min_decoding_length=0,  # an empty translation is counted as such
            max_decoding_length=self.most_pieces(longest),
            return_end_token=True,
            asynchronous=True,
        )
        return started

    def _text_of(self, result: Any, length: int) -> str | None:
        pieces = self.tokenizer.convert_tokens_to_ids(result.hypotheses[0])
        is_ended = pieces and pieces[-1] == self.tokenizer.eos_token_id
        return self.decode(pieces) if is_ended and len(pieces) < self.most_pieces(length) else None


def tokenizer_limit(tokenizer: Any) -> int:
    """Maximum number of pieces of a text, special ones included."""
    from transformers import MarianTokenizer

    usual = MARIAN_LIMIT if isinstance(tokenizer, MarianTokenizer) else LIMIT
    return int(min(tokenizer.model_max_length, usual))


def thinc_device() -> tuple[str, int]:
    """The device of thinc, and its number: a GPU after `spacy.require_gpu`."""
    from thinc.api import get_torch_default_device

    device = get_torch_default_device()
    return ("cuda", device.index or 0) if device.type == "cuda" else ("cpu", 0)

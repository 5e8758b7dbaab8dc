"""Neural translation with sequence-to-sequence models of transformers: OPUS-MT (Marian), NLLB, M2M-100, mBART."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import XnerError
from ..languages.codes import normalise_code
from .batches import StreamTranslator
from .language_tokens import PREFIX, LanguageToken, canonical_parts, choose_token, language_tokens
from .seq2seq_loading import load_model, model_folder, model_version
from .splitting import Part, join_parts, split_text

REVISION = 1  # raise it if translations change: keys of the cache have it
BUFFER = 4  # batches that are sorted by length together; an interrupted run repeats at most this many
# A translation may have MAX_GROWTH times the pieces of its text plus EXTRA_PIECES; longer output is degenerate.
MAX_GROWTH, EXTRA_PIECES = 3, 20
MIN_LENGTH = 8  # pieces: beginning, end, language token and a few of the text


class Seq2Seq(StreamTranslator):
    """Translates with a model from a folder or the hub; loads only safetensors, and runs no code of a model.

    Texts are sorted into batches of similar length; translations are yielded in the original order. A text with more
    pieces than `max_length` is split at the end of lines, sentences, clauses or words. If the model does not end a
    translation, it is None.

    model (str): a folder, or a name on the hub such as `facebook/nllb-200-distilled-600M`, with or without `@revision`.
    source, target (str): language codes, which are mapped to the model's own (`de` to NLLB's `deu_Latn`, Marian's
        `>>deu<<`, ...).
    batch_size (int): texts for each forward pass of the model.
    num_beams (int): beams of the beam search; 1 is fastest.
    max_length (int | None): maximum number of pieces of a text that is not split; None: the model's maximum.
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
        for name, value in (("batch_size", batch_size), ("num_beams", num_beams)):
            if value < 1:
                raise XnerError(f"The setting {name} of Seq2Seq is {value}, expected at least 1.")
        self.model_name, self.source, self.target = model, normalise_code(source), normalise_code(target)
        self.batch_size, self.num_beams = batch_size, num_beams
        folder = model_folder(model)
        self.version = model_version(folder)
        self.tokenizer, self.model = load_model(folder, model)
        self.limit = piece_limit(self.tokenizer, self.model)
        self.max_length = self.limit if max_length is None else max_length
        if not MIN_LENGTH <= self.max_length <= self.limit:
            raise XnerError(
                f"The setting max_length of Seq2Seq is {max_length}, expected {MIN_LENGTH} to {self.limit}, the "
                f"maximum of {model}."
            )
        self.prefix, self.first_token = self._choose_languages()
        special = [*self.tokenizer.all_special_tokens]
        if hasattr(self.tokenizer, "supported_language_codes"):  # Marian reads any text from ">>" to "<<" as a language
            special.append(PREFIX)
        self.special = re.compile("|".join(re.escape(token) for token in special))
        self.counts: Counter[str] = Counter()

    def _choose_languages(self) -> tuple[str, int | None]:
        """The prefix of each text, and the id of the token that each translation must start with."""
        tokens = language_tokens(self.tokenizer)
        if not tokens:
            check_languages(self.tokenizer, self.model_name, source_lang=self.source, target_lang=self.target)
            return "", None
        target = choose_token(self.target, tokens, self.model_name)
        if target.is_prefix:
            check_languages(self.tokenizer, self.model_name, source_lang=self.source)
            return f"{target.token} ", None
        source: LanguageToken = choose_token(self.source, tokens, self.model_name)
        self.tokenizer.src_lang = source.code
        return "", int(self.tokenizer.convert_tokens_to_ids(target.token))

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
        stream = iter(texts)
        while buffer := list(islice(stream, self.batch_size * BUFFER)):
            split = [self._split(text) for text in buffer]
            translated = iter(self._translate_parts([part.text for parts in split for part in parts]))
            for parts in split:
                translation = join_parts(parts, list(islice(translated, len(parts))), self.target)
                self.counts["split"] += len(parts) > 1
                self.counts["unfinished"] += translation is None
                yield translation

    def _split(self, text: str) -> list[Part]:
        text = text.encode("utf8", "replace").decode()  # lone surrogates are not valid text
        text = self.special.sub(lambda match: f"{match[0][0]} {match[0][1:]}", text)  # so that "</s>" is read as text
        return split_text(text, lambda part: self._count_pieces(part) <= self.max_length)

    def _count_pieces(self, text: str) -> int:
        return len(self.tokenizer(self.prefix + text, verbose=False).input_ids)

    def _translate_parts(self, parts: Sequence[str]) -> list[str | None]:
        """Translate in batches, longest parts first, so that a lack of memory shows at once."""
        translations: list[str | None] = ["" for _ in parts]
        lengths = [self._count_pieces(part) if part.strip() else 0 for part in parts]
        order = sorted((i for i, length in enumerate(lengths) if length), key=lambda i: -lengths[i])
        for first in range(0, len(order), self.batch_size):
            batch = order[first : first + self.batch_size]
            for i, translation in zip(batch, self._run([parts[i] for i in batch]), strict=True):
                translations[i] = translation
        return translations

    def _run(self, batch: Sequence[str]) -> Iterator[str | None]:
        import torch

        texts = [self.prefix + text for text in batch]
        inputs = self.tokenizer(texts, padding=True, return_tensors="pt", verbose=False).to(self.model.device)
        longest = [min(MAX_GROWTH * int(n) + EXTRA_PIECES, self.limit - 2) for n in inputs["attention_mask"].sum(1)]
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
            if not ends or ends[0] >= most:
                yield None
            else:
                yield self.tokenizer.decode(pieces[: ends[0]], skip_special_tokens=True).strip()


def piece_limit(tokenizer: Any, model: Any) -> int:
    """Maximum number of pieces of a text, special tokens included: the limit of tokenizer and position embeddings."""
    limits = [tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", None), 1024]
    return int(min(limit for limit in limits if limit))


def check_languages(tokenizer: Any, model: str, **langs: str) -> None:
    """Compare languages with those that a tokenizer declares. RAISES: XnerError where they differ.

    langs (str): `source_lang` and `target_lang`.
    """
    for name, lang in langs.items():
        declared = getattr(tokenizer, name, None)
        try:
            known = canonical_parts(declared if isinstance(declared, str) else lang)[0]
        except XnerError:  # a group of languages, such as "ROMANCE"
            continue
        if len(known) == 2 and known != canonical_parts(lang)[0]:
            raise XnerError(
                f"The {name} of {model} is {declared!r}, but the translator's is {lang!r}: use a model for {lang!r}."
            )

"""`Seq2SeqEncoder`: word-piece vectors of the encoder of a translation model, in the languages of both sides."""

from collections.abc import Sequence
from typing import Any

from transformers import AutoTokenizer

from ..compat import with_fewer_layers
from ..errors import XnerError
from ..model_files import LOCAL
from ..translation.language_tokens import canonical_parts, choose_token, language_tokens
from ..translation.seq2seq import piece_limit
from ..translation.seq2seq_loading import load_model, model_folder, model_version
from .encoder import PieceEncoder
from .loading import SpecialPieces, special_tokens
from .slow_tokenizer import SlowTokenizer


class Seq2SeqEncoder(PieceEncoder):
    """The encoder of a translation model, without the layers above the highest one requested.

    It shares its weights with a translator of the same model that is in memory.

    model (str): as for the translator `Seq2Seq`.
    source, target (str): language codes.
    layers, join_unspaced, inference: as for `PieceEncoder`; by default, the last layer.
    RAISES: XnerError for a model that cannot be loaded, has no decoder, or does not read one of the languages.

    `special` has the special pieces of sentences in the source and the target language, `version` that of the model.
    """

    def __init__(
        self,
        model: str,
        source: str,
        target: str,
        layers: int | Sequence[int] | None,
        join_unspaced: bool = True,
        inference: str = "float32",
    ) -> None:
        super().__init__(model, layers, join_unspaced, inference)
        self.model = with_fewer_layers(self.model, max(self.layers))
        for lang in (source, target):
            check_reads(wrapped(self.tokenizer), model, lang)
        self.special = [
            language_pieces(self.tokenizer, model, *langs) for langs in ((source, target), (target, source))
        ]
        limit = piece_limit(self.tokenizer, self.model)
        self.window = limit - max(len(before) + len(after) for before, after in self.special)

    def load(self, model: str) -> tuple[Any, Any, Any]:
        """Configuration and encoder of a translation model; a tokenizer that knows the word of each piece.

        RAISES: XnerError where it cannot be loaded, has no decoder, or has a tokenizer of another kind.
        """
        folder = model_folder(model)
        self.version = model_version(folder)
        tokenizer, whole = load_model(folder, model)
        if not tokenizer.is_fast:
            tokenizer = SlowTokenizer(tokenizer, model)
        elif getattr(tokenizer, "add_prefix_space", True) is False:  # byte-level ones refuse words without it
            tokenizer = AutoTokenizer.from_pretrained(str(folder), add_prefix_space=True, **LOCAL)
        if not isinstance(getattr(whole.config, "num_hidden_layers", None), int):
            raise XnerError(
                f"{model} is two models in one ({whole.config.model_type}), expected a translation model such as "
                "Marian, NLLB, M2M-100, mBART or T5."
            )
        return whole.config, tokenizer, whole.get_encoder()


def wrapped(tokenizer: Any) -> Any:
    """The tokenizer of transformers: that in a `SlowTokenizer`, or a fast one itself."""
    return tokenizer.tokenizer if isinstance(tokenizer, SlowTokenizer) else tokenizer


def language_pieces(tokenizer: Any, model: str, lang: str, into: str) -> SpecialPieces:
    """The special pieces of a sentence in a language, for the model to translate it into another language.

    tokenizer (Any): a fast one, whose source language is changed, or a `SlowTokenizer`.
    RAISES: XnerError where the model has language tokens, but none for this language.
    """
    tokens = language_tokens(wrapped(tokenizer))
    if not tokens:  # T5, and Marian with one target language
        return special_tokens(tokenizer)
    if tokens[0].is_prefix:  # Marian with several: the sentence begins with the language to translate into
        token = choose_token(into, tokens, model)
        before, after = special_tokens(tokenizer)
        return [int(wrapped(tokenizer).convert_tokens_to_ids(token.token)), *before], after
    wrapped(tokenizer).src_lang = choose_token(lang, tokens, model).code
    return special_tokens(tokenizer)


def check_reads(tokenizer: Any, model: str, lang: str) -> None:
    """RAISES: XnerError where a model declares that its encoder does not read a language.

    Marian models declare one source language, or a group of languages, and likewise for the target.
    """
    source, target = (declared_language(tokenizer, side) for side in ("source_lang", "target_lang"))
    language = canonical_parts(lang)[0]
    reads = f"only {source!r}" if source else f"no {target!r}, into which it translates"
    if source not in (None, language) or (source is None and target == language and not language_tokens(tokenizer)):
        raise XnerError(
            f"The translation model {model!r} cannot align {lang!r}: its encoder reads {reads}. Expected a model that "
            "reads both languages, such as facebook/nllb-200-distilled-600M, or one of OPUS-MT whose sources are a "
            "group of languages with both."
        )


def declared_language(tokenizer: Any, side: str) -> str | None:
    """The language that a tokenizer declares for a side; None where it declares none or a group of languages.

    side (str): "source_lang" or "target_lang".
    """
    declared = getattr(tokenizer, side, None)
    if not isinstance(declared, str):
        return None
    try:
        language = canonical_parts(declared)[0]
    except XnerError:  # a group of languages, such as "ROMANCE"
        return None
    return language if len(language) == 2 else None  # longer ones can be groups: "mul", "ine"

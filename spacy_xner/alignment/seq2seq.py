"""`Seq2SeqAligner`: word alignment by the encoder of a translation model."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..languages.codes import normalise_code
from .embedding import EmbeddingAligner
from .types import Words

if TYPE_CHECKING:
    from .encoder import EncodedSentence
    from .loading import SpecialPieces
    from .seq2seq_encoder import Seq2SeqEncoder


class Seq2SeqAligner(EmbeddingAligner):
    """Aligns words by the contextual vectors of a translation model's encoder.

    The encoder of a translator that reads both languages has similar vectors for words and their translations
    (TransAlign: Ebing, Goldschmied and Glavaš 2025, https://arxiv.org/abs/2510.27337). Each side is read as a sentence
    that is to be translated into the language of the other side. The decoder is not used. If a translator of
    the same model (`spacy_xner.Seq2Seq.v1`) is in memory, both share its weights.

    Models whose encoder reads one language only, such as OPUS-MT from English to German, cannot align, and are refused
    where they declare their languages. NLLB, M2M-100, mBART-50 and multilingual T5 read many, as do the models of
    OPUS-MT whose sources are a group of languages. The other arguments are those of `EmbeddingAligner`.

    model (str): a folder, or a name on the hub such as `facebook/nllb-200-distilled-600M`, with or without `@revision`,
        as for the translator. Only safetensors are read.
    source, target (str): language codes, which are mapped to the model's own (`de` to NLLB's `deu_Latn`, ...).
    layers (int | list[int] | None): those of the encoder, 0 being the embeddings; None: the last one, as in TransAlign.
    RAISES: XnerError as `EmbeddingAligner`, for what is not a language code and, when aligning, for models that cannot
        be loaded, have no decoder, or do not read both languages.
    """

    NAME = "spacy_xner.Seq2SeqAligner.v1"

    def __init__(self, model: str, source: str, target: str, **settings: Any) -> None:
        super().__init__(model, **settings)
        self.source, self.target = normalise_code(source), normalise_code(target)

    @cached_property
    def encoder(self) -> "Seq2SeqEncoder":
        """The model's encoder, loaded on first use."""
        from .seq2seq_encoder import Seq2SeqEncoder

        return Seq2SeqEncoder(
            self.model,
            self.source,
            self.target,
            self.layers,
            self.join_unspaced,
            self.inference,
        )

    @property
    def version(self) -> str:
        """The commit of a model from the hub, otherwise a checksum of its folder's files."""
        return self.encoder.version

    @property
    def identity(self) -> dict[str, Any]:
        """What determines the links; loads the encoder."""
        return {**super().identity, "source": self.source, "target": self.target}

    def encode(self, pairs: Sequence[tuple[Words, Words]]) -> list[tuple["EncodedSentence", "EncodedSentence"]]:
        """Encode pairs of tuples of words, each side in its language."""
        sources, targets = (
            self._encode_side([pair[side] for pair in pairs], self.encoder.special[side]) for side in (0, 1)
        )
        return list(zip(sources, targets, strict=True))

    def _encode_side(self, sentences: list[Words], special: "SpecialPieces") -> list["EncodedSentence"]:
        distinct = list(dict.fromkeys(sentences))
        encoded = dict(zip(distinct, self.encoder.encode(distinct, special), strict=True))
        return [encoded[words] for words in sentences]

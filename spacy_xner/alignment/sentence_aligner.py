"""`SentenceAligner`: the interface of the package `simalign`, on the aligner of this one."""

from collections.abc import Sequence

from ..errors import XnerError
from .embedding import EmbeddingAligner, as_words
from .types import Links

ENCODERS = {"bert": "bert-base-multilingual-cased", "xlmr": "xlm-roberta-base"}
METHODS = {"m": "mwmf", "a": "inter", "i": "itermax"}


class SentenceAligner:
    """In place of `simalign.SentenceAligner`: the same arguments, and the same links in float32.

    See `EmbeddingAligner` for where links can differ. For many pairs its `align` is faster, since it encodes them in
    batches; its method "transport" has a lower alignment error rate, and probabilities as scores of links.

    model (str): "bert", "xlmr", "embedded", a Hugging Face folder, or a name on the hub.
    token_type (str): "bpe" or "word".
    distortion (float): only 0, the package's default.
    matching_methods (str): letters of methods: "m" is mwmf, "a" inter, "i" itermax.
    device (str): only "cpu". On a GPU call `spacy.require_gpu()` before the first pair.
    layer (int): the layer of the vectors, 0 being the embeddings.
    RAISES: XnerError for settings that are not supported and, when aligning, for an encoder that cannot be used.
    """

    def __init__(
        self,
        model: str = "bert",
        token_type: str = "bpe",
        distortion: float = 0.0,
        matching_methods: str = "mai",
        device: str = "cpu",
        layer: int = 8,
    ) -> None:
        unknown = [letter for letter in matching_methods if letter not in METHODS]
        if unknown or not matching_methods:
            raise XnerError(
                f"matching_methods is {matching_methods!r}: expected letters of {', '.join(METHODS)}: "
                f"{', '.join(METHODS.values())}."
            )
        if distortion:
            raise XnerError(f"distortion is {distortion}: expected 0, this package has no other one.")
        if str(device) != "cpu":
            raise XnerError(f"device is {device}: leave it out, and call spacy.require_gpu() before the first pair.")
        encoder = ENCODERS.get(model, model)
        self.aligners = {
            METHODS[letter]: EmbeddingAligner(encoder, layer, METHODS[letter], token_type, join_unspaced=False)
            for letter in matching_methods
        }

    def get_word_aligns(self, src_sent: str | Sequence[str], trg_sent: str | Sequence[str]) -> dict[str, Links]:
        """Align the words of a sentence and its translation.

        src_sent, trg_sent (str | Sequence[str]): lists of words, or texts with blanks between words.
        RETURNS (dict[str, Links]): for each method, sorted pairs of 0-based indices of words.
        """
        source, target = (as_words(side.split() if isinstance(side, str) else side) for side in (src_sent, trg_sent))
        first = next(iter(self.aligners.values()))
        ((encoded_source, encoded_target),) = first.encode([(source, target)])
        return {
            method: aligner.align_encoded(encoded_source, encoded_target, source, target).links
            for method, aligner in self.aligners.items()
        }

"""The settings of an adaptation."""

from dataclasses import dataclass

from ..encoders.trimming.needed_pieces import MAX_PIECES
from ..errors import XnerError
from ..projection.confidence import DEFAULT_MIN_SCORE
from ..projection.filters import check_filters


@dataclass(frozen=True)
class Settings:
    """Settings that determine the adapted pipeline, together with texts, source pipeline and translators.

    lang (str): language of the texts and the source pipeline.
    targets (tuple[str, ...]): languages to adapt to.
    encoder (str): encoder for alignment and training.
    min_score (float): minimum score of the source pipeline's entities and of projected ones, 0 to 1.
    held_back (float): share of the sentences, in whole texts, for development (half) and test (half).
    steps (int): training steps.
    batch_words (int): words in each training step.
    distill (bool): train a second time, on the first pipeline's predictions for the sentences that filters drop, if
        these are at least 2% of the translations.
    seed (int): seed of training and of the split.
    filters (tuple[str, ...]): filters of projected sentences, see `SpanProjector`. "label_counts" is always one of
        them: test sentences have all their entities.
    max_pieces (int | None): most word pieces that the encoder keeps for training, see `encoders.trimming`; 0: all that
        are used; None: the encoder is not trimmed.
    RAISES: XnerError for numbers out of range and for an unknown filter.
    """

    lang: str
    targets: tuple[str, ...]
    encoder: str = "embedded"
    min_score: float = DEFAULT_MIN_SCORE
    held_back: float = 0.2
    steps: int = 300
    batch_words: int = 1200
    distill: bool = True
    seed: int = 0
    filters: tuple[str, ...] = ("label_counts",)
    max_pieces: int | None = MAX_PIECES

    def __post_init__(self) -> None:
        if not 0 < self.held_back < 1:
            raise XnerError(f"The share held back is {self.held_back}, expected more than 0 and less than 1.")
        if min(self.steps, self.batch_words) < 1:
            raise XnerError(f"Found {self.steps} steps of {self.batch_words} words, expected 1 or more of each.")
        if not 0 <= self.min_score <= 1:
            raise XnerError(f"The minimum score is {self.min_score}, expected a number from 0 to 1.")
        if self.max_pieces is not None and self.max_pieces < 0:
            raise XnerError(f"The maximum is {self.max_pieces} word pieces, expected a number, or 0 for no limit.")
        filters = check_filters(("label_counts", *self.filters), "The setting filters of the adaptation")
        object.__setattr__(self, "filters", filters)

"""The word pieces that a set of texts and languages needs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from spacy.util import minibatch
from tokenizers import Encoding, Tokenizer
from tqdm import tqdm

from ...errors import XnerError
from ...languages.scripts import COMMON, script_of_character
from .scripts import scripts_of
from .vocabulary import Vocabulary
from .word_lists import check_languages, word_forms

REVISION = 1
BATCH = 2000
PREFIX = "("  # before words, since in some vocabularies a word-start mark means a space before the word
ALWAYS = {COMMON, "Latin"}  # scripts that are always kept
N_WORDS, MAX_PIECES = 50_000, 100_000


@dataclass(frozen=True)
class Wanted:
    """The texts and languages that a vocabulary is trimmed for.

    texts (Sequence[str]): texts whose pieces are needed.
    langs (Sequence[str]): languages whose frequent words' pieces are needed, by code.
    n_words (int): number of words of each language.
    max_pieces (int): keep at most this number of pieces, those with the highest expected use; 0: all that are used. A
        piece's expected use is the mean of its share of the texts' pieces and its share of the pieces of the languages'
        words, which is a mean over the languages.
    RAISES: XnerError where neither texts nor languages are given, for a language without word list, and for a negative
        number.
    """

    texts: Sequence[str] = ()
    langs: Sequence[str] = ()
    n_words: int = N_WORDS
    max_pieces: int = MAX_PIECES

    def __post_init__(self) -> None:
        if not self.texts and not self.langs:
            raise XnerError(
                "Nothing says which word pieces to keep. Give texts (--texts FILE), languages (--lang de,es) or both."
            )
        if self.n_words < 1:
            raise XnerError(f"--words is {self.n_words}, expected 1 or more; to use texts alone, leave --lang out.")
        if self.max_pieces < 0:
            raise XnerError(f"--max-pieces is {self.max_pieces}, expected a number of word pieces, or 0 for no limit.")
        check_languages([*self.langs])


@dataclass(frozen=True)
class Use:
    """How often a text uses each piece, and the scripts of the text.

    shares (np.ndarray): each piece's share of all pieces of the text, by id; float64, (n_pieces,), with the sum 1 (0
        without text).
    scripts (set[str]): as from `scripts_of`.
    """

    shares: np.ndarray
    scripts: set[str]


def choose_pieces(
    tokenizer: Tokenizer, vocabulary: Vocabulary, wanted: Wanted, *, progress: bool = True
) -> tuple[set[int], set[str]]:
    """The ids of the pieces to keep, and the scripts whose characters are all kept.

    Kept are: special tokens; all pieces of a single character, with and without a mark, of Latin, digits, punctuation,
    symbols and the scripts of the texts and word lists; and the pieces that texts and word lists use.

    RAISES: XnerError where the first two are more than `wanted.max_pieces`.
    """
    n_pieces = max([*vocabulary.pieces, *vocabulary.added]) + 1
    uses = [use_of_words(tokenizer, lang, wanted.n_words, n_pieces, progress) for lang in wanted.langs]
    shares = sum((use.shares for use in uses), np.zeros(n_pieces)) / max(len(uses), 1)
    if wanted.texts:
        uses.append(use_of_texts(tokenizer, wanted.texts, n_pieces, progress))
        shares = (shares + uses[-1].shares) / 2
    scripts = ALWAYS.union(*(use.scripts for use in uses))

    kept = vocabulary.required()
    for i, piece in vocabulary.pieces.items():
        text = vocabulary.text(piece)
        if not text or (len(text) == 1 and (shares[i] > 0 or script_of_character(text) in scripts)):
            kept |= vocabulary.with_parts(i)
    if wanted.max_pieces and len(kept) > wanted.max_pieces:
        raise XnerError(
            f"--max-pieces is {wanted.max_pieces:,}, but special pieces and the characters of {_listed(scripts)} are "
            f"{len(kept):,}. Raise it, or leave texts and languages of a script out."
        )
    limit = wanted.max_pieces or n_pieces
    for i in np.argsort(-shares, kind="stable"):
        if shares[i] == 0 or len(kept) >= limit:
            break
        parts = vocabulary.with_parts(int(i)) - kept
        if len(kept) + len(parts) <= limit:
            kept |= parts
    return kept, scripts - {COMMON}


def use_of_texts(tokenizer: Tokenizer, texts: Sequence[str], n_pieces: int, progress: bool = True) -> Use:
    """How often texts use each piece."""
    counts = np.zeros(n_pieces)
    characters: Counter[str] = Counter()
    with tqdm(total=len(texts), desc="Pieces of the texts", unit=" texts", disable=not progress) as bar:
        for batch in minibatch(texts, BATCH):
            ids = list(chain.from_iterable(encoding.ids for encoding in encode(tokenizer, batch)))
            counts += np.bincount(np.array(ids, dtype=np.int64), minlength=n_pieces)
            for text in batch:
                characters.update(text)
            bar.update(len(batch))
    return Use(counts / max(counts.sum(), 1), scripts_of(characters))


def use_of_words(tokenizer: Tokenizer, lang: str, n_words: int, n_pieces: int, progress: bool = True) -> Use:
    """How often the frequent words of a language use each piece, in the forms that occur in running text."""
    shares = np.zeros(n_pieces)
    characters: Counter[str] = Counter()
    forms = tqdm(word_forms(lang, n_words), desc=f"Pieces of words in {lang}", unit=" forms", disable=not progress)
    for batch in minibatch(forms, BATCH):
        groups: dict[tuple[float, bool], list[str]] = {}
        for form, share, inside in batch:
            # Words of similar frequency are one text: counting pieces by text is faster than by word.
            groups.setdefault((float(f"{share:.1e}"), inside), []).append(form)
        lines = [
            "".join(PREFIX + form for form in group) if inside else " ".join([PREFIX, *group])
            for (_, inside), group in groups.items()
        ]
        for encoding, (share, _) in zip(encode(tokenizer, lines), groups, strict=True):
            np.add.at(shares, encoding.ids, share)
        characters.update("".join(lines))
    return Use(shares / (shares.sum() or 1), scripts_of(characters))


def shares_as_before(
    before: Tokenizer, after: Tokenizer, texts: Sequence[str], *, progress: bool = True
) -> tuple[float, float]:
    """Shares in [0, 1] of the word pieces and of the words of texts for which two tokenizers agree.

    A word is a unit of the tokenizer's pre-tokenization. The tokenizers agree on a word if all its pieces are the same.
    """
    pieces = alike = words = words_alike = 0
    with tqdm(total=len(texts), desc="Compare on the texts", unit=" texts", disable=not progress) as bar:
        for batch in minibatch(texts, BATCH):
            for old, new in zip(encode(before, batch), encode(after, batch), strict=True):
                found = set(zip(new.offsets, new.tokens, strict=True))
                changed = set()
                for word, piece in zip(old.word_ids, zip(old.offsets, old.tokens, strict=True), strict=True):
                    if piece in found:
                        alike += 1
                    else:
                        changed.add(word)
                pieces += len(old.ids)
                n_words = len({*old.word_ids})
                words += n_words
                words_alike += n_words - len(changed)
            bar.update(len(batch))
    return alike / max(pieces, 1), words_alike / max(words, 1)


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Encoding]:
    """The pieces of texts, without special tokens."""
    encodings: list[Encoding] = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return encodings


def _listed(scripts: set[str]) -> str:
    return ", ".join(sorted(scripts - {COMMON}))

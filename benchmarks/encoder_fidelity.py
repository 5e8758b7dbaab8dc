"""Do the vectors of the converted embedded encoder tell translations from other sentences, as its model does?

Each of the example sentences that spaCy ships for its languages which translates one of the eight English ones
(encoder_translations.json) should be nearest to that one, and the other way round, by the cosine of mean-pooled vectors
of the last layer, each text with the prefix `query: ` that the model was trained with (Wang et al. 2024, arXiv
2402.05672). For comparison, the same with the embedding layer. tokenizer_fidelity.py compares its word pieces.

    python benchmarks/encoder_fidelity.py
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import srsly
from common import EncoderOption, JsonOption, report, run
from tokenizer_fidelity import example_sentences

from spacy_xner.encoders import resolve_encoder

DATA = Path(__file__).with_name("encoder_translations.json")
# For each language, the indices of its sentences by those of the English sentences that they translate
TRANSLATIONS: dict[str, dict[int, int]] = {
    language: dict(pairs) for language, pairs in srsly.read_json(DATA)["translations"].items()
}
# Languages that XLM-R, the model's parent, was not trained on (Conneau et al. 2020, table 6).
UNSEEN = {"ht", "ti", "tn", "tt"}


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
    """For each layer, look up every translation among the English sentences, and these among a language's own."""
    texts = [(language, prefix + text) for language in ("en", *TRANSLATIONS) for text in sentences[language]]
    arrays = mean_vectors(encoder, [text for _, text in texts], layers=layers)
    owners = np.array([language for language, _ in texts])
    return [
        count_found({language: array[owners == language] for language in ("en", *TRANSLATIONS)}) for array in arrays
    ]


def count_found(vectors: dict[str, np.ndarray]) -> RetrievalReport:
    """Translations found first, from the vectors of each language."""
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


def main(encoder: EncoderOption = "embedded", json: JsonOption = None) -> None:
    """Look up the translations and print the languages with errors."""
    retrieval, embeddings = retrieve_translations(resolve_encoder(encoder), example_sentences(), layers=[-1, 0])
    print(f"{retrieval.total.total()} look-ups in {len(TRANSLATIONS)} languages")
    for language, total in retrieval.total.items():
        if retrieval.found[language] < total:
            print(f"  {language}: {retrieval.found[language]} of {total} find the true translation first")
    seen = set(TRANSLATIONS) - UNSEEN
    seen_accuracy = sum(retrieval.found[x] for x in seen) / sum(retrieval.total[x] for x in seen)
    figures = {
        "retrieval_accuracy": retrieval.accuracy,
        "retrieval_accuracy_seen_languages": seen_accuracy,
        "retrieval_margin": retrieval.margin,
        "retrieval_accuracy_embedding_layer": embeddings.accuracy,
        "retrieval_margin_embedding_layer": embeddings.margin,
    }
    languages = retrieval.total.items()
    rows = [{"language": lang, "lookups": total, "found": retrieval.found[lang]} for lang, total in languages]
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)

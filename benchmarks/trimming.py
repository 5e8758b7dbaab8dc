"""What does a smaller vocabulary cost in each language?

Word pieces a word, before and after trimming, in each of the most written languages: of the 300,000 most frequent words
in the word list of `wordfreq`, weighted by their frequency in running text, and of the example sentences that spaCy has
of each language, which trimming never sees.

With a pipeline that was trained with the whole encoder, also F1 of exact entities before and after the same trimming:
on the shipped test sentences, and on WikiNEuRal's development sentences in $XNER_DATA. The pipeline of the main job was
trimmed before it was trained, so it cannot be compared.

    python -m spacy train configs/xner.cfg --output training/untrimmed --paths.encoder models/encoder \\
        --paths.train corpora/train --paths.dev corpora/dev/en.spacy --training.max_steps 180
    XNER_DATA=FOLDER python benchmarks/trimming.py --pipeline training/untrimmed/model-last
"""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer
from common import JsonOption, LimitOption, find_data, make_table, read_dev, report, run, show
from elsewhere import SETS
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch
from tokenizers import Tokenizer

from spacy_xner.corpus.docs import load_docs
from spacy_xner.corpus.reader import find_docbins
from spacy_xner.corpus.texts import read_texts
from spacy_xner.encoders.trimming.needed_pieces import BATCH, PREFIX, Wanted, encode
from spacy_xner.encoders.trimming.trim_pipeline import trim_pipeline
from spacy_xner.encoders.trimming.word_lists import word_forms
from spacy_xner.pipelines import load_pipeline
from spacy_xner.scoring.scores import evaluate_pipeline

LANGUAGES = "en,zh,es,hi,ar,fr,bn,pt,ru,ur,id,de,ja,vi,tr,fa,ko,it,pl,uk,nl,ro,ta,el,cs,hu,sv,fi,he,bg"
WORDS = 300_000  # of a language, with which its pieces are counted: more than trimming looks at
TEXTS = (Path("corpus/en/train"), Path("corpus/translations"), Path("corpora/unlabelled"))


def pieces_of_words(tokenizers: tuple[Tokenizer, Tokenizer], lang: str) -> tuple[float, float]:
    """Expected word pieces of a word of running text, of each tokenizer."""
    totals, weight = np.zeros(2), 0.0
    prefix = [len(each.encode(PREFIX, add_special_tokens=False).ids) for each in tokenizers]
    for batch in minibatch(word_forms(lang, WORDS), BATCH):
        forms, shares = [(PREFIX if inside else "") + form for form, _, inside in batch], [each[1] for each in batch]
        for i, tokenizer in enumerate(tokenizers):
            lengths = np.array([len(encoding.ids) for encoding in encode(tokenizer, forms)])
            lengths -= np.array([prefix[i] * inside for _, _, inside in batch])
            totals[i] += np.dot(lengths, shares)
        weight += sum(shares)
    before, after = totals / weight
    return float(before), float(after)


def pieces_of_texts(tokenizers: tuple[Tokenizer, Tokenizer], texts: Iterable[str]) -> tuple[int, int]:
    """Word pieces of texts, of each tokenizer."""
    before, after = (sum(len(encoding.ids) for encoding in encode(each, list(texts))) for each in tokenizers)
    return before, after


def tokenizer_of(folder: Path) -> Tokenizer:
    """The tokenizer of an encoder's folder."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def test_sets(test: Path, limit: int | None) -> dict[str, dict[str, list[Doc]]]:
    """Labelled sentences by set and language."""
    sets = {"shipped": {path.stem: list(load_docs(path)) for path in find_docbins(test)}}
    if wikineural := find_data("wikineural"):
        sets["WikiNEuRal"] = read_dev(wikineural, SETS["wikineural"], limit)
    return sets


def f1(nlp: Language, lang: str, docs: list[Doc]) -> float:
    """F1 of exact entities, in percent."""
    return 100 * float(evaluate_pipeline(nlp, docs)["languages"][lang]["f"])


def main(
    whole: Annotated[Path, typer.Option(help="Folder of the whole encoder.")] = Path("models/encoder"),
    trimmed: Annotated[Path, typer.Option(help="Folder of the trimmed encoder.")] = Path("models/trimmed"),
    pipeline: Annotated[Path | None, typer.Option(help="Pipeline that was trained with the whole encoder.")] = None,
    test: Annotated[Path, typer.Option(help="Folder of labelled DocBin files.")] = Path("corpora/test"),
    languages: Annotated[str, typer.Option("--lang", help="Languages to compare.")] = LANGUAGES,
    words: Annotated[int, typer.Option(help="Words of each language, as for `xner encoder trim`.")] = 50_000,
    limit: LimitOption = None,
    json: JsonOption = None,
) -> None:
    """Print word pieces, and F1, before and after trimming."""
    codes = languages.split(",")
    both = (tokenizer_of(whole), tokenizer_of(trimmed))
    n_pieces = both[1].get_vocab_size()
    scores: dict[str, dict[str, tuple[float, float]]] = {}
    if pipeline:
        wanted = Wanted(list(dict.fromkeys(read_texts([*TEXTS]))), codes, words, n_pieces)
        with TemporaryDirectory() as room:
            trim_pipeline(pipeline, Path(room) / "trimmed", wanted)
            two = load_pipeline(str(pipeline)), load_pipeline(str(Path(room) / "trimmed"))
        for name, sets in test_sets(test, limit).items():
            scores[name] = {lang: (f1(two[0], lang, docs), f1(two[1], lang, docs)) for lang, docs in sets.items()}

    rows: list[dict[str, Any]] = []
    table = make_table(
        f"{both[0].get_vocab_size():,} word pieces before, {n_pieces:,} after trimming",
        "language", "a word", "more, %", "examples", "more, %",
        *(f"F1 {name}, change" for name in scores),
    )  # fmt: skip
    for lang in codes:
        word = pieces_of_words(both, lang)
        text = pieces_of_texts(both, import_module(f"spacy.lang.{lang}.examples").sentences)
        more, text_more = (100 * (after / before - 1) for before, after in (word, text))
        changes = {name: of[lang][1] - of[lang][0] if lang in of else None for name, of in scores.items()}
        table.add_row(
            lang, f"{word[0]:.2f}", f"{more:+.2f}", f"{text[0]}", f"{text_more:+.2f}",
            *("" if change is None else f"{change:+.1f}" for change in changes.values()),
        )  # fmt: skip
        row = {"language": lang, "pieces_a_word": word[0], "more_percent": more}
        rows.append({**row, "example_pieces": text[0], "examples_more_percent": text_more, "f1_change": changes})
    show(table)
    lost = [change for row in rows for change in row["f1_change"].values() if change is not None]
    figures = {
        "pieces": n_pieces,
        "most_more_percent": max(row["more_percent"] for row in rows),
        "languages_over_one_percent": sum(row["more_percent"] > 1 for row in rows),
        **({"most_f1_lost": -min(lost)} if lost else {}),
    }
    report(figures, rows, json)


if __name__ == "__main__":
    run(main)

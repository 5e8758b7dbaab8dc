"""Makes the corpora of the studies on CoNLL: DocBins in which a translation has the id of the sentence it translates.

From CoNLL-2003 English and its DeepL translations (Garcia-Ferrero et al. 2022) in $XNER_DATA/conll:

- FOLDER/train/en.spacy, FOLDER/dev/en.spacy: English, labelled;
- FOLDER/translated/LANG.spacy: translations of the training sentences, unlabelled;
- FOLDER/awesome/LANG.spacy, FOLDER/simalign/LANG.spacy: the same, with the labels that these systems projected;
- FOLDER/unlabelled/LANG.spacy: real sentences of German, Spanish and Dutch newspapers, unlabelled, drawn at random;
- FOLDER/test/LANG.spacy: the first development sentences of German, Spanish and Dutch, for the final scores;
- FOLDER/wikineural/LANG.spacy: the first 500 development sentences of WikiNEuRal in eight languages, also for scores.

For an arm with `synthetic = "corpora/conll/unlabelled"` and `unrelated = true` in place of the translations. By default
there are as many real sentences as translations of the half of the English sentences that the studies hold back, so
that what synthetic text loses against real text can be measured. Development sentences are left out.

    XNER_DATA=FOLDER python benchmarks/conll_corpora.py corpora/conll --limit 1500
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from common import CONLL_TARGETS, LimitOption, data_folder, read_labelled, run
from spacy.tokens import Doc
from wikineural_corpora import save, save_encyclopaedia

from spacy_xner.annotations.attributes import meta_of
from spacy_xner.corpus.convert import convert_step
from spacy_xner.corpus.docs import with_step
from spacy_xner.corpus.sentence_files import read_plain_docs, read_plain_lines
from spacy_xner.corpus.texts import comparison_key
from spacy_xner.errors import XnerError
from spacy_xner.experiments.input_checks import MIN_TOKENS
from spacy_xner.experiments.split import split_ids
from spacy_xner.languages.tokenizer import multilingual_blank

PEERS = ("awesome", "simalign")
ENCYCLOPAEDIA_LIMIT = 500
HELD_BACK = 0.5  # share of the English sentences whose labels the studies on CoNLL do not use
MARKER = "-DOCSTART-"  # in the text of some first sentences


def main(
    folder: Annotated[Path, typer.Argument(help="Where to write.")] = Path("corpora/conll"),
    limit: LimitOption = 1500,
    unlabelled_limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Real unlabelled sentences of each language. Default: as many as translations of held-back ones.",
        ),
    ] = None,
) -> None:
    """Write the corpora; --limit is of the test sentences of each language."""
    conll = data_folder("conll", needed=True)
    english = list(read_labelled(conll / "en.train.iob.gz", "en"))
    held_back = split_ids({meta_of(doc)["id"]: doc.text for doc in english}, HELD_BACK, 1.0, 0).held_back
    save(folder / "train/en.spacy", english)
    save(folder / "dev/en.spacy", read_labelled(conll / "en.dev.iob.gz", "en"))
    nlp = multilingual_blank("xx")
    for lang in CONLL_TARGETS:
        text = read_plain_docs(conll / f"deepl/{lang}.train.txt.gz", nlp, tokenized=True)
        translated = list(translations(english, text, lang, "DeepL"))
        save(folder / f"translated/{lang}.spacy", translated)
        for peer in PEERS:
            labelled = read_labelled(conll / f"deepl/{lang}.train.{peer}.iob.gz", lang)
            save(folder / f"{peer}/{lang}.spacy", translations(english, labelled, lang, "DeepL", peer))
        dev = list(read_labelled(conll / f"{lang}.dev.iob.gz", lang))
        save(folder / f"test/{lang}.spacy", dev[:limit])
        wanted = unlabelled_limit or sum(meta_of(doc)["id"] in held_back for doc in translated)
        real = list(unlabelled(conll / f"{lang}.unlabeled.txt.gz", lang))
        save(folder / f"unlabelled/{lang}.spacy", drawn(real, dev, wanted))
    save_encyclopaedia(folder / "wikineural", ENCYCLOPAEDIA_LIMIT)


def translations(
    english: list[Doc], translated: Iterable[Doc], lang: str, translator: str, peer: str | None = None
) -> Iterator[Doc]:
    """The translations that are not empty, with the ids of their sources and the system that projected their labels."""
    try:
        for source, doc in zip(english, translated, strict=True):
            if len(doc):
                step = {"step": "translate", "translator": translator}
                meta = with_step({"id": meta_of(source)["id"], "lang": lang, "score": 1.0}, step)
                doc._.xner_meta = with_step(meta, {"step": "project", "aligner": peer}) if peer else meta
                yield doc
    except ValueError:
        raise XnerError(
            f"The number of {translator} translations into {lang} is not the number of English sentences, "
            f"{len(english)}."
        ) from None


def unlabelled(path: Path, lang: str) -> Iterator[Doc]:
    """The sentences of a tokenised text, a sentence a line, with the number of the line as id."""
    for doc, number in read_plain_lines(path, multilingual_blank("xx"), tokenized=True):
        words = [token.text for token in doc if token.text != MARKER]
        if words:
            real = Doc(doc.vocab, words=words, spaces=[True] * (len(words) - 1) + [False])
            meta = {"id": f"{path.name}:{number}", "lang": lang, "score": 1.0}
            real._.xner_meta = with_step(meta, convert_step(path, number))
            yield real


def drawn(docs: Sequence[Doc], dev: Iterable[Doc], n_docs: int) -> list[Doc]:
    """So many docs at random, or all where there are fewer, without those that are development sentences too."""
    known = {comparison_key(doc.text) for doc in dev}
    kept = [doc for doc in docs if len(doc) < MIN_TOKENS or comparison_key(doc.text) not in known]
    if len(kept) < len(docs):
        print(f"{len(docs) - len(kept):,} of {len(docs):,} unlabelled sentences are development sentences: left out")
    if len(kept) < n_docs:
        print(f"{len(kept):,} unlabelled sentences are left, fewer than {n_docs:,}: all are written")
    return random.Random(0).sample(kept, min(n_docs, len(kept)))


if __name__ == "__main__":
    run(main)

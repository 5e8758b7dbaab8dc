"""Makes the corpora of the CoNLL study: DocBins in which a translation has the id of the sentence that it translates.

From CoNLL-2003 English and its DeepL translations (Garcia-Ferrero et al. 2022) in $XNER_DATA/conll:

- FOLDER/train/en.spacy, FOLDER/dev/en.spacy: English, labelled;
- FOLDER/translated/LANG.spacy: the translations of the training sentences, unlabelled;
- FOLDER/awesome/LANG.spacy: the same, with the labels that a peer projected;
- FOLDER/test/LANG.spacy: the first sentences of the development halves of German, Spanish and Dutch, for the final
  scores.

    XNER_DATA=FOLDER python benchmarks/conll_corpora.py corpora/conll [--limit 1500]
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from experiment import CONLL_TARGETS
from measuring_data import data_folder
from spacy.tokens import Doc

from spacy_xner.annotations.attributes import meta_of
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import with_step, write_docs
from spacy_xner.corpus.project_files import read_plain_docs
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_blank

PEER = "awesome"


def main(
    folder: Annotated[Path, typer.Argument(help="Where to write.")] = Path("corpora/conll"),
    limit: Annotated[int, typer.Option(help="Test sentences of each language.")] = 1500,
) -> None:
    """Write the corpora."""
    conll = data_folder("conll", needed=True)
    english = list(convert_files([conll / "en.train.iob.gz"], "en", Counter()))
    save(folder / "train/en.spacy", english)
    save(folder / "dev/en.spacy", convert_files([conll / "en.dev.iob.gz"], "en", Counter()))
    nlp = multilingual_blank("xx")
    for lang in CONLL_TARGETS:
        text = read_plain_docs(conll / f"deepl/{lang}.train.txt.gz", nlp, tokenized=True)
        save(folder / f"translated/{lang}.spacy", translations(english, text, lang, "DeepL"))
        path = conll / f"deepl/{lang}.train.{PEER}.iob.gz"
        labelled = translations(english, convert_files([path], lang, Counter()), lang, "DeepL", PEER)
        save(folder / f"{PEER}/{lang}.spacy", labelled)
        test = convert_files([conll / f"{lang}.dev.iob.gz"], lang, Counter())
        save(folder / f"test/{lang}.spacy", islice(test, limit))


def save(path: Path, docs: Iterable[Doc]) -> None:
    print(f"{path}: {write_docs(path, docs):,} docs")


def translations(
    english: list[Doc], translated: Iterable[Doc], lang: str, maker: str, peer: str | None = None
) -> Iterator[Doc]:
    """The translations with the ids of their sources, and who projected their labels; empty ones are left out."""
    try:
        for source, doc in zip(english, translated, strict=True):
            if len(doc):
                step = {"step": "translate", "translator": maker}
                meta = with_step({"id": meta_of(source)["id"], "lang": lang, "score": 1.0}, step)
                doc._.xner_meta = with_step(meta, {"step": "project", "aligner": peer}) if peer else meta
                yield doc
    except ValueError:
        raise XnerError(f"The {maker} translations into {lang} are not as many as the English sentences.") from None


if __name__ == "__main__":
    typer.run(main)

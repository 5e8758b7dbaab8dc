"""Makes the corpora of the studies on CoNLL: DocBins in which a translation has the id of the sentence it translates.

From CoNLL-2003 English and its DeepL translations (Garcia-Ferrero et al. 2022) in $XNER_DATA/conll:

- FOLDER/train/en.spacy, FOLDER/dev/en.spacy: English, labelled;
- FOLDER/translated/LANG.spacy: translations of the training sentences, unlabelled;
- FOLDER/awesome/LANG.spacy, FOLDER/simalign/LANG.spacy: the same, with the labels that these systems projected;
- FOLDER/test/LANG.spacy: the first development sentences of German, Spanish and Dutch, for the final scores.

    XNER_DATA=FOLDER python benchmarks/conll_corpora.py corpora/conll --limit 1500
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from common import CONLL_TARGETS, LimitOption, data_folder, read_labelled, run
from spacy.tokens import Doc

from spacy_xner.annotations.attributes import meta_of
from spacy_xner.corpus.docs import with_step, write_docs
from spacy_xner.corpus.sentence_files import read_plain_docs
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_blank

PEERS = ("awesome", "simalign")


def main(
    folder: Annotated[Path, typer.Argument(help="Where to write.")] = Path("corpora/conll"),
    limit: LimitOption = 1500,
) -> None:
    """Write the corpora; --limit is of the test sentences of each language."""
    conll = data_folder("conll", needed=True)
    english = list(read_labelled(conll / "en.train.iob.gz", "en"))
    save(folder / "train/en.spacy", english)
    save(folder / "dev/en.spacy", read_labelled(conll / "en.dev.iob.gz", "en"))
    nlp = multilingual_blank("xx")
    for lang in CONLL_TARGETS:
        text = read_plain_docs(conll / f"deepl/{lang}.train.txt.gz", nlp, tokenized=True)
        save(folder / f"translated/{lang}.spacy", translations(english, text, lang, "DeepL"))
        for peer in PEERS:
            labelled = read_labelled(conll / f"deepl/{lang}.train.{peer}.iob.gz", lang)
            save(folder / f"{peer}/{lang}.spacy", translations(english, labelled, lang, "DeepL", peer))
        save(folder / f"test/{lang}.spacy", read_labelled(conll / f"{lang}.dev.iob.gz", lang, limit))


def save(path: Path, docs: Iterable[Doc]) -> None:
    print(f"{path}: {write_docs(path, docs):,} docs")


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


if __name__ == "__main__":
    run(main)

"""`xner corpus ...`: from files of text to the DocBins that a pipeline is trained on."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from .command import XnerTyper
from .corpus_check import check
from .corpus_convert import convert
from .corpus_distill import distill
from .corpus_stats import stats
from .corpus_synthesize import synthesize
from .corpus_translate import translate
from .options import (
    CompleteOption,
    EncoderOption,
    LayersOption,
    MethodName,
    MinScoreOption,
    ProjectMethodOption,
    make_projector,
    parse_layers,
)
from .outputs import check_output, for_each_language
from .progress import print_counts, resumable_progress

corpus_app = XnerTyper(
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@corpus_app.callback()
def main() -> None:
    """Convert, translate, label, count and check corpora.

    From English files to a German training corpus:

    ```
    xner corpus convert news.conll --output en.spacy --lang en
    xner corpus translate en.spacy --output de.text.spacy --lang de --memory corpus/translations
    xner project en.spacy de.text.spacy --output de.spacy
    xner corpus stats en.spacy de.spacy
    ```
    """


corpus_app.command()(convert)
corpus_app.command()(translate)


@corpus_app.command()
def project(
    source: Annotated[Path, typer.Argument(help="Labelled DocBin.")],
    translated: Annotated[Path, typer.Argument(help="Its translation, by `xner corpus translate`.")],
    output: Annotated[Path, typer.Argument(help="DocBin to write: the translation with entities and their scores.")],
    lang: Annotated[
        str | None, typer.Option(help="Languages that {lang} in the file names stands for, as de,es,fr.")
    ] = None,
    encoder: EncoderOption = "embedded",
    layers: LayersOption = None,
    method: ProjectMethodOption = MethodName["transport"],
    min_score: MinScoreOption = 0.0,
    complete: CompleteOption = True,
    batch_size: Annotated[int, typer.Option(help="Sentence pairs that the encoder reads at a time.")] = 32,
) -> None:
    """Carry entities across to the translated corpus, by aligning words with a multilingual encoder.

    Example:

    ```
    xner corpus project en.spacy de.text.spacy de.spacy --encoder models/encoder --min-score 0.5
    ```
    """
    from ..corpus.docs import load_docs
    from ..corpus.project import pair_docs, project_corpus

    projector = make_projector(encoder, parse_layers(layers), method.value, min_score, complete, batch_size)
    sources = load_docs(source)
    for code, (text, out) in for_each_language(lang, translated, output):
        check_output(out, source, text)
        counts: Counter[str] = Counter()
        pairs = pair_docs(sources, load_docs(text), counts)
        try:
            show = resumable_progress(f"Projecting {code or ''}".rstrip(), "docs")
            project_corpus(out, pairs, projector, counts, show)
        finally:
            print_counts(f"{out}", counts)


corpus_app.command()(synthesize)
corpus_app.command()(distill)
corpus_app.command()(stats)
corpus_app.command()(check)

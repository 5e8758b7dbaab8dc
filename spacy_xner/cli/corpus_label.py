"""`xner corpus label`: labels by a language model."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from .costs import YesOption, announce_costs
from .options import CacheOption, DocBinOption, NoCacheOption, QuietOption, SettingOption, parse_cache
from .outputs import check_output, choose_output
from .progress import print_translator_counts, progress, write_counted
from .torch_free import avoid_torch
from .usage import UsageError, usage_errors


def label(
    texts: Annotated[Path, typer.Argument(help="DocBin to label.")],
    output: DocBinOption = None,
    setting: SettingOption = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="Labels, one in a line: `PER: persons`. Default: PER, ORG, LOC, MISC.", show_default=False),
    ] = None,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
    yes: YesOption = False,
    quiet: QuietOption = False,
) -> None:
    """Let a language model label text, by tags around the names. The labels are hard, without scores.

    The model copies each sentence. What it changes is asked for once more, and then left out and counted. Answers are
    cached: an interrupted run resumes.

    The settings are those of the translator llm: url, model and others, see docs/reference/translators-http.md. Before
    you publish the labels or a model that learns from them, read the terms of the provider and the licence of the
    model.

    Example:

    ```
    xner corpus label unlabelled/de.spacy --output labelled/de.spacy -s url=http://localhost:8000/v1 -s model=NAME
    ```
    """
    avoid_torch()
    from ..corpus.docs import load_docs
    from ..corpus.label import label_docs, read_labels
    from ..corpus.translate import language_of, parse_settings
    from ..translation.api_keys import refuse_keys
    from ..translation.factory import check_settings
    from ..translation.registry import language_model_v1
    from ..translation.tagging import ModelTagger

    out, kept = choose_output(output, None), parse_cache(cache, no_cache)
    check_output(out, texts, *([labels] if labels else []))
    with usage_errors():
        given = {key: value for key, value in parse_settings(setting or []).items() if value is not None}
    if "model" not in given:
        raise UsageError("The language model has no name, expected -s model=NAME, and -s url=URL for its server.")
    refuse_keys(given, str(given.get("key_variable") or "OPENAI_API_KEY"))
    docs = load_docs(texts)
    lang = language_of(docs, str(texts))
    check_settings("llm", language_model_v1, {**given, "source": lang, "target": lang})
    tagger = ModelTagger(lang, labels=read_labels(labels), **given)
    announce_costs(tagger, (doc.text for doc in docs), kept, yes)
    counts: Counter[str] = Counter()
    write_counted(out, progress(label_docs(docs, tagger, counts, kept), f"Labelling {lang}", len(docs)), counts)
    print_translator_counts(tagger)

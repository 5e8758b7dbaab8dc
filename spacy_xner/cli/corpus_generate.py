"""`xner corpus generate`: unlabelled text in a target language, written by a language model."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from .costs import YesOption, confirm
from .options import DocBinOption, QuietOption, SettingOption
from .outputs import check_output, choose_output, for_each_language
from .progress import print_counts, print_spent, resumable_progress
from .torch_free import avoid_torch
from .usage import UsageError, usage_errors


def generate(
    lang: Annotated[str, typer.Option(help="Language to write, for example de. Several: de,es,fr.")],
    output: DocBinOption = None,
    sentences: Annotated[int, typer.Option("--sentences", "-n", min=1, help="Number of sentences.")] = 1000,
    setting: SettingOption = None,
    topics: Annotated[
        Path | None, typer.Option(help="Topics, one in a line. Default: a list of 77.", show_default=False)
    ] = None,
    genres: Annotated[
        Path | None, typer.Option(help="Genres, one in a line. Default: a list of 58.", show_default=False)
    ] = None,
    prompt: Annotated[
        Path | None,
        typer.Option(help="File with a prompt of your own, a Jinja template: see docs/reference/translators-http.md."),
    ] = None,
    per_request: Annotated[
        int | None, typer.Option(min=1, help="Sentences in a request. Default: 20.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="Another one gives other genres, topics and sentences.")] = 0,
    yes: YesOption = False,
    quiet: QuietOption = False,
) -> None:
    """Let a language model write unlabelled text in a target language, for a teacher to label.

    Each request has another genre, topic, register and part of the world, so that the text is not of one recipe.
    Sentences in another language and repeated ones, also those that differ in one word, are left out and counted.
    Interrupted runs resume. The provenance of each sentence has the model, the hash of the prompt, and what was asked.

    The settings are those of the translator llm: url and model, and price_per_million, output_price_per_million,
    max_cost, concurrency, rate, token_rate, temperature (1 here), key_variable. The key is read from the environment.
    batch_size is the same as --per-request, template_path as --prompt.

    Before you publish the text or a model that learns from it, read the terms of the provider and the licence of the
    model: many restrict what its output may be used for, some forbid to train other models on it.

    Example:

    ```
    xner corpus generate --lang de -n 5000 --output unlabelled/de.spacy -s url=http://localhost:8000/v1 -s model=NAME
    xner corpus distill training/teacher/model-last unlabelled/de.spacy --output distilled/de.spacy
    ```
    """
    avoid_torch()
    from ..corpus.generate import generate_file, make_writer
    from ..corpus.genres import GENRES, TOPICS, read_items
    from ..corpus.translate import parse_settings

    with usage_errors():
        given = parse_settings(setting or [])
    for option, name, value in ("per-request", "batch_size", per_request), ("prompt", "template_path", prompt):
        if value is not None:
            if given.get(name) is not None:
                raise UsageError(f"Found --{option} and --setting {name}, which is the same: expected one of them.")
            given[name] = value
    if "model" not in given:
        raise UsageError("The language model has no name, expected -s model=NAME, and -s url=URL for its server.")
    subjects, kinds = read_items(topics, TOPICS), read_items(genres, GENRES)
    for code, (out,) in for_each_language(lang, choose_output(output, None)):
        if code is None:
            raise UsageError("--lang names no language, expected those to write, for example --lang de,es,fr.")
        check_output(out, *(path for path in (topics, genres, prompt) if path))
        writer = make_writer(code, given, seed, kinds, subjects)
        confirm([writer.estimate(sentences)], yes)
        counts: Counter[str] = Counter()
        try:
            generate_file(out, writer, sentences, counts, resumable_progress(f"Writing {code}", "requests"))
        finally:
            print_counts(f"{out}", counts)
            print_counts(f"{writer.chat.model}, this run", writer.chat.counts)
            print_spent(writer.chat.budget)

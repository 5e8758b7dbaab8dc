"""`xner corpus synthesize` and `xner corpus distill`: text that nobody labelled."""

from collections import Counter
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ..errors import XnerError
from .corpus import check_output, corpus_app, for_each_language, for_each_target
from .options import (
    CacheOption,
    EncoderOption,
    GpuOption,
    MemoryOption,
    NoCacheOption,
    SettingOption,
    make_aligner,
    make_projector,
    parse_cache,
    translator_of,
    way_back,
)
from .progress import print_counts, print_translator_counts, progress, resumable_progress, write_counted

QualityName = StrEnum("QualityName", ["alignment", "round-trip", "none"])


@corpus_app.command()
def synthesize(
    source: Annotated[
        Path, typer.Argument(help="Text: a sentence a line (.txt, .txt.gz), a DocBin or a corpus of another format.")
    ],
    output: Annotated[Path, typer.Argument(help="DocBin to write: unlabelled text in the target language.")],
    lang: Annotated[str, typer.Option(help="Language to translate into, as de. Several: de,es,fr.")],
    source_lang: Annotated[str, typer.Option(help="Language of a source that does not say it.")] = "en",
    translator: Annotated[str, typer.Option(help="As for `xner corpus translate`.")] = "memory",
    memory: MemoryOption = None,
    setting: SettingOption = None,
    quality: Annotated[
        QualityName,
        typer.Option(
            help="How to judge translations: by the share of words that can be aligned, or by translating them back."
        ),
    ] = QualityName.alignment,
    min_quality: Annotated[float, typer.Option(help="Leave out translations that are worse, from 0 to 1.")] = 0.3,
    length_ratio: Annotated[
        float, typer.Option(help="Leave out those so many times longer or shorter than is usual here; 0: none.")
    ] = 2.5,
    copied: Annotated[
        float, typer.Option(help="Leave out those so alike to their source, from 0 to 1; 1: none.")
    ] = 0.9,
    check_language: Annotated[bool, typer.Option(help="Leave out what is in another language.")] = True,
    keep_duplicates: Annotated[
        bool, typer.Option(help="Do not leave out a translation that was there before.")
    ] = False,
    back_setting: Annotated[
        list[str] | None,
        typer.Option(
            help="Settings for the way back of round-trip, if others than --setting turned round, as mode=es-en."
        ),
    ] = None,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
    encoder: EncoderOption = "embedded",
    gpu_id: GpuOption = -1,
) -> None:
    """Make unlabelled text in a target language by translating unlabelled text, and leave out what went wrong.

    Each filter says how many it left out. A teacher can label the text (`xner corpus distill`).

    Examples:

    ```
    xner corpus synthesize news.txt synthetic/es.spacy --lang es --translator apertium
    xner corpus synthesize news.spacy synthetic/{lang}.spacy --lang es,ca --translator apertium --quality round-trip
    ```
    """
    from ..corpus.filters import Filters
    from ..corpus.quality import alignment_quality, round_trip_quality
    from ..corpus.synthesize import synthesize
    from ..corpus.texts import read_unlabelled
    from ..corpus.translate import language_of
    from ..pipelines import use_gpu

    if back_setting and quality.value != "round-trip":
        raise XnerError("--back-setting is for the way back, expected it with --quality round-trip.")
    kept = parse_cache(cache, no_cache)
    use_gpu(gpu_id)
    least = 0.0 if quality.value == "none" else min_quality
    filters = Filters(length_ratio, copied, check_language, duplicates=not keep_duplicates, quality=least)
    found: Counter[str] = Counter()
    docs = list(read_unlabelled(source, source_lang, found))
    print_counts(f"Read {source}", found)
    spoken = language_of(docs, str(source))
    aligner = make_aligner(encoder, None, "transport", fast=True) if quality.value == "alignment" else None
    for code, out in for_each_target(lang, spoken, output):
        check_output(out, source)
        counts: Counter[str] = Counter()
        forth = translator_of(translator, spoken, code, memory, setting)
        if aligner is not None:
            measure = alignment_quality(aligner)
        elif quality.value == "round-trip":
            measure = round_trip_quality(way_back(translator, code, spoken, memory, setting, back_setting), kept)
        else:
            measure = None
        show = partial(progress, description=f"Translating into {code}", total=len(docs))
        made = synthesize(docs, forth, code, filters, counts, measure, show, kept)
        write_counted(out, made, counts)
        print_translator_counts(forth)


@corpus_app.command()
def distill(
    teachers: Annotated[str, typer.Argument(help="Trained pipeline with `xner`; several, with commas, are averaged.")],
    texts: Annotated[Path, typer.Argument(help="Unlabelled DocBin, synthetic or real.")],
    output: Annotated[Path, typer.Argument(help="DocBin to write: the text with soft labels.")],
    lang: Annotated[
        str | None, typer.Option(help="Languages that {lang} in the file names stands for, as de,es,fr.")
    ] = None,
    sources: Annotated[
        Path | None,
        typer.Option(help="DocBin of the sentences that TEXTS translates: entities found there are projected."),
    ] = None,
    certainty: Annotated[
        float, typer.Option(help="Leave out sentences whose least sure decision is less sure, from 0 to 1.")
    ] = 0.0,
    agreement: Annotated[
        float, typer.Option(help="With --sources: least F1 of the teacher's entities against the projected ones.")
    ] = 0.0,
    encoder: EncoderOption = "embedded",
    gpu_id: GpuOption = -1,
) -> None:
    """Let a teacher label text softly, for a student to learn from.

    With --sources, the teacher also labels the source sentences, in the language that it knows best, and what it finds
    there is projected: the student gets both, and sentences on which they disagree can be left out. Stopped, it goes on
    where it was.

    Examples:

    ```
    xner corpus distill training/teacher/model-last synthetic/es.spacy distilled/es.spacy --certainty 0.6
    xner corpus distill one,two synthetic/es.spacy distilled/es.spacy --sources en.spacy --agreement 0.8
    ```
    """
    from ..corpus.docs import docs_by_id, load_docs
    from ..distillation.distill import distill_file
    from ..distillation.distiller import Distiller
    from ..distillation.selection import Selection
    from ..distillation.teachers import Teachers
    from ..pipelines import load_pipeline, use_gpu

    selection = Selection(certainty, agreement)
    if agreement and sources is None:
        raise XnerError("--agreement is between teacher and projection, expected the source sentences by --sources.")
    use_gpu(gpu_id)
    loaded = Teachers([load_pipeline(name.strip()) for name in teachers.split(",")])
    by_id = docs_by_id(load_docs(sources)) if sources else None
    projector = make_projector(encoder, None, "transport", 0.0, False, fast=True) if sources else None
    distiller = Distiller(loaded, selection, by_id, projector)
    for code, (text, out) in for_each_language(lang, texts, output):
        check_output(out, text, *([sources] if sources else []))
        counts: Counter[str] = Counter()
        show = resumable_progress(f"Labelling {code or ''}".rstrip(), "batches")
        try:
            distill_file(out, load_docs(text), distiller, counts, show)
        finally:
            print_counts(f"{out}", counts)

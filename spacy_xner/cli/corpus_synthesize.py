"""`xner corpus synthesize`: unlabelled text in a target language, by translation."""

from collections import Counter
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .costs import YesOption, announce_costs
from .options import (
    BatchSizeOption,
    CacheOption,
    DocBinOption,
    EncoderOption,
    GpuOption,
    MemoryOption,
    NoCacheOption,
    OutputArgument,
    QuietOption,
    SettingOption,
    TargetsOption,
    back_translator,
    make_aligner,
    parse_cache,
    translator_from_options,
    translator_settings,
)
from .outputs import check_output, choose_output, for_each_target
from .progress import print_counts, print_report, print_translator_counts, progress, write_counted
from .shard_options import (
    FormatOption,
    PartOption,
    PlanOption,
    RayOption,
    ShardOptions,
    ShardSizeOption,
    WorkersOption,
    file_source,
    first_language,
    write_shards,
)
from .specs import aligner_spec, back_translator_spec, translator_spec
from .usage import UsageError, usage_errors

if TYPE_CHECKING:
    from ..corpus.filters import Filters
    from ..shards.inputs import FileSource
    from ..shards.parts import AlignerSpec

QualityName = StrEnum("QualityName", ["alignment", "round-trip", "none"])


def synthesize(
    source: Annotated[
        Path, typer.Argument(help="Text: one sentence per line (.txt, .txt.gz), a DocBin or another corpus format.")
    ],
    lang: TargetsOption,
    output_argument: OutputArgument = None,
    output: DocBinOption = None,
    source_lang: Annotated[str, typer.Option(help="Language of a source that does not name it.")] = "en",
    translator: Annotated[str, typer.Option(help="As for `xner corpus translate`.")] = "memory",
    memory: MemoryOption = None,
    setting: SettingOption = None,
    quality: Annotated[
        QualityName,
        typer.Option(help="Score of a translation: share of aligned words, or similarity of a back-translation."),
    ] = QualityName.alignment,
    min_quality: Annotated[float, typer.Option(min=0, max=1, help="Drop translations with a lower score.")] = 0.3,
    length_ratio: Annotated[
        float,
        typer.Option(help="Drop translations that are this many times longer or shorter than usual; 0: keep them."),
    ] = 2.5,
    copied: Annotated[
        float, typer.Option(min=0, max=1, help="Drop translations this similar to their source; 1: keep them.")
    ] = 0.9,
    check_language: Annotated[bool, typer.Option(help="Drop translations in a wrong language.")] = True,
    keep_duplicates: Annotated[bool, typer.Option(help="Keep repeated translations.")] = False,
    back_setting: Annotated[
        list[str] | None,
        typer.Option(help="Settings of the back-translation. Default: those of --setting, reversed."),
    ] = None,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
    encoder: EncoderOption = "embedded",
    batch_size: BatchSizeOption = 32,
    gpu_id: GpuOption = -1,
    shard_size: ShardSizeOption = None,
    format: FormatOption = None,
    workers: WorkersOption = None,
    ray: RayOption = None,
    shard: PartOption = None,
    plan: PlanOption = False,
    yes: YesOption = False,
    quiet: QuietOption = False,
) -> None:
    """Translate unlabelled text into a target language and drop bad translations.

    Prints counts for each filter. A teacher can label the output: see `xner corpus distill`.

    Examples:

    ```
    xner corpus synthesize news.txt --output synthetic/es.spacy --lang es --translator apertium
    xner corpus synthesize news.spacy --output synthetic/{lang}.spacy --lang es,ca --translator apertium \\
      --quality round-trip
    xner corpus synthesize news.txt --output synthetic/es --lang es --translator apertium --workers 8
    ```
    """
    from ..corpus.filters import Filters
    from ..corpus.formats.report import Report
    from ..corpus.quality import alignment_quality, round_trip_quality
    from ..corpus.synthesize import synthesize
    from ..corpus.texts import read_unlabelled
    from ..corpus.translate import language_of
    from ..pipelines import use_gpu

    output = choose_output(output, output_argument)
    if back_setting and quality.value != "round-trip":
        raise UsageError("--back-setting is for the back-translation, expected it with --quality round-trip.")
    kept = parse_cache(cache, no_cache)
    least = 0.0 if quality.value == "none" else min_quality
    with usage_errors():
        filters = Filters(length_ratio, copied, check_language, duplicates=not keep_duplicates, quality=least)
    options = ShardOptions(shard_size, format, workers, ray, shard, plan)
    if options.want_folder(output):
        aligned = aligner_spec(encoder, batch_size=batch_size, fast=True) if quality.value == "alignment" else None
        synthesize_shards(
            file_source(source, source_lang),
            output,
            lang,
            translator,
            memory,
            setting,
            filters,
            aligned,
            quality.value == "round-trip",
            back_setting,
            kept,
            options,
            gpu_id,
            yes,
        )
        return
    use_gpu(gpu_id)
    found: Counter[str] = Counter()
    report = Report()
    docs = list(read_unlabelled(source, source_lang, found, report))
    print_report(report)
    print_counts(f"Read {source}", found)
    text_lang = language_of(docs, str(source))
    with_alignment = quality.value == "alignment"
    aligner = make_aligner(encoder, None, "transport", batch_size, fast=True) if with_alignment else None
    for code, out in for_each_target(lang, text_lang, output):
        check_output(out, source)
        counts: Counter[str] = Counter()
        engine = translator_from_options(translator, text_lang, code, memory, setting)
        announce_costs(engine, (doc.text for doc in docs), kept, yes)
        if aligner is not None:
            measure = alignment_quality(aligner)
        elif quality.value == "round-trip":
            back = back_translator(translator, code, text_lang, memory, setting, back_setting)
            announce_costs(back, (doc.text for doc in docs), kept, yes)  # the translations are about as long
            measure = round_trip_quality(back, kept)
        else:
            measure = None
        show = partial(progress, description=f"Translating into {code}", total=len(docs))
        translated = synthesize(docs, engine, code, filters, counts, measure, show, kept)
        write_counted(out, translated, counts)
        print_translator_counts(engine)


def synthesize_shards(
    source: "FileSource",
    output: Path,
    lang: str,
    translator: str,
    memory: Path | None,
    setting: list[str] | None,
    filters: "Filters",
    quality: "AlignerSpec | None",
    round_trip: bool,
    back_setting: list[str] | None,
    cache: Path | bool,
    options: ShardOptions,
    gpu_id: int,
    yes: bool,
) -> None:
    """Translate and filter the rows of files into a folder of shards for each language."""
    from ..shards.specs import SynthesizeSpec

    translator_settings(translator, memory, setting)
    text_lang = first_language(source, lang, output)
    for code, folder in for_each_target(lang, text_lang, output):
        engine = translator_spec(translator, text_lang, code, memory, setting)
        back = back_translator_spec(translator, code, text_lang, memory, setting, back_setting) if round_trip else None
        spec = SynthesizeSpec(engine, filters, quality or back, options.cache(cache))
        write_shards(folder, spec, source, options, f"Translating into {code}", gpu_id, yes)

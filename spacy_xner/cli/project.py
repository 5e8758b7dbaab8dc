"""`xner project`: projects the entities of labelled sentences onto their translations."""

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import make_notes
from .options import (
    DEFAULT_MIN_SCORE,
    BatchSizeOption,
    EncoderOption,
    FastOption,
    FilterName,
    FiltersOption,
    GpuOption,
    LayersOption,
    MethodName,
    MinScoreOption,
    ProjectMethodOption,
    QuietOption,
    SourceLangOption,
    TeacherOption,
    TeacherWeightOption,
    TokenizedOption,
    language_pair,
    make_projector,
    parse_layers,
    with_languages,
)
from .outputs import for_each_language
from .progress import print_counts, print_report, resumable_progress
from .shard_options import (
    FormatOption,
    PartOption,
    PlanOption,
    RayOption,
    ShardOptions,
    ShardSizeOption,
    WorkersOption,
    file_source,
    write_shards,
)
from .specs import aligner_spec, projector_spec
from .usage import UsageError, usage_errors

if TYPE_CHECKING:
    from ..projection import SpanProjector
    from ..shards.parts import ProjectorSpec

PairByName = StrEnum("PairByName", ["auto", "id", "order"])


def project(
    source: Annotated[Path, typer.Argument(help="Labelled: .iob (.gz), .conllu, .jsonl, .spacy, inline .txt.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="TARGET with entities: .iob (.gz), .jsonl or .spacy (with scores), .txt."),
    ],
    target: Annotated[
        Path | None,
        typer.Argument(
            help="Its translation: plain lines of a .txt, or any format of SOURCE. None for Parquet, which holds it.",
            show_default=False,
        ),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option(help="Language of TARGET, for example de. For {lang} in the file names: several, de,es,fr."),
    ] = None,
    pair_by: Annotated[
        PairByName,
        typer.Option(
            help="Pair sentences by id (DocBins) or by order. auto: by id if all ids of TARGET are in SOURCE."
        ),
    ] = PairByName["auto"],
    tokenized: TokenizedOption = False,
    encoder: EncoderOption = "embedded",
    source_lang: SourceLangOption = None,
    layers: LayersOption = None,
    method: ProjectMethodOption = MethodName["transport"],
    min_score: MinScoreOption = DEFAULT_MIN_SCORE,
    filters: FiltersOption = None,
    complete: Annotated[bool, typer.Option("--complete", hidden=True)] = False,
    teacher: TeacherOption = None,
    teacher_weight: TeacherWeightOption = None,
    fast: FastOption = False,
    batch_size: BatchSizeOption = 32,
    gpu_id: GpuOption = -1,
    shard_size: ShardSizeOption = None,
    format: FormatOption = None,
    workers: WorkersOption = None,
    ray: RayOption = None,
    shard: PartOption = None,
    plan: PlanOption = False,
    quiet: QuietOption = False,
) -> None:
    """Project entities onto translated sentences, by word alignment. Interrupted runs resume.

    The output is TARGET with the entities of SOURCE; nothing is trained. A sentence that has lost an entity is kept,
    and its words outside of entities are without annotation: training ignores them. `--filter label_counts` drops it;
    columns and text cannot hold it, and leave it out.

    Examples:

    ```
    xner project en.spacy de.text.spacy -o de.spacy --min-score 0.9 --filter label_counts
    xner project en.spacy {lang}.text.spacy -o {lang}.spacy --lang de,es,fr
    xner project en.train.iob.gz de.train.txt -o de.train.iob --tokenized
    xner project translated/de -o projected/de --workers 8
    ```
    """
    from ..pipelines import use_gpu

    if complete:
        typer.echo("`--complete` is deprecated: write `--filter label_counts`.", err=True)
        filters = [*(filters or []), FilterName["label_counts"]]
    names = [each.value for each in filters or []]
    options = ShardOptions(shard_size, format, workers, ray, shard, plan)
    if options.want_folder(output):
        aligner = aligner_spec(encoder, parse_layers(layers), method.value, batch_size, fast)
        spec = projector_spec(aligner, min_score, names, teacher, teacher_weight)
        project_shards(source, target, output, spec, lang, pair_by, tokenized, source_lang, options, gpu_id)
        return
    if target is None:
        raise UsageError(
            f"Missing argument 'TARGET'. It can be left out for Parquet with a folder as output; found {output}."
        )
    use_gpu(gpu_id)
    projector = make_projector(
        encoder, parse_layers(layers), method.value, min_score, names, batch_size, fast, teacher, teacher_weight
    )
    project_files(source, target, output, projector, lang, pair_by, tokenized, source_lang)


def project_files(
    source: Path,
    target: Path,
    output: Path,
    projector: "SpanProjector",
    lang: str | None,
    pair_by: PairByName,
    tokenized: bool = False,
    source_lang: str | None = None,
) -> None:
    """Project onto the target file of each language. Prints counts, and how sentences are paired.

    source_lang (str | None): the language of the source, where the projector's encoder is a translation model.
    """
    from ..alignment.embedding import EmbeddingAligner
    from ..corpus.formats.reading import detect_format
    from ..corpus.formats.report import Report
    from ..corpus.project import project_corpus
    from ..corpus.project_files import are_docbins, check_formats, pair_files

    files = for_each_language(lang, target, output)
    with usage_errors():
        for _, (text, out) in files:
            detect_format(out)
            are_docbins(source, text, pair_by.value)  # type: ignore[arg-type]
    for code, (text, out) in files:
        check_formats(source, text, out)
        if source_lang is not None:
            language_pair(source_lang, code, "--lang")
    if len(files) > 1 and type(projector.aligner) is EmbeddingAligner:
        projector.aligner.keep_sources = True
    for code, (text, out) in files:
        if source_lang is not None:
            projector.aligner = with_languages(projector.aligner, language_pair(source_lang, code, "--lang"))
        counts: Counter[str] = Counter()
        report = Report()
        try:
            by: Any = pair_by.value
            pairs = pair_files(source, text, counts, pair_by=by, lang=code, tokenized=tokenized, report=report)
            print_report(report)
            make_notes().print(f"{text}: paired with {source} by {pairs.paired_by}.", markup=False, highlight=False)
            show = resumable_progress(f"Projecting {code or ''}".rstrip(), "sentences")
            project_corpus(out, pairs, projector, counts, show)
        finally:
            if counts:
                print_counts(f"{out}", counts)


def project_shards(
    source: Path,
    target: Path | None,
    output: Path,
    projector: "ProjectorSpec",
    lang: str | None,
    pair_by: PairByName,
    tokenized: bool,
    source_lang: str | None,
    options: ShardOptions,
    gpu_id: int,
) -> None:
    """Project into a folder of shards for each language: rows with both sentences, or the pairs of two files."""
    from dataclasses import replace

    from ..shards.inputs import PairSource
    from ..shards.specs import ProjectSpec

    for code, (text, folder) in for_each_language(lang, target or source, output):
        languages = language_pair(source_lang, code, "--lang") if source_lang else None
        spec = ProjectSpec(replace(projector, aligner=replace(projector.aligner, languages=languages)))
        description = f"Projecting {code or ''}".rstrip()
        if target is None:
            write_shards(folder, spec, file_source(text, None), options, description, gpu_id)
            continue
        by: Any = pair_by.value
        pairs = PairSource(source, text, by, code, tokenized, source_lang or "xx")
        try:
            write_shards(folder, spec, pairs, options, description, gpu_id)
        finally:
            if pairs.counts:
                print_counts(f"{text}, paired with {source}", pairs.counts)

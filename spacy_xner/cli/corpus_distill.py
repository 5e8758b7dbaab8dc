"""`xner corpus distill`: soft labels by a trained pipeline."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from .options import (
    DocBinOption,
    EncoderOption,
    GpuOption,
    OutputArgument,
    PipelineBatchSizeOption,
    QuietOption,
    make_projector,
)
from .outputs import check_output, choose_output, for_each_language
from .progress import print_counts, resumable_progress
from .shard_options import (
    PANEL,
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
from .usage import UsageError


def distill(
    teachers: Annotated[
        str, typer.Argument(help="Trained pipeline with a component `xner`. Several, with commas, are averaged.")
    ],
    texts: Annotated[
        Path,
        typer.Argument(
            help="Unlabelled DocBin, synthetic or real; with a folder as output, text, Parquet or a folder of such too."
        ),
    ],
    output_argument: OutputArgument = None,
    output: DocBinOption = None,
    lang: Annotated[
        str | None, typer.Option(help="Languages that {lang} in the file names stands for, for example de,es,fr.")
    ] = None,
    sources: Annotated[
        Path | None, typer.Option(help="DocBin of the source sentences of TEXTS: entities are also projected from it.")
    ] = None,
    certainty: Annotated[
        float, typer.Option(min=0, max=1, help="Drop sentences in which any prediction is less certain.")
    ] = 0.0,
    agreement: Annotated[
        float, typer.Option(min=0, max=1, help="With --sources: minimum F1 of predicted against projected entities.")
    ] = 0.0,
    encoder: EncoderOption = "embedded",
    batch_size: PipelineBatchSizeOption = None,
    gpu_id: GpuOption = -1,
    source_lang: Annotated[
        str, typer.Option(help="Language of text that does not name it.", rich_help_panel=PANEL)
    ] = "xx",
    own_sources: Annotated[
        bool,
        typer.Option(
            "--own-sources",
            help="As --sources, with the source that each row of Parquet holds.",
            rich_help_panel=PANEL,
        ),
    ] = False,
    keep_entities: Annotated[
        bool,
        typer.Option(
            "--keep-entities", help="Keep projected entities of the rows beside the soft labels.", rich_help_panel=PANEL
        ),
    ] = False,
    shard_size: ShardSizeOption = None,
    format: FormatOption = None,
    workers: WorkersOption = None,
    ray: RayOption = None,
    shard: PartOption = None,
    plan: PlanOption = False,
    quiet: QuietOption = False,
) -> None:
    """Assign soft labels to text with a teacher, as training data for a student.

    With --sources, the teacher also labels the source sentences, in the language that it knows best, and its entities
    are projected. The student gets both kinds of labels; sentences in which they disagree can be dropped. Interrupted
    runs resume.

    Examples:

    ```
    xner corpus distill training/teacher/model-last synthetic/es.spacy --output distilled/es.spacy --certainty 0.6
    xner corpus distill one,two synthetic/es.spacy --output distilled/es.spacy --sources en.spacy --agreement 0.8
    xner corpus distill training/teacher/model-last synthetic/es --output distilled/es --own-sources --workers 8
    ```
    """
    from ..corpus.docs import docs_by_id, load_docs
    from ..distillation.distill import distill_file
    from ..distillation.distiller import Distiller
    from ..distillation.selection import Selection
    from ..distillation.teachers import Teachers
    from ..pipelines import load_pipeline, use_gpu
    from ..shards.specs import DistillSpec

    output = choose_output(output, output_argument)
    files = for_each_language(lang, texts, output)
    options = ShardOptions(shard_size, format, workers, ray, shard, plan)
    if options.want_folder(output):
        if sources is not None:
            raise UsageError(
                f"Found --sources with the folder {output} as output, expected --own-sources and Parquet as TEXTS, "
                "whose rows hold their sources."
            )
        if agreement and not (own_sources or keep_entities):
            raise UsageError(
                "Found --agreement alone, expected entities to agree with: --own-sources or --keep-entities."
            )
        chosen = projector_spec(aligner_spec(encoder, fast=True), 0.0) if own_sources else None
        names = tuple(name.strip() for name in teachers.split(","))
        spec = DistillSpec(names, certainty, agreement, chosen, keep_entities, batch_size)
        for code, (text, out) in files:
            write_shards(out, spec, file_source(text, source_lang), options, f"Labelling {code or ''}".rstrip(), gpu_id)
        return
    if own_sources or keep_entities:
        raise UsageError(
            f"--own-sources and --keep-entities are for a folder of shards as output, found {output}. A file takes "
            "--sources."
        )
    selection = Selection(certainty, agreement)
    if agreement and sources is None:
        raise UsageError("--agreement compares with projected entities, expected the source sentences as --sources.")
    use_gpu(gpu_id)
    pipelines = [load_pipeline(name.strip()) for name in teachers.split(",")]
    if batch_size is not None:
        for nlp in pipelines:
            nlp.batch_size = batch_size
    loaded = Teachers(pipelines)
    by_id = docs_by_id(load_docs(sources)) if sources else None
    projector = make_projector(encoder, None, "transport", 0.0, (), fast=True) if sources else None
    distiller = Distiller(loaded, selection, by_id, projector, source_file=sources or "SOURCES")
    for code, (text, out) in files:
        check_output(out, text, *([sources] if sources else []))
        distiller.target_file = text
        counts: Counter[str] = Counter()
        show = resumable_progress(f"Labelling {code or ''}".rstrip(), "batches")
        try:
            distill_file(out, load_docs(text), distiller, counts, show)
        finally:
            print_counts(f"{out}", counts)

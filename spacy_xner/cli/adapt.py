"""`xner adapt`: makes a pipeline for other languages from a pipeline for one language."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from .console import make_console, make_notes
from .options import (
    DEFAULT_MIN_SCORE,
    CacheOption,
    FiltersOption,
    GpuOption,
    MemoryOption,
    NoCacheOption,
    QuietOption,
    SettingOption,
    parse_cache,
    translator_from_options,
)
from .package import BuildName, BuildOption, LabelsName, package
from .progress import print_counts, progress
from .usage import UsageError, usage_errors


def adapt(
    pipeline: Annotated[str, typer.Argument(help="Installed package or folder of a spaCy pipeline with entities.")],
    texts: Annotated[
        Path, typer.Option(help="Text in the pipeline's language: a sentence or paragraph per line, or a DocBin.")
    ],
    to: Annotated[str, typer.Option("--to", help="Target languages, for example es or es,ca.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for all outputs.")] = Path("adapted"),
    name: Annotated[
        str | None, typer.Option(help="Name of the package, xx_NAME. Default: the folder's.", show_default=False)
    ] = None,
    translator: Annotated[str, typer.Option(help="As for `xner corpus translate`.")] = "apertium",
    memory: MemoryOption = None,
    setting: SettingOption = None,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
    source_lang: Annotated[
        str | None, typer.Option(help="Language of the texts. Default: the pipeline's.", show_default=False)
    ] = None,
    encoder: Annotated[
        str, typer.Option(help="Encoder for alignment and training: embedded, a folder or a hub name.")
    ] = "embedded",
    min_score: Annotated[
        float, typer.Option(min=0, max=1, help="Drop sentences with an entity of a lower score.")
    ] = DEFAULT_MIN_SCORE,
    filters: FiltersOption = None,
    held_back: Annotated[float, typer.Option(help="Share of the sentences for development and test.")] = 0.2,
    steps: Annotated[int, typer.Option(min=1, help="Steps of each training.")] = 300,
    batch_words: Annotated[int, typer.Option(min=1, help="Words in a training step.")] = 1200,
    distill: Annotated[
        bool,
        typer.Option(
            help="Train again, with the first pipeline's labels, if filters drop 2% or more of the translations."
        ),
    ] = True,
    seed: Annotated[int, typer.Option(help="Random seed of training and of the held-back texts.")] = 0,
    gpu_id: GpuOption = -1,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Check all inputs, print what will be made and how long it takes."),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Recompute all files of earlier runs in the output folder.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before work of more than an hour.")] = False,
    build: BuildOption = BuildName.wheel,
    quiet: QuietOption = False,
) -> None:
    """Make a pipeline for other languages from a pipeline for one language and text in that language.

    The pipeline labels the text, with all its labels. Text and labels are translated and projected; a new pipeline is
    trained on both, scored on held-back projected text, and packaged as xx_NAME. Sentences that lose an entity are
    always dropped (the filter label_counts). Interrupted runs resume; with other options, the steps that depend on them
    are repeated. --dry-run writes nothing but translations of a sample of the sentences, into the cache. The scores in
    meta.json are named `projected_ents_f` and so on, since the labels that they are measured on were not checked by a
    person; its licences are those of the source pipeline and of the encoder.

    Example:

    ```
    xner adapt en_core_web_sm --texts news.txt --to es,ca --translator apertium --output adapted/news
    ```
    """
    from ..adapt.dependencies import PIPELINE
    from ..adapt.estimate import estimate
    from ..adapt.settings import Settings
    from ..adapt.steps import Adaptation
    from ..encoders import resolve_encoder
    from ..errors import XnerError
    from ..languages.codes import normalise_code
    from ..pipelines import load_pipeline, name_of, use_gpu
    from ..reporting.score_table import score_table

    if not texts.is_file():
        raise XnerError(f"{texts}: there is no such file, expected a text file as --texts.")
    if not (name or output.name).isidentifier():
        raise UsageError(f"The package would be xx_{name or output.name}, expected a --name of letters, digits and _.")
    kept = parse_cache(cache, no_cache)
    use_gpu(gpu_id)
    nlp = load_pipeline(pipeline)
    with usage_errors():
        lang = normalise_code(source_lang or nlp.lang)
    if lang == "xx":
        raise UsageError(
            f"{pipeline} is not for one language (xx), expected the language of the texts as --source-lang."
        )
    with usage_errors():
        targets = tuple(dict.fromkeys(normalise_code(code.strip()) for code in to.split(",")))
    if lang in targets:
        raise UsageError(f"--to names {lang}, the language of the texts: expected other languages.")
    translators = {code: translator_from_options(translator, lang, code, memory, setting) for code in targets}
    folder = str(resolve_encoder(encoder))
    with usage_errors():
        names = tuple(each.value for each in filters or ())
        settings = Settings(lang, targets, folder, min_score, held_back, steps, batch_words, distill, seed, names)
    notes = make_notes()

    def prepare(folder: Path) -> tuple[Adaptation, float]:
        work = Adaptation(nlp, texts, folder, settings, translators, print_counts, progress, gpu_id, kept, force)
        minutes = {} if work.is_current(PIPELINE) else estimate(work)
        if minutes:
            parts = ", ".join(f"{part} {value:g}" for part, value in minutes.items())
            notes.print(f"This will take about {sum(minutes.values()):.0f} minutes on this machine ({parts}).")
        return work, sum(minutes.values())

    if dry_run:
        with copied_folder(output) as copy:
            work, _ = prepare(copy)
            make_console().print("\n".join([*work.outdated(), "scores.json", "package"]))
        return
    work, total = prepare(output)
    if total > 60 and not yes:
        typer.confirm("Continue?", abort=True)
    scores = work.run()
    make_console().print(score_table(scores, title="On held-back projected text (not checked by a person)"))
    package(
        output / "pipeline/model-last",
        name or output.name,
        output / "scores.json",
        output=output / "package",
        encoder=Path(folder),
        description=f"Named entities by spacy-xner, learned from those that {name_of(nlp)} finds in {lang} text, and "
        f"from these projected onto translations into {', '.join(targets)}.",
        source=pipeline,
        labels=LabelsName["projected"],
        build=build,
        quiet=quiet,
    )
    notes.print(f"The package is in {output / 'package'}.")


@contextmanager
def copied_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder in which all files of an output folder are, by links."""
    from ..adapt.dependencies import MADE

    with TemporaryDirectory() as room:
        copy = Path(room) / folder.name
        copy.mkdir()
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name == MADE:
                shutil.copy(path, copy)  # it is written
            elif not path.name.startswith("."):
                (copy / path.name).symlink_to(path.resolve(), target_is_directory=path.is_dir())
        yield copy

"""`xner adapt`: from a pipeline for one language to one for others."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from .options import CacheOption, GpuOption, MemoryOption, NoCacheOption, SettingOption, parse_cache, translator_of
from .package import BuildName, package
from .progress import print_counts, progress


def adapt(
    pipeline: Annotated[str, typer.Argument(help="Installed package or folder of a spaCy pipeline with entities.")],
    texts: Annotated[Path, typer.Option(help="Text in its language: a sentence or paragraph a line, or a DocBin.")],
    to: Annotated[str, typer.Option("--to", help="Languages to adapt to, as es or es,ca.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for all that is made.")] = Path("adapted"),
    name: Annotated[str | None, typer.Option(help="Name of the package, xx_NAME. Default: as the folder.")] = None,
    translator: Annotated[str, typer.Option(help="As for `xner corpus translate`.")] = "apertium",
    memory: MemoryOption = None,
    setting: SettingOption = None,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
    source_lang: Annotated[
        str | None, typer.Option(help="Language of the texts, where the pipeline says another, or xx.")
    ] = None,
    encoder: Annotated[str, typer.Option(help="To align and train with: embedded, a folder, a hub name.")] = "embedded",
    min_score: Annotated[
        float,
        typer.Option(help="Leave out sentences with an entity of a lower score, found or projected, from 0 to 1."),
    ] = 0.0,
    held_back: Annotated[
        float, typer.Option(help="Share of the sentences, in whole texts, for development and test.")
    ] = 0.2,
    steps: Annotated[int, typer.Option(help="Steps of each training.")] = 300,
    batch_words: Annotated[int, typer.Option(help="Words of a step.")] = 1200,
    distill: Annotated[
        bool,
        typer.Option(help="Train again, on what the first pipeline finds where projection lost 2% or more."),
    ] = True,
    seed: Annotated[int, typer.Option(help="Of training, and of what is held back.")] = 0,
    gpu_id: GpuOption = -1,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before hours of work.")] = False,
    build: Annotated[
        BuildName, typer.Option(help="wheel; or none: only the package's folder, which needs no network.")
    ] = BuildName.wheel,
) -> None:
    """Make a pipeline for other languages out of one that you trust, and text in its language.

    The pipeline labels the text, with all its own labels; text and labels are translated and projected, a new pipeline
    learns from both, is scored on projected text that was held back, and packaged as xx_NAME. Stopped, it goes on where
    it was; with other options, what depends on them is made again.

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
    from .console import make_console

    if not texts.is_file():
        raise XnerError(f"{texts}: there is no such file, expected text by --texts.")
    if not (name or output.name).isidentifier():
        raise XnerError(f"The package would be xx_{name or output.name}, expected a --name of letters, digits and _.")
    kept = parse_cache(cache, no_cache)
    use_gpu(gpu_id)
    nlp = load_pipeline(pipeline)
    lang = normalise_code(source_lang or nlp.lang)
    if lang == "xx":
        raise XnerError(f"{pipeline} is of no certain language (xx), expected that of the texts by --source-lang.")
    targets = tuple(dict.fromkeys(normalise_code(code.strip()) for code in to.split(",")))
    if lang in targets:
        raise XnerError(f"--to names {lang}, the language of the texts: expected other languages.")
    translators = {code: translator_of(translator, lang, code, memory, setting) for code in targets}
    folder = str(resolve_encoder(encoder))
    settings = Settings(lang, targets, folder, min_score, held_back, steps, batch_words, distill, seed)
    console = make_console()
    work = Adaptation(nlp, texts, output, settings, translators, print_counts_of, progress, gpu_id, kept)
    if not work.is_current(PIPELINE):
        minutes = estimate(work)
        parts = ", ".join(f"{part} {value:g}" for part, value in minutes.items())
        console.print(f"This will take about {sum(minutes.values()):.0f} minutes here ({parts}).", highlight=False)
        if sum(minutes.values()) > 60 and not yes:
            typer.confirm("Go on?", abort=True)
    scores = work.run()
    console.print(score_table(scores, title="On projected text that was held back (no person has looked at it)"))
    package(
        output / "pipeline/model-last",
        output / "package",
        name or output.name,
        output / "scores.json",
        encoder=Path(folder),
        description=f"Named entities by spacy-xner, learned from those that {name_of(nlp)} finds in {lang} text, and "
        f"from these projected onto translations into {', '.join(targets)}.",
        build=build,
    )
    console.print(f"The package is in {output / 'package'}.", highlight=False)


def print_counts_of(title: str, counts: Counter[str]) -> None:
    """Print what a step did."""
    print_counts(title, counts)

"""`xner adapt`: makes a pipeline for other languages from a pipeline for one language."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import make_console, make_notes
from .costs import announce_costs
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
from .package import BuildName, BuildOption, made_line, make_package
from .progress import print_counts, progress
from .usage import UsageError, usage_errors

if TYPE_CHECKING:
    from ..adapt.steps import Adaptation


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
    max_pieces: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Most word pieces that the trained encoder keeps; 0: all that its texts and the frequent words of its "
            "languages use. [default: 100000]",
            show_default=False,
        ),
    ] = None,
    no_trim: Annotated[
        bool, typer.Option("--no-trim", help="Keep all word pieces of the encoder: for further languages.")
    ] = False,
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
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before work of more than an hour, or that is charged.")
    ] = False,
    texts_licence: Annotated[str, typer.Option(help="Licence of the texts, for the model card.")] = "",
    build: BuildOption = BuildName.wheel,
    quiet: QuietOption = False,
) -> None:
    """Make a pipeline for other languages from a pipeline for one language and text in that language.

    The pipeline labels the text, with all its labels. Text and labels are translated and projected; a new pipeline is
    trained on both, scored on held-back projected text, and packaged as xx_NAME. Its encoder is trimmed to the word
    pieces of these texts and of the frequent words of the languages. Sentences that lose an entity are
    always dropped (the filter label_counts). Interrupted runs resume; with other options, the steps that depend on them
    are repeated. --dry-run writes nothing but translations of a sample of the sentences, into the cache. The scores in
    meta.json are named `projected_ents_f` and so on, since the labels that they are measured on were not checked by a
    person; its licences are those of the source pipeline, of the texts (if given) and of the encoder.

    Example:

    ```
    xner adapt en_core_web_sm --texts news.txt --to es,ca --translator apertium --output adapted/news
    ```
    """
    from ..adapt.dependencies import PIPELINE
    from ..adapt.estimate import estimate
    from ..adapt.settings import Settings
    from ..adapt.steps import Adaptation
    from ..adapt.trimming import why_not_trimmed
    from ..corpus.texts import read_unlabelled
    from ..encoders import resolve_encoder
    from ..encoders.trimming.needed_pieces import MAX_PIECES
    from ..errors import XnerError
    from ..languages.codes import normalise_code
    from ..pipelines import load_pipeline, name_of, use_gpu
    from ..reporting.package_meta import UNKNOWN
    from .build import check_build

    if build == BuildName.wheel and not dry_run:
        check_build()
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
    for engine in translators.values():  # the sample of --dry-run is sent too
        announce_costs(engine, (doc.text for doc in read_unlabelled(texts, lang, Counter())), kept, yes)
    folder = str(resolve_encoder(encoder))
    if no_trim and max_pieces is not None:
        raise UsageError("Found --no-trim and --max-pieces, expected one of them.")
    notes = make_notes()
    n_pieces = None if no_trim else MAX_PIECES if max_pieces is None else max_pieces
    if n_pieces is not None and (why_not := why_not_trimmed(folder, [lang, *targets])):
        if max_pieces is not None:
            raise XnerError(f"The encoder cannot be trimmed: {why_not}")
        notes.print(f"The encoder keeps all its word pieces, so the package will be larger. {why_not}", soft_wrap=True)
        n_pieces = None
    with usage_errors():
        names = tuple(each.value for each in filters or ())
        settings = Settings(
            lang, targets, folder, min_score, held_back, steps, batch_words, distill, seed, names, n_pieces
        )

    def prepare(folder: Path) -> tuple[Adaptation, float]:
        work = Adaptation(
            nlp, texts, folder, settings, translators, print_counts, progress, gpu_id, kept, force, not quiet
        )
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
    translated = f"translations by {translator} into {', '.join(targets)}"
    notes.print("Building the package.")
    try:
        made = make_package(
            output / "pipeline/model-last",
            name or output.name,
            output / "scores.json",
            output / "package",
            encoder=work.trained_encoder,
            description=f"Named entities by spacy-xner, learned from those that {name_of(nlp)} finds in {lang} text, "
            f"and from these projected onto {translated}.",
            source=pipeline,
            projected=True,
            scored_on=f"sentences of {texts.name} that were held back, in {translated}",
            data=[(f"{texts.name}, with {translated}", texts_licence or UNKNOWN)],
            examples=output / "train/source.spacy",
            float16=True,
            wheel=build == BuildName.wheel,
        )
    finally:  # the results of the work, also where the build fails
        show_results(work, scores)
    notes.print(made_line(made), soft_wrap=True)


def show_results(work: "Adaptation", scores: dict[str, Any]) -> None:
    """Print the scores, and for each language a sentence that was held back, with the entities that are found in it."""
    from ..annotations.attributes import meta_of
    from ..corpus.docs import load_docs
    from ..corpus.predict import Text
    from ..reporting.example_docs import find_examples, marked_entities
    from ..reporting.score_table import score_table

    console = make_console()
    console.print()
    console.print(score_table(scores, title="On held-back projected text (not checked by a person)"))
    texts = [
        Text(doc.text, str(meta_of(doc)["id"]), str(meta_of(doc)["lang"]), file, len(doc.ents))
        for file in ["dev.spacy", *(f"test/{lang}.spacy" for lang in work.settings.targets)]
        for doc in load_docs(work.folder / file)
    ]
    assert work.result is not None  # after `run`
    for lang, doc in find_examples(work.result, texts).items():
        console.print(marked_entities(lang, doc), soft_wrap=True)
    console.print()


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

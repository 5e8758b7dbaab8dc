"""Options that several commands share, and functions that make objects from them."""

import inspect
from collections.abc import Sequence
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import XnerError
from .usage import UsageError, usage_errors

if TYPE_CHECKING:
    from ..alignment.embedding import EmbeddingAligner
    from ..projection import SpanProjector
    from ..translation import Translator

MethodName = StrEnum("MethodName", ["transport", "inter", "itermax", "mwmf"])
FilterName = StrEnum("FilterName", ["unaligned", "gaps", "label_counts"])
"""Those of `projection.filters`, which is imported when a command runs."""
EncoderOption = Annotated[
    str, typer.Option(help="Encoder that aligns words: embedded (from a PyPI wheel), a folder or a hub name.")
]
GpuOption = Annotated[int, typer.Option("--gpu-id", "-g", help="GPU to use; -1: the CPU.")]
BatchSizeOption = Annotated[int, typer.Option(min=1, help="Number of sentence pairs in a batch.")]
PipelineBatchSizeOption = Annotated[
    int | None, typer.Option(min=1, help="Number of texts in a batch. Default: the pipeline's own.", show_default=False)
]
LayersOption = Annotated[
    str | None,
    typer.Option(help="Layer to read, or several, for example 5,6,7. Default: the middle ones.", show_default=False),
]
SourceLangOption = Annotated[
    str | None,
    typer.Option(
        help="Language of the source, for an encoder that is a translation model (NLLB, M2M-100, ...).",
        show_default=False,
    ),
]
TargetLangOption = Annotated[str | None, typer.Option(help="Language of the target, likewise.", show_default=False)]
Float16Option = Annotated[
    bool,
    typer.Option(
        "--float16",
        help="Store weights as float16, and the word embeddings of a pipeline in 8 bits; they are loaded as float32.",
    ),
]
FastOption = Annotated[bool, typer.Option(help="Compute in 8 bits or bfloat16, whichever is faster on this machine.")]
AlignMethodOption = Annotated[MethodName, typer.Option(help="transport, or a method of SimAlign.")]
TokenizedOption = Annotated[
    bool, typer.Option("--tokenized", "--tokenised", help="Split the words of a .txt at spaces.")
]

QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.")]
JsonOption = Annotated[
    Path | None, typer.Option("--json", help="Write the results here as JSON; - for standard output.")
]
DocBinOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="DocBin to write (required). {lang} stands for a language.")
]
OutputArgument = Annotated[Path | None, typer.Argument(hidden=True)]
"""The output as a positional argument: deprecated, replaced by --output."""
TargetsOption = Annotated[str, typer.Option(help="Language to translate into, for example de. Several: de,es,fr.")]
PipelineArgument = Annotated[str, typer.Argument(help="Installed package or folder of a trained pipeline.")]

ProjectMethodOption = Annotated[MethodName, typer.Option(help="transport, or alignment links by a method of SimAlign.")]
DEFAULT_MIN_SCORE = 0.15
"""That of `projection.confidence`, which cannot be imported before a command runs: it takes too long for --help."""
MinScoreOption = Annotated[
    float,
    typer.Option(
        min=0, max=1, help="Drop entities with a lower score; with transport, the probability of being right."
    ),
]
TeacherOption = Annotated[
    str | None,
    typer.Option(
        help="Package or folder of a pipeline with `xner` that knows the language of TARGET, for a second opinion.",
        show_default=False,
    ),
]
TeacherWeightOption = Annotated[
    float | None, typer.Option(min=0, help="Weight of the teacher's opinion. Default: 0.05.", show_default=False)
]
FiltersOption = Annotated[
    list[FilterName] | None,
    typer.Option(
        "--filter",
        help="Drop sentences in which a word of an entity has no alignment link (unaligned), the words that an entity "
        "is linked with leave gaps (gaps), or an entity is not projected (label_counts). Repeatable.",
        show_default=False,
    ),
]
CompleteOption = Annotated[bool, typer.Option(help="Drop sentences with incomplete projections.")]

MemoryOption = Annotated[
    Path | None, typer.Option(help="For the translator memory: TSV, TMX, parallel files or a folder.")
]
SettingOption = Annotated[
    list[str] | None, typer.Option("--setting", "-s", help="A setting of the translator, for example batch_size=100.")
]
CacheOption = Annotated[
    Path | None, typer.Option(help="Folder for cached translations. Default: in the user's cache folder.")
]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Neither read nor write cached translations.")]


def make_aligner(
    encoder: str, layers: int | list[int] | None, method: str, batch_size: int = 32, fast: bool = False
) -> "EmbeddingAligner":
    """Make the aligner that options of a command describe."""
    from ..alignment.embedding import EmbeddingAligner

    precision = "auto" if fast else "float32"
    return EmbeddingAligner(encoder, layers, method, batch_size=batch_size, inference=precision)


def with_languages(aligner: Any, languages: tuple[str, str] | None) -> Any:
    """An aligner with the settings of another one, for an encoder that is a translation model.

    aligner (EmbeddingAligner): from `make_aligner`.
    languages (tuple[str, str] | None): of source and target, see `language_pair`; None: the aligner itself.
    RAISES: UsageError for what is not a language code.
    """
    from ..alignment.embedding import EmbeddingAligner
    from ..alignment.seq2seq import Seq2SeqAligner

    if languages is None:
        return aligner
    settings = {name: getattr(aligner, name) for name in inspect.signature(EmbeddingAligner).parameters}
    with usage_errors():
        return Seq2SeqAligner(settings.pop("model"), *languages, **settings)


def language_pair(
    source: str | None, target: str | None, target_option: str = "--target-lang"
) -> tuple[str, str] | None:
    """The languages of the two sides; None where the options name none. RAISES: UsageError where they name only one.

    target_option (str): the option that names the language of the target, for the message.
    """
    if source is None and target is None:
        return None
    if source is None or target is None:
        found, missing = ("--source-lang", target_option) if target is None else (target_option, "--source-lang")
        raise UsageError(f"Found {found} without {missing}: aligning with a translation model needs both languages.")
    return source, target


def parse_layers(layers: str | None) -> int | list[int] | None:
    """Read "6" or "5,6,7". RAISES: UsageError for anything else."""
    if layers is None:
        return None
    try:
        numbers = [int(layer) for layer in layers.split(",")]
    except ValueError:
        raise UsageError(
            f"The layers are '{layers}', expected numbers separated by commas, for example 6 or 5,6,7."
        ) from None
    return numbers[0] if len(numbers) == 1 else numbers


def parse_cache(cache: Path | None, no_cache: bool) -> Path | bool:
    """Read `--cache` and `--no-cache`.

    RETURNS: the cache argument of `translate_docs`: a folder, True for the default one, False for none.
    RAISES: UsageError for both options together.
    """
    if cache is not None and no_cache:
        raise UsageError(f"Found --cache {cache} together with --no-cache, expected one of them.")
    return cache or not no_cache


def make_projector(
    encoder: str,
    layers: int | list[int] | None,
    method: str,
    min_score: float,
    filters: Sequence[str],
    batch_size: int = 32,
    fast: bool = False,
    teacher: str | None = None,
    teacher_weight: float | None = None,
) -> "SpanProjector":
    """Make the projector that options of a command describe.

    RAISES: UsageError for a teacher_weight without a teacher.
    """
    from ..distillation.span_teacher import PipelineTeacher
    from ..projection import SpanProjector
    from ..projection.link_projection import LinkProjection
    from ..projection.second_opinion import DEFAULT_WEIGHT
    from ..projection.transport_projection import TransportProjection

    algorithm = TransportProjection() if method == "transport" else LinkProjection()
    aligner = make_aligner(encoder, layers, method, batch_size, fast)
    if teacher is None and teacher_weight is not None:
        raise UsageError("Found --teacher-weight without --teacher, expected a pipeline as the teacher too.")
    weight = DEFAULT_WEIGHT if teacher_weight is None else teacher_weight
    opinion = None if teacher is None else PipelineTeacher(teacher)
    return SpanProjector(aligner, algorithm, min_score, filters, teacher=opinion, teacher_weight=weight)


def translator_from_options(
    name: str, source: str, target: str, memory: Path | None, settings: Sequence[str] | None
) -> "Translator":
    """Make the translator that the options of a command describe.

    RAISES: UsageError for an unknown name and as `translator_settings`; XnerError as `make_translator`.
    """
    from spacy import registry

    from ..translation.factory import SHORT_NAMES, make_translator

    given = translator_settings(name, memory, settings)
    is_known = name in SHORT_NAMES or registry.has("misc", name)
    with nullcontext() if is_known else usage_errors():
        return make_translator(name, source=source, target=target, **given)


def back_translator(
    name: str,
    source: str,
    target: str,
    memory: Path | None,
    settings: Sequence[str] | None,
    back_settings: Sequence[str] | None,
) -> "Translator":
    """Make the translator from a target language back.

    source (str): the target language, which is translated from.
    back_settings: its settings. Where there are none, `settings` are reversed.
    RAISES: XnerError where the settings cannot be reversed, and as `translator_from_options`.
    """
    from ..translation import make_translator
    from ..translation.factory import reverse_settings

    if back_settings:
        return translator_from_options(name, source, target, memory, back_settings)
    try:
        given = reverse_settings(name, translator_settings(name, memory, settings))
        return make_translator(name, source=source, target=target, **given)
    except XnerError as error:
        raise XnerError(
            f"Cannot translate back from {source} to {target}: {error} Give other settings with --back-setting."
        ) from error


def translator_settings(name: str, memory: Path | None, settings: Sequence[str] | None) -> dict[str, Any]:
    """Read a translator's settings, without its languages.

    RAISES: UsageError for a setting without a value, for settings that other options set, and if the
        translator memory has no file.
    """
    from ..corpus.translate import parse_settings

    with usage_errors():
        given = parse_settings(settings or [])
    if taken := {"name", "source", "target"} & given.keys():
        raise UsageError(f"--setting cannot set {', '.join(sorted(taken))}: the corpus and --lang determine it.")
    if memory is not None:
        given["path"] = str(memory)
    elif name == "memory" and "path" not in given:
        raise UsageError(
            "The translator memory has no file, expected it as --memory, such as --memory corpus/translations."
        )
    return given

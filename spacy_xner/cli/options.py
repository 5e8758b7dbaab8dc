"""Options that several commands take, and the objects that they describe."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import XnerError

if TYPE_CHECKING:
    from ..alignment.embedding import EmbeddingAligner
    from ..projection import SpanProjector
    from ..translation import Translator

MethodName = StrEnum("MethodName", ["transport", "inter", "itermax", "mwmf"])
EncoderOption = Annotated[
    str, typer.Option(help="Encoder that aligns words: embedded (fetched once), a folder or a hub name.")
]
GpuOption = Annotated[int, typer.Option("--gpu-id", "-g", help="GPU to use, -1 for the CPU.")]
LayersOption = Annotated[
    str | None, typer.Option(help="Layer, or layers with commas, as 5,6,7. Default: the middle ones.")
]
FastOption = Annotated[bool, typer.Option(help="Compute in 8 bits or bfloat16, whichever is fastest here.")]

ProjectMethodOption = Annotated[MethodName, typer.Option(help="transport, or alignment links by a method of SimAlign.")]
MinScoreOption = Annotated[float, typer.Option(help="Leave out entities with a lower score, from 0 to 1.")]
CompleteOption = Annotated[bool, typer.Option(help="Drop sentences with incomplete projections.")]

MemoryOption = Annotated[Path | None, typer.Option(help="For memory: a TSV file, or a folder of them.")]
SettingOption = Annotated[
    list[str] | None, typer.Option("--setting", "-s", help="Further settings of the translator, as batch_size=100.")
]
CacheOption = Annotated[
    Path | None, typer.Option(help="Folder in which translations are kept. Default: one in the user's cache folder.")
]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Do not keep translations, nor use those kept before.")]


def make_aligner(
    encoder: str, layers: int | list[int] | None, method: str, batch_size: int = 32, fast: bool = False
) -> "EmbeddingAligner":
    """Make the aligner that options of a command describe."""
    from ..alignment.embedding import EmbeddingAligner

    precision = "auto" if fast else "float32"
    return EmbeddingAligner(encoder, layers, method, batch_size=batch_size, inference=precision)


def parse_layers(layers: str | None) -> int | list[int] | None:
    """Read "6" or "5,6,7". RAISES: XnerError for anything else."""
    if layers is None:
        return None
    try:
        numbers = [int(layer) for layer in layers.split(",")]
    except ValueError:
        raise XnerError(
            f"The layers are '{layers}', expected numbers with commas between them, as 6 or 5,6,7."
        ) from None
    return numbers[0] if len(numbers) == 1 else numbers


def parse_cache(cache: Path | None, no_cache: bool) -> Path | bool:
    """What `--cache` and `--no-cache` say, as `translate_docs` takes it. RAISES: XnerError where both are there."""
    if cache is not None and no_cache:
        raise XnerError(f"Found --cache {cache} together with --no-cache, expected one of them.")
    return cache or not no_cache


def make_projector(
    encoder: str,
    layers: int | list[int] | None,
    method: str,
    min_score: float,
    complete: bool,
    batch_size: int = 32,
    fast: bool = False,
) -> "SpanProjector":
    """Make the projector that options of a command describe."""
    from ..projection import SpanProjector
    from ..projection.link_projection import LinkProjection
    from ..projection.transport_projection import TransportProjection

    algorithm = TransportProjection() if method == "transport" else LinkProjection()
    return SpanProjector(make_aligner(encoder, layers, method, batch_size, fast), algorithm, min_score, complete)


def translator_of(
    name: str, source: str, target: str, memory: Path | None, settings: Sequence[str] | None
) -> "Translator":
    """The translator that options of commands describe. RAISES: XnerError as `translator_settings`."""
    from ..translation import make_translator

    return make_translator(name, source=source, target=target, **translator_settings(name, memory, settings))


def way_back(
    name: str,
    source: str,
    target: str,
    memory: Path | None,
    settings: Sequence[str] | None,
    back_settings: Sequence[str] | None,
) -> "Translator":
    """The translator from a target language back: by its own settings if there are some, else by those turned round."""
    from ..translation import make_translator
    from ..translation.factory import reverse_settings

    if back_settings:
        return translator_of(name, source, target, memory, back_settings)
    try:
        given = reverse_settings(name, translator_settings(name, memory, settings))
        return make_translator(name, source=source, target=target, **given)
    except XnerError as error:
        raise XnerError(
            f"No way back from {source} to {target}: {error} Give other settings by --back-setting."
        ) from error


def translator_settings(name: str, memory: Path | None, settings: Sequence[str] | None) -> dict[str, Any]:
    """A translator's settings, but for its languages.

    RAISES: XnerError for settings that the command knows already, and for a memory without a file.
    """
    from ..corpus.translate import parse_settings

    given = parse_settings(settings or [])
    if taken := {"name", "source", "target"} & given.keys():
        raise XnerError(f"--setting cannot set {', '.join(sorted(taken))}: the corpus and --lang say it.")
    if memory is not None:
        given["path"] = str(memory)
    elif name == "memory" and "path" not in given:
        raise XnerError("The translator memory has no file, expected it by --memory, as --memory corpus/translations.")
    return given

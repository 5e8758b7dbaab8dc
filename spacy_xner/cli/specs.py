"""Settings of steps from the options of commands, for runs in shards."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import XnerError
from .options import translator_settings
from .usage import UsageError

if TYPE_CHECKING:
    from ..shards.parts import AlignerSpec, ProjectorSpec, TranslatorSpec


def aligner_spec(
    encoder: str,
    layers: int | list[int] | None = None,
    method: str = "transport",
    batch_size: int = 32,
    fast: bool = False,
    languages: tuple[str, str] | None = None,
) -> "AlignerSpec":
    """The settings of the aligner that `make_aligner` and `with_languages` make."""
    from ..shards.parts import AlignerSpec

    chosen = tuple(layers) if isinstance(layers, list) else layers
    return AlignerSpec(encoder, chosen, method, batch_size, "auto" if fast else "float32", languages)


def projector_spec(
    aligner: "AlignerSpec",
    min_score: float,
    filters: Sequence[str] = (),
    teacher: str | None = None,
    teacher_weight: float | None = None,
) -> "ProjectorSpec":
    """The settings of the projector that `make_projector` makes. RAISES: UsageError as there."""
    from ..projection.second_opinion import DEFAULT_WEIGHT
    from ..shards.parts import ProjectorSpec

    if teacher is None and teacher_weight is not None:
        raise UsageError("Found --teacher-weight without --teacher, expected a pipeline as the teacher too.")
    weight = DEFAULT_WEIGHT if teacher_weight is None else teacher_weight
    return ProjectorSpec(aligner, min_score, tuple(filters), teacher=teacher, teacher_weight=weight)


def translator_spec(
    name: str, source: str, target: str, memory: Path | None, settings: Sequence[str] | None
) -> "TranslatorSpec":
    """The settings of the translator that `translator_from_options` makes. RAISES: UsageError as there."""
    from ..shards.parts import TranslatorSpec

    return TranslatorSpec(name, source, target, translator_settings(name, memory, settings))


def back_translator_spec(
    name: str,
    source: str,
    target: str,
    memory: Path | None,
    settings: Sequence[str] | None,
    back_settings: Sequence[str] | None,
) -> "TranslatorSpec":
    """The settings of the translator that `back_translator` makes. RAISES: XnerError as there."""
    from ..shards.parts import TranslatorSpec
    from ..translation.factory import reverse_settings

    if back_settings:
        return translator_spec(name, source, target, memory, back_settings)
    try:
        return TranslatorSpec(name, source, target, reverse_settings(name, translator_settings(name, memory, settings)))
    except XnerError as error:
        raise XnerError(
            f"Cannot translate back from {source} to {target}: {error} Give other settings with --back-setting."
        ) from error

"""Settings of steps, which can be pickled: a worker process gets them, and loads translator, encoder and teachers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..corpus.filters import Filters
from ..errors import XnerError
from ..languages.codes import normalise_code
from ..redaction import redact_json
from ..translation.costs import Estimate, estimate_costs
from . import steps
from .parts import AlignerSpec, CarrySpec, ProjectorSpec, TranslatorSpec
from .row import Row
from .step import LoadedStep, PricedStep, Step, StepSpec

if TYPE_CHECKING:
    from ..corpus.quality import Quality
    from ..projection import SpanProjector
    from ..translation import Translator

__all__ = [
    "AlignerSpec",
    "CarrySpec",
    "ChainSpec",
    "DistillSpec",
    "ProjectSpec",
    "ProjectorSpec",
    "Step",
    "StepSpec",
    "SynthesizeSpec",
    "TranslateSpec",
    "TranslatorSpec",
]

DEFAULT_FILTERS = Filters()
DEFAULT_QUALITY = AlignerSpec(inference="auto")
DEFAULT_PROJECTOR = ProjectorSpec()


@dataclass(frozen=True)
class TranslateSpec:
    """`translate_batch`.

    carry (CarrySpec | None): how the labels are carried; None: the translations are unlabelled.
    cache (str | bool): folder of cached translations; True: one in the user's cache folder; False: none. SQLite, which
        keeps them, is not for network file systems: several machines need a folder each.
    """

    translator: TranslatorSpec
    carry: CarrySpec | None = None
    cache: str | bool = True
    name = "translate"

    def load(self) -> Step:
        """Load the translator. RAISES: XnerError as `make_translator` and `make_label_carrier`."""
        from ..corpus import carry, translate
        from ..translation.label_carriers import make_label_carrier

        translator = self.translator.load()
        settings: dict[str, Any] = {"cache": cache_of(self.cache), "carrier": None, "spans_key": ""}
        identity = _identity(self.name, translate.REVISION, translator=_identity_of(translator, self.translator))
        names: tuple[str, ...] = ("docs", "translated")
        if self.carry is not None:
            given = self.carry
            carrier = make_label_carrier(given.carrier, given.translate_names, given.tags)
            projector = given.agree.load() if given.agree else None
            settings |= {"carrier": carrier, "projector": projector}
            settings |= {"complete": given.complete, "spans_key": given.spans_key}
            identity |= {"carrier": type(carrier).__name__, **vars(carrier), "revision_of_carrier": carry.REVISION}
            identity |= {"complete": given.complete, "spans_key": given.spans_key}
            identity |= {"agree": projector.identity} if projector else {}
            names += ("entities", "arrived", "lost", "duplicated")

        def run(rows: list[Row], counts: Counter[str]) -> list[Row]:
            check_languages(rows, self.translator)
            return steps.translate_batch(rows, translator, self.translator.target, counts, **settings)

        def estimate(rows: Iterable[Row]) -> list[Estimate]:
            texts = steps.texts_to_translate(rows, settings["carrier"], settings["spans_key"])
            return estimate_costs(translate.with_optional_cache(translator, settings["cache"]), texts)

        return LoadedStep(identity, names, run, estimate)


@dataclass(frozen=True)
class SynthesizeSpec:
    """`synthesize_batch`.

    quality (AlignerSpec | TranslatorSpec | None): estimates the quality, by alignment or by translating back; None: the
        filter `quality` must be 0.
    cache (str | bool): as in `TranslateSpec`.
    """

    translator: TranslatorSpec
    filters: Filters = DEFAULT_FILTERS
    quality: AlignerSpec | TranslatorSpec | None = DEFAULT_QUALITY
    cache: str | bool = True
    name = "synthesize"

    def load(self) -> Step:
        """Load the translator. RAISES: XnerError as `make_translator`."""
        from ..corpus import translate
        from ..corpus.quality import alignment_quality, round_trip_quality

        translator, cache = self.translator.load(), cache_of(self.cache)
        quality: Quality | None = None
        measure: Any = None
        translators = [translator]
        if isinstance(self.quality, AlignerSpec):
            aligner = self.quality.load()
            quality, measure = alignment_quality(aligner), aligner.identity
        elif self.quality is not None:
            back = self.quality.load()
            quality, measure = round_trip_quality(back, cache), _identity_of(back, self.quality)
            translators.append(back)  # the translations are about as long as the sources
        identity = _identity(self.name, translate.REVISION, translator=_identity_of(translator, self.translator))
        identity |= {"filters": vars(self.filters), "quality": measure}

        def run(rows: list[Row], counts: Counter[str]) -> list[Row]:
            check_languages(rows, self.translator)
            target = self.translator.target
            return steps.synthesize_batch(rows, translator, target, self.filters, counts, quality, cache)

        def estimate(rows: Iterable[Row]) -> list[Estimate]:
            kept = (translate.with_optional_cache(each, cache) for each in translators)
            return [found for each in kept for found in estimate_costs(each, steps.texts_to_translate(rows))]

        return LoadedStep(identity, ("docs", "translated", "kept"), run, estimate)


@dataclass(frozen=True)
class ProjectSpec:
    """`project_batch`."""

    projector: ProjectorSpec = DEFAULT_PROJECTOR
    name = "project"

    def load(self) -> Step:
        """Load the projector. RAISES: XnerError as `SpanProjector`."""
        from ..corpus import project

        projector = self.projector.load()
        identity = _identity(self.name, project.REVISION, projector=projector.identity)
        return LoadedStep(identity, projector.count_names, partial(_project, projector))


@dataclass(frozen=True)
class DistillSpec:
    """`distill_batch`.

    teachers (Sequence[str]): installed pipelines, or folders of some.
    certainty, agreement (float): as in `Selection`; an agreement needs a projector or `keep_entities`.
    projector (ProjectorSpec | None): projects the teachers' entities from the sources; None: no entities.
    keep_entities (bool): as in `distill_batch`.
    batch_size (int | None): texts that run through a pipeline at a time; None: the pipeline's own.
    """

    teachers: Sequence[str]
    certainty: float = 0.0
    agreement: float = 0.0
    projector: ProjectorSpec | None = None
    keep_entities: bool = False
    batch_size: int | None = None
    name = "distill"

    def load(self) -> Step:
        """Load the teachers. RAISES: XnerError as `Teachers`, and for an agreement with nothing."""
        from ..distillation.distiller import Distiller
        from ..distillation.selection import Selection
        from ..distillation.teachers import Teachers
        from ..pipelines import load_pipeline

        if self.agreement and self.projector is None and not self.keep_entities:
            raise XnerError(
                f"The minimum agreement is {self.agreement}, but there are no entities to agree with: expected a "
                "projector, or keep_entities, or 0."
            )
        pipelines = [load_pipeline(name) for name in self.teachers]
        for nlp in pipelines:
            nlp.batch_size = nlp.batch_size if self.batch_size is None else self.batch_size
        projector = None if self.projector is None else self.projector.load()
        selection = Selection(self.certainty, self.agreement)
        distiller = Distiller(Teachers(pipelines), selection, None, projector)
        identity = _identity(self.name, 0, distiller=distiller.identity, batch=distiller.batch_size)
        identity |= {"keep_entities": self.keep_entities, "pipeline_batch": [nlp.batch_size for nlp in pipelines]}
        identity["capitalised"] = {label: sorted(each) for label, each in distiller.teachers.capitalised.items()}

        def run(rows: list[Row], counts: Counter[str]) -> list[Row]:
            return steps.distill_batch(rows, distiller, counts, self.keep_entities)

        return LoadedStep(identity, ("docs", "unsure", "kept"), run)


@dataclass(frozen=True)
class ChainSpec:
    """Several steps, one after the other, on the same rows. The name of a count begins with that of its step.

    steps (Sequence[StepSpec]): for example to translate, project and distill in one pass. All are in memory at a time.
    """

    steps: Sequence[StepSpec]

    @property
    def name(self) -> str:
        """The names of the steps, such as "translate-project"."""
        return "-".join(each.name for each in self.steps)

    def load(self) -> Step:
        """Load the steps. RAISES: XnerError for no step or two of the same name, and as the steps."""
        names = [each.name for each in self.steps]
        if not names or len(set(names)) < len(names):
            raise XnerError(f"The steps of the chain are {', '.join(names) or 'none'}, expected distinct ones.")
        loaded = [each.load() for each in self.steps]
        counted = tuple(
            f"{name}: {each}" for name, step in zip(names, loaded, strict=True) for each in step.count_names
        )

        def run(rows: list[Row], counts: Counter[str]) -> list[Row]:
            for name, step in zip(names, loaded, strict=True):
                found: Counter[str] = Counter()
                try:
                    rows = step(rows, found)
                finally:
                    counts.update({f"{name}: {each}": number for each, number in found.items()})
            return rows

        def estimate(rows: Iterable[Row]) -> list[Estimate]:
            return [found for step in loaded if isinstance(step, PricedStep) for found in step.estimate(rows)]

        return LoadedStep({"step": self.name, "steps": [step.identity for step in loaded]}, counted, run, estimate)


def check_languages(rows: Sequence[Row], translator: TranslatorSpec) -> None:
    """RAISES: XnerError for a row in another language than the translator's source."""
    expected = normalise_code(translator.source)
    for row in rows:
        if normalise_code(row.source_lang) != expected:
            raise XnerError(
                f"The row {row.id} is in the language {row.source_lang}, expected {expected}, from which the "
                f"translator {translator.name} translates. Keep a corpus of each language."
            )


def cache_of(setting: str | bool) -> Path | bool:
    """The argument `cache` of `translate_docs`."""
    return setting if isinstance(setting, bool) else Path(setting)


def _project(projector: "SpanProjector", rows: list[Row], counts: Counter[str]) -> list[Row]:
    return steps.project_batch(rows, projector, counts)


def _identity(name: str, revision: int, **parts: Any) -> dict[str, Any]:
    """revision (int): of the functions of `corpus` that the step calls; others have theirs in their own identity."""
    revisions = {"revision": steps.REVISION, "revision_of_corpus": revision, "version": __version__}
    return {"step": name, **revisions, **parts}


def _identity_of(translator: "Translator", spec: TranslatorSpec) -> Any:
    return {**redact_json(translator.identity), "target_code": spec.target}

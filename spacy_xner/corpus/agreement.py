"""What two ways to the entities of a translation agree on: carried in the text, and projected by alignment."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import tee

from ..projection import SpanProjector
from ..projection.types import ProjectedSpan
from .carried_doc import CarriedDoc

AGREED, ELSEWHERE, ONLY_CARRIED, ONLY_PROJECTED = "agreed", "at another place", "only carried", "only projected"


def keep_agreed(
    carried: Iterable[CarriedDoc], projector: SpanProjector, complete: bool, counts: Counter[str]
) -> Iterator[CarriedDoc]:
    """Yield carried docs with the entities that are also projected: to the same tokens, with the same label.

    The other ones count as missing. Both ways err, but seldom in the same way.

    complete (bool): leave out docs in which an entity of the source does not agree.
    counts (Counter[str]): receives counts of carried entities that are "agreed", projected "at another place" and "only
        carried", and of source entities that are "only projected"; with `complete`, of "docs left out" and "entities
        left out".
    """
    carried, to_project = tee(carried)  # the projector reads at most a block ahead
    projections = projector.project((each.source, each.target) for each in to_project)
    for each, projection in zip(carried, projections, strict=True):
        kept = agreed(each, [*projection.spans, *projection.dropped_spans], counts)
        if complete and not kept.whole:
            counts["docs left out"] += 1
            counts["entities left out"] += len(kept.entities)
        else:
            yield kept


def agreed(carried: CarriedDoc, projected: Iterable[ProjectedSpan], counts: Counter[str]) -> CarriedDoc:
    """A carried doc with the entities that agree with projected ones. counts: as in `keep_agreed`."""
    counts.update(dict.fromkeys((AGREED, ELSEWHERE, ONLY_CARRIED, ONLY_PROJECTED), 0))  # show zeros too
    places = {(span.start, span.end, span.label) for span in projected}
    entity_at = {token: k for k, entity in enumerate(carried.source.ents) for token in range(entity.start, entity.end)}
    numbers = {entity_at[span.source_start] for span in projected}
    entities, sources = [], []
    for entity, number in zip(carried.entities, carried.sources, strict=True):
        if (entity.start, entity.end, entity.label) in places:
            entities.append(entity)
            sources.append(number)
            counts[AGREED] += 1
        else:
            counts[ELSEWHERE if number in numbers else ONLY_CARRIED] += 1
    counts[ONLY_PROJECTED] += len(numbers - set(carried.sources))
    missing = len(carried.source.ents) - len(set(sources))
    whole = not missing and len(sources) == len(carried.source.ents)
    return replace(carried, entities=entities, sources=sources, missing=missing, whole=whole)

"""The entity labels of training data."""

from collections.abc import Iterable

from spacy.training import Example
from spacy.util import logger

from ..annotations.soft_labels import get_soft_labels
from ..errors import XnerError


def labels_of(examples: Iterable[Example], component: str) -> list[str]:
    """The labels of the examples' entities and soft labels, sorted.

    RAISES: XnerError where a gold label is unknown to the teacher: its entities would get contradictory targets. The
        other way round is only a warning: gold data may not have such entities.
    """
    hard: set[str] = set()
    soft: set[str] = set()
    for example in examples:
        hard |= {entity.label_ for entity in example.reference.ents}
        if (found := get_soft_labels(example.reference)) is not None:
            soft |= {tag[2:] for tag in found[0] if tag[1:2] == "-"}
    if soft and (unknown := sorted(hard - soft)):
        raise XnerError(
            f"The training data of the component {component!r} has entities with the labels {', '.join(sorted(hard))}, "
            f"and soft labels of a teacher that knows {', '.join(sorted(soft))}, not {', '.join(unknown)}. Expected a "
            "teacher with the same labels: train it on them, or rename the labels of one of them."
        )
    if hard and (more := sorted(soft - hard)):
        logger.warning(
            "%s: the teacher's labels %s do not occur in the labelled data. If labelled text has such entities without "
            "a label, it contradicts the teacher. Check that both use the same labels.",
            component,
            ", ".join(more),
        )
    return sorted(hard | soft)

"""Names that a language writes without a capital letter: of some labels, they are no names there.

English writes `a French film` and CoNLL-2003 marks `French`. Most languages write such words in lower case, and their
data sets do not mark them: CoNLL-2002 for Spanish (https://aclanthology.org/W02-2024), WikiNEuRal for all
(https://aclanthology.org/2021.findings-emnlp.215). Projection carries the English convention over (`un film
[français](MISC)`). This takes it back.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..annotations.soft_labels import get_soft_labels, store_soft_labels
from ..errors import XnerError
from ..languages.codes import base_language

Capitalised = Mapping[str, frozenset[str]]
"""For each label, the languages in which its entities are names only with a capital letter."""


def check_capitalised(setting: Any) -> Capitalised:
    """The setting `capitalised` of a reader. RAISES: XnerError for anything but labels with lists of languages."""
    if setting is None:
        return {}
    lists = isinstance(setting, Mapping) and all(isinstance(languages, list | tuple) for languages in setting.values())
    if not lists or not all(isinstance(code, str) for languages in setting.values() for code in languages):
        raise XnerError(
            f"The corpus reader's setting capitalised is {setting!r}: expected languages by label, such as "
            '{"MISC": ["es", "fr"]}, or null.'
        )
    return {label: frozenset(map(base_language, languages)) for label, languages in setting.items()}


def drop_lower_case(doc: Doc, capitalised: Capitalised) -> int:
    """Make entities, and soft labels, without a capital letter O, where this doc's language wants one.

    Languages whose script has no capitals keep theirs. The doc is changed in place.

    RETURNS: the number of entities that the doc has lost.
    """
    labels = capitalised_labels(meta_of(doc).get("lang") or "xx", capitalised)
    if not labels:
        return 0
    lower = [entity for entity in doc.ents if entity.label_ in labels and is_lower_case(entity.text)]
    if lower:
        kept = [entity for entity in doc.ents if entity not in lower]
        doc.set_ents(kept, outside=lower, default="unmodified")
    soft = get_soft_labels(doc)
    if soft is not None:
        store_soft_labels(doc, soft[0], without_lower_case(doc, *soft, labels))
    return len(lower)


def capitalised_labels(lang: str, capitalised: Capitalised) -> set[str]:
    """The labels whose entities are names only with a capital letter in a language."""
    return {label for label, languages in capitalised.items() if base_language(lang) in languages}


def capitalised_of(nlp: Language) -> Capitalised:
    """The setting `capitalised` that a pipeline was trained with, by its config; empty if it had none.

    RAISES: XnerError for a malformed setting.
    """
    reader = (nlp.config.get("corpora") or {}).get("train") or {}
    setting = reader.get("capitalised")
    if isinstance(setting, str):  # a variable
        setting = nlp.config.interpolate()["corpora"]["train"]["capitalised"]
    return check_capitalised(setting)


def is_lower_case(text: str) -> bool:
    """Whether a text has letters of both cases' scripts, and none of them is a capital."""
    return text.lower() == text != text.upper()


def without_lower_case(doc: Doc, tags: Sequence[str], probabilities: np.ndarray, labels: set[str]) -> np.ndarray:
    """The probabilities, with those of the labels moved to O in stretches of their tokens that have no capital.

    A stretch is of neighbouring tokens whose most probable tag is one of the labels. Without a tag O nothing changes.
    """
    moved = [i for i, tag in enumerate(tags) if tag[2:] in labels]
    if "O" not in tags or not moved:
        return probabilities
    result = probabilities.copy()
    chosen = np.isin(probabilities.argmax(axis=1), moved)
    for start, end in stretches(chosen):
        if is_lower_case(doc[start:end].text):
            rows = result[start:end]
            rows[:, tags.index("O")] += rows[:, moved].sum(axis=1)
            rows[:, moved] = 0
    return result


def stretches(chosen: np.ndarray) -> Iterator[tuple[int, int]]:
    """Start and end (exclusive) of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)

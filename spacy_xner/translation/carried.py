"""Labels that travel through a translator inside the text, so that no aligner is needed.

Chen, Jiang, Ritter and Xu 2023, "Frustratingly easy label projection for cross-lingual transfer" (EasyProject),
Findings of ACL, arXiv 2211.15613.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import islice, product
from typing import Protocol

from ..errors import XnerError
from .streams import ask
from .types import Translator

CharSpan = tuple[int, int, str]  # start, end, label; offsets in characters

# Words that no engine knows, nor takes for a form of one that it knows; of one length, so that none begins another.
WORDS = [
    f"Xqb{vowel}{middle}{end}"
    for end, vowel, middle in product(
        ("or", "in", "ar", "un", "il"), "aeou", ("zg", "lv", "mt", "ld", "rk", "nz", "sp", "ft", "gm", "dw")
    )
]
REMAINS = re.compile("Xqb", re.IGNORECASE)
LIKENESS = 0.7  # from which on a word is what an engine left of one of ours
MARKS = ("[]", "{}", "⟦⟧", "«»")
PERSONS = {"PER", "PERSON"}  # whose names are not translated


@dataclass(frozen=True)
class Hidden:
    """A text as the translator is to read it.

    names, labels (list[str]): of its entities. words (list[str]): what stands for them, or the two marks around them.
    alone (list[str]): what the translator is to translate besides.
    """

    text: str
    names: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Carried:
    """A translation with the entities that arrived.

    lost, duplicated (int): entities that did not arrive, and places beyond the first where one stands. damaged (bool):
    something of what carried the entities is left in the text.
    """

    text: str
    spans: list[CharSpan]
    lost: int = 0
    duplicated: int = 0
    damaged: bool = False


class Way(Protocol):
    """A way in which labels travel."""

    def hide(self, text: str, spans: Sequence[CharSpan]) -> Hidden: ...

    def show(self, hidden: Hidden, translation: str, alone: Sequence[str | None]) -> Carried: ...


class Placeholders:
    """Every entity is replaced by a capitalised word that no engine knows; afterwards the name is put back.

    The engine sees better grammar than with names that it takes for words, and any engine that leaves unknown words
    alone will do.

    translate_names (bool): put the name's translation back, made alone, except for persons; otherwise the name itself.
    """

    def __init__(self, translate_names: bool = True) -> None:
        self.translate_names = translate_names

    def hide(self, text: str, spans: Sequence[CharSpan]) -> Hidden:
        """Raises XnerError for a text with more entities than there are words (200)."""
        in_text = text.lower()
        words = list(islice((word for word in WORDS if word.lower() not in in_text), len(spans)))
        if len(words) < len(spans):
            raise XnerError(
                f"A text has {len(spans)} entities ({text[:80]!r}...), expected at most {len(WORDS)}: translate "
                f"sentences, or documents of some paragraphs."
            )
        names, labels = names_of(text, spans)
        alone = [name for name, label in zip(names, labels, strict=True) if self._is_translated(label)]
        return Hidden(replace(text, spans, words), names, labels, words, alone)

    def show(self, hidden: Hidden, translation: str, alone: Sequence[str | None]) -> Carried:
        translated = iter(alone)
        shown = []
        for name, label in zip(hidden.names, hidden.labels, strict=True):
            other = (next(translated) or "").strip() if self._is_translated(label) else ""
            shown.append(other or name)
        number = {word.lower(): i for i, word in enumerate(hidden.words)}
        pattern = re.compile("|".join(hidden.words) or r"(?!)", re.IGNORECASE)
        found = [(m.start(), m.end(), number[m[0].lower()]) for m in pattern.finditer(translation)]
        text, places = rebuild(translation, [(start, end, shown[i]) for start, end, i in found])
        spans = [(start, end, hidden.labels[i]) for (start, end), (*_, i) in zip(places, found, strict=True)]
        lost = [word for i, word in enumerate(hidden.words) if i not in {i for *_, i in found}]
        n_again = len(found) - len(hidden.words) + len(lost)
        return Carried(text, spans, len(lost), n_again, has_remains(pattern.sub("", translation), lost))

    def _is_translated(self, label: str) -> bool:
        return self.translate_names and label not in PERSONS


class Markers:
    """Brackets are put around every entity, which neural engines often carry along, the names translated in context.

    Which entity is in which brackets is told by likeness to the name and to its translation alone, as in EasyProject.
    A text that has brackets of all kinds loses its entities.
    """

    def hide(self, text: str, spans: Sequence[CharSpan]) -> Hidden:
        names, labels = names_of(text, spans)
        marks = next((marks for marks in MARKS if not set(marks) & set(text)), None)
        if marks is None or not spans:
            return Hidden(text, names, labels)
        marked = replace(text, spans, [f"{marks[0]}{name}{marks[1]}" for name in names])
        return Hidden(marked, names, labels, list(marks), names if len(set(labels)) > 1 else [])

    def show(self, hidden: Hidden, translation: str, alone: Sequence[str | None]) -> Carried:
        if not hidden.words:
            return Carried(translation, [], len(hidden.names))
        left, right = map(re.escape, hidden.words)
        pairs = list(re.finditer(rf"{left}\s*([^{left}{right}]*?)\s*{right}", translation))
        text, places = rebuild(translation, [(m.start(), m.end(), m[1]) for m in pairs])
        found = [(start, end) for start, end in places if end > start]
        chosen = assign([text[start:end] for start, end in found], hidden.names, alone)
        spans = [(*found[i], hidden.labels[k]) for i, k in sorted(chosen.items())]
        text, spans = without(text, spans, re.compile(f"[{left}{right}]"))
        lost = len(hidden.names) - len(chosen)
        return Carried(text, spans, lost, len(found) - len(chosen))


WAYS: dict[str, Callable[[bool], Way]] = {"placeholders": Placeholders, "markers": lambda translate_names: Markers()}


def make_way(name: str, translate_names: bool = True) -> Way:
    """A way by its name. Raises XnerError for an unknown one."""
    if name not in WAYS:
        raise XnerError(f"There is no way {name!r} of carrying labels, expected {' or '.join(WAYS)}.")
    return WAYS[name](translate_names)


def carry(
    translator: Translator, items: Iterable[tuple[str, Sequence[CharSpan]]], way: Way
) -> Iterator[Carried | None]:
    """Yield the translation of each text with its entities, in order; None where the translator knows none.

    items (Iterable[tuple[str, Sequence[CharSpan]]]): texts with entities, which are in order and do not overlap.
    """

    def questions() -> Iterator[tuple[Hidden, str]]:
        for text, spans in items:
            hidden = way.hide(text, spans)
            yield hidden, hidden.text
            for name in hidden.alone:
                yield hidden, name

    answers = ask(translator, questions())
    for hidden, translation in answers:
        alone = [answer for _, answer in islice(answers, len(hidden.alone))]
        yield None if translation is None else strip(way.show(hidden, translation, alone))


def has_remains(text: str, words: Sequence[str]) -> bool:
    """Whether a text has something like one of the words that carried entities, or any of that kind."""
    alike = (
        SequenceMatcher(None, part, word.lower(), autojunk=False).ratio() > LIKENESS
        for part in (text.lower().split() if words else ())
        for word in words
    )
    return REMAINS.search(text) is not None or any(alike)


def names_of(text: str, spans: Sequence[CharSpan]) -> tuple[list[str], list[str]]:
    """The text and the label of each entity."""
    return [text[start:end] for start, end, _ in spans], [label for *_, label in spans]


def replace(text: str, spans: Sequence[CharSpan], others: Sequence[str]) -> str:
    """A text with something else in place of each entity."""
    return rebuild(text, [(start, end, other) for (start, end, _), other in zip(spans, others, strict=True)])[0]


def rebuild(text: str, changes: Sequence[tuple[int, int, str]]) -> tuple[str, list[tuple[int, int]]]:
    """A text with other text from offset to offset. RETURNS: it, and where the changes are in it."""
    built, done = "", 0
    places = []
    for start, end, other in changes:
        built += text[done:start]
        places.append((len(built), len(built) + len(other)))
        built += other
        done = end
    return built + text[done:], places


def without(text: str, spans: Sequence[CharSpan], pattern: re.Pattern[str]) -> tuple[str, list[CharSpan]]:
    """A text without the characters that a pattern finds, and the entities' new offsets."""
    gone = [match.start() for match in pattern.finditer(text)]
    moved = [
        (start - sum(g < start for g in gone), end - sum(g < end for g in gone), label) for start, end, label in spans
    ]
    return pattern.sub("", text), moved


def strip(carried: Carried) -> Carried:
    """Without blanks around the text."""
    shift = len(carried.text) - len(carried.text.lstrip())
    text = carried.text.strip()
    spans = [(max(0, start - shift), min(len(text), end - shift), label) for start, end, label in carried.spans]
    return Carried(text, spans, carried.lost, carried.duplicated, carried.damaged)


def assign(parts: Sequence[str], names: Sequence[str], alone: Sequence[str | None]) -> dict[int, int]:
    """Which part of a translation is which name: by likeness to it or to its translation, else by order.

    alone (Sequence[str | None]): translations of the names; none where likeness does not matter.
    RETURNS: the name's number by the part's; of the smaller number of the two.
    """
    from scipy.optimize import linear_sum_assignment

    def likeness(i: int, k: int) -> float:
        others = [names[k], *([alone[k] or ""] if alone else [])]
        alike = max(SequenceMatcher(None, parts[i].lower(), other.lower(), autojunk=False).ratio() for other in others)
        return alike - 0.01 * abs(i - k)

    if not parts or not names:
        return {}
    rows, columns = linear_sum_assignment(
        [[likeness(i, k) for k in range(len(names))] for i in range(len(parts))], maximize=True
    )
    return {int(i): int(k) for i, k in zip(rows, columns, strict=True)}

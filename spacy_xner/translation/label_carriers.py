"""Label projection without an aligner: the translator receives the labels inside the text.

Chen, Jiang, Ritter and Xu 2023, "Frustratingly easy label projection for cross-lingual transfer" (EasyProject),
Findings of ACL, arXiv 2211.15613.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import islice, product

from ..errors import XnerError
from ..extras import needs_extra
from .labelled_text import EncodedText, LabelCarrier, LabelledTranslation, names_and_labels
from .streams import translate_items
from .text_edits import CharSpan, delete_matches, replace_ranges, replace_spans, strip_text
from .types import Translator
from .xml_carrier import Xml

# Placeholders: invented words, which engines neither translate nor take for inflected forms. All have the same length,
# so that none is a prefix of another.
WORDS = [
    f"Xqb{vowel}{middle}{end}"
    for end, vowel, middle in product(
        ("or", "in", "ar", "un", "il"), "aeou", ("zg", "lv", "mt", "ld", "rk", "nz", "sp", "ft", "gm", "dw")
    )
]
PLACEHOLDER_START = re.compile("Xqb", re.IGNORECASE)
MIN_SIMILARITY = 0.7  # a more similar word counts as a damaged placeholder
BRACKETS = ("[]", "{}", "⟦⟧", "«»")
PERSON_LABELS = {"PER", "PERSON"}  # names with these labels are not translated


class Placeholders:
    """Replaces each entity by a capitalised word that no engine can translate, and later that word by the name.

    So the engine cannot take a name for a common word. Works with any engine that copies unknown words.

    translate_names (bool): insert the name's translation, which is made separately, except for persons; False: insert
        the source name.
    """

    nests = False

    def __init__(self, translate_names: bool = True) -> None:
        self.translate_names = translate_names

    def encode(self, text: str, spans: Sequence[CharSpan]) -> EncodedText:
        """RAISES: XnerError for a text with more entities than there are placeholders (200)."""
        in_text = text.lower()
        words = list(islice((word for word in WORDS if word.lower() not in in_text), len(spans)))
        if len(words) < len(spans):
            raise XnerError(
                f"A text has {len(spans)} entities ({text[:80]!r}...), expected at most {len(WORDS)}: translate "
                f"sentences, or documents of some paragraphs."
            )
        names, labels = names_and_labels(text, spans)
        to_translate = [name for name, label in zip(names, labels, strict=True) if self._is_translated(label)]
        return EncodedText(replace_spans(text, spans, words), names, labels, words, to_translate)

    def decode(
        self, encoded: EncodedText, translation: str, name_translations: Sequence[str | None]
    ) -> LabelledTranslation:
        translated = iter(name_translations)
        target_names = []
        for name, label in zip(encoded.names, encoded.labels, strict=True):
            other = (next(translated) or "").strip() if self._is_translated(label) else ""
            target_names.append(other or name)
        number = {word.lower(): i for i, word in enumerate(encoded.words)}
        pattern = re.compile("|".join(encoded.words) or r"(?!)", re.IGNORECASE)
        found = [(m.start(), m.end(), number[m[0].lower()]) for m in pattern.finditer(translation)]
        text, places = replace_ranges(translation, [(start, end, target_names[i]) for start, end, i in found])
        spans = [(start, end, encoded.labels[i]) for (start, end), (*_, i) in zip(places, found, strict=True)]
        lost = [word for i, word in enumerate(encoded.words) if i not in {i for *_, i in found}]
        duplicated = len(found) - len(encoded.words) + len(lost)
        damaged = has_placeholder_parts(pattern.sub("", translation), lost)
        return LabelledTranslation(text, spans, [i for *_, i in found], len(lost), duplicated, damaged)

    def _is_translated(self, label: str) -> bool:
        return self.translate_names and label not in PERSON_LABELS


class Markers:
    """Puts brackets around each entity, which neural engines often keep; the names are translated in context.

    As in EasyProject, entities are matched to bracketed text only by similarity to the name and to its translation. A
    text that has all kinds of brackets loses its entities.
    """

    nests = False

    def encode(self, text: str, spans: Sequence[CharSpan]) -> EncodedText:
        names, labels = names_and_labels(text, spans)
        brackets = next((brackets for brackets in BRACKETS if not set(brackets) & set(text)), None)
        if brackets is None or not spans:
            return EncodedText(text, names, labels)
        marked = replace_spans(text, spans, [f"{brackets[0]}{name}{brackets[1]}" for name in names])
        return EncodedText(marked, names, labels, list(brackets), names if len(set(labels)) > 1 else [])

    def decode(
        self, encoded: EncodedText, translation: str, name_translations: Sequence[str | None]
    ) -> LabelledTranslation:
        if not encoded.words:
            return LabelledTranslation(translation, [], lost=len(encoded.names))
        left, right = map(re.escape, encoded.words)
        pairs = list(re.finditer(rf"{left}\s*([^{left}{right}]*?)\s*{right}", translation))
        text, places = replace_ranges(translation, [(m.start(), m.end(), m[1]) for m in pairs])
        found = [(start, end) for start, end in places if end > start]
        matched = match_names([text[start:end] for start, end in found], encoded.names, name_translations)
        in_order = sorted(matched.items())
        spans = [(*found[i], encoded.labels[k]) for i, k in in_order]
        text, spans = delete_matches(text, spans, re.compile(f"[{left}{right}]"))
        n_lost, n_duplicated = len(encoded.names) - len(matched), len(found) - len(matched)
        return LabelledTranslation(text, spans, [k for _, k in in_order], n_lost, n_duplicated)


LABEL_CARRIERS: dict[str, Callable[[bool, str], LabelCarrier]] = {
    "placeholders": lambda translate_names, tags: Placeholders(translate_names),
    "markers": lambda translate_names, tags: Markers(),
    "xml": lambda translate_names, tags: Xml(tags),
}


def make_label_carrier(name: str, translate_names: bool = True, tags: str = "<a>") -> LabelCarrier:
    """Make a label carrier by its name.

    translate_names (bool): see `Placeholders`.
    tags (str): see `Xml`.
    RAISES: XnerError for an unknown name or unknown tags.
    """
    if name not in LABEL_CARRIERS:
        raise XnerError(f"There is no label carrier {name!r}, expected one of {', '.join(LABEL_CARRIERS)}.")
    return LABEL_CARRIERS[name](translate_names, tags)


def translate_labelled(
    translator: Translator, items: Iterable[tuple[str, Sequence[CharSpan]]], carrier: LabelCarrier
) -> Iterator[LabelledTranslation | None]:
    """Yield the translation of each text with its entities, in order; None where there is no translation.

    items (Iterable[tuple[str, Sequence[CharSpan]]]): texts with their entities, which are sorted; they overlap
        only if the carrier nests them.
    """

    def texts_to_translate() -> Iterator[tuple[EncodedText, str]]:
        for text, spans in items:
            encoded = carrier.encode(text, spans)
            yield encoded, encoded.text
            for name in encoded.to_translate:
                yield encoded, name

    translations = translate_items(translator, texts_to_translate())
    for encoded, translation in translations:
        of_names = [name for _, name in islice(translations, len(encoded.to_translate))]
        yield None if translation is None else strip_translation(carrier.decode(encoded, translation, of_names))


def strip_translation(translation: LabelledTranslation) -> LabelledTranslation:
    """Remove white space around the text."""
    text, spans = strip_text(translation.text, translation.spans)
    return replace(translation, text=text, spans=spans)


def has_placeholder_parts(text: str, placeholders: Sequence[str]) -> bool:
    """Whether a text has the beginning of any placeholder, or a word that is similar to one of these placeholders."""
    similar = (
        SequenceMatcher(None, part, word.lower(), autojunk=False).ratio() > MIN_SIMILARITY
        for part in (text.lower().split() if placeholders else ())
        for word in placeholders
    )
    return PLACEHOLDER_START.search(text) is not None or any(similar)


def match_names(parts: Sequence[str], names: Sequence[str], name_translations: Sequence[str | None]) -> dict[int, int]:
    """Match parts of a translation to names, by similarity to the name or its translation, and by order.

    name_translations (Sequence[str | None]): translations of the names; empty where all entities have one label.
    RETURNS: the index of the name by the index of the part, for as many as the smaller of both numbers.
    """
    with needs_extra("train", "Matching of names with parts of a translation needs"):
        from scipy.optimize import linear_sum_assignment

    def similarity(i: int, k: int) -> float:
        others = [names[k], *([name_translations[k] or ""] if name_translations else [])]
        best = max(SequenceMatcher(None, parts[i].lower(), other.lower(), autojunk=False).ratio() for other in others)
        return best - 0.01 * abs(i - k)

    if not parts or not names:
        return {}
    rows, columns = linear_sum_assignment(
        [[similarity(i, k) for k in range(len(names))] for i in range(len(parts))], maximize=True
    )
    return {int(i): int(k) for i, k in zip(rows, columns, strict=True)}

"""`Xml`: carries labels through translation as pairs of tags around the entities, which may be nested.

Chen, Jiang, Ritter and Xu 2023, "Frustratingly easy label projection for cross-lingual transfer" (EasyProject),
Findings of ACL, arXiv 2211.15613, compare such tags with brackets. Thennal, Biemann and Hatzel 2026, "Just use XML:
revisiting joint translation and label projection" (LabelPigeon), Findings of ACL, arXiv 2603.12021, train NLLB on them.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import product

from ..errors import XnerError
from .labelled_text import EncodedText, LabelledTranslation, names_and_labels
from .text_edits import CharSpan, trim
from .xml_tags import TAG_STYLES, Untagged

Place = tuple[int, int]  # start and end in characters
# Relations that may become each other in a translation: an entity may become as long as the one that it is inside of.
MAY_BECOME = {
    "apart": {"apart"},
    "crossing": {"crossing"},
    "inside": {"inside", "equal"},
    "around": {"around", "equal"},
    "equal": {"inside", "around", "equal"},
}
NO_TAG, RENAMED = "no tag", "tag renamed"
ALONE, REVERSED, EMPTY = "tag without its pair", "closing tag first", "nothing between its tags"
INCOMPLETE = {NO_TAG, RENAMED, ALONE}
OTHERWISE, BLANK = "overlaps otherwise", "white space alone"


class Xml:
    """Puts a pair of tags around each entity: `<a>Ada</a> lives in <b>York</b>`, for models that keep such tags.

    Each entity has a name of its own, so it is found whatever the order. Tags are read in any case, with blanks in
    them, and with wide or escaped signs. An entity is lost, for one of these reasons, and never guessed:

        no tag                     neither of its tags is there
        tag renamed                the same, and there are tags with other names
        tag without its pair       one of its tags is missing or there twice
        closing tag first
        nothing between its tags
        overlaps otherwise         with another entity than in the source: both are lost
        white space alone          the entity has no other characters; it gets no tags

    Renamed tags are deleted. A translation with a part of a tag is damaged.

    tags (str): how they look: <a>, as those that LabelPigeon's models were trained on; <e1>, where the translator
        translates the word a; [a] or [e1], where it drops < and >, which some neural ones do not know.
    RAISES: XnerError for other tags.
    """

    nests = True

    def __init__(self, tags: str = "<a>") -> None:
        if tags not in TAG_STYLES:
            raise XnerError(f"The tags of the carrier are {tags!r}, expected {', '.join(TAG_STYLES)}.")
        self.tags = tags

    def encode(self, text: str, spans: Sequence[CharSpan]) -> EncodedText:
        """spans (Sequence[CharSpan]): entities in any order. They may be nested, adjacent, equal, or cross."""
        style = TAG_STYLES[self.tags]
        free = style.free_names(text)
        places = [trim(text, start, end) for start, end, _ in spans]
        words = [next(free) if start < end else "" for start, end in places]
        filled = [place for place in places if place[0] < place[1]]
        tagged = style.insert(text, filled, [word for word in words if word])
        return EncodedText(tagged, *names_and_labels(text, spans), words)

    def decode(
        self, encoded: EncodedText, translation: str, name_translations: Sequence[str | None]
    ) -> LabelledTranslation:
        words = list(filter(None, encoded.words))
        if not words:
            n_blank = len(encoded.words)
            return LabelledTranslation(translation, [], lost=n_blank, reasons=+Counter({BLANK: n_blank}))
        style = TAG_STYLES[self.tags]
        source = style.remove(encoded.text, words)
        target = style.remove(translation, words, style.names_in(source.text))
        places, reasons = pair_tags(target, words)
        for word in misplaced(places, pair_tags(source, words)[0]):
            del places[word]
            reasons[word] = OTHERWISE
        found = [(*place, i) for i, word in enumerate(encoded.words) for place in places.get(word, [])]
        found.sort(key=lambda each: (each[0], -each[1]))
        why = Counter(reasons.get(word, BLANK) for word in encoded.words if word not in places)
        return LabelledTranslation(
            target.text,
            [(start, end, encoded.labels[i]) for start, end, i in found],
            [i for *_, i in found],
            why.total(),
            len(found) - len(places),
            style.is_damaged(target, source.text, [word for word in words if reasons.get(word) in INCOMPLETE]),
            why,
        )


def pair_tags(untagged: Untagged, names: Sequence[str]) -> tuple[dict[str, list[Place]], dict[str, str]]:
    """The places between the tags of each name, without white space at their edges.

    RETURNS: the places by name, several where a pair of tags was repeated; and for each other name the reason.
    """
    tags = defaultdict(list)
    for tag in untagged.tags:
        tags[tag.name].append(tag)
    places: dict[str, list[Place]] = {}
    reasons: dict[str, str] = {}
    for name in names:
        opening, closing = tags[name][::2], tags[name][1::2]
        if not opening:
            reasons[name] = RENAMED if untagged.n_unknown else NO_TAG
        elif [tag.is_closing for tag in tags[name]] == [True, False]:
            reasons[name] = REVERSED
        elif [tag.is_closing for tag in tags[name]] != [False, True] * len(opening):
            reasons[name] = ALONE
        else:
            pairs = zip(opening, closing, strict=True)
            trimmed = [trim(untagged.text, left.position, right.position) for left, right in pairs]
            filled = [(start, end) for start, end in trimmed if start < end]
            places |= {name: filled} if filled else {}
            reasons |= {} if filled else {name: EMPTY}
    return places, reasons


def misplaced(target: Mapping[str, Sequence[Place]], source: Mapping[str, Sequence[Place]]) -> set[str]:
    """The names of places that overlap otherwise than in the source. A repeated place may be apart from all others."""
    wrong = set()
    for one, other in overlapping(target) | overlapping(source):
        if one in target and other in target:
            expected = MAY_BECOME[relation(source[one][0], source[other][0])]
            if len(target[one]) + len(target[other]) > 2:
                expected = expected | {"apart"}
            if any(relation(*places) not in expected for places in product(target[one], target[other])):
                wrong |= {one, other}
    return wrong


def overlapping(places: Mapping[str, Sequence[Place]]) -> set[tuple[str, str]]:
    """Pairs of names, in alphabetical order, that have places which overlap."""
    found: set[tuple[str, str]] = set()
    still_open: list[tuple[int, str]] = []  # end and name
    for start, end, name in sorted((*place, name) for name, several in places.items() for place in several):
        still_open = [(last, other) for last, other in still_open if last > start]
        found |= {(min(name, other), max(name, other)) for _, other in still_open if other != name}
        still_open.append((end, name))
    return found


def relation(one: Place, other: Place) -> str:
    """How two places lie: "apart", "equal", "crossing"; "inside" or "around" the other one."""
    if one == other:
        return "equal"
    if one[1] <= other[0] or other[1] <= one[0]:
        return "apart"
    if other[0] <= one[0] and one[1] <= other[1]:
        return "inside"
    return "around" if one[0] <= other[0] and other[1] <= one[1] else "crossing"

"""The form of a name, by which one name can stand where another stood, and a memory of names by form."""

import random
import unicodedata
from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

# Written without spaces; parts of a transliterated name are set apart by a dot.
UNSPACED = frozenset({"zh", "ja", "th", "lo", "km", "my", "yue", "wuu"})
DOTS = "·•・‧"
# Names take case endings here.
INFLECTED = frozenset(
    ["az", "be", "bs", "cs", "el", "et", "eu", "fi", "ga", "gd", "hr", "hu", "hy", "is", "ka", "kk", "kn", "ky", "la",
     "lt", "lv", "mk", "ml", "mn", "pl", "ro", "ru", "sh", "sk", "sl", "sq", "sr", "ta", "te", "tr", "uk", "uz"]
)  # fmt: skip
CASE_ENDING = 3  # letters that tell most cases
# Names take a genitive -s here, written without apostrophe.
GENITIVE_S = frozenset({"da", "de", "nb", "nn", "no", "sv", "fo"})
ARTICLES = {
    "en": "the a an",
    "de": "der die das dem den des im am vom zum zur beim ins ans ein eine einem einen einer eines",
    "nl": "de het 't een",
    "fr": "le la les l' l’ du des au aux d' d’ un une en",
    "es": "el la los las del al un una",
    "it": "il lo la i gli le l' l’ un una del dello della dei degli delle dell' dell’ al allo alla ai agli alle all' "
    "all’ nel nello nella nei negli nelle nell' nell’ dal dalla dai dalle dall' dall’ sul sulla sui sulle",
    "pt": "o a os as do da dos das ao à aos às no na nos nas pelo pela um uma",
    "ca": "el la els les l' l’ del dels al als pel pels un una",
    "gl": "o a os as do da dos das ao á aos ás no na nos nas polo pola un unha",
}
ARTICLE_SETS = {lang: frozenset(words.split()) for lang, words in ARTICLES.items()}
# Letters that a name in capitals may have and still be taken for an acronym: people and places seldom have one.
LONGEST_ACRONYM = {"PER": 2, "LOC": 3}
LONGEST_OTHER_ACRONYM = 6
# Labels of other schemes, and what they are here.
KINDS = {"PERSON": "PER", "GPE": "LOC", "LOCATION": "LOC", "ORGANIZATION": "ORG", "ORGANISATION": "ORG"}
ALIKE = frozenset({"PER", "LOC", "ORG"})  # kinds of which any name can stand for any other


class Form(NamedTuple):
    """What two names must share, so that a sentence stays a sentence when one takes the other's place."""

    label: str
    lang: str
    script: str
    size: int
    acronym: bool
    article: str
    ending: str


def form_of(name: str, label: str, lang: str, article: str) -> Form:
    """The form of a name.

    label, lang (str): of the entity and its doc. article (str): the article before it as `article_before` gives it.
    The size is the number of words, 3 standing for more. The ending (of each word, with a mark for digits) is empty
    where it does not matter. It does in languages with cases, where it takes three letters to tell most of them; and
    for labels other than people, places and organisations, which are so mixed (`Dutch`, `World Cup`, `Boeing 737`)
    that only names that end alike can be exchanged.
    """
    words = words_of(name, lang)
    acronym = is_acronym(name, label)
    if lang in INFLECTED or kind_of(label) not in ALIKE:
        n = CASE_ENDING if lang in INFLECTED else 2
        ending = " ".join("0" if word[-1:].isdigit() else word[-n:].lower() for word in words)
    else:
        ending = "s" if lang in GENITIVE_S and name[-1:] in "sS" else ""
    return Form(label, lang, script_of(name), min(len(words), 3), acronym, article, ending)


def kind_of(label: str) -> str:
    """PER, LOC or ORG for what other schemes call them; other labels are their own kind."""
    return KINDS.get(label, label)


def words_of(name: str, lang: str) -> list[str]:
    """The words of a name; between dots in languages that are written without spaces."""
    if lang in UNSPACED:
        for dot in DOTS:
            name = name.replace(dot, " ")
    return name.split()


def is_acronym(name: str, label: str) -> bool:
    """Whether a name is in capitals by nature, as `NATO`, `F-16` and `A 61`, and not as `LIVERPOOL`."""
    longest = LONGEST_ACRONYM.get(kind_of(label), LONGEST_OTHER_ACRONYM)
    return name.isupper() and sum(map(str.isalpha, name)) <= (longest if " " not in name else 2)


@lru_cache(maxsize=4096)
def script_of(text: str) -> str:
    """The script of the first letter, as Unicode names it: `LATIN`, `CYRILLIC`, `CJK`, ...; empty without letters."""
    letter = next((character for character in text if character.isalpha()), None)
    return unicodedata.name(letter, "").split(" ")[0] if letter else ""


def article_before(word: str, lang: str) -> str:
    """The word in lower case where it is an article (or contains one, as `au`, `im`, `del`); empty otherwise."""
    word = word.lower()
    return word if word in ARTICLE_SETS.get(lang, ()) else ""


def shout(name: str, lang: str) -> str:
    """The name in capitals, as in a headline."""
    return (name.replace("i", "İ") if lang in ("tr", "az") else name).upper()


class NameMemory:
    """Different names by form: of each form an even sample of those seen so far, of bounded size.

    size (int): names to keep for each form.
    """

    def __init__(self, size: int):
        self.size = size
        self._names: defaultdict[Form, list[str]] = defaultdict(list)
        self._known: defaultdict[Form, set[str]] = defaultdict(set)

    def add(self, name: str, form: Form, rng: random.Random) -> None:
        """Remember a name (reservoir sampling, Vitter 1985, over the different names)."""
        names, known = self._names[form], self._known[form]
        if name in known:
            return
        if len(names) < self.size:
            names.append(name)
        else:
            place = rng.randrange(self.size + 1)
            if place == self.size:
                return
            known.discard(names[place])
            names[place] = name
        known.add(name)

    def draw(self, other_than: str, form: Form, rng: random.Random) -> str | None:
        """A name of this form other than the one given, if there is one."""
        names = self._names.get(form, [])
        if len(names) - (other_than in self._known.get(form, ())) < 1:
            return None
        name = rng.choice(names)
        while name == other_than:
            name = rng.choice(names)
        return name

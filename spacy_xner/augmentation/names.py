"""The form of a name, which decides what other names can replace it, and a memory of names by form."""

import random
from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

from ..languages.scripts import is_unspaced_language, script_of_character

DOTS = "·•・‧"  # between the parts of a transliterated name, in languages written without spaces
# Languages in which names take case endings.
INFLECTED_LANGUAGES = frozenset(
    ["az", "be", "bs", "cs", "el", "et", "eu", "fi", "ga", "gd", "hr", "hu", "hy", "is", "ka", "kk", "kn", "ky", "la",
     "lt", "lv", "mk", "ml", "mn", "pl", "ro", "ru", "sh", "sk", "sl", "sq", "sr", "ta", "te", "tr", "uk", "uz"]
)  # fmt: skip
CASE_ENDING = 3  # last letters of a word, enough to distinguish most cases
OTHER_ENDING = 2  # last letters that are compared for labels outside of EXCHANGEABLE_LABELS
# Languages in which names take a genitive -s without apostrophe.
GENITIVE_S_LANGUAGES = frozenset({"da", "de", "nb", "nn", "no", "sv", "fo"})
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
# A name in capitals with at most this many letters counts as an acronym. People and places seldom have acronyms.
MAX_ACRONYM = {"PER": 2, "LOC": 3}
MAX_OTHER_ACRONYM = 6
MAX_SPACED_ACRONYM = 2  # for a name of several words, such as `A 61`
# Labels of other schemes -> labels of this package.
STANDARD_LABELS = {"PERSON": "PER", "GPE": "LOC", "LOCATION": "LOC", "ORGANIZATION": "ORG", "ORGANISATION": "ORG"}
# Labels whose names can replace each other whatever their endings are, in languages without cases.
EXCHANGEABLE_LABELS = frozenset({"PER", "LOC", "ORG"})


class Form(NamedTuple):
    """The properties that two names must share, so that a sentence stays grammatical when one replaces the other."""

    label: str
    lang: str
    script: str
    size: int
    acronym: bool
    article: str
    ending: str


def form_of(name: str, label: str, lang: str, article: str) -> Form:
    """The form of a name.

    label, lang (str): the entity's label, and the language code of its doc.
    article (str): the article before the name, as `article_before` returns it.

    The size is the number of words, at most 3. The ending joins the last letters of each word ("0" for a digit). It is
    empty where endings need not agree. It is set in languages with cases, and for labels other than people, places and
    organisations: names with other labels are so diverse (`Dutch`, `World Cup`, `Boeing 737`) that only names with
    equal endings are exchanged.
    """
    words = words_of(name, lang)
    acronym = is_acronym(name, label)
    if lang in INFLECTED_LANGUAGES or standard_label(label) not in EXCHANGEABLE_LABELS:
        n = CASE_ENDING if lang in INFLECTED_LANGUAGES else OTHER_ENDING
        ending = " ".join("0" if word[-1:].isdigit() else word[-n:].lower() for word in words)
    else:
        ending = "s" if lang in GENITIVE_S_LANGUAGES and name[-1:] in "sS" else ""
    return Form(label, lang, script_of_name(name), min(len(words), 3), acronym, article, ending)


def standard_label(label: str) -> str:
    """PER, LOC or ORG for their names in other schemes; other labels stay as they are."""
    return STANDARD_LABELS.get(label, label)


def words_of(name: str, lang: str) -> list[str]:
    """The words of a name; in languages written without spaces, dots separate them too."""
    if is_unspaced_language(lang):
        for dot in DOTS:
            name = name.replace(dot, " ")
    return name.split()


def is_acronym(name: str, label: str) -> bool:
    """Whether a name is always written in capitals, like `NATO`, `F-16` and `A 61`, but unlike `LIVERPOOL`."""
    longest = MAX_ACRONYM.get(standard_label(label), MAX_OTHER_ACRONYM)
    return name.isupper() and sum(map(str.isalpha, name)) <= (longest if " " not in name else MAX_SPACED_ACRONYM)


@lru_cache(maxsize=4096)
def script_of_name(name: str) -> str:
    """The script of the first letter, as in `script_of_character`: `Latin`, `Han`, ...; empty without letters."""
    letter = next((character for character in name if character.isalpha()), None)
    return script_of_character(letter) if letter else ""


def article_before(word: str, lang: str) -> str:
    """The word in lower case if it is an article or contains one, as `au`, `im` and `del` do; otherwise empty."""
    word = word.lower()
    return word if word in ARTICLE_SETS.get(lang, ()) else ""


def in_capitals(name: str, lang: str) -> str:
    """The name in capitals, as in a headline."""
    return (name.replace("i", "İ") if lang in ("tr", "az") else name).upper()


class NameMemory:
    """Distinct names by form: for each form a uniform sample of bounded size of the names added so far.

    size (int): how many names to keep for each form.
    """

    def __init__(self, size: int):
        self.size = size
        self._names: defaultdict[Form, list[str]] = defaultdict(list)
        self._known: defaultdict[Form, set[str]] = defaultdict(set)

    def add(self, name: str, form: Form, rng: random.Random) -> None:
        """Add a name to the sample (reservoir sampling over distinct names, Vitter 1985)."""
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
        """A random name of this form, different from `other_than`; None if there is none."""
        names = self._names.get(form, [])
        if len(names) - (other_than in self._known.get(form, ())) < 1:
            return None
        name = rng.choice(names)
        while name == other_than:
            name = rng.choice(names)
        return name

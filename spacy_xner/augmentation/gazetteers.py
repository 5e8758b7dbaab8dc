"""Gazetteers: real names by language. Places and languages come from the Unicode CLDR (babel), subdivisions from
ISO 3166-2 (pycountry), people, companies and towns from faker.

Unicode CLDR <https://cldr.unicode.org>; Debian iso-codes <https://salsa.debian.org/iso-codes-team/iso-codes>, whose
translations pycountry carries; faker <https://faker.readthedocs.io>.
"""

import gettext
import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from ..extras import needs_extra
from ..languages.scripts import is_unspaced_language
from .names import CASE_ENDING, INFLECTED_LANGUAGES, script_of_name, words_of

if TYPE_CHECKING:
    from babel import Locale

# Faker's locales with real names. A language with case endings has no people here, since faker has only nominatives;
# names of its people serve as foreign names in other languages.
PEOPLE_LOCALES = {
    "en": ("en_US", "en_GB"), "de": ("de_DE",), "es": ("es_ES", "es_MX"), "fr": ("fr_FR",), "it": ("it_IT",),
    "nl": ("nl_NL",), "zh": ("zh_CN",), "ja": ("ja_JP",),
}  # fmt: skip
FOREIGN_LOCALES = ("en_US", "en_GB", "de_DE", "es_ES", "fr_FR", "it_IT", "nl_NL", "pl_PL", "hr_HR", "sl_SI")
COMPANY_LOCALES = {lang: locales[0] for lang, locales in PEOPLE_LOCALES.items()}
TOWN_LOCALES = {"de": "de_DE", "es": "es_ES", "it": "it_IT", "nl": "nl_NL", "ja": "ja_JP"}
NAMES_NEED = "The names of EntitySwap.v1 need"
N_DRAWN = 600  # names of each kind and locale
DOMESTIC_SHARE = 0.6  # of people who get a name of the text's own language, if there are such names
# Longest surname in characters, in languages written without spaces; a longer name has a given name.
MAX_JAPANESE_SURNAME, MAX_OTHER_SURNAME = 2, 1
# Codes in CLDR that are not territories.
NO_TERRITORY = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
# Characters that show a remark, an alternative or a number in a name.
REMARKS = re.compile(r"[()\[\]/&,;:|*0-9]| - |–")


@dataclass(frozen=True)
class People:
    """Given names and surnames of one country, to be combined freely."""

    given: tuple[str, ...]
    surnames: tuple[str, ...]
    surname_first: bool = False

    def draw(self, rng: random.Random, full: bool) -> str:
        """A full name, or a surname alone."""
        surname = rng.choice(self.surnames)
        if not full:
            return surname
        given = rng.choice(self.given)
        return f"{surname}{given}" if self.surname_first else f"{given} {surname}"


@dataclass(frozen=True)
class Gazetteer:
    """The names of a language.

    groups (dict[str, dict[str, tuple[str, ...]]]): for each label groups of similar names: territories, cities and
        subdivisions; companies; languages.
    domestic, foreign (tuple[People, ...]): people of countries that speak the language, and of other countries with
        the same script.
    """

    lang: str
    groups: dict[str, dict[str, tuple[str, ...]]]
    domestic: tuple[People, ...] = ()
    foreign: tuple[People, ...] = ()
    _group_of: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for label, groups in self.groups.items():
            for names in groups.values():
                for name in names:
                    self._group_of.setdefault((label, name), names)

    def draw(
        self, name: str, label: str, rng: random.Random, fits: Callable[[str], bool], tries: int = 12
    ) -> str | None:
        """A random name that is similar to `name` and accepted by `fits`; None if `tries` draws find none.

        A place or language in the gazetteer is replaced by one of the same group, another place of one word by a city.
        In languages with case endings only a name in the gazetteer is replaced, because it is in its base form.
        """
        inflected = self.lang in INFLECTED_LANGUAGES
        people = self.draw_people(rng) if label == "PER" and not inflected else None
        names: Sequence[str] | None = self._group_of.get((label, name))
        if names and inflected:
            names = [other for other in names if other[-CASE_ENDING:] == name[-CASE_ENDING:]]
        if names is None and not inflected and label == "LOC" and len(words_of(name, self.lang)) == 1:
            names = self.groups["LOC"]["cities"]
        if names is None and not inflected and label == "ORG":
            names = self.groups["ORG"]["companies"]
        for _ in range(tries if people or names else 0):
            drawn = people.draw(rng, self.is_full_name(name)) if people else rng.choice(names or ())
            if drawn != name and fits(drawn):
                return drawn
        return None

    def draw_people(self, rng: random.Random) -> People | None:
        """The names of the people of a random country."""
        is_domestic = self.domestic and (not self.foreign or rng.random() < DOMESTIC_SHARE)
        countries = self.domestic if is_domestic else self.foreign
        return rng.choice(countries) if countries else None

    def is_full_name(self, name: str) -> bool:
        """Whether a person's name is more than a surname."""
        if is_unspaced_language(self.lang):
            return len(name) > (MAX_JAPANESE_SURNAME if self.lang == "ja" else MAX_OTHER_SURNAME)
        return " " in name


@cache
def load_gazetteer(lang: str) -> Gazetteer:
    """The gazetteer of a language, the same in every process; without places and languages if CLDR lacks the language.

    lang (str): language code without region or script.
    """
    with needs_extra("train", NAMES_NEED):
        from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(lang)
    except (UnknownLocaleError, ValueError):
        locale = None
    latin = locale is not None and script_of_name(locale.languages.get(lang, "")) == "Latin"
    # CLDR leaves out articles. English territories that need one end in -s or begin with United; they are left out.
    territories = [
        name
        for code, name in (locale.territories.items() if locale else ())
        if len(code) == 2 and code.isalpha() and code not in NO_TERRITORY
        and not (lang == "en" and (name.endswith("s") or name.startswith("United")))
    ]  # fmt: skip
    languages = [name for code, name in (locale.languages.items() if locale else ()) if code in official_languages()]
    foreign = FOREIGN_LOCALES if latin and lang not in INFLECTED_LANGUAGES else ()
    domestic = PEOPLE_LOCALES.get(lang, ())
    return Gazetteer(
        lang,
        {
            "LOC": {
                "territories": clean_names(territories),
                "cities": clean_names(exemplar_cities(locale, latin) + draw_from_faker(TOWN_LOCALES.get(lang), "city")),
                "subdivisions": clean_names(subdivisions(lang, latin)),
            },
            "ORG": {"companies": tuple(dict.fromkeys(draw_from_faker(COMPANY_LOCALES.get(lang), "company")))},
            "MISC": {"languages": clean_names(name for name in languages if " " not in name)},
        },
        domestic=tuple(people for each in domestic for people in people_of(each)),
        foreign=tuple(people for each in foreign if each not in domestic for people in people_of(each)),
    )


def exemplar_cities(locale: "Locale | None", latin: bool) -> list[str]:
    """The cities that time zones are named after.

    CLDR leaves out a city whose name is that of the zone itself (LDML part 4, "Time Zone Names"); such names are added
    for Latin script.
    """
    with needs_extra("train", NAMES_NEED):
        from babel.core import get_global

    if locale is None:
        return []
    listed = {key: zone["city"] for key, zone in locale.time_zones.items() if "city" in zone}
    own = {key: key.split("/")[-1].replace("_", " ") for key in get_global("zone_territories") if latin}
    cities = own | listed
    return [cities[key] for key in sorted(cities) if "/" in key and not key.startswith(("Etc/", "Antarctica/"))]


@cache
def official_languages() -> frozenset[str]:
    """Official languages of a country: most of their names are names of nationalities too."""
    with needs_extra("train", NAMES_NEED):
        from babel import Locale
        from babel.languages import get_official_languages

    territories = [str(code) for code in Locale.parse("en").territories if len(str(code)) == 2]
    return frozenset(lang for code in territories for lang in get_official_languages(code, de_facto=True))


def subdivisions(lang: str, latin: bool) -> list[str]:
    """States, provinces and so on: those with a translation, and those of countries that speak the language.

    latin (bool): whether the language is written in Latin script, which ISO 3166-2 uses for all names.
    """
    with needs_extra("train", NAMES_NEED):
        import pycountry
        from babel.languages import get_official_languages

    locales = [lang, "zh_CN"] if lang == "zh" else [lang]
    translate = gettext.translation("iso3166-2", pycountry.LOCALES_DIR, locales, fallback=True).gettext
    names = []
    for subdivision in pycountry.subdivisions:
        name = subdivision.name
        translation = translate(name)
        if translation != name:
            names.append(translation)
        elif latin and lang in get_official_languages(subdivision.country_code, de_facto=True)[:1]:
            names.append(name)
    return names


@cache
def people_of(locale: str) -> tuple[People, ...]:
    """Names of women and names of men in one of faker's locales; separate, since surnames can differ."""
    surname_first = locale in ("zh_CN", "ja_JP")
    return tuple(
        People(
            clean_names(draw_from_faker(locale, f"first_name_{gender}")),
            clean_names(draw_from_faker(locale, f"last_name_{gender}")),
            surname_first,
        )
        for gender in ("female", "male")
    )


def draw_from_faker(locale: str | None, what: str) -> list[str]:
    """Random names of a faker locale, the same at each call; an empty list for None."""
    if locale is None:
        return []
    with needs_extra("train", NAMES_NEED):
        from faker import Faker

    faker = Faker(locale)
    faker.seed_instance(0)
    return [getattr(faker, what)() for _ in range(N_DRAWN)]


def clean_names(names: Iterable[str]) -> tuple[str, ...]:
    """Distinct names in their order, without those that contain remarks, alternatives or numbers."""
    names = (unicodedata.normalize("NFC", " ".join(name.split())) for name in names)
    return tuple(dict.fromkeys(name for name in names if name and not REMARKS.search(name)))

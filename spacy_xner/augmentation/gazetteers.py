"""Real names by language: places and languages of the Unicode CLDR (babel), subdivisions of ISO 3166-2 (pycountry),
people, companies and towns (faker).

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

from .names import CASE_ENDING, INFLECTED, UNSPACED, script_of, words_of

if TYPE_CHECKING:
    from babel import Locale

# Faker's word lists that hold real names. A language with case endings gets no people of its own (its names would
# come in the nominative only); its people turn up abroad.
PEOPLE = {
    "en": ("en_US", "en_GB"), "de": ("de_DE",), "es": ("es_ES", "es_MX"), "fr": ("fr_FR",), "it": ("it_IT",),
    "nl": ("nl_NL",), "zh": ("zh_CN",), "ja": ("ja_JP",),
}  # fmt: skip
ABROAD = ("en_US", "en_GB", "de_DE", "es_ES", "fr_FR", "it_IT", "nl_NL", "pl_PL", "hr_HR", "sl_SI")
COMPANIES = {lang: locales[0] for lang, locales in PEOPLE.items()}
TOWNS = {"de": "de_DE", "es": "es_ES", "it": "it_IT", "nl": "nl_NL", "ja": "ja_JP"}
N_DRAWN = 600
HOME = 0.6  # share of people from the text's own language, where there are such
NO_TERRITORY = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
NOT_PLAIN = re.compile(r"[()\[\]/&,;:|*0-9]| - |–")


@dataclass(frozen=True)
class People:
    """Given names and surnames of one country, which make any number of names together."""

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

    groups: for each label its groups of like names (territories, cities, subdivisions; companies; languages).
    home, abroad: people of countries that speak the language, and of others that write as it does.
    """

    lang: str
    groups: dict[str, dict[str, tuple[str, ...]]]
    home: tuple[People, ...] = ()
    abroad: tuple[People, ...] = ()
    _group_of: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for label, groups in self.groups.items():
            for names in groups.values():
                for name in names:
                    self._group_of.setdefault((label, name), names)

    def draw(
        self, name: str, label: str, rng: random.Random, fits: Callable[[str], bool], tries: int = 12
    ) -> str | None:
        """A name that `fits` and is like `name`, if one is found in so many tries.

        A place or language that the gazetteer knows gives one of its own kind; a place of one word that it does not
        know gives a city. In languages with case endings only a name that the gazetteer knows, and which is therefore
        in its base form, is replaced.
        """
        inflected = self.lang in INFLECTED
        people = self.people(rng) if label == "PER" and not inflected else None
        names: Sequence[str] | None = self._group_of.get((label, name))
        if names and inflected:
            names = [other for other in names if other[-CASE_ENDING:] == name[-CASE_ENDING:]]
        if names is None and not inflected and label == "LOC" and len(words_of(name, self.lang)) == 1:
            names = self.groups["LOC"]["cities"]
        if names is None and not inflected and label == "ORG":
            names = self.groups["ORG"]["companies"]
        for _ in range(tries if people or names else 0):
            drawn = people.draw(rng, self.is_full(name)) if people else rng.choice(names or ())
            if drawn != name and fits(drawn):
                return drawn
        return None

    def people(self, rng: random.Random) -> People | None:
        """A country to name people after."""
        at_home = self.home and (not self.abroad or rng.random() < HOME)
        countries = self.home if at_home else self.abroad
        return rng.choice(countries) if countries else None

    def is_full(self, name: str) -> bool:
        """Whether a person's name is more than a surname."""
        if self.lang in UNSPACED:
            return len(name) > (2 if self.lang == "ja" else 1)
        return " " in name


@cache
def gazetteer(lang: str) -> Gazetteer:
    """The names of a language, gathered at the first call; the same in every process. Empty for one that CLDR lacks.

    lang (str): language code without region or script.
    """
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(lang)
    except (UnknownLocaleError, ValueError):
        locale = None
    latin = locale is not None and script_of(locale.languages.get(lang, "")) == "LATIN"
    # CLDR has articles in some languages' own texts, but not in names: those that want one end in -s or begin so.
    territories = [
        name
        for code, name in (locale.territories.items() if locale else ())
        if len(code) == 2 and code.isalpha() and code not in NO_TERRITORY
        and not (lang == "en" and (name.endswith("s") or name.startswith("United")))
    ]  # fmt: skip
    languages = [name for code, name in (locale.languages.items() if locale else ()) if code in official_languages()]
    abroad = ABROAD if latin and lang not in INFLECTED else ()
    return Gazetteer(
        lang,
        {
            "LOC": {
                "territories": plain(territories),
                "cities": plain(exemplar_cities(locale, latin) + draw_from_faker(TOWNS.get(lang), "city")),
                "subdivisions": plain(subdivisions(lang, latin)),
            },
            "ORG": {"companies": tuple(dict.fromkeys(draw_from_faker(COMPANIES.get(lang), "company")))},
            "MISC": {"languages": plain(name for name in languages if " " not in name)},
        },
        home=tuple(people for each in PEOPLE.get(lang, ()) for people in people_of(each)),
        abroad=tuple(people for each in abroad if each not in PEOPLE.get(lang, ()) for people in people_of(each)),
    )


def exemplar_cities(locale: "Locale | None", latin: bool) -> list[str]:
    """The cities that time zones are named after.

    What CLDR leaves out is the zone's own name (LDML part 4, "Time Zone Names"), which is of use in Latin script.
    """
    from babel.core import get_global

    if locale is None:
        return []
    listed = {key: zone["city"] for key, zone in locale.time_zones.items() if "city" in zone}
    own = {key: key.split("/")[-1].replace("_", " ") for key in get_global("zone_territories") if latin}
    cities = own | listed
    return [cities[key] for key in sorted(cities) if "/" in key and not key.startswith(("Etc/", "Antarctica/"))]


@cache
def official_languages() -> frozenset[str]:
    """Languages of a country: those whose names are nationalities too, more often than not."""
    from babel import Locale
    from babel.languages import get_official_languages

    territories = [str(code) for code in Locale.parse("en").territories if len(str(code)) == 2]
    return frozenset(lang for code in territories for lang in get_official_languages(code, de_facto=True))


def subdivisions(lang: str, latin: bool) -> list[str]:
    """States, provinces and the like: those with a translation, and those of countries that speak the language.

    latin (bool): whether the language is written in Latin script, in which ISO 3166-2 writes all names.
    """
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
    """The women and the men of one of faker's locales; apart, since surnames can differ."""
    surname_first = locale in ("zh_CN", "ja_JP")
    return tuple(
        People(
            plain(draw_from_faker(locale, f"first_name_{gender}")),
            plain(draw_from_faker(locale, f"last_name_{gender}")),
            surname_first,
        )
        for gender in ("female", "male")
    )


def draw_from_faker(locale: str | None, what: str) -> list[str]:
    """Names that faker draws for one of its locales; the same each time. None: no names."""
    if locale is None:
        return []
    from faker import Faker

    faker = Faker(locale)
    faker.seed_instance(0)
    return [getattr(faker, what)() for _ in range(N_DRAWN)]


def plain(names: Iterable[str]) -> tuple[str, ...]:
    """Different names in their order, without those that carry remarks, alternatives or numbers."""
    names = (unicodedata.normalize("NFC", " ".join(name.split())) for name in names)
    return tuple(dict.fromkeys(name for name in names if name and not NOT_PLAIN.search(name)))

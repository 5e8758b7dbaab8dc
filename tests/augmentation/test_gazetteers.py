import os
import random
import subprocess
import sys

import pytest

from spacy_xner.augmentation.gazetteers import load_gazetteer
from spacy_xner.augmentation.names import script_of_name

SCRIPTS = {"en": "Latin", "de": "Latin", "es": "Latin", "fr": "Latin", "nl": "Latin", "ru": "Cyrillic", "zh": "Han"}


@pytest.mark.parametrize("lang", SCRIPTS)
def test_every_language_of_the_corpus(lang: str) -> None:
    places = load_gazetteer(lang).groups["LOC"]
    assert {kind for kind, names in places.items() if len(names) > 100} == {"territories", "cities", "subdivisions"}
    for names in places.values():
        assert len(set(names)) == len(names)
        assert all(name == " ".join(name.split()) for name in names)
    assert sum(script_of_name(name) == SCRIPTS[lang] for name in places["territories"]) >= 200


@pytest.mark.parametrize(
    ("lang", "kind", "name"),
    [("de", "territories", "Schweden"), ("ru", "territories", "Швеция"), ("zh", "territories", "瑞典"),
     ("de", "cities", "Rom"), ("fr", "cities", "Londres"), ("en", "cities", "New York"), ("ru", "cities", "Берлин"),
     ("de", "subdivisions", "Kalifornien"), ("en", "subdivisions", "California"), ("ar", "territories", "السويد")],
)  # fmt: skip
def test_names_are_in_the_language(lang: str, kind: str, name: str) -> None:
    assert name in load_gazetteer(lang).groups["LOC"][kind]


def test_nationalities() -> None:
    assert {"Dutch", "Thai"} <= set(load_gazetteer("en").groups["MISC"]["languages"])


def test_like_for_like() -> None:
    rng, names = random.Random(0), load_gazetteer("de")
    for name, kind in (("Schweden", "territories"), ("Rom", "cities"), ("Kalifornien", "subdivisions")):
        drawn = {names.draw(name, "LOC", rng, lambda _: True) for _ in range(30)}
        assert drawn <= set(names.groups["LOC"][kind]) - {name}
    assert names.draw("Unbekannt", "LOC", rng, lambda _: True) in names.groups["LOC"]["cities"]
    assert names.draw("Ganz Unbekannt", "LOC", rng, lambda _: True) is None
    assert names.draw("Grundgesetz", "MISC", rng, lambda _: True) is None
    assert names.draw("Schweden", "LOC", rng, lambda _: False) is None


def test_people() -> None:
    rng = random.Random(0)
    for _ in range(50):
        assert " " in (load_gazetteer("de").draw("Anna Schmidt", "PER", rng, lambda _: True) or "")
        assert len(load_gazetteer("zh").draw("王小明", "PER", rng, lambda _: True) or "") >= 2
        assert load_gazetteer("zh").draw("王", "PER", rng, lambda _: True) in {
            surname for people in load_gazetteer("zh").domestic for surname in people.surnames
        }


def test_case_endings() -> None:
    rng, russian = random.Random(0), load_gazetteer("ru")
    assert russian.draw("Анна Ахматова", "PER", rng, lambda _: True) is None
    assert russian.draw("Швеции", "LOC", rng, lambda _: True) is None
    assert (russian.draw("Швеция", "LOC", rng, lambda _: True) or "").endswith("ция")


@pytest.mark.parametrize("lang", ["xx", "qqq"])
def test_language_without_names(lang: str) -> None:
    for label in ("PER", "ORG", "LOC", "MISC"):
        assert load_gazetteer(lang).draw("Paris", label, random.Random(0), lambda _: True) is None


def test_same_in_every_process() -> None:
    code = (
        "import hashlib; from spacy_xner.augmentation.gazetteers import load_gazetteer as g\n"
        "print(hashlib.sha256(str([g(lang) for lang in ('de', 'zh', 'en')]).encode()).hexdigest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in "12"
    }
    assert len(outputs) == 1

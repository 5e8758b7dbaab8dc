"""What generated sentences are about, and how they are written: lists that are varied by a seed.

Text of one recipe is alike, and a pipeline that learns from it knows that recipe. So each request gets another genre,
register, topic and part of the world.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import XnerError
from ..lines import read_lines

GENRES = (
    "a news agency's dispatch", "a local newspaper's report", "a newspaper's commentary", "a sports report",
    "a list of sports results", "a business report", "a stock exchange report", "a court report", "a police report",
    "a weather report", "a newspaper's obituary", "a headline and its first sentence", "a letter to the editor",
    "an interview", "an encyclopedia's article", "a biography", "a history book", "a school book", "a travel guide",
    "a museum's catalogue", "a scientific article's introduction", "a medical leaflet", "a technical manual",
    "a law", "a contract", "the minutes of a meeting", "a speech in a parliament", "an office's letter",
    "a job advertisement", "a small advertisement", "an invitation", "a company's press release", "an annual report",
    "a product review", "a hotel review", "a film review", "a book review", "a concert programme", "a recipe",
    "a blog", "a forum post", "a chat message", "a comment below a video", "an email to a colleague",
    "a letter to a friend", "a diary", "a novel's narration", "a novel's dialogue", "a fairy tale", "a joke",
    "a radio talk, written down", "a podcast, written down", "a timetable notice", "a train announcement",
    "a church bulletin", "a club's newsletter", "a crossword clue or quiz question", "a caption of a photograph",
)  # fmt: skip
REGISTERS = (
    "sober and formal", "plain, in short sentences", "in long sentences with subordinate clauses", "colloquial",
    "lively", "ironic", "old-fashioned", "terse, with omitted words", "with figures, dates and abbreviations",
    "with direct speech", "hesitant and polite", "angry", "with lists of names", "mostly without names",
)  # fmt: skip
TOPICS = (
    "an election", "a coalition's quarrel", "a visit of state", "a war and its refugees", "a treaty", "a court case",
    "a burglary", "a road accident", "a fire", "a flood", "an earthquake", "the harvest", "fishing", "forestry",
    "a takeover of a company", "a strike", "unemployment", "a bank", "taxes", "housing", "a new railway line",
    "an airport", "shipping", "cars", "space flight", "computers", "telephones", "energy", "the climate", "animals",
    "football", "tennis", "cycling", "athletics", "winter sports", "basketball", "chess", "motor racing", "swimming",
    "a film", "a theatre", "an opera", "pop music", "a painter", "a writer", "architecture", "fashion", "television",
    "a university", "a school", "a discovery in physics", "a discovery in medicine", "a hospital", "an epidemic",
    "archaeology", "a saint's day", "a mosque, temple or church", "a wedding", "a family", "a market", "cooking",
    "a journey", "mountains", "a village", "a city district", "a river", "an island", "migration", "a museum",
    "an orchestra", "a charity", "the army", "the police", "a prison", "a newspaper", "an invention", "gardening",
)  # fmt: skip
REGIONS = (
    "the country where the language is spoken", "a neighbouring country", "northern Europe", "western Europe",
    "eastern Europe", "southern Europe", "West Africa", "East Africa", "southern Africa", "North Africa",
    "the Middle East", "Central Asia", "South Asia", "South-East Asia", "East Asia", "Oceania", "North America",
    "Central America and the Caribbean", "South America", "several continents",
)  # fmt: skip


class Assignment(NamedTuple):
    """What one request asks for."""

    genre: str
    register: str
    topic: str
    region: str


def assignment(number: int, seed: int, genres: Sequence[str] = GENRES, topics: Sequence[str] = TOPICS) -> Assignment:
    """What the request with a number asks for; the same for the same number, seed and lists.

    Each genre and each topic comes once before one comes again, in an order that changes from round to round.
    """
    chance = random.Random(f"{seed}/{number}")
    return Assignment(
        in_turn(genres, number, f"{seed}/genre"),
        chance.choice(REGISTERS),
        in_turn(topics, number, f"{seed}/topic"),
        chance.choice(REGIONS),
    )


def in_turn(items: Sequence[str], number: int, seed: str) -> str:
    """The item with a number, in rounds of all items, each in an order of its own."""
    around, place = divmod(number, len(items))
    return random.Random(f"{seed}/{around}").sample(items, len(items))[place]


def read_items(path: Path | None, default: Sequence[str]) -> Sequence[str]:
    """The lines of a file, without empty and repeated ones; the default for None.

    RAISES: XnerError for a file without lines, and as `read_lines`.
    """
    if path is None:
        return default
    found = list(dict.fromkeys(line.strip() for _, line in read_lines(path) if line.strip()))
    if not found:
        raise XnerError(f"{path}: found no lines, expected one genre or topic in each.")
    return found

"""Which scripts a text is written in, from the counts of its characters."""

from collections import Counter
from collections.abc import Mapping

from ...languages.scripts import COMMON, OTHER, script_of_character

MIN_SHARE = 0.001  # of a text's letters: scripts below it do not count as scripts of the text


def scripts_of(characters: Mapping[str, int]) -> set[str]:
    """The scripts of a text, without COMMON and OTHER.

    A script needs at least the share MIN_SHARE of the letters, so that a few names in another script do not count.

    characters (Mapping[str, int]): how often each character occurs.
    """
    letters: Counter[str] = Counter()
    for character, count in characters.items():
        letters[script_of_character(character)] += count
    del letters[COMMON], letters[OTHER]
    return {script for script, count in letters.items() if count >= MIN_SHARE * letters.total()}

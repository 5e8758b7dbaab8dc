"""Which scripts a text is written in, from the counts of its characters."""

from collections import Counter
from collections.abc import Mapping

from ...languages.scripts import COMMON, OTHER, script_of_character

SEEN = 0.001  # share of a text's letters from which on a script is one that the text is written in


def scripts_of(characters: Mapping[str, int]) -> set[str]:
    """The scripts that a text is written in, without COMMON and OTHER.

    characters (Mapping[str, int]): how often each character occurs. A name or two in another script do not count: a
        script has at least the share SEEN of the letters.
    """
    letters: Counter[str] = Counter()
    for character, count in characters.items():
        letters[script_of_character(character)] += count
    del letters[COMMON], letters[OTHER]
    return {script for script, count in letters.items() if count >= SEEN * letters.total()}

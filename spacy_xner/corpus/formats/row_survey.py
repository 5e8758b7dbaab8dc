"""What all rows of tokens in a file show together: the form of their tags, and whether blank tokens are its spaces.

Corpora of single characters, such as KLUE, write the spaces of the text as tokens. <https://github.com/KLUE-benchmark/KLUE>
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .annotated import RefusalError
from .json_records import JsonOptions
from .json_values import read_values
from .report import Report
from .row_kinds import is_row, row_of, tag_key, token_key
from .tag_names import TagNames, names_of_data_set
from .tags import TagForm, find_form

# Blank tokens are the spaces of the text where they are this share of all tokens, or nearly all tokens are characters.
SHARE_OF_SPACES, SHARE_OF_CHARACTERS = 0.05, 0.9


@dataclass
class RowSurvey:
    """What the rows of a file have in common.

    forms (dict[str, TagForm]): the form of the tags under each key.
    names (dict[str, TagNames]): the names of numbered tags under each key.
    has_space_tokens (bool): tokens of blanks are the spaces of the text.
    """

    forms: dict[str, TagForm] = field(default_factory=dict)
    names: dict[str, TagNames] = field(default_factory=dict)
    has_space_tokens: bool = False

    def describe(self) -> str:
        """Where the names of tags come from, for people; "" without such names."""
        return ", ".join(f'names of "{key}" from {names.file}' for key, names in self.names.items() if names.file)


def survey_rows(path: Path, options: JsonOptions, encoding: str | None) -> RowSurvey:
    """Read all rows of a file for what they have in common.

    RAISES: XnerError for what is not JSON; RefusalError as `names_of_data_set`. Malformed rows are passed over: their
        reader names their place.
    """
    survey = RowSurvey()
    tags: dict[str, Counter[str | int]] = {}
    n_tokens = n_blank = n_characters = 0
    for found in read_values(path, Report(), encoding):
        try:
            if not is_row(found.value):
                continue
            row = row_of(found.value)
            key = tag_key(row)
        except RefusalError:
            continue
        for word in row[token_key(row)]:
            n_tokens += 1
            n_blank += bool(word) and not word.strip()
            n_characters += len(word) == 1
        if not key:
            continue
        tags.setdefault(key, Counter()).update(row[key])
        is_numbered = any(isinstance(tag, int) for tag in row[key])
        if is_numbered and not options.label_names and key not in survey.names:
            survey.names[key] = names_of_data_set(path, found.around, key)
    for key, counts in tags.items():
        of_data_set = survey.names.get(key, TagNames()).names
        known = options.label_names or {str(number): name for number, name in enumerate(of_data_set)}
        spelt: Counter[str] = Counter()
        for tag, count in counts.items():
            name = tag if isinstance(tag, str) else known.get(str(tag))
            if name is not None:
                spelt[name] += count
        survey.forms[key] = find_form(spelt, options.label, options.scheme or None)
    survey.has_space_tokens = n_blank > 0 and (
        n_blank >= SHARE_OF_SPACES * n_tokens or n_characters >= SHARE_OF_CHARACTERS * n_tokens
    )
    return survey

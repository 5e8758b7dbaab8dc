"""What a language model is asked, and how its answer is read: numbered texts as JSON, both ways."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..errors import XnerError
from ..extras import needs_extra
from ..languages.codes import normalise_code

TRANSLATE = """\
Translate each sentence from {{ source_language }} into {{ target_language }}.

- Translate the whole sentence and nothing else: no notes, no alternatives. Keep its register.
- Write names of persons, places and organisations as {{ target_language }} texts do.
- Each sentence stands alone, and keeps its id. Give one translation for each id.
{% if tags %}- Keep the tags: where the sentence has <a>words</a>, the translation has <a> and </a> around the \
translation of these words. Each tag occurs as often as in the sentence, with the same letters.
{% endif %}- Answer with JSON alone, in this form: {"translations": [{"id": 1, "text": "..."}]}

{{ sentences }}
"""
"""The default template. Variables: `source_language`, `target_language` (English names), `source`, `target` (codes),
`sentences` (JSON), `tags` (bool: whether a sentence has tags)."""

REPAIR = "That answer has faults: {problems}. Answer again, for all {n} sentences, with JSON alone as it was asked for."
FENCE = re.compile(r"\s*(?:<think>.*?</think>)?\s*```\w*\s*\n(.*?)\n?\s*```\s*", re.DOTALL)
THOUGHT = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
TAG = re.compile(r"[<\[]/?[A-Za-z]\w*[>\]]")


@dataclass(frozen=True)
class Task:
    """What a model does with each numbered text.

    key (str): of the list in its answer.
    fault (str): what is wrong with a new text, for the model and in counts.
    is_faulty (Callable[[str, str], bool]): whether it is so, from the text and the new text.
    """

    key: str
    fault: str
    is_faulty: Callable[[str, str], bool]

    @property
    def form(self) -> str:
        """An example of an answer."""
        return f'{{"{self.key}": [{{"id": 1, "text": "..."}}]}}'

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of an answer."""
        row = {
            "type": "object",
            "properties": {"id": {"type": "integer"}, "text": {"type": "string"}},
            "required": ["id", "text"],
            "additionalProperties": False,
        }
        return {
            "type": "object",
            "properties": {self.key: {"type": "array", "items": row}},
            "required": [self.key],
            "additionalProperties": False,
        }


class Answer(NamedTuple):
    """What a model's answer has.

    translations (dict[int, str]): by the number of the sentence, from 1; without those that are missing or doubled.
    problems (list[str]): what is wrong with the answer, for the model.
    """

    translations: dict[int, str]
    problems: list[str]


class Template:
    """A prompt with variables, in Jinja's language, without access to anything else.

    text (str): the template. needed (str): a variable that it must use.
    RAISES: XnerError for a template that is not valid, or lacks the variable.
    """

    def __init__(self, text: str, needed: str) -> None:
        from jinja2 import StrictUndefined, TemplateError, meta
        from jinja2.sandbox import SandboxedEnvironment

        environment = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=False)
        try:
            self._template = environment.from_string(text)
            used = meta.find_undeclared_variables(environment.parse(text))
        except TemplateError as error:
            raise XnerError(f"The template of the prompt is not valid: {error}.") from error
        if needed not in used:
            raise XnerError(f"The template of the prompt does not use {{{{ {needed} }}}}, expected that it does.")
        self.text = text

    def render(self, **variables: Any) -> str:
        """The prompt. RAISES: XnerError for a variable that the template uses and that there is not."""
        from jinja2 import TemplateError

        try:
            return self._template.render(**variables)
        except (TemplateError, TypeError) as error:
            raise XnerError(
                f"The template of the prompt cannot be filled: {error}. Its variables are {', '.join(variables)}."
            ) from error


def numbered(texts: Sequence[str]) -> str:
    """Texts as JSON with their numbers, from 1."""
    return json.dumps(
        {"sentences": [{"id": number, "text": text} for number, text in enumerate(texts, start=1)]}, ensure_ascii=False
    )


def read_json(content: str | None) -> Any:
    """The JSON of an answer, also in a fence of Markdown or after a model's thoughts; None for anything else."""
    if content is None:
        return None
    fenced = FENCE.fullmatch(content)
    try:
        return json.loads(fenced[1] if fenced else THOUGHT.sub("", content, count=1))
    except ValueError:
        return None


def read_translations(content: str | None, texts: Sequence[str], task: Task) -> Answer:
    """Read an answer to `numbered(texts)`, and say what is wrong with it.

    A new text is usable if its number occurs once and it is not empty. A fault of the task, such as lost tags, is a
    problem, but the text is usable: who uses it checks and counts that.
    """
    found = read_json(content)
    rows = found.get(task.key) if isinstance(found, Mapping) else None
    if not isinstance(rows, list):
        return Answer({}, [f"it is not JSON of the form {task.form}"])
    by_number: dict[int, list[str]] = {}
    n_unusable = 0
    for row in rows:
        number, text = (row.get("id"), row.get("text")) if isinstance(row, Mapping) else (None, None)
        if isinstance(number, str) and number.isdecimal():
            number = int(number)
        if isinstance(number, int) and 1 <= number <= len(texts) and isinstance(text, str):
            by_number.setdefault(number, []).append(text.strip())
        else:
            n_unusable += 1
    translations = {number: found[0] for number, found in by_number.items() if len(found) == 1 and found[0]}
    doubled = [number for number, found in by_number.items() if len(found) > 1]
    missing = [n for n in range(1, len(texts) + 1) if n not in translations and n not in doubled]
    faulty = [n for n, text in translations.items() if task.is_faulty(texts[n - 1], text)]
    problems = [
        f"{what} {', '.join(map(str, numbers))}"
        for what, numbers in (
            ("no text for the ids", missing),
            ("several texts for the ids", doubled),
            (f"{task.fault} for the ids", sorted(faulty)),
        )
        if numbers
    ]
    if n_unusable:
        problems.append(f"{n_unusable} entries without a known id and a text")
    return Answer(translations, problems)


def tags_of(text: str) -> Counter[str]:
    """The tags of a text whose name has an opening and a closing one, with how often they occur."""
    found = Counter(TAG.findall(text))
    return Counter({tag: n for tag, n in found.items() if partner_of(tag) in found})


def has_other_tags(text: str, translation: str) -> bool:
    """Whether a translation has other tags than its text."""
    return tags_of(text) != tags_of(translation)


TRANSLATION = Task("translations", "other tags than in the sentence", has_other_tags)


def partner_of(tag: str) -> str:
    """The closing tag of an opening one, and the other way round."""
    return tag[0] + tag[2:] if tag[1] == "/" else f"{tag[0]}/{tag[1:]}"


def language_name(code: str) -> str:
    """The English name of a language, with its region or script; the code itself where there is none."""
    with needs_extra("http", "The names of languages in a prompt need"):
        from babel import Locale, UnknownLocaleError
        from pycountry import languages

    language = normalise_code(code)
    try:
        return Locale.parse(language, sep="-").get_display_name("en") or language
    except (UnknownLocaleError, ValueError):
        found = languages.get(alpha_3=language.split("-")[0])
        return str(getattr(found, "name", language))

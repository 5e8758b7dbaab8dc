"""Translation by a language model behind an OpenAI-compatible endpoint."""

import hashlib
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import XnerError
from ..languages.codes import normalise_code
from .batches import batches_of, translate_in_batches
from .chat import OPENAI, ChatModel, characters_to_tokens, tokens_of
from .costs import Budget, Estimate
from .http_client import RefusedError
from .prompts import (
    REPAIR,
    TRANSLATE,
    TRANSLATION,
    Answer,
    Task,
    Template,
    language_name,
    numbered,
    read_translations,
    tags_of,
)
from .stream_translator import StreamTranslator

REVISION = 1  # raise it if translations change: keys of the cache have it
MAX_BYTES = 12_000  # of the texts in a request


class LanguageModel(StreamTranslator):
    """Translates by a language model, several numbered sentences in a request, several requests at the same time.

    An answer that is no JSON, lacks a sentence, has one twice or has lost its tags is asked for once more. What is
    missing then has no translation (None), and is counted. A batch that the server refuses, or whose answer is cut off,
    is halved. A sentence that the server refuses alone, as filters of providers do, has no translation either, if the
    server has accepted others. The other arguments are those of `ChatModel`.

    source, target (str): language codes; the prompt has the English names of the languages.
    batch_size (int): sentences in a request. 1 for models that confuse them.
    template (str | None): the prompt, see `prompts.TRANSLATE`, the default.
    template_path (str | None): a file that holds it.
    server (str | None): name of the server in the identity, instead of its address: the same name for the same model
        at another address finds the translations in the cache.
    RAISES: XnerError for a wrong setting, and for a key among them. While translating, TranslatorError with the text
        that failed.

    The batch size is not part of the identity, although a model may translate a sentence otherwise beside others.
    `counts` has those of `ChatModel`, and the numbers of "repairs", of texts "missing in the answer", "cut off" and
    "refused by the server", which have no translation, and of translations with "other tags than in the sentence".
    """

    name = "LanguageModel.v1"
    task = TRANSLATION
    default_template = TRANSLATE

    def __init__(
        self,
        source: str,
        target: str,
        model: str,
        url: str = OPENAI,
        batch_size: int = 10,
        template: str | None = None,
        template_path: str | None = None,
        server: str | None = None,
        **settings: Any,
    ) -> None:
        if batch_size < 1:
            raise XnerError(f"The setting batch_size is {batch_size}, expected at least 1.")
        self.source, self.target, self.batch_size = normalise_code(source), normalise_code(target), batch_size
        self.template = Template(read_template(template, template_path, self.default_template), "sentences")
        self._prompt(["a"])  # fails before the work begins
        self.chat = ChatModel(model, url, **settings)
        self.server = server

    @property
    def budget(self) -> Budget:
        return self.chat.budget

    @property
    def counts(self) -> Counter[str]:
        return self.chat.counts

    @property
    def identity(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "revision": REVISION,
            "source": self.source,
            "target": self.target,
            **self.chat.identity,
            **({"server": self.server} if self.server else {}),
            "prompt": hashlib.sha256(self.template.text.encode()).hexdigest()[:16],
        }

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        """Yield one translation for each text, in order; None for texts without a usable answer."""
        return translate_in_batches(
            self, texts, self._translate_batch, self.batch_size, self.chat.concurrency, MAX_BYTES
        )

    def estimate(self, texts: Iterable[str]) -> Estimate:
        """Count what translating these texts sends; tokens and cost are rough, and rather too high.

        RAISES: XnerError where that is more than `max_characters` or `max_cost`.
        """
        n_texts = characters = n_read = n_written = 0
        for batch in batches_of((text for text in texts if text.strip()), self.batch_size, MAX_BYTES):
            n_texts, characters = n_texts + len(batch), characters + sum(map(len, batch))
            n_read += tokens_of(self._messages(batch))
            n_written += characters_to_tokens(numbered(batch))
        cost = self.chat.cost_of(n_read, n_written) if self.chat.has_price else None
        must_ask = n_texts > 0 and (self.chat.is_openai or bool(cost)) and not self.chat.budget.is_limited
        server = f"{self.chat.model} at {self.chat.client.url}"
        return self.chat.budget.check(
            Estimate(server, n_texts, characters, (n_read, n_written), cost, must_ask=must_ask)
        )

    def _variables(self, texts: list[str]) -> dict[str, Any]:
        """The variables of the template."""
        return {
            "source": self.source,
            "target": self.target,
            "source_language": language_name(self.source),
            "target_language": language_name(self.target),
            "tags": any(map(tags_of, texts)),
            "sentences": numbered(texts),
        }

    def _prompt(self, texts: list[str]) -> str:
        return self.template.render(**self._variables(texts))

    def _messages(self, texts: list[str]) -> list[dict[str, str]]:
        return [{"role": "user", "content": self._prompt(texts)}]

    def _translate_batch(self, texts: list[str], stopped: threading.Event) -> list[str | None]:
        try:
            answer = self._ask(texts, stopped)
        except RefusedError as error:
            if len(texts) > 1 or not (isinstance(error, CutOffError) or self.chat.is_about_content(error)):
                raise
            self._count("cut off" if isinstance(error, CutOffError) else "refused by the server")
            return [None]
        self._count("missing in the answer", len(texts) - len(answer.translations))
        translations = [answer.translations.get(number) for number in range(1, len(texts) + 1)]
        pairs = zip(texts, translations, strict=True)
        n_faulty = sum(new is not None and self.task.is_faulty(text, new) for text, new in pairs)
        self._count(self.task.fault, n_faulty)
        return translations

    def _ask(self, texts: list[str], stopped: threading.Event) -> Answer:
        """Ask for translations, and once more if the answer has faults."""
        messages, to_write = self._messages(texts), characters_to_tokens(numbered(texts))
        reply = self.chat.ask(messages, self.task.schema, sum(map(len, texts)), to_write, stopped)
        first = read_translations(reply.content, texts, self.task)
        if reply.cut_off and len(first.translations) < len(texts):
            raise CutOffError(f"{self.chat.model} wrote more than its maximum length for {len(texts)} texts.")
        if not first.problems:
            return first
        self._count("repairs")
        repair = REPAIR.format(problems="; ".join(first.problems), n=len(texts))
        messages += [{"role": "assistant", "content": reply.content or ""}, {"role": "user", "content": repair}]
        reply = self.chat.ask(messages, self.task.schema, 0, to_write, stopped)
        second = read_translations(reply.content, texts, self.task)
        return Answer(better_of(texts, first.translations, second.translations, self.task), second.problems)

    def _count(self, name: str, number: int = 1) -> None:
        if number:
            self.chat.count(name, number)


class CutOffError(RefusedError):
    """An answer was longer than the model may write. Fewer texts may pass."""


def better_of(texts: list[str], first: Mapping[int, str], second: Mapping[int, str], task: Task) -> dict[int, str]:
    """The texts of a repaired answer; those of the first one where it has none, or where only its own are faulty."""
    merged = {**first, **second}
    for number, text in first.items():
        source = texts[number - 1]
        if task.is_faulty(source, merged[number]) and not task.is_faulty(source, text):
            merged[number] = text
    return merged


def read_template(template: str | None, path: str | None, default: str) -> str:
    """A template from a setting, or from a file. RAISES: XnerError for both, and for a file that cannot be read."""
    if path is None:
        return default if template is None else template
    if template is not None:
        raise XnerError("Found the settings template and template_path, expected one of them.")
    try:
        return Path(path).read_text(encoding="utf8")
    except (OSError, UnicodeDecodeError) as error:
        raise XnerError(f"{path}: the template of the prompt cannot be read: {error}.") from error

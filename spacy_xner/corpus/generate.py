"""Unlabelled text in a target language, written by a language model. An interrupted run is resumed."""

import hashlib
import math
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from .. import __version__
from ..errors import XnerError
from ..journal import Journal, Progress
from ..languages.codes import normalise_code
from ..languages.identification import is_in_another_language
from ..languages.scripts import is_in_script
from ..languages.tokenizer import multilingual_tokenizer
from ..redaction import redact_json
from ..translation.api_keys import refuse_keys
from ..translation.batches import in_order
from ..translation.chat import ChatModel, Reply, tokens_of
from ..translation.costs import Estimate
from ..translation.factory import check_settings
from ..translation.http_client import RefusedError
from ..translation.language_model import read_template
from ..translation.prompts import Template, language_name, read_json
from ..translation.registry import language_model_v1
from .docs import write_docs
from .genres import GENRES, TOPICS, Assignment, assignment
from .near_duplicates import NearDuplicates
from .texts import comparison_key

REVISION = 1  # of what this file makes of answers, and of the lists in `genres`; see `corpus/provenance.py`
WRITE = """\
Write {{ n }} sentences in {{ language }}, as each could stand in {{ genre }}.
Subject: {{ topic }}. Place: {{ region }}. Style: {{ register }}.

- Each sentence stands alone. None continues another one, and no two have the same structure or beginning.
- Vary their length, from 5 to 40 words.
- Write as a native speaker does, about the subject as somebody from there would know it.
- Where a sentence has names of persons, organisations, places, works or events, they are different in each: real and \
invented ones, famous and unknown ones, as they are usual at that place.
- Answer with JSON alone, in this form: {"sentences": ["...", "..."]}
"""
"""The default prompt. Variables: `n`, `language` (English name), `lang` (code), `genre`, `topic`, `region`,
`register`."""
REPAIR = 'That is not JSON of the form {"sentences": ["...", "..."]}. Answer again, with JSON alone, in this form.'
SENTENCES = {
    "type": "object",
    "properties": {"sentences": {"type": "array", "items": {"type": "string"}}},
    "required": ["sentences"],
    "additionalProperties": False,
}
PER_REQUEST = 20  # sentences
SENTENCE_TOKENS = 40  # of a sentence that is written, rather too many
MAX_ROUNDS = 3  # times as many requests as are needed if every sentence is kept
EARLY, EARLY_MAX_SHARE = 100, 0.9  # sentences, and share of them in another language, after which the run stops
COUNTS = ("in another script", "in another language", "empty", "repeated", "nearly repeated", "kept")
Result = dict[str, Any]
"""The answer to a request, as plain JSON: `sentences`, and `counts` of what was wrong."""


class TextWriter:
    """Asks a language model for sentences, each time with another genre, register, topic and place.

    chat (ChatModel): the model, with a temperature above 0.
    lang (str): code of the language to write.
    per_request (int): sentences in a request.
    seed (int): another one gives other assignments, and other sentences.
    genres, topics (Sequence[str]): what the assignments are made of.
    template (str): the prompt, see `WRITE`.
    server (str | None): name of the server in the identity, as for `LanguageModel`.
    RAISES: XnerError for numbers out of range and a template that is not valid.
    """

    def __init__(
        self,
        chat: ChatModel,
        lang: str,
        per_request: int = PER_REQUEST,
        seed: int = 0,
        genres: Sequence[str] = GENRES,
        topics: Sequence[str] = TOPICS,
        template: str = WRITE,
        server: str | None = None,
    ) -> None:
        if per_request < 1:
            raise XnerError(f"Found {per_request} sentences in a request, expected at least 1.")
        self.chat, self.lang, self.per_request, self.seed = chat, normalise_code(lang), per_request, seed
        self.genres, self.topics = list(genres), list(topics)
        self.template, self.server = Template(template, "language"), server
        self.messages(0)  # fails before the work begins

    @property
    def identity(self) -> dict[str, Any]:
        """What the sentences depend on, as plain JSON."""
        lists = repr([self.genres, self.topics])
        return redact_json(
            {
                **self.chat.identity,
                **({"server": self.server} if self.server else {}),
                "prompt": hashlib.sha256(self.template.text.encode()).hexdigest()[:16],
                "assignments": hashlib.sha256(lists.encode()).hexdigest()[:16],
                "writing_seed": self.seed,
                "per_request": self.per_request,
                "revision": REVISION,
            }
        )

    def assignment(self, number: int) -> Assignment:
        """What the request with a number asks for."""
        return assignment(number, self.seed, self.genres, self.topics)

    def messages(self, number: int) -> list[dict[str, str]]:
        """The request with a number."""
        prompt = self.template.render(
            n=self.per_request,
            language=language_name(self.lang),
            lang=self.lang,
            **self.assignment(number)._asdict(),
        )
        return [{"role": "user", "content": prompt}]

    def write(self, number: int, stopped: threading.Event) -> Result:
        """Send the request with a number, and once more if the answer is no JSON."""
        messages = self.messages(number)
        counts: Counter[str] = Counter(requests=1)
        try:
            reply = self._ask(messages, number, stopped)
            found = read_sentences(reply)
            if found is None and not reply.cut_off:
                counts["repairs"] += 1
                messages += [{"role": "assistant", "content": reply.content or ""}, {"role": "user", "content": REPAIR}]
                reply = self._ask(messages, number, stopped)
                found = read_sentences(reply)
            counts["answers cut off" if reply.cut_off else "answers without sentences"] += not found
        except RefusedError as error:
            if not self.chat.is_about_content(error):
                raise
            found = []
            counts["requests that the server refused"] += 1
        return {"sentences": found or [], "counts": {name: n for name, n in counts.items() if n}}

    def _ask(self, messages: list[dict[str, str]], number: int, stopped: threading.Event) -> Reply:
        characters = sum(len(message["content"]) for message in messages)
        to_write = self.per_request * SENTENCE_TOKENS
        seed = (self.chat.seed + self.seed + number) % 2**31
        return self.chat.ask(messages, SENTENCES, characters, to_write, stopped, seed)

    def estimate(self, n_sentences: int) -> Estimate:
        """Roughly what this number of sentences takes, if all are kept.

        RAISES: XnerError where that is more than a limit of the model.
        """
        n_requests = math.ceil(n_sentences / self.per_request)
        sample = [self.messages(number) for number in range(min(n_requests, 100))]
        factor = n_requests / max(1, len(sample))
        characters = round(sum(len(message["content"]) for each in sample for message in each) * factor)
        tokens = round(sum(map(tokens_of, sample)) * factor), n_sentences * SENTENCE_TOKENS
        cost = self.chat.cost_of(*tokens) if self.chat.has_price else None
        must_ask = (self.chat.is_openai or bool(cost)) and not self.chat.budget.is_limited
        server = f"{self.chat.model} at {self.chat.client.url}"
        return self.chat.budget.check(Estimate(server, n_requests, characters, tokens, cost, must_ask=must_ask))


def read_sentences(reply: Reply) -> list[str] | None:
    """The sentences in an answer; None where it has not the form that was asked for."""
    found = read_json(reply.content)
    rows = found.get("sentences") if isinstance(found, Mapping) else None
    return [row for row in rows if isinstance(row, str)] if isinstance(rows, list) else None


class Kept:
    """Sentences that pass the checks: in the language, and not nearly the same as an earlier one.

    counts (Counter[str]): receives the numbers of sentences by what became of them, see `COUNTS`.
    """

    def __init__(self, lang: str, counts: Counter[str]) -> None:
        self.lang, self.counts = lang, counts
        self.sentences: list[tuple[int, int, str]] = []  # request, place in the answer, text
        self._keys: set[str] = set()
        self._near = NearDuplicates()

    def add(self, number: int, result: Result) -> None:
        """Add the sentences of an answer that pass. number (int): of the request."""
        self.counts.update(result["counts"])
        for place, sentence in enumerate(result["sentences"], start=1):
            text = " ".join(sentence.split())
            found = self._check(text)
            self.counts["written"] += 1
            self.counts[found] += 1
            if found == "kept":
                self._keys.add(comparison_key(text))
                self._near.add(text)
                self.sentences.append((number, place, text))

    def _check(self, text: str) -> str:
        if not (key := comparison_key(text)):
            return "empty"
        if not is_in_script(text, self.lang):
            return "in another script"
        if is_in_another_language(text, self.lang):
            return "in another language"
        if key in self._keys:
            return "repeated"
        return "nearly repeated" if text in self._near else "kept"

    def check_language_early(self, model: str) -> None:
        """RAISES: XnerError where nearly all of the first sentences are in another language."""
        n_wrong = self.counts["in another script"] + self.counts["in another language"]
        if self.counts["written"] >= EARLY and n_wrong > EARLY_MAX_SHARE * self.counts["written"]:
            raise XnerError(
                f"{n_wrong:,} of the first {self.counts['written']:,} sentences that {model} wrote are not in the "
                f"language {self.lang!r}: expected a model that knows it."
            )


def generate_file(
    output: Path,
    writer: TextWriter,
    n_sentences: int,
    counts: Counter[str],
    progress: Progress = lambda items, start, total: items,
) -> int:
    """Write unlabelled docs of sentences that a language model writes to a DocBin. An interrupted run is resumed.

    Sentences in another language, repeated ones, and those that differ in one word from an earlier one are left out;
    further ones are asked for, with at most three times the requests that the number needs.

    n_sentences (int): number of docs.
    counts (Counter[str]): receives the counts of requests and of sentences, see `Kept`; "missing": fewer sentences than
        `n_sentences` were kept.
    progress: receives the answers, the number of those of an interrupted run, and about how many there will be.
    RETURNS (int): the number of docs.
    RAISES: XnerError if no sentence is left, if nearly all of the first hundred are in another language, and as
        `ChatModel`.
    """
    counts.update(dict.fromkeys(COUNTS, 0))
    needed = math.ceil(n_sentences / writer.per_request)
    with Journal(output, {"generate": writer.lang, **writer.identity}) as journal:
        kept = Kept(writer.lang, counts)
        for number, result in enumerate(journal):
            kept.add(number, result)

        def answers() -> Iterator[Result]:
            done = journal.done
            while len(kept.sentences) < n_sentences and done < MAX_ROUNDS * needed:
                more = math.ceil((n_sentences - len(kept.sentences)) / writer.per_request)
                for result in in_order(writer.write, range(done, done + more), writer.chat.concurrency):
                    yield result
                    kept.add(done, result)
                    kept.check_language_early(writer.chat.model)
                    done += 1

        for _ in progress(journal.add(answers()), journal.done, max(needed, journal.done)):
            pass
        if n_missing := max(0, n_sentences - len(kept.sentences)):
            counts["missing"] = n_missing
        n_docs = write_docs(output, docs_of(kept.sentences[:n_sentences], writer))
        journal.remove()
    return n_docs


def docs_of(sentences: Sequence[tuple[int, int, str]], writer: TextWriter) -> Iterator[Doc]:
    """Yield an unlabelled doc for each sentence; its provenance has the model, the prompt and the assignment."""
    tokenizer = multilingual_tokenizer()
    identity = writer.identity
    for number, place, text in sentences:
        doc = tokenizer(text)
        step = {"step": "generate", **identity, **writer.assignment(number)._asdict(), "version": __version__}
        doc._.xner_meta = {
            "id": f"generated-{writer.lang}-{number + 1}-{place}",
            "lang": writer.lang,
            "score": 1.0,
            "provenance": [step],
        }
        yield doc


def make_writer(
    lang: str,
    settings: Mapping[str, Any],
    seed: int = 0,
    genres: Sequence[str] = GENRES,
    topics: Sequence[str] = TOPICS,
) -> TextWriter:
    """Make a writer from the settings of the translator `llm`, with the temperature 1 if they have none.

    settings (Mapping[str, Any]): as for `make_translator`, without languages. `batch_size` is the number of sentences
        in a request; `template` or `template_path` is the prompt.
    RAISES: XnerError for unknown, missing and wrongly typed settings, a key among them, and as `TextWriter` and
        `ChatModel`.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    refuse_keys(given, str(given.get("key_variable") or "OPENAI_API_KEY"))
    check_settings("llm", language_model_v1, {**given, "source": lang, "target": lang})
    per_request, server = given.pop("batch_size", PER_REQUEST), given.pop("server", None)
    template = read_template(given.pop("template", None), given.pop("template_path", None), WRITE)
    try:
        chat = ChatModel(**{"temperature": 1.0, **given})
        return TextWriter(chat, lang, per_request, seed, genres, topics, template, server)
    except (TypeError, AttributeError) as error:
        raise XnerError(f"Translator 'llm': a setting has the wrong type ({error}).") from error

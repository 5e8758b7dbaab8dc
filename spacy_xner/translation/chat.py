"""A language model behind an OpenAI-compatible endpoint: vLLM, llama.cpp, Ollama, or a provider's."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ..errors import XnerError
from .api_keys import ApiKey, refuse_keys
from .costs import MILLION, Budget
from .http_client import HttpClient, RefusedError
from .rate_limit import parse_rate

OPENAI = "https://api.openai.com/v1"
FORMATS = ("json_schema", "json_object", "none")
BYTES_PER_TOKEN = 3  # of UTF-8; most tokenizers write fewer tokens, so that estimates are rather too high
MESSAGE_TOKENS = 20  # around a prompt

Messages = list[dict[str, str]]


class Reply(NamedTuple):
    """A model's answer. content (str | None): its text. cut_off (bool): whether its maximum length ended it."""

    content: str | None
    cut_off: bool


class ChatModel:
    """Sends prompts to a model, with a JSON schema for its answers where the server knows them.

    model (str): its name on the server.
    url (str): address up to the version, such as `http://localhost:8000/v1`.
    key_variable (str | None): environment variable that holds the key. None: OPENAI_API_KEY for OpenAI's own server,
        and no key for others, so that none gets OpenAI's.
    temperature (float): 0 for the most probable answer.
    seed (int): where the server knows it, the same seed gives the same answer again.
    structured (str): `json_schema`, `json_object` or `none`: how the server is asked for JSON. `auto`: the first of
        them that the server accepts.
    options (Mapping[str, Any] | None): further parameters of a request, such as `{"max_tokens": 2000}`; a value of None
        leaves one out, such as `{"temperature": None}` for models that accept none.
    concurrency (int): requests at the same time.
    rate (str | None): most requests in a time, such as `5/s`, `300/min`.
    token_rate (str | None): most tokens in a time, such as `90000/min`.
    timeout (float): seconds to wait for an answer.
    give_up_after (float): seconds for which a request is sent again while the server is busy or away.
    price_per_million, output_price_per_million (float | None): price of a million tokens that the model reads, and
        writes, in any currency.
    max_characters (int | None): limit of what is sent.
    max_cost (float | None): limit of what it costs, in the currency of the prices.
    RAISES: XnerError for a wrong setting, and for a key among them.

    `counts` has the numbers of "requests", "prompt tokens" and "completion tokens", as the server says them.
    """

    def __init__(
        self,
        model: str,
        url: str = OPENAI,
        key_variable: str | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        structured: str = "auto",
        options: Mapping[str, Any] | None = None,
        concurrency: int = 4,
        rate: str | None = None,
        token_rate: str | None = None,
        timeout: float = 300.0,
        give_up_after: float = 3600.0,
        price_per_million: float | None = None,
        output_price_per_million: float | None = None,
        max_characters: int | None = None,
        max_cost: float | None = None,
    ) -> None:
        if not model or not isinstance(model, str):
            raise XnerError(f"The setting model is {model!r}, expected the model's name on the server.")
        if structured not in ("auto", *FORMATS):
            raise XnerError(f"The setting structured is {structured!r}, expected auto, {', '.join(FORMATS)}.")
        if (price_per_million is None) != (output_price_per_million is None):
            raise XnerError(
                "Found one price, expected price_per_million for what the model reads and output_price_per_million for "
                "what it writes."
            )
        is_openai = urlsplit(url).hostname == urlsplit(OPENAI).hostname
        key = ApiKey(key_variable or "OPENAI_API_KEY", "Bearer") if key_variable or is_openai else None
        refuse_keys({"options": options or {}, "model": model}, key.variable if key else "that key_variable names")
        self.model, self.temperature, self.seed, self.structured = model, temperature, seed, structured
        self.options = dict(options or {})
        self.prices = price_per_million or 0.0, output_price_per_million or 0.0
        self.has_price, self.is_openai = price_per_million is not None, is_openai
        self.budget = Budget(max_characters, max_cost, self.has_price)
        self.client = HttpClient(
            url,
            key,
            timeout=timeout,
            give_up_after=give_up_after,
            requests_per_second=parse_rate(rate, "rate"),
            tokens_per_second=parse_rate(token_rate, "token_rate"),
            concurrency=concurrency,
        )
        self.concurrency = concurrency
        self.counts: Counter[str] = Counter()
        self._formats = list(FORMATS) if structured == "auto" else [structured]
        self._accepted = False  # whether the server has accepted a request
        self._lock = threading.Lock()

    @property
    def identity(self) -> dict[str, Any]:
        """What the answers depend on, apart from the prompts."""
        return {
            "model": self.model,
            "server": self.client.url,
            "temperature": self.temperature,
            "seed": self.seed,
            "structured": self.structured,
            **({"options": self.options} if self.options else {}),
        }

    def is_about_content(self, error: RefusedError) -> bool:
        """Whether the server refuses what is in a request, and not all requests."""
        return self._accepted and error.by_status

    def ask(
        self,
        messages: Messages,
        schema: dict[str, Any],
        characters: int,
        to_write: int,
        stopped: threading.Event | None = None,
        seed: int | None = None,
    ) -> Reply:
        """Send messages. RETURNS: the model's answer.

        schema (dict[str, Any]): JSON schema of the answer.
        characters (int): number of characters of the texts in it, which count for `max_characters`.
        to_write (int): about how many tokens the answer has.
        seed (int | None): another one than the setting.
        RAISES: RefusedError where the server refuses the request; XnerError as `HttpClient.post`.
        """
        expected = tokens_of(messages), to_write
        cost = self.cost_of(*expected)
        self.budget.spend(characters, cost)
        try:
            found = self._post(messages, schema, stopped, sum(expected), self.seed if seed is None else seed)
            reply = reply_of(found, self.client.url)
        except RefusedError:
            self.budget.spend(-characters, -cost)
            raise
        usage = found.get("usage") or {}
        used = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
        read, written = (n if isinstance(n, int) else other for n, other in zip(used, expected, strict=True))
        self.client.tokens.correct(read + written - sum(expected))
        self.budget.correct(self.cost_of(read, written) - cost)
        with self._lock:
            self.counts.update({"requests": 1, "prompt tokens": read, "completion tokens": written})
            self._accepted = True
        return reply

    def count(self, name: str, number: int) -> None:
        """Add to the counts."""
        with self._lock:
            self.counts[name] += number

    def cost_of(self, n_read: int, n_written: int) -> float:
        """The price of tokens; 0 where there is none."""
        return (n_read * self.prices[0] + n_written * self.prices[1]) / MILLION

    def _post(
        self, messages: Messages, schema: dict[str, Any], stopped: threading.Event | None, tokens: int, seed: int
    ) -> Any:
        """Send messages with the first format that the server accepts, which is kept."""
        formats = list(self._formats)
        for number, name in enumerate(formats):
            body = {"model": self.model, "messages": messages, "temperature": self.temperature, "seed": seed}
            body |= format_of(name, schema) | self.options
            body = {key: value for key, value in body.items() if value is not None}
            try:
                found = self.client.post("/chat/completions", body, stopped=stopped, tokens=tokens)
            except RefusedError as error:
                if self._accepted or not error.by_status or number + 1 == len(formats):
                    raise
            else:
                with self._lock:
                    self._formats = [name]
                return found
        raise AssertionError("there is always a format")


def format_of(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The parameter that asks for JSON."""
    if name == "json_schema":
        wrapped = {"name": "answer", "strict": True, "schema": schema}
        return {"response_format": {"type": name, "json_schema": wrapped}}
    return {"response_format": {"type": name}} if name == "json_object" else {}


def reply_of(found: Any, url: str) -> Reply:
    """The answer in a completion. RAISES: RefusedError for anything else."""
    try:
        choice = found["choices"][0]
        content = choice["message"].get("content")
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise RefusedError(f"{url} gave {str(found)[:100]!r}, expected a completion with `choices`.") from error
    return Reply(content if isinstance(content, str) else None, choice.get("finish_reason") == "length")


def tokens_of(messages: Sequence[Mapping[str, str]]) -> int:
    """About how many tokens messages have."""
    return sum(MESSAGE_TOKENS + characters_to_tokens(message["content"]) for message in messages)


def characters_to_tokens(text: str) -> int:
    """About how many tokens a text has, rather too many: one for three bytes of UTF-8."""
    return -(-len(text.encode("utf8", "surrogatepass")) // BYTES_PER_TOKEN)

"""Translation by a server that speaks the protocol of LibreTranslate, or by DeepL's API."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..errors import XnerError
from ..languages.codes import normalise_code
from .api_keys import refuse_keys
from .batches import translate_in_batches
from .costs import MILLION, Budget, Estimate
from .http_client import HttpClient, RefusedError
from .http_protocols import FORMALITIES, PROTOCOLS, ServerProtocol
from .rate_limit import parse_rate
from .stream_translator import StreamTranslator

REVISION = 1  # raise it if translations change: keys of the cache have it


class Http(StreamTranslator):
    """Translates by a server, in batches, several at the same time.

    source, target (str): language codes, which are mapped to the server's own.
    protocol (str): `libretranslate` or `deepl`.
    url (str | None): address of the server; None for DeepL's own.
    batch_size (int | None): texts in a request; None: 25 for LibreTranslate, 50 for DeepL, its maximum.
    concurrency (int): requests at the same time.
    rate (str | None): most requests in a time, such as `5/s` or `300/min`; None: no limit.
    timeout (float): seconds for an answer.
    give_up_after (float): seconds for which a server may be away or busy before translation ends.
    formality (str | None): DeepL's: `default`, `more`, `less`, `prefer_more` or `prefer_less`.
    target_code (str | None): the server's code of the target language, for one of its variants, such as `PT-PT`.
        None: DeepL writes `en` as EN-GB, `pt` as PT-BR and `zh` as ZH-HANS.
    options (Mapping[str, Any] | None): further parameters of the protocol, sent with each request.
    price_per_million (float | None): what a million characters cost, in any currency.
    max_characters (int | None): limit of what is sent.
    max_cost (float | None): limit of what it costs, in the currency of the price.
    RAISES: XnerError for a wrong setting, for a key among them, where the server does not answer, or does not translate
        between the languages. While translating, TranslatorError with the text that the server refuses.

    The key is read from the environment: LIBRETRANSLATE_API_KEY (not all servers want one) or DEEPL_AUTH_KEY. The
    server's model is not part of the identity, since servers do not say which one they run: name another folder for
    the cache when it changes. `counts` has the numbers of `requests` and `characters sent`.
    """

    def __init__(
        self,
        source: str,
        target: str,
        protocol: str = "libretranslate",
        url: str | None = None,
        batch_size: int | None = None,
        concurrency: int = 4,
        rate: str | None = None,
        timeout: float = 60.0,
        give_up_after: float = 3600.0,
        formality: str | None = None,
        target_code: str | None = None,
        options: Mapping[str, Any] | None = None,
        price_per_million: float | None = None,
        max_characters: int | None = None,
        max_cost: float | None = None,
    ) -> None:
        if protocol not in PROTOCOLS:
            raise XnerError(f"The setting protocol is {protocol!r}, expected one of {', '.join(PROTOCOLS)}.")
        self.protocol_name, self.protocol = protocol, _protocol(protocol)
        refuse_keys({"url": url, "options": options or {}}, self.protocol.key.variable)
        self.source, self.target = normalise_code(source), normalise_code(target)
        if formality is not None and (protocol != "deepl" or formality not in FORMALITIES):
            raise XnerError(
                f"Found formality={formality} with protocol={protocol}, expected one of {', '.join(FORMALITIES)}, with "
                "protocol=deepl."
            )
        if url is None and (url := self.protocol.default_url) is None:
            raise XnerError("The setting url is missing, expected the server's address, such as http://localhost:5000.")
        self.batch_size = self.protocol.batch_size if batch_size is None else batch_size
        most = self.protocol.batch_size if protocol == "deepl" else None
        if self.batch_size < 1 or (most is not None and self.batch_size > most):
            expected = f"1 to {most}" if most else "at least 1"
            raise XnerError(f"The setting batch_size is {batch_size}, expected {expected}.")
        self.concurrency, self.formality, self.options = concurrency, formality, dict(options or {})
        self.price = price_per_million
        self.budget = Budget(max_characters, max_cost, price_per_million is not None)
        self.client = HttpClient(
            url,
            self.protocol.key,
            timeout=timeout,
            give_up_after=give_up_after,
            requests_per_second=parse_rate(rate, "rate"),
            concurrency=concurrency,
        )
        self.source_code, self.target_code = self.protocol.choose_languages(
            self.client, self.source, self.target, target_code
        )
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def identity(self) -> dict[str, Any]:
        return {
            "name": "Http.v1",
            "revision": REVISION,
            "source": self.source,
            "target": self.target,
            "protocol": self.protocol_name,
            "server": self.client.url,
            "codes": [self.source_code, self.target_code],
            **({"formality": self.formality} if self.formality else {}),
            **({"options": self.options} if self.options else {}),
        }

    def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
        """Yield one translation for each text, in order. `concurrency` batches are read ahead."""
        return translate_in_batches(
            self, texts, self._translate_batch, self.batch_size, self.concurrency, self.protocol.max_bytes
        )

    def estimate(self, texts: Iterable[str]) -> Estimate:
        """Count what translating these texts sends, and its cost.

        RAISES: XnerError where that is more than `max_characters`, `max_cost`, or what DeepL's account has left.
        """
        n_texts = characters = 0
        for text in texts:
            if text.strip():
                n_texts, characters = n_texts + 1, characters + len(text)
        remaining = self.protocol.remaining(self.client) if n_texts else None
        cost = None if self.price is None else characters * self.price / MILLION
        is_charged = (self.protocol.is_charged or bool(cost)) and n_texts > 0
        estimate = Estimate(
            self.client.url,
            n_texts,
            characters,
            cost=cost,
            remaining=remaining,
            must_ask=is_charged and not self.budget.is_limited,
        )
        return self.budget.check(estimate)

    def _translate_batch(self, texts: list[str], stopped: threading.Event) -> list[str | None]:
        characters = sum(map(len, texts))
        cost = characters * (self.price or 0.0) / MILLION
        self.budget.spend(characters, cost)
        settings = {"source": self.source_code, "target": self.target_code, **self.options}
        if self.formality:
            settings["formality"] = self.formality
        try:
            translations = self.protocol.translate(self.client, texts, settings, stopped)
        except RefusedError:  # its parts are sent again, and counted then
            self.budget.spend(-characters, -cost)
            raise
        with self._lock:
            self.counts.update({"requests": 1, "characters sent": characters})
        return list(translations)


def _protocol(name: str) -> ServerProtocol:
    return PROTOCOLS[name]()

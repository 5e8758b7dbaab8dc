"""What a server's work costs: estimated before, counted during, and limited."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..errors import XnerError
from .cache import CachedTranslator
from .pivot import Pivot
from .types import Translator

MILLION = 1_000_000


@dataclass(frozen=True)
class Estimate:
    """What is sent to a server, roughly.

    server (str): its name or address.
    n_texts, characters (int): what is sent; characters as Unicode code points.
    tokens (tuple[int, int] | None): tokens that a language model reads and writes.
    cost (float | None): in the currency of the price that the user gives; None where there is no price.
    remaining (int | None): characters that the account has left.
    must_ask (bool): the server charges, and no setting limits that: ask before.
    """

    server: str
    n_texts: int
    characters: int
    tokens: tuple[int, int] | None = None
    cost: float | None = None
    remaining: int | None = None
    must_ask: bool = False

    def describe(self) -> str:
        """A sentence for the user."""
        parts = [f"{self.characters:,} characters"]
        if self.tokens is not None:
            parts.append(f"about {self.tokens[0]:,} tokens to read and {self.tokens[1]:,} to write")
        found = f"{self.server} gets {self.n_texts:,} texts: {', '.join(parts)}."
        if self.cost is not None:
            found += f" At the given price that costs {'about ' if self.tokens else ''}{self.cost:,.2f}."
        if self.remaining is not None:
            found += f" The account has {self.remaining:,} characters left."
        return found


@runtime_checkable
class Priced(Protocol):
    """A translator whose work a server does, perhaps for money."""

    def estimate(self, texts: Iterable[str]) -> Estimate:
        """What translating these texts takes. RAISES: XnerError where it is more than a limit, or than is left."""
        ...


class Budget:
    """Counts what is sent, and stops before a limit is exceeded. Threads may share it.

    max_characters (int | None), max_cost (float | None): limits of a run of the program; None for none.
    has_price (bool): whether costs are known.
    RAISES: XnerError for limits that are not above 0, and for a limit of the cost without a price.
    """

    def __init__(self, max_characters: int | None, max_cost: float | None, has_price: bool) -> None:
        for name, limit in (("max_characters", max_characters), ("max_cost", max_cost)):
            if limit is not None and limit <= 0:
                raise XnerError(f"The setting {name} is {limit}, expected more than 0.")
        if max_cost is not None and not has_price:
            raise XnerError(
                "The setting max_cost needs the price: set price_per_million, as the provider's page of prices has it."
            )
        self.max_characters, self.max_cost = max_characters, max_cost
        self.characters, self.cost = 0, 0.0
        self._lock = threading.Lock()

    @property
    def is_limited(self) -> bool:
        return self.max_characters is not None or self.max_cost is not None

    def check(self, estimate: Estimate) -> Estimate:
        """RETURNS: the estimate. RAISES: XnerError where it is more than a limit, or than the account has left."""
        found = estimate.describe()
        if self.max_characters is not None and estimate.characters > self.max_characters:
            raise XnerError(f"{found} That is more than max_characters={self.max_characters:,}. Nothing was sent.")
        if self.max_cost is not None and (estimate.cost or 0.0) > self.max_cost:
            raise XnerError(f"{found} That is more than max_cost={self.max_cost:,g}. Nothing was sent.")
        if estimate.remaining is not None and estimate.characters > estimate.remaining:
            raise XnerError(f"{found} That is too few. Translate a part of the texts, or raise the account's limit.")
        return estimate

    def spend(self, characters: int, cost: float) -> None:
        """Count what is sent next. RAISES: XnerError where that would exceed a limit; then nothing is counted."""
        with self._lock:
            if self.max_characters is not None and self.characters + characters > self.max_characters:
                raise XnerError(
                    f"{self.characters:,} characters were sent, and {characters:,} more would exceed "
                    f"max_characters={self.max_characters:,}. Raise it to go on."
                )
            if self.max_cost is not None and self.cost + cost > self.max_cost:
                raise XnerError(
                    f"{self.cost:,.2f} was spent, and {cost:,.4f} more would exceed max_cost={self.max_cost:,g}. Raise "
                    "it to go on."
                )
            self.characters += characters
            self.cost += cost

    def correct(self, cost: float) -> None:
        """Change the cost of what was sent, by this much, when it is known."""
        with self._lock:
            self.cost += cost


def estimate_costs(translator: Translator, texts: Iterable[str]) -> list[Estimate]:
    """What translating texts takes, for each server that gets them; nothing for translators on this machine.

    Texts that a cache has are left out, and repeated ones count once. Each step of a pivot counts the source texts,
    since those in between are not known yet.

    translator (Translator): with its cache, see `with_cache`.
    texts (Iterable[str]): read only if a server gets them.
    RAISES: XnerError where that is more than a limit of the translator, or than the account has left.
    """
    servers = list(_on_servers(translator))
    if len(servers) > 1:
        texts = list(texts)
    return [inner.estimate(texts if cached is None else cached.missing(texts)) for inner, cached in servers]


def _on_servers(translator: Translator) -> Iterator[tuple[Priced, CachedTranslator | None]]:
    """Yield the translators in a translator that are on servers, each with its cache."""
    if isinstance(translator, Pivot):
        for step in translator.steps:
            yield from _on_servers(step)
    elif isinstance(translator, CachedTranslator) and isinstance(translator.translator, Priced):
        yield translator.translator, translator
    elif isinstance(translator, Priced):
        yield translator, None

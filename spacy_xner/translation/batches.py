"""Translates batches of texts in several threads at once, in order, and finds the text that a server refuses."""

import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from itertools import islice
from typing import NamedTuple, TypeVar

from ..errors import XnerError
from .http_client import RefusedError
from .streams import TranslatorError, describe_translator, shorten
from .types import Translator

LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # half of a character, which JSON cannot carry
Item = TypeVar("Item")
Result = TypeVar("Result")
TranslateBatch = Callable[[list[str], threading.Event], list[str | None]]
"""Translates a batch, one for one. The event is set when the run ends early: stop waiting then."""


class Outcome(NamedTuple):
    """Translations of the first texts of a batch, and what stopped the others."""

    translations: list[str | None]
    error: XnerError | None = None


def translate_in_batches(
    translator: Translator,
    texts: Iterable[str],
    translate_batch: TranslateBatch,
    batch_size: int,
    concurrency: int,
    max_bytes: int | None = None,
) -> Iterator[str | None]:
    """Yield one translation for each text, in order. At most `concurrency` batches are read ahead.

    Texts of white space alone are not sent; their translation is empty. A batch that the server refuses is halved,
    until the text is found that it refuses. Lone surrogates become U+FFFD.

    translator (Translator): for messages.
    batch_size (int): texts in a request. concurrency (int): requests at the same time.
    max_bytes (int | None): most bytes of the texts in a request, as UTF-8; a single text may have more.
    RAISES: TranslatorError with the number of the text that failed, after the translations of those before it.
    """

    def run(batch: list[str], stopped: threading.Event) -> Outcome:
        filled = [LONE_SURROGATE.sub("\ufffd", text) for text in batch if text.strip()]
        outcome = halve(filled, stopped, translate_batch) if filled else Outcome([])
        done: list[str | None] = []
        n_used = 0
        for text in batch:
            if not text.strip():
                done.append("")
            elif n_used < len(outcome.translations):
                done.append(outcome.translations[n_used])
                n_used += 1
            else:
                break
        return Outcome(done, outcome.error)

    n_done = 0
    unfinished: deque[list[str]] = deque()

    def batches() -> Iterator[list[str]]:
        for batch in batches_of(texts, batch_size, max_bytes):
            unfinished.append(batch)
            yield batch

    for outcome in in_order(run, batches(), concurrency):
        batch = unfinished.popleft()
        yield from outcome.translations
        n_done += len(outcome.translations)
        if outcome.error is not None:
            text = batch[len(outcome.translations)]
            raise TranslatorError(
                f"The translator {describe_translator(translator)} stopped at text",
                n_done + 1,
                f"({shorten(text)}): {outcome.error}",
            ) from outcome.error


def halve(batch: list[str], stopped: threading.Event, translate_batch: TranslateBatch) -> Outcome:
    """Translate a batch; if the server refuses it, each half of it, and so on down to single texts."""
    try:
        return Outcome(translate_batch(batch, stopped))
    except RefusedError as error:
        if len(batch) == 1:
            return Outcome([], error)
    except XnerError as error:
        return Outcome([], error)
    middle = len(batch) // 2
    left = halve(batch[:middle], stopped, translate_batch)
    if left.error is not None:
        return left
    right = halve(batch[middle:], stopped, translate_batch)
    return Outcome(left.translations + right.translations, right.error)


def batches_of(texts: Iterable[str], batch_size: int, max_bytes: int | None) -> Iterator[list[str]]:
    """Cut texts into batches of a number of texts and, at most, of a number of bytes."""
    stream = iter(texts)
    while batch := list(islice(stream, batch_size)):
        part: list[str] = []
        n_bytes = 0
        for text in batch:
            size = len(text.encode("utf8", "surrogatepass"))
            if part and max_bytes is not None and n_bytes + size > max_bytes:
                yield part
                part, n_bytes = [], 0
            part.append(text)
            n_bytes += size
        yield part


def in_order(
    function: Callable[[Item, threading.Event], Result], items: Iterable[Item], concurrency: int
) -> Iterator[Result]:
    """Yield the result of a function for each item, in order; at most `concurrency` calls run at the same time.

    Each call has a thread of its own, which does not keep the program from ending. An error of the items is raised
    after the results of those before it. If the iteration ends early, the event that the calls get is set.
    """
    stopped = threading.Event()
    pending: deque[Future[Result]] = deque()
    stream, failure, has_more = iter(items), None, True
    try:
        while True:
            while has_more and len(pending) < concurrency:
                try:
                    item = next(stream)
                except StopIteration:
                    has_more = False
                except Exception as error:
                    failure, has_more = error, False
                else:
                    pending.append(in_background(function, item, stopped))
            if not pending:
                break
            yield pending.popleft().result()
    finally:
        stopped.set()
    if failure is not None:
        raise failure


def in_background(
    function: Callable[[Item, threading.Event], Result], item: Item, stopped: threading.Event
) -> Future[Result]:
    """Call a function in a thread of its own."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(function(item, stopped))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future

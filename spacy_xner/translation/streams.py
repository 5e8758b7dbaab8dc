"""Translates streams in which only some items have a text, keeps their order, and reports translator errors.

Errors name the text by its number in the stream.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, TypeVar

from ..errors import XnerError
from ..redaction import redact
from .types import Translator

Item = TypeVar("Item")
AHEAD = 1000  # maximum number of items read before the first of them is yielded
END = object()


class TranslatorError(XnerError):
    """A translator failed, or gave a wrong number of translations.

    before, after (str): the message around the number.
    number (int): number of the failing text, or of the texts before it. Code that passes parts of a longer stream to
        the translator changes it to the number within the whole stream.
    n_doubtful (int): number of latest translations that may belong to other texts.
    """

    def __init__(self, before: str, number: int, after: str, n_doubtful: int = 0) -> None:
        super().__init__(before, number, after)
        self.before, self.number, self.after, self.n_doubtful = before, number, after, n_doubtful

    def __str__(self) -> str:
        return redact(f"{self.before} {self.number:,} {self.after}")


def translate_items(
    translator: Translator, items: Iterable[tuple[Item, str | None]], ahead: int = AHEAD
) -> Iterator[tuple[Item, str | None]]:
    """Yield each item with its translation, in order.

    items (Iterable[tuple[Item, str | None]]): item and text to translate; None where the item needs no translation.
    ahead (int): maximum number of items read before the first of them is yielded.
    RAISES: TranslatorError where the translator gives more or fewer translations than texts, gives something other
        than a text or None, or raises an error. The message has the number of the text.
    """
    stream = iter(items)
    n_done = 0
    for first in stream:
        if first[1] is None:  # do not start the translator before it is needed
            yield first[0], None
            n_done += 1
            continue
        pending = PendingItems(chain([first], islice(stream, ahead - 1)))
        translations = translator.translate(pending)
        n_translated = 0  # of these pending items
        while (translation := pending.next_translation(translations, translator, n_done, n_translated)) is not END:
            for item in pending.pop_without_text():
                yield item, None
                n_done += 1
            if not pending.queue:
                raise TranslatorError(
                    f"The translator {describe_translator(translator)} gave more translations than it got texts, after",
                    n_done,
                    "texts; expected one translation for each text.",
                    n_doubtful=n_translated,
                )
            item, text = pending.queue.popleft()
            if translation is not None and not isinstance(translation, str):
                raise TranslatorError(
                    f"The translator {describe_translator(translator)} gave {translation!r} for text",
                    n_done + 1,
                    f"({shorten(text)}), expected a text or None.",
                )
            n_translated += 1
            yield item, translation
            n_done += 1
        pending.read_rest()
        for item in pending.pop_without_text():
            yield item, None
            n_done += 1
        if pending.queue:
            n_missing = sum(text is not None for _, text in pending.queue)
            raise TranslatorError(
                f"The translator {describe_translator(translator)} gave fewer translations than it got texts: none for "
                f"the last {n_missing:,} of a block, from text",
                n_done + 1,
                f"on ({shorten(pending.queue[0][1])}); expected one translation for each text.",
                n_doubtful=n_translated,
            )


class PendingItems:
    """A block of stream items that wait for their translations. Iterating yields the texts to translate.

    items (Iterator[tuple[Any, str | None]]): as for `translate_items`.

    `queue` has the items that were read and not yet yielded.
    """

    def __init__(self, items: Iterator[tuple[Any, str | None]]) -> None:
        self.items = items
        self.queue: deque[tuple[Any, str | None]] = deque()
        self.input_error: Exception | None = None  # raised by the iterator of items, not by the translator

    def __iter__(self) -> Iterator[str]:
        while True:
            try:
                item, text = next(self.items)
            except StopIteration:
                return
            except Exception as error:
                self.input_error = error
                raise
            self.queue.append((item, text))
            if text is not None:
                yield text

    def next_translation(
        self, translations: Iterator[str | None], translator: Translator, n_done: int, n_translated: int
    ) -> Any:
        """The next translation, or END.

        n_done (int): items of the whole stream that were yielded.
        n_translated (int): translations of this block that were yielded.
        RAISES: TranslatorError where the translator raises an error of its own.
        """
        try:
            return next(translations, END)
        except Exception as error:
            if self.input_error is not None:
                raise self.input_error from None
            with_text = [place for place, (_, text) in enumerate(self.queue) if text is not None]
            if isinstance(error, TranslatorError):  # of a nested translator, which counts the texts of this block
                ahead = error.number - n_translated
                error.number = n_done + (with_text[ahead - 1] + 1 if 0 < ahead <= len(with_text) else ahead)
                raise
            reason = str(error) if isinstance(error, XnerError) else f"{type(error).__name__}: {error}"
            stopped = f"The translator {describe_translator(translator)} stopped"
            if not with_text:
                raise TranslatorError(f"{stopped} after", n_done, f"texts: {reason}") from error
            text = self.queue[with_text[0]][1]
            raise TranslatorError(
                f"{stopped} at text", n_done + with_text[0] + 1, f"({shorten(text)}): {reason}"
            ) from error

    def pop_without_text(self) -> Iterator[Any]:
        """Remove and yield the items at the front of the queue that need no translation."""
        while self.queue and self.queue[0][1] is None:
            yield self.queue.popleft()[0]

    def read_rest(self) -> None:
        """Queue the items that the translator did not read."""
        self.queue.extend(self.items)


def describe_translator(translator: Translator) -> str:
    """Name and languages of a translator, for messages."""
    identity = translator.identity
    languages = [identity[key] for key in ("source", "target") if key in identity]
    return f"{identity.get('name', type(translator).__name__)} ({' to '.join(languages) or 'languages unknown'})"


def shorten(text: str | None, length: int = 80) -> str:
    """The quoted beginning of a text, for messages."""
    return repr(text if text is None or len(text) <= length else f"{text[:length]}...")

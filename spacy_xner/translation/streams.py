"""Streams of which only some items need the translator, in order, with mistakes of the translator said."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, TypeVar

from ..errors import XnerError
from .types import Translator

Item = TypeVar("Item")
AHEAD = 1000  # items that are read at most before the first of them is given back
END = object()


class TranslatorError(XnerError):
    """A mistake of a translator, in the middle of its work.

    before, after (str): the message around the number.
    number (int): of the text where it shows, or of the texts before it; whoever passes parts of a longer stream to the
        translator sets it to that of the whole.
    n_doubtful (int): so many of the last translations that it gave may belong to other texts.
    """

    def __init__(self, before: str, number: int, after: str, n_doubtful: int = 0) -> None:
        super().__init__(before, number, after)
        self.before, self.number, self.after, self.n_doubtful = before, number, after, n_doubtful

    def __str__(self) -> str:
        return f"{self.before} {self.number:,} {self.after}"


def ask(
    translator: Translator, items: Iterable[tuple[Item, str | None]], ahead: int = AHEAD
) -> Iterator[tuple[Item, str | None]]:
    """Yield each item with its translation, in order, no more than `ahead` of them read before the first is yielded.

    items (Iterable[tuple[Item, str | None]]): with the text to translate, or None for those that need no translator.
    RAISES (TranslatorError): where the translator gives more or fewer translations than it got texts, gives something
        that is no text, or stops with an error; it says which text it was.
    """
    stream = iter(items)
    n_done = 0
    for first in stream:
        if first[1] is None:  # so that the translator is not even started where it is not needed
            yield first[0], None
            n_done += 1
            continue
        block = Block(chain([first], islice(stream, ahead - 1)))
        answers = translator.translate(block)
        n_answers = 0  # of this block
        while (answer := block.next_answer(answers, translator, n_done, n_answers)) is not END:
            for item in block.pop_unasked():
                yield item, None
                n_done += 1
            if not block.waiting:
                raise TranslatorError(
                    f"The translator {name_of(translator)} gave more translations than it got texts, after",
                    n_done,
                    "texts; expected one for each.",
                    n_doubtful=n_answers,
                )
            item, text = block.waiting.popleft()
            if answer is not None and not isinstance(answer, str):
                raise TranslatorError(
                    f"The translator {name_of(translator)} gave {answer!r} for text",
                    n_done + 1,
                    f"({shorten(text)}), expected a text or None.",
                )
            n_answers += 1
            yield item, answer
            n_done += 1
        block.read_rest()
        for item in block.pop_unasked():
            yield item, None
            n_done += 1
        if block.waiting:
            n_missing = sum(text is not None for _, text in block.waiting)
            raise TranslatorError(
                f"The translator {name_of(translator)} gave fewer translations than it got texts: none for the last "
                f"{n_missing:,} of a block, from text",
                n_done + 1,
                f"on ({shorten(block.waiting[0][1])}); expected one for each.",
                n_doubtful=n_answers,
            )


class Block:
    """Some items of a stream: iterating gives the texts that need the translator; all items wait in a queue.

    items (Iterator[tuple[Any, str | None]]): as for `ask`.
    """

    def __init__(self, items: Iterator[tuple[Any, str | None]]) -> None:
        self.items = items
        self.waiting: deque[tuple[Any, str | None]] = deque()
        self.failure: Exception | None = None  # of whoever gives us the items

    def __iter__(self) -> Iterator[str]:
        while True:
            try:
                item, text = next(self.items)
            except StopIteration:
                return
            except Exception as error:
                self.failure = error
                raise
            self.waiting.append((item, text))
            if text is not None:
                yield text

    def next_answer(self, answers: Iterator[str | None], translator: Translator, n_done: int, n_answers: int) -> Any:
        """The translator's next answer, or END. RAISES: TranslatorError where it stops with an error of its own.

        n_done, n_answers (int): items of the stream, and answers of this block, that were given back.
        """
        try:
            return next(answers, END)
        except Exception as error:
            if self.failure is not None:
                raise self.failure from None
            asked = [place for place, (_, text) in enumerate(self.waiting) if text is not None]
            if isinstance(error, TranslatorError):  # of a translator within this one, which numbers this block's texts
                ahead = error.number - n_answers
                error.number = n_done + (asked[ahead - 1] + 1 if 0 < ahead <= len(asked) else ahead)
                raise
            reason = str(error) if isinstance(error, XnerError) else f"{type(error).__name__}: {error}"
            stopped = f"The translator {name_of(translator)} stopped"
            if not asked:
                raise TranslatorError(f"{stopped} after", n_done, f"texts: {reason}") from error
            text = self.waiting[asked[0]][1]
            raise TranslatorError(
                f"{stopped} at text", n_done + asked[0] + 1, f"({shorten(text)}): {reason}"
            ) from error

    def pop_unasked(self) -> Iterator[Any]:
        """The items at the front that need no translator."""
        while self.waiting and self.waiting[0][1] is None:
            yield self.waiting.popleft()[0]

    def read_rest(self) -> None:
        """What the translator has not read."""
        self.waiting.extend(self.items)


def name_of(translator: Translator) -> str:
    """For messages: name and languages."""
    identity = translator.identity
    languages = [identity[key] for key in ("source", "target") if key in identity]
    return f"{identity.get('name', type(translator).__name__)} ({' to '.join(languages) or 'languages unknown'})"


def shorten(text: str | None, length: int = 80) -> str:
    """A text for a message."""
    return repr(text if text is None or len(text) <= length else f"{text[:length]}...")

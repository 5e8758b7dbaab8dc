"""One example sentence per language, with the entities that a pipeline finds."""

from collections.abc import Iterable

from rich.text import Text
from spacy.tokens import Doc

from ..annotations.attributes import meta_of


def choose_examples(docs: Iterable[Doc]) -> dict[str, Doc]:
    """Language -> its labelled doc with the highest `example_rank`; the first of those with equal rank."""
    chosen: dict[str, Doc] = {}
    for doc in docs:
        lang = meta_of(doc)["lang"]
        if example_rank(doc) > example_rank(chosen.setdefault(lang, doc)):
            chosen[lang] = doc
    return chosen


def example_rank(doc: Doc) -> tuple[bool, int]:
    """Rank of a doc as an example: those of 40 to 160 characters with 3 entities or more first, then by entities."""
    is_good = 40 <= len(doc.text) <= 160 and len(doc.ents) >= 3
    return is_good, 0 if is_good else len(doc.ents)


def marked_entities(lang: str, doc: Doc) -> Text:
    """A line for the terminal: the language, and the text with its entities as [text](label)."""
    line, end = Text(f"{lang}  ", style="bold"), 0
    for ent in doc.ents:
        line.append(doc.text[end : ent.start_char], style="not bold")
        line.append(f"[{ent.text}]", style="bold cyan")
        line.append(f"({ent.label_})", style="dim")
        end = ent.end_char
    line.append(doc.text[end:], style="not bold")
    return line

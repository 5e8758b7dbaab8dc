"""One example sentence per language, with the entities that a pipeline finds."""

from collections.abc import Iterable, Mapping, Sequence

from rich.text import Text as Line
from spacy.language import Language
from spacy.tokens import Doc

from ..corpus.predict import Text, predict

CANDIDATES = 20  # unlabelled texts of a language, of which the one with most entities is shown
SHORTEST, LONGEST, ENTITIES = 40, 160, 3  # characters and entities of a good example


def find_examples(nlp: Language, texts: Iterable[Text], batch_size: int | None = None) -> dict[str, Doc]:
    """Language -> the doc of an example, with the pipeline's entities.

    It is the labelled text with the highest `example_rank` by its labels; the first of those with equal rank. Where no
    text of a language is labelled, it is the one with the highest rank by the pipeline's entities among the first 20
    texts of 40 to 160 characters (or if there is none, the first text).
    """
    candidates = choose_candidates(texts)
    docs = predict(nlp, (text for found in candidates.values() for text in found), batch_size)
    examples: dict[str, Doc] = {}
    for lang, found in candidates.items():
        own = [next(docs) for _ in found]
        examples[lang] = max(own, key=lambda doc: example_rank(doc.text, len(doc.ents)))
    return examples


def choose_candidates(texts: Iterable[Text]) -> Mapping[str, Sequence[Text]]:
    """Language -> the texts among which its example is, see `find_examples`."""
    first: dict[str, Text] = {}
    labelled: dict[str, Text] = {}
    good: dict[str, list[Text]] = {}
    for text in texts:
        first.setdefault(text.lang, text)
        if text.n_entities is not None:
            best = labelled.setdefault(text.lang, text)
            if example_rank(text.text, text.n_entities) > example_rank(best.text, best.n_entities or 0):
                labelled[text.lang] = text
        elif SHORTEST <= len(text.text) <= LONGEST and len(found := good.setdefault(text.lang, [])) < CANDIDATES:
            found.append(text)
    return {lang: [labelled[lang]] if lang in labelled else good.get(lang, [text]) for lang, text in first.items()}


def example_rank(text: str, n_entities: int) -> tuple[bool, int]:
    """Rank of an example: those of 40 to 160 characters with 3 entities or more first, then by entities."""
    is_good = SHORTEST <= len(text) <= LONGEST and n_entities >= ENTITIES
    return is_good, 0 if is_good else n_entities


def marked_entities(lang: str, doc: Doc) -> Line:
    """A line for the terminal: the language, and the text with its entities as [text](label)."""
    line, end = Line(f"{lang}  ", style="bold"), 0
    for ent in doc.ents:
        line.append(doc.text[end : ent.start_char], style="not bold")
        line.append(f"[{ent.text}]", style="bold cyan")
        line.append(f"({ent.label_})", style="dim")
        end = ent.end_char
    line.append(doc.text[end:], style="not bold")
    return line

"""The augmenter `spacy_xner.EntitySwap.v1`: replaces entities by other names of the same type.

Dai and Adel 2020, "An Analysis of Simple Data Augmentation for Named Entity Recognition" (mention replacement).
"""

import random
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial

from spacy.language import Language
from spacy.tokens import Doc, Span, Token
from spacy.training import Example

from ..annotations.attributes import CONFIDENCE, SOFT_LABELS, confidence_of, meta_of
from ..annotations.examples import make_example
from ..errors import XnerError
from ..languages.codes import base_language
from ..languages.scripts import is_unspaced_language
from .gazetteers import load_gazetteer
from .names import (
    EXCHANGEABLE_LABELS,
    Form,
    NameMemory,
    article_before,
    form_of,
    in_capitals,
    is_acronym,
    script_of_name,
    standard_label,
    words_of,
)

HEADLINE_CAPITALS = 0.6  # a text with a larger share of capitals among its letters is a headline


class EntitySwap:
    """Replaces the entities of an example by other names, with probability `level`.

    Examples with soft labels are never changed, since soft labels belong to the original tokens.

    A name is replaced by one with the same label, language, script and form (`names.Form`): the same number of words,
    the same article before it, an acronym by an acronym, with the same ending in languages that have cases. The new
    name comes from earlier texts or from the gazetteer of the doc's language (`doc._.xner_meta["lang"]`). The gazetteer
    is used if there is no article before the name and the label is that of a person, place, organisation or language. A
    name without a replacement is kept. Within a text, equal names get equal replacements. Names in capitals in
    headlines and datelines are replaced by names in capitals.

    The new reference doc has the tokens of the text, with the pipeline's tokens of the new names, and keeps entities
    (missing annotation stays missing), sentence starts and meta. Entities that keep their names keep `kb_id_`, `id_`
    and their scores; others have none, since they name something else. The predicted doc is the new text as the
    pipeline tokenizes it.

    level (float): probability that an example is changed, in [0, 1].
    languages (list[str] | None): change docs of these languages only; None: of all languages.
    gazetteers (float): share of names that come from gazetteers if earlier texts have a name too, in [0, 1].
    max_names (int): how many names of earlier texts to keep for each form.
    seed (int): the same seed gives the same changes for the same stream of examples.
    RAISES: XnerError for settings out of range.
    """

    def __init__(self, level: float, languages: list[str] | None, gazetteers: float, max_names: int, seed: int):
        for name, share in (("level", level), ("gazetteers", gazetteers)):
            if not 0.0 <= share <= 1.0:
                raise XnerError(f"EntitySwap's {name} must be from 0 to 1, but it is {share}.")
        if max_names < 1:
            raise XnerError(f"EntitySwap's max_names must be at least 1, but it is {max_names}.")
        self.level, self.gazetteers = level, gazetteers
        self.languages = None if languages is None else frozenset(map(base_language, languages))
        self.random = random.Random(seed)
        self.memory = NameMemory(max_names)
        self.tokenize_name = lru_cache(maxsize=20_000)(tokenize_name)

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        reference = example.reference
        if reference._.get(SOFT_LABELS) is not None:
            yield example
            return
        lang = base_language(meta_of(reference).get("lang") or "xx")
        names = [(entity, self.remember(entity, lang)) for entity in reference.ents]
        changed = None
        if self.random.random() < self.level and (self.languages is None or lang in self.languages):
            new_names: dict[tuple[str, str], str] = {}
            for entity, form in names:
                key = (entity.text, entity.label_)
                new = new_names.get(key) or self.draw(entity, form, lang)
                if new:
                    new_names[key] = new
            changed = new_names and self.replace(nlp, reference, new_names)
        yield changed or example

    def remember(self, entity: Span, lang: str) -> Form:
        """Add an entity's name to the memory, unless it has the capitals of a headline. RETURNS (Form): its form."""
        before = entity.doc[entity.start - 1].text if entity.start else ""
        text = entity.text
        form = form_of(text, entity.label_, lang, article_before(before, lang))
        if text == " ".join(text.split()) and not has_headline_capitals(entity):
            self.memory.add(text, form, self.random)
        return form

    def draw(self, entity: Span, form: Form, lang: str) -> str | None:
        """Another name for an entity; None if there is none of the same form."""
        text, headline = entity.text, has_headline_capitals(entity)
        memory_form = form._replace(acronym=False) if headline else form
        from_memory = partial(self.memory.draw, text, memory_form, self.random)
        from_gazetteer = partial(self.draw_from_gazetteer, text, form, lang, headline)
        if self.random.random() < self.gazetteers:
            new = from_gazetteer() or from_memory()
        else:
            new = from_memory() or from_gazetteer()
        return in_capitals(new, lang) if new and headline else new

    def draw_from_gazetteer(self, text: str, form: Form, lang: str, headline: bool) -> str | None:
        """Another name from the gazetteer, in ordinary capitals.

        headline (bool): whether the text to replace has the capitals of a headline.
        """
        if form.article or lang == "xx" or (form.acronym and not headline):
            return None
        label, name = standard_label(form.label), text.title() if headline else text

        def fits(new: str) -> bool:
            if script_of_name(new) != form.script:
                return False
            if form.ending and label in EXCHANGEABLE_LABELS:
                return form_of(new, form.label, lang, "").ending == form.ending
            return form.size > 1 or is_unspaced_language(lang) or label == "LOC" or len(words_of(new, lang)) == 1

        return load_gazetteer(lang).draw(name, label, self.random, fits)

    def replace(self, nlp: Language, reference: Doc, new_names: dict[tuple[str, str], str]) -> Example:
        """The example with entities replaced. new_names: (text, label) of an entity -> its new name."""
        words: list[str] = []
        spaces: list[bool] = []
        tags: list[str] = []
        starts: list[bool | int | None] = []
        entity_at = {entity.start: entity for entity in reference.ents}
        kept: dict[int, Span] = {}  # first token in the new doc -> entity that keeps its name
        knows_sentences = reference.has_annotation("SENT_START")
        i = 0
        while i < len(reference):
            entity = entity_at.get(i)
            new = entity and new_names.get((entity.text, entity.label_))
            if entity is None or not new:
                token = reference[i]
                if entity is not None:
                    kept[len(words)] = entity
                words.append(token.text)
                spaces.append(bool(token.whitespace_))
                tags.append(tag_of(token))
                starts.append(token.is_sent_start)
                i += 1
                continue
            new_words, new_spaces = self.tokenize_name(nlp, new)
            words += new_words
            spaces += [*new_spaces[:-1], bool(entity[-1].whitespace_)]
            tags += [f"B-{entity.label_}"] + [f"I-{entity.label_}"] * (len(new_words) - 1)
            starts += [entity[0].is_sent_start, *[False] * (len(new_words) - 1)]
            i = entity.end
        doc = Doc(
            nlp.vocab,
            words=words,
            spaces=None if reference.has_unknown_spaces else spaces,
            ents=tags,
            sent_starts=starts if knows_sentences else None,
        )
        set_kept_entities(doc, reference, kept)
        doc._.xner_meta = reference._.xner_meta
        return make_example(nlp, doc)


def tag_of(token: Token) -> str:
    """A token's IOB tag, as `Doc` takes it; empty where annotation is missing."""
    return f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type else "O" if token.ent_iob else ""


def set_kept_entities(doc: Doc, reference: Doc, kept: Mapping[int, Span]) -> None:
    """Give entities that keep their names the identifiers and scores that they have in the reference.

    kept (Mapping[int, Span]): entities of the reference by their first token in the new doc.
    """
    entities = []
    for entity in doc.ents:
        origin = kept.get(entity.start)
        kb_id, span_id = (origin.kb_id_, origin.id_) if origin is not None else ("", "")
        entities.append(Span(doc, entity.start, entity.end, label=entity.label_, kb_id=kb_id, span_id=span_id))
    doc.set_ents(entities, default="unmodified")
    for entity in doc.ents:
        origin = kept.get(entity.start)
        if origin is not None and (score := confidence_of(origin)) is not None:
            entity._.set(CONFIDENCE, score)


def has_headline_capitals(entity: Span) -> bool:
    """Whether an entity is in capitals because it is in a headline or a dateline, not because it is an acronym."""
    text = entity.text
    if not text.isupper():
        return False
    if not is_acronym(text, entity.label_):
        return True
    letters = [character for token in entity.doc for character in token.text if character.isalpha()]
    return sum(map(str.isupper, letters)) > HEADLINE_CAPITALS * len(letters) and len(letters) > 2 * len(text)


def tokenize_name(nlp: Language, name: str) -> tuple[list[str], list[bool]]:
    """The pipeline's tokens of a name, and whether a space follows each."""
    tokens = nlp.make_doc(name)
    return [token.text for token in tokens], [bool(token.whitespace_) for token in tokens]


def create_entity_swap(
    level: float = 0.5,
    languages: list[str] | None = None,
    gazetteers: float = 0.5,
    max_names: int = 2000,
    seed: int = 0,
) -> Callable[[Language, Example], Iterator[Example]]:
    """`spacy_xner.EntitySwap.v1`; the arguments are those of `EntitySwap`."""
    return EntitySwap(level, languages, gazetteers, max_names, seed)

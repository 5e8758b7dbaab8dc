"""The augmenter `spacy_xner.EntitySwap.v1`: other names of the same type in place of a text's entities.

Dai and Adel 2020, "An Analysis of Simple Data Augmentation for Named Entity Recognition" (mention replacement).
"""

import random
from collections.abc import Callable, Iterator
from functools import lru_cache, partial

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..annotations.attributes import SOFT_LABELS, meta_of
from ..errors import XnerError
from ..languages.codes import base_language
from .gazetteers import gazetteer
from .names import (
    ALIKE,
    UNSPACED,
    Form,
    NameMemory,
    article_before,
    form_of,
    is_acronym,
    kind_of,
    script_of,
    shout,
    words_of,
)

SHOUTED = 0.6  # a text with so many of its letters in capitals is a headline


class EntitySwap:
    """Gives each example either as it is or, with probability `level`, with other names in place of its entities.

    Examples with soft labels stay as they are, since those belong to their very tokens.

    A name is replaced by one of the same label, language and script, and the same form (`names.Form`): as many words,
    after the same article, an acronym for an acronym, with the same ending in languages that have cases. It comes from
    the texts seen so far or from the gazetteer of the doc's language (`doc._.xner_meta["lang"]`), which is used where
    no article stands before the name and the label is a person, place or organisation, or a language. What has no
    counterpart stays. Within a text, the same name is always replaced by the same. Names in capitals in headlines and
    datelines are replaced by names in capitals.

    The new reference doc has the texts' tokens with the pipeline's tokens of the new names, entities (missing ones stay
    missing), sentence starts and meta; the predicted doc is the new text as the pipeline tokenises it.

    level (float): probability that an example is changed, in [0, 1].
    languages (list[str] | None): only docs of these languages are changed; None: all.
    gazetteers (float): share of names that come from gazetteers where the texts have one too, in [0, 1].
    max_names (int): names of the texts to remember for each form.
    seed (int): the same seed gives the same changes for the same stream of examples.
    Raises XnerError for settings out of range.
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
        self.pieces = lru_cache(maxsize=20_000)(split_name)

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        reference = example.reference
        if reference._.get(SOFT_LABELS) is not None:  # they are of these very tokens
            yield example
            return
        lang = base_language(meta_of(reference).get("lang") or "xx")
        names = [(entity, self.see(entity, lang)) for entity in reference.ents]
        changed = None
        if self.random.random() < self.level and (self.languages is None or lang in self.languages):
            found: dict[tuple[str, str], str] = {}
            for entity, form in names:
                key = (entity.text, entity.label_)
                new = found.get(key) or self.draw(entity, form, lang)
                if new:
                    found[key] = new
            changed = found and self.replace(nlp, reference, found)
        yield changed or example

    def see(self, entity: Span, lang: str) -> Form:
        """The form of an entity's name, which is remembered unless it is in capitals only for a headline's sake."""
        before = entity.doc[entity.start - 1].text if entity.start else ""
        text = entity.text
        form = form_of(text, entity.label_, lang, article_before(before, lang))
        if text == " ".join(text.split()) and not is_shouted(entity):
            self.memory.add(text, form, self.random)
        return form

    def draw(self, entity: Span, form: Form, lang: str) -> str | None:
        """Another name for an entity; None where none fits."""
        text, shouted = entity.text, is_shouted(entity)
        draw_seen = partial(self.memory.draw, text, form._replace(acronym=False) if shouted else form, self.random)
        draw_known = partial(self.draw_known, text, form, lang, shouted)
        sources = [draw_known, draw_seen] if self.random.random() < self.gazetteers else [draw_seen, draw_known]
        new = sources[0]() or sources[1]()
        return shout(new, lang) if new and shouted else new

    def draw_known(self, text: str, form: Form, lang: str, shouted: bool) -> str | None:
        """Another name from the gazetteer; it is asked for a name in ordinary capitals."""
        if form.article or lang == "xx" or (form.acronym and not shouted):
            return None
        kind, name = kind_of(form.label), text.title() if shouted else text

        def fits(new: str) -> bool:
            if script_of(new) != form.script:
                return False
            if form.ending and kind in ALIKE:
                return form_of(new, form.label, lang, "").ending == form.ending
            return form.size > 1 or lang in UNSPACED or kind == "LOC" or len(words_of(new, lang)) == 1

        return gazetteer(lang).draw(name, kind, self.random, fits)

    def replace(self, nlp: Language, reference: Doc, found: dict[tuple[str, str], str]) -> Example:
        """The example with new names in place of entities."""
        words: list[str] = []
        spaces: list[bool] = []
        tags: list[str] = []
        starts: list[bool | int | None] = []
        entity_at = {entity.start: entity for entity in reference.ents}
        knows_sentences = reference.has_annotation("SENT_START")
        i = 0
        while i < len(reference):
            entity = entity_at.get(i)
            new = entity and found.get((entity.text, entity.label_))
            if entity is None or not new:
                token = reference[i]
                words.append(token.text)
                spaces.append(bool(token.whitespace_))
                tags.append(f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type else "O" if token.ent_iob else "")
                starts.append(token.is_sent_start)
                i += 1
                continue
            new_words, new_spaces = self.pieces(nlp, new)
            words += new_words
            spaces += [*new_spaces[:-1], bool(entity[-1].whitespace_)]
            tags += [f"B-{entity.label_}"] + [f"I-{entity.label_}"] * (len(new_words) - 1)
            starts += [entity[0].is_sent_start, *[False] * (len(new_words) - 1)]
            i = entity.end
        unknown = reference.has_unknown_spaces
        doc = Doc(
            nlp.vocab,
            words=words,
            spaces=None if unknown else spaces,
            ents=tags,
            sent_starts=starts if knows_sentences else None,
        )
        doc._.xner_meta = reference._.xner_meta
        return Example(Doc(nlp.vocab, words=words) if unknown else nlp.make_doc(doc.text), doc)


def is_shouted(entity: Span) -> bool:
    """Whether an entity is in capitals as all its text would be there: in a headline or a dateline."""
    text = entity.text
    if not text.isupper():
        return False
    if not is_acronym(text, entity.label_):
        return True
    letters = [character for token in entity.doc for character in token.text if character.isalpha()]
    return sum(map(str.isupper, letters)) > SHOUTED * len(letters) and len(letters) > 2 * len(text)


def split_name(nlp: Language, name: str) -> tuple[list[str], list[bool]]:
    """The words of a name and the spaces behind them, as the pipeline's tokenizer has them."""
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

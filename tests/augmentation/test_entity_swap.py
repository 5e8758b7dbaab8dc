"""The augmenter that replaces entities by other names."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import Config

from spacy_xner.annotations.attributes import CONFIDENCE, install_extensions
from spacy_xner.annotations.examples import make_example
from spacy_xner.annotations.soft_labels import set_soft_labels
from spacy_xner.augmentation.entity_swap import create_entity_swap
from spacy_xner.corpus.convert import convert_files, doc_of_sentence
from spacy_xner.corpus.docs import write_docs
from spacy_xner.corpus.formats.reading import read_sentences
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_blank

NLP = multilingual_blank("xx")
TEXTS = {
    "en": "[SYDNEY](LOC), 2 March 1998\n[LIVERPOOL](ORG) DRAW WITH [EVERTON](ORG), TITLE HOPES FADE.\n"
    "[Kenya](LOC)'s president, [Wangari Maathai](PER), met [Obama](PER) in [Paris](LOC).\nIt rained.\n"
    "The [Senate](ORG) and [NATO](ORG) praised the [Dutch](MISC) team.\n",
    "de": "[Ralf Niedermeyer](PER) wohnt in [Schweden](LOC).\n[Ada](PER) kam nach [Mailand](LOC).\n",
    "es": "[Saturnino Pocoata](PER) visitó [Nueva York](LOC).\n",
    "fr": "[Boris Vian](PER) publia chez [Gallimard](ORG) à [Londres](LOC).\n",
    "nl": "[Wouters](PER) woont in [Zweden](LOC).\n",
    "ru": "[Швеция](LOC) обыграла сборную [Дании](LOC), забил [Иван Петров](PER).\n[Анна](PER) приехала.\n",
    "zh": "[陶行知](PER)在[瑞典](LOC)郊外创办[晓庄师范](ORG)，[福代·卡努](PER)说。\n",
}


def example(text: str, tmp_path: Path, lang: str | None = "en") -> Example:
    (tmp_path / "one.txt").write_text(text, encoding="utf8")
    [sentence] = read_sentences(tmp_path / "one.txt")
    doc, _ = doc_of_sentence(NLP.tokenizer, sentence)
    doc._.xner_meta = {"id": "one:1", "lang": lang} if lang else None
    return make_example(NLP, doc)


def corpus(tmp_path: Path, lang: str) -> list[Example]:
    (tmp_path / f"{lang}.txt").write_text(TEXTS[lang], encoding="utf8")
    return [make_example(NLP, doc) for doc in convert_files([tmp_path / f"{lang}.txt"], lang, Counter())]


def tagged(doc: Doc) -> list[tuple[str, str]]:
    return [(entity.text, entity.label_) for entity in doc.ents]


def check(old: Doc, new: Example) -> None:
    """Check what every replacement must keep."""
    reference = new.reference
    assert new.predicted.text == reference.text
    assert [label for _, label in tagged(old)] == [label for _, label in tagged(reference)]
    outside = [[t.text_with_ws for t in doc if not t.ent_type] for doc in (old, reference)]
    assert outside[0] == outside[1]
    assert [entity[-1].whitespace_ for entity in old.ents] == [entity[-1].whitespace_ for entity in reference.ents]
    assert sum(t.ent_iob == 0 for t in old) == sum(t.ent_iob == 0 for t in reference)
    assert reference._.xner_meta == old._.xner_meta


@pytest.mark.parametrize("lang", TEXTS)
def test_every_language(tmp_path: Path, lang: str) -> None:
    swap = create_entity_swap(level=1.0)
    examples = corpus(tmp_path, lang)
    changed = 0
    for _ in range(5):
        for old in examples:
            [new] = swap(NLP, old)
            check(old.reference, new)
            changed += tagged(new.reference) != tagged(old.reference)
    assert changed >= 4


def test_names_of_the_same_kind(tmp_path: Path) -> None:
    swap = create_entity_swap(level=1.0, gazetteers=1.0)
    for _ in range(10):
        [new] = swap(NLP, example("[Wangari Maathai](PER) met [Obama](PER) in [Kenya](LOC)'s north.", tmp_path))
        full, surname, country = (entity.text for entity in new.reference.ents)
        assert " " in full
        assert " " not in surname
        assert country not in ("Kenya", "Paris")
        assert new.reference.text.endswith(f" in {country}'s north.")


def test_headlines_stay_in_capitals(tmp_path: Path) -> None:
    swap = create_entity_swap(level=1.0)
    [new] = swap(NLP, example("[LIVERPOOL](ORG) DRAW WITH [EVERTON](ORG) IN [SYDNEY](LOC).", tmp_path))
    assert new.reference.text.isupper()
    assert not {"LIVERPOOL", "EVERTON", "SYDNEY"} & {text for text, _ in tagged(new.reference)}


def test_acronyms_and_articles_are_matched(tmp_path: Path) -> None:
    swap = create_entity_swap(level=1.0)
    first = example("The [Senate](ORG) and [NATO](ORG) met.", tmp_path)
    assert list(swap(NLP, first)) == [first]  # nothing like them was seen yet
    list(swap(NLP, example("[OPEC](ORG) left, as did the [Louvre](ORG) and [Reuters](ORG).", tmp_path)))
    [new] = swap(NLP, first)
    assert new.reference.text == "The Louvre and OPEC met."


def test_endings_are_matched_in_russian(tmp_path: Path) -> None:
    swap = create_entity_swap(level=1.0)
    list(swap(NLP, example("В [Берлине](LOC) и [Казани](LOC).", tmp_path, "ru")))
    [new] = swap(NLP, example("Он в [Дублине](LOC), она в [Москве](LOC).", tmp_path, "ru"))
    assert new.reference.text == "Он в Берлине, она в Москве."


def test_texts_with_soft_labels_stay(tmp_path: Path) -> None:
    given = example("[Ada](PER) saw [Rome](LOC).\n", tmp_path)
    set_soft_labels(given.reference, ["O"], np.ones((len(given.reference), 1)))
    assert list(create_entity_swap(level=1.0)(NLP, given)) == [given]


def test_same_name_same_replacement(tmp_path: Path) -> None:
    [new] = create_entity_swap(level=1.0)(NLP, example("[Ada](PER) and [Bo](PER) met [Ada](PER).", tmp_path))
    first, second, third = (text for text, _ in tagged(new.reference))
    assert first == third
    assert first != "Ada"
    assert second != "Bo"


@pytest.mark.parametrize("lang", [None, "xx"])
def test_unknown_language_takes_names_from_the_texts_only(tmp_path: Path, lang: str | None) -> None:
    swap = create_entity_swap(level=1.0)
    one = example("[Ada](PER) came.", tmp_path, lang)
    assert list(swap(NLP, one)) == [one]
    [new] = swap(NLP, example("[Bo](PER) left.", tmp_path, lang))
    assert new.reference.text == "Ada left."


def test_level_and_languages(tmp_path: Path) -> None:
    one = example("[Ada](PER) came.", tmp_path)
    assert all(new is one for _ in range(20) for new in create_entity_swap(level=0.0)(NLP, one))
    assert all(new is one for _ in range(20) for new in create_entity_swap(1.0, languages=["deu"])(NLP, one))
    half = create_entity_swap(level=0.5)
    assert 60 < sum(new is one for _ in range(200) for new in half(NLP, one)) < 140
    [new] = create_entity_swap(1.0, languages=["eng"])(NLP, one)
    assert new is not one


def test_same_seed_same_swaps(tmp_path: Path) -> None:
    def run(seed: int) -> list[str]:
        swap = create_entity_swap(seed=seed)
        examples = [one for lang in TEXTS for one in corpus(tmp_path, lang)] * 3
        return [new.reference.text for one in examples for new in swap(NLP, one)]

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_docs_without_entities(tmp_path: Path) -> None:
    swap = create_entity_swap(level=1.0)
    unlabelled = Doc(NLP.vocab, words=["Ada", "came"])
    assert not unlabelled.has_annotation("ENT_IOB")
    for doc in (Doc(NLP.vocab), unlabelled, example("It rained.", tmp_path).reference):
        one = make_example(NLP, doc)
        assert list(swap(NLP, one)) == [one]


def test_sentences_missing_values_and_unknown_spaces(tmp_path: Path) -> None:
    words = ["Ada", "Lovelace", "came", ".", "Bo", "saw", "London", "."]
    for spaces in (None, [True] * len(words)):
        doc = Doc(NLP.vocab, words=words, spaces=spaces, sent_starts=[i in (0, 4) for i in range(len(words))])
        doc.set_ents([Span(doc, 0, 2, "PER")], missing=[doc[4:8]])
        doc._.xner_meta = {"lang": "en"}
        [new] = create_entity_swap(level=1.0)(NLP, make_example(NLP, doc))
        check(doc, new)
        sentences = list(new.reference.sents)
        assert [sentence[-1].text for sentence in sentences] == [".", "."]
        assert sentences[1].text.startswith("Bo saw London")
        assert [token.ent_iob for token in sentences[1]] == [0] * 4
        assert new.reference.has_unknown_spaces == (spaces is None)
        assert new.get_aligned_ner()[-1] is None


def test_other_labels(tmp_path: Path) -> None:
    [new] = create_entity_swap(level=1.0)(
        NLP, example("[Ada Lovelace](PERSON) saw [Sweden](GPE) on [I-95](B-X).", tmp_path)
    )
    assert [label for _, label in tagged(new.reference)] == ["PERSON", "GPE", "B-X"]
    assert [text for text, _ in tagged(new.reference)][2] == "I-95"
    assert "Sweden" not in new.reference.text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"level": 1.5}, "level must be from 0 to 1, but it is 1.5"),
        ({"gazetteers": -1}, "gazetteers must be from 0 to 1"),
        ({"max_names": 0}, "max_names must be at least 1, but it is 0"),
        ({"languages": ["german"]}, "'german' is not a language code"),
    ],
)
def test_bad_settings(settings: dict, message: str) -> None:
    with pytest.raises(XnerError, match=message):
        create_entity_swap(**settings)


WORD = st.sampled_from(
    [
        "Ada",
        "the",
        "'s",
        "NATO",
        "der",
        "Москве",
        "北",
        "京",
        "·",
        " ",
        "\n",
        "👨‍👩‍👧",
        "שלום",
        "-",
        "u.a.",
        "e\u0301",
        "IN",
        "Dutch",
    ]
) | st.text(min_size=1, max_size=6)


@st.composite
def docs(draw: st.DrawFn) -> Doc:
    words = draw(st.lists(WORD, max_size=25))
    spaces = draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    doc = Doc(NLP.vocab, words=words, spaces=spaces)
    entities: list[Span] = []
    missing: list[Span] = []
    end = 0
    while end < len(words):
        start = end + draw(st.integers(0, 3))
        end = min(start + draw(st.integers(1, 4)), len(words))
        if start < end:
            span = Span(doc, start, end, draw(st.sampled_from(["PER", "LOC", "ORG", "MISC", "GPE", "Ω-1"])))
            (missing if draw(st.integers(0, 3)) == 0 else entities).append(span)
    doc.set_ents(entities, missing=missing)
    doc._.xner_meta = {"lang": draw(st.sampled_from(["en", "de", "fr", "ru", "zh", "zh-TW", "tr", "xx"]))}
    return doc


@settings(max_examples=150, deadline=None)
@given(references=st.lists(docs(), max_size=6), seed=st.integers(0, 9))
def test_any_layout_of_spans(references: list[Doc], seed: int) -> None:
    swap = create_entity_swap(level=1.0, seed=seed)
    for reference in references:
        before = reference.to_json()
        [new] = swap(NLP, make_example(NLP, reference))
        check(reference, new)
        assert reference.to_json() == before


def test_ten_thousand_tokens() -> None:
    doc = Doc(NLP.vocab, words=["Ada", "met", "Bo", "in", "Paris", "."] * 1_700)
    doc.set_ents([Span(doc, i, i + 1, "PER") for i in range(0, len(doc), 2)])
    doc._.xner_meta = {"lang": "en"}
    [new] = create_entity_swap(level=1.0)(NLP, make_example(NLP, doc))
    check(doc, new)


def test_in_a_training_config(tmp_path: Path) -> None:
    for lang in TEXTS:
        (tmp_path / "source.txt").write_text(TEXTS[lang], encoding="utf8")
        write_docs(tmp_path / f"train/{lang}.spacy", convert_files([tmp_path / "source.txt"], lang, Counter()))
    config = Config().from_str(
        f"""
        [train]
        @readers = "spacy_xner.Corpus.v1"
        path = "{tmp_path / "train"}"

        [train.augmenter]
        @augmenters = "spacy_xner.EntitySwap.v1"
        level = 1.0
        """
    )
    reader = spacy.registry.resolve(config)["train"]
    first, second = ([one.reference.text for one in reader(NLP)] for _ in range(2))
    assert len(first) == len(second) == sum(text.count("\n") for text in TEXTS.values())
    assert first != second
    nlp = multilingual_blank("xx")
    nlp.add_pipe("ner", config={"model": {"tok2vec": {"width": 32, "depth": 1, "embed_size": 100}}})
    nlp.initialize(lambda: reader(nlp))
    losses = nlp.update(list(reader(nlp)))
    assert losses["ner"] > 0


def test_names_that_are_kept_keep_what_is_known_of_them() -> None:
    """Identifiers and scores; a new name has none, since it names something else. Missing annotation stays missing."""
    install_extensions()
    swap = create_entity_swap(1.0, gazetteers=0.0, seed=0)
    first = NLP("Anna sings")
    first.set_ents([Span(first, 0, 1, "PER")])
    list(swap(NLP, make_example(NLP, first)))
    doc = NLP("Maria lives in Rome today")
    entities = [Span(doc, 0, 1, "PER", kb_id="Q1"), Span(doc, 3, 4, "LOC", kb_id="Q220", span_id="rome")]
    doc.set_ents(entities, missing=[doc[4:5]])
    for entity in doc.ents:
        entity._.set(CONFIDENCE, 0.5)
    (new,) = swap(NLP, make_example(NLP, doc))
    found = [(e.text, e.label_, e.kb_id_, e.id_, e._.confidence) for e in new.reference.ents]
    assert found == [("Anna", "PER", "", "", None), ("Rome", "LOC", "Q220", "rome", 0.5)]
    assert [token.ent_iob_ for token in new.reference] == ["B", "O", "O", "B", ""]

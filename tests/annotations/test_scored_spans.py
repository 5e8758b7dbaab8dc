"""Scores stay with their entity or are gone: retokenisation, other components, copies, files."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span

from spacy_xner.annotations.attributes import confidence_of
from spacy_xner.annotations.entities import set_scored_entities
from spacy_xner.annotations.scored_spans import ScoredSpans

NLP = spacy.blank("en")
SCORES = {("Angela Merkel", "PER"): 0.75, ("Paris", "LOC"): 0.5}


@pytest.fixture
def doc() -> Doc:
    doc = NLP.make_doc("So Angela Merkel visited Paris .")
    set_scored_entities(doc, [Span(doc, 1, 3, "PER", kb_id="Q1"), Span(doc, 4, 5, "LOC")], [0.75, 0.5])
    return doc


def group_of(doc: Doc) -> dict[tuple[str, str], float]:
    group = doc.spans["xner"]
    return {(s.text, s.label_): score for s, score in zip(group, group.attrs["scores"], strict=True)}


def confidences_of(doc: Doc) -> dict[tuple[str, str], Any]:
    assert [confidence_of(ent) for ent in doc.ents] == [ent._.confidence for ent in doc.ents]
    return {(ent.text, ent.label_): ent._.confidence for ent in doc.ents}


def merge(doc: Doc, start: int, end: int) -> None:
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[start:end])


def split(doc: Doc, i: int, parts: list[str]) -> None:
    with doc.retokenize() as retokenizer:
        retokenizer.split(doc[i], parts, heads=[doc[0]] * len(parts))


def merge_and_split(doc: Doc) -> None:
    """As many tokens as before."""
    merge(doc, 1, 3)
    split(doc, 0, ["S", "o"])


@pytest.mark.parametrize(
    ("change", "n_tokens"),
    [
        (lambda doc: merge(doc, 1, 3), 5),  # an entity, as `merge_entities` does
        (lambda doc: split(doc, 0, ["S", "o"]), 7),  # before all entities
        (lambda doc: split(doc, 1, ["Ang", "ela"]), 7),
        (lambda doc: split(doc, 4, ["Par", "is"]), 7),
        (lambda doc: merge(doc, 5, 6), 6),  # nothing
        (merge_and_split, 6),
    ],
)
def test_spans_follow_their_tokens(doc: Doc, change: Callable[[Doc], None], n_tokens: int) -> None:
    change(doc)
    assert len(doc) == n_tokens
    assert group_of(doc) == confidences_of(doc) == SCORES
    assert [doc.spans["xner"][i].kb_id_ for i in (0, 1, -2)] == ["Q1", "", "Q1"]


@pytest.mark.parametrize(("start", "end"), [(0, 2), (2, 4), (0, 6)])
def test_a_span_without_its_tokens_is_gone(doc: Doc, start: int, end: int) -> None:
    """A merged token holds a part of an entity, or more than it. `attrs` is read first, then the spans."""
    merge(doc, start, end)
    group = doc.spans["xner"]
    expected = [("Paris", "LOC")] if end < 6 else []
    assert group.attrs["scores"] == [SCORES[key] for key in expected]
    assert [(span.text, span.label_) for span in group] == expected
    assert len(group) == len(expected)
    assert {key: score for key, score in confidences_of(doc).items() if score is not None} == {
        key: SCORES[key] for key in expected
    }


def test_one_index_is_enough(doc: Doc) -> None:
    """Reading a span by its index finds it again too."""
    merge(doc, 1, 3)
    assert doc.spans["xner"][1].text == "Paris"
    merge(doc, 0, 2)  # the entity and the word before it
    assert doc.spans["xner"][0].text == "Paris"
    with pytest.raises(IndexError):
        doc.spans["xner"][1]


COPIES: dict[str, Callable[[Doc], Doc]] = {
    "copy": lambda doc: doc.copy(),
    "bytes": lambda doc: Doc(doc.vocab).from_bytes(doc.to_bytes()),
    "pickle": lambda doc: pickle.loads(pickle.dumps(doc)),
    "DocBin": lambda doc: next(DocBin(docs=[doc], store_user_data=True).get_docs(doc.vocab)),
}


@pytest.mark.parametrize("name", COPIES)
@pytest.mark.parametrize("merged", [False, True])
def test_copies_have_the_scores(doc: Doc, name: str, merged: bool) -> None:
    if merged:
        merge(doc, 1, 3)
    copied = COPIES[name](doc)
    assert group_of(copied) == confidences_of(copied) == SCORES
    assert isinstance(copied.spans["xner"], ScoredSpans) == (name == "copy")


def test_a_copy_follows_its_own_tokens(doc: Doc) -> None:
    copied = doc.copy()
    merge(copied, 0, 2)
    assert (group_of(copied), group_of(doc)) == ({("Paris", "LOC"): 0.5}, SCORES)


@pytest.mark.parametrize("merged", [False, True])
def test_docs_that_are_joined(doc: Doc, merged: bool) -> None:
    """spaCy keeps the spans of groups but not their attributes, and moves custom attributes."""
    other = doc.copy()
    if merged:
        merge(doc, 1, 3)
    both = Doc.from_docs([doc, other])
    assert [(ent.text, ent._.confidence) for ent in both.ents] == [("Angela Merkel", 0.75), ("Paris", 0.5)] * 2
    assert [span.text for span in both.spans["xner"]] == ["Angela Merkel", "Paris"] * 2
    assert "scores" not in both.spans["xner"].attrs


@pytest.mark.parametrize(("copy_user_data", "expected"), [(True, 0.5), (False, None)])
def test_a_span_as_doc(doc: Doc, copy_user_data: bool, expected: float | None) -> None:
    part = doc[2:].as_doc(copy_user_data=copy_user_data)  # "Merkel" is no entity there
    assert confidences_of(part) == {("Paris", "LOC"): expected}
    assert "xner" not in part.spans


def test_as_json(doc: Doc) -> None:
    merge(doc, 1, 3)
    plain = Doc(doc.vocab).from_json(doc.to_json())
    assert confidences_of(plain) == dict.fromkeys(SCORES)
    assert [span.text for span in plain.spans["xner"]] == ["Angela Merkel", "Paris"]
    kept = Doc(doc.vocab).from_json(doc.to_json(underscore=["confidence"]))
    assert confidences_of(kept) == SCORES


def test_scores_of_a_doc_that_is_gone(doc: Doc) -> None:
    group = doc.copy().spans["xner"]
    assert (group.attrs["scores"], len(group)) == ([0.75, 0.5], 2)


# Other components


def with_ruler(label: str, doc: Doc) -> Language:
    nlp = spacy.blank("en", vocab=doc.vocab)
    ruler: Any = nlp.add_pipe("entity_ruler", config={"overwrite_ents": True})
    ruler.add_patterns([{"label": label, "pattern": "Paris"}, {"label": label, "pattern": "Merkel visited"}])
    return nlp


def test_another_components_entity_has_no_score(doc: Doc) -> None:
    """An entity of another label at the place of one that had a score, and one that overlaps another."""
    doc = with_ruler("CITY", doc)(doc)
    assert confidences_of(doc) == {("Merkel visited", "CITY"): None, ("Paris", "CITY"): None}
    for copied in (copy(doc) for copy in COPIES.values()):
        assert confidences_of(copied) == confidences_of(doc)
    assert group_of(doc) == SCORES  # what the recogniser found


def test_the_same_label_at_the_same_place_is_the_same_entity(doc: Doc) -> None:
    assert confidences_of(with_ruler("LOC", doc)(doc)) == {("Merkel visited", "LOC"): None, ("Paris", "LOC"): 0.5}


def test_a_score_can_be_set_by_hand(doc: Doc) -> None:
    doc = with_ruler("CITY", doc)(doc)
    doc.ents[1]._.confidence = 0.25
    assert confidences_of(doc) == {("Merkel visited", "CITY"): None, ("Paris", "CITY"): 0.25}
    assert Span(doc, 4, 5, "LOC")._.confidence is None


def test_merged_entities(doc: Doc) -> None:
    nlp = with_ruler("CITY", doc)
    nlp.add_pipe("merge_entities")
    nlp.disable_pipe("entity_ruler")
    assert group_of(nlp(doc)) == confidences_of(doc) == SCORES
    assert [token.text for token in doc] == ["So", "Angela Merkel", "visited", "Paris", "."]


def test_files_of_earlier_versions_have_no_labels(doc: Doc) -> None:
    for key in [key for key in doc.user_data if key[1] == "confidence_label"]:
        del doc.user_data[key]
    assert confidences_of(doc) == SCORES


def test_a_plain_attribute_of_other_code_is_shared(doc: Doc) -> None:
    """It stays what the other code made; `confidence_of` checks the label."""
    before = Span.get_extension("confidence")
    Span.set_extension("confidence", default=None, force=True)
    try:
        set_scored_entities(doc, [Span(doc, 1, 3, "PER")], [0.25])
        assert [ent._.confidence for ent in doc.ents] == [confidence_of(ent) for ent in doc.ents] == [0.25]
        doc = with_ruler("CITY", doc)(doc)
        assert [confidence_of(ent) for ent in doc.ents] == [None, None]
    finally:
        Span.set_extension("confidence", getter=before[2], setter=before[3], force=True)

"""The component `xner` in a pipeline: entities, scores, entities that are kept, and serialisation."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import DocBin, Span
from spacy.training import Example

from spacy_xner.annotations.entities import set_scored_entities
from spacy_xner.errors import XnerError
from spacy_xner.ner.component import SoftmaxRecogniser

from ..aggregation.util import TEXTS, make_config, make_pipeline, predict, train, with_xner
from .util import SMALL, entities_of, examples_of, small_pipeline

TEXT = "Angela Merkel visited Paris ."


@pytest.fixture(scope="module")
def nlp() -> Language:
    return small_pipeline(60)


@pytest.fixture
def recogniser(nlp: Language) -> SoftmaxRecogniser:
    return nlp.get_pipe("xner")  # type: ignore[return-value]


def test_it_learns(nlp: Language) -> None:
    docs = list(nlp.pipe([text for text, _ in TEXTS]))
    for doc, (_, spans) in zip(docs, TEXTS, strict=True):
        assert [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents] == spans
    scores: Any = nlp.evaluate(examples_of(nlp))
    assert scores["ents_f"] == 1.0
    assert set(scores["ents_per_type"]) == {"PER", "LOC"}


def test_scores_are_where_spancat_has_them(nlp: Language) -> None:
    doc = nlp(TEXT)
    group = doc.spans["xner"]
    assert [span.text for span in group] == [ent.text for ent in doc.ents] == ["Angela Merkel", "Paris"]
    assert [ent._.confidence for ent in doc.ents] == group.attrs["scores"]
    assert all(0.5 < score <= 1.0 for score in group.attrs["scores"])
    assert nlp("nothing").spans["xner"].attrs["scores"] == []


def test_scores_survive_docbin(nlp: Language) -> None:
    doc = nlp(TEXT)
    (copy,) = DocBin(docs=[doc], store_user_data=True).get_docs(nlp.vocab)
    assert copy.spans["xner"].attrs["scores"] == doc.spans["xner"].attrs["scores"]
    assert [ent._.confidence for ent in copy.ents] == [ent._.confidence for ent in doc.ents]


def test_threshold(nlp: Language, recogniser: SoftmaxRecogniser) -> None:
    scores = dict(zip(["Angela Merkel", "Paris"], nlp(TEXT).spans["xner"].attrs["scores"], strict=True))
    lower = min(scores, key=lambda name: scores[name])
    try:
        recogniser.threshold = (scores[lower] + max(scores.values())) / 2
        assert [ent.text for ent in nlp(TEXT).ents] == [name for name in scores if name != lower]
    finally:
        recogniser.threshold = 0.0


@pytest.mark.parametrize("setting", ["threshold", "soft_weight"])
@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan"), "high"])
def test_settings_out_of_range(setting: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{setting}"):
        spacy.blank("en").add_pipe("xner", config={**SMALL, setting: value})


def test_threshold_message() -> None:
    with pytest.raises(XnerError, match="The setting threshold of the component 'xner' must be from 0 to 1, but it is"):
        small_pipeline(threshold=2.0)


# What was there before


def test_given_entities_stay(nlp: Language) -> None:
    """As in spaCy's `ner`: also with a label that the model does not have, and where it would predict others."""
    doc = nlp.make_doc(TEXT)
    doc.ents = [Span(doc, 1, 3, "NEW", kb_id="Q1")]
    doc = nlp(doc)
    assert entities_of(doc)[-2:] == [("Merkel visited", "NEW"), ("Paris", "LOC")]
    kept = next(ent for ent in doc.ents if ent.label_ == "NEW")
    assert (kept.kb_id_, kept._.confidence) == ("Q1", None)
    assert "NEW" not in {span.label_ for span in doc.spans["xner"]}


def test_an_entity_ruler_before(nlp: Language) -> None:
    with_rules = small_pipeline(60)
    ruler: Any = with_rules.add_pipe("entity_ruler", before="xner")
    ruler.add_patterns([{"label": "CITY", "pattern": "Paris"}])
    assert entities_of(with_rules(TEXT)) == [("Angela Merkel", "PER"), ("Paris", "CITY")]


def test_blocked_tokens(nlp: Language) -> None:
    doc = nlp.make_doc(TEXT)
    doc.set_ents([], blocked=[doc[3:4]], default="missing")
    doc = nlp(doc)
    assert entities_of(doc) == [("Angela Merkel", "PER")]
    assert entities_of(nlp(doc)) == [("Angela Merkel", "PER")]  # it is still blocked


def test_no_entity_across_sentences(nlp: Language) -> None:
    doc = nlp.make_doc(TEXT)
    doc[1].is_sent_start = True  # between Angela and Merkel
    assert ("Angela Merkel", "PER") not in entities_of(nlp(doc))


def test_no_entity_begins_with_white_space(nlp: Language) -> None:
    doc = nlp("\n Angela Merkel visited Paris")
    assert all(not ent[0].is_space for ent in doc.ents)


def test_twice_is_as_once(nlp: Language) -> None:
    doc = nlp(TEXT)
    scores = doc.spans["xner"].attrs["scores"]
    assert entities_of(nlp(doc)) == [("Angela Merkel", "PER"), ("Paris", "LOC")]
    assert [span.text for span in doc.spans["xner"]] == ["Angela Merkel", "Paris"]  # entities keep their scores
    assert doc.spans["xner"].attrs["scores"] == scores


def test_scores_of_entities_that_were_there_before_stay(nlp: Language, recogniser: SoftmaxRecogniser) -> None:
    doc = nlp.make_doc(TEXT)
    set_scored_entities(doc, [Span(doc, 3, 4, "CITY")], [0.25])
    recogniser.keep_uncalibrated = True
    try:
        doc = nlp(doc)
    finally:
        recogniser.keep_uncalibrated = False
    group = doc.spans["xner"]
    assert [(span.text, span.label_) for span in group] == [("Angela Merkel", "PER"), ("Paris", "CITY")]
    assert group.attrs["scores"][1] == group.attrs["scores_uncalibrated"][1] == 0.25


def test_a_new_training_has_no_temperature_yet() -> None:
    nlp = small_pipeline()
    recogniser: Any = nlp.get_pipe("xner")
    recogniser.cfg |= {"temperature": 3.0, "calibration": {"temperature": 3.0}}
    examples = [Example.from_dict(nlp.make_doc("Ada sings"), {"entities": [(0, 3, "PER")]})]
    nlp.initialize(lambda: examples)
    assert (recogniser.temperature, recogniser.cfg["calibration"]) == (1.0, None)


# Keeping


def test_round_trips(nlp: Language, tmp_path: Path) -> None:
    expected = nlp(TEXT).spans["xner"].attrs["scores"]
    nlp.to_disk(tmp_path)
    for loaded in (spacy.load(tmp_path), spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())):
        assert entities_of(loaded(TEXT)) == entities_of(nlp(TEXT))
        assert loaded(TEXT).spans["xner"].attrs["scores"] == pytest.approx(expected)


def test_the_temperature_is_kept(tmp_path: Path) -> None:
    nlp = small_pipeline(60)
    nlp.get_pipe("xner").cfg["temperature"] = 3.0  # type: ignore[attr-defined]
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert loaded(TEXT).spans["xner"].attrs["scores"] == pytest.approx(nlp(TEXT).spans["xner"].attrs["scores"])
    assert loaded.get_pipe("xner").temperature == 3.0  # type: ignore[attr-defined]


def test_a_setting_of_the_config_holds_when_loading(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path, config={"components": {"xner": {"threshold": 1.0}}})
    assert loaded(TEXT).ents == ()
    assert nlp(TEXT).ents != ()


def test_processes(nlp: Language) -> None:
    texts = [TEXT, "", "Berlin"] * 3
    one = [(entities_of(doc), doc.spans["xner"].attrs["scores"]) for doc in nlp.pipe(texts)]
    two = [(entities_of(doc), doc.spans["xner"].attrs["scores"]) for doc in nlp.pipe(texts, n_process=2, batch_size=2)]
    assert [entities for entities, _ in one] == [entities for entities, _ in two]
    for (_, a), (_, b) in zip(one, two, strict=True):
        assert a == pytest.approx(b, abs=1e-5)


def test_source_from_another_pipeline() -> None:
    nlp = small_pipeline(60)
    other = spacy.blank("en")
    other.add_pipe("xner", source=nlp, name="names")
    assert entities_of(other(TEXT)) == entities_of(nlp(TEXT))


# Labels


def test_labels_can_be_given() -> None:
    nlp = spacy.blank("en")
    recogniser: Any = nlp.add_pipe("xner", config=SMALL)
    nlp.config["initialize"]["components"] = {"xner": {"labels": ["PER", "LOC", "ORG"]}}
    nlp.initialize(lambda: examples_of(nlp))
    assert recogniser.labels == ("PER", "LOC", "ORG")
    assert recogniser.label_data == ["PER", "LOC", "ORG"]
    assert recogniser.model.get_dim("nO") == 13


def test_a_label_is_added_after_training(tmp_path: Path) -> None:
    nlp = small_pipeline(60)
    recogniser: Any = nlp.get_pipe("xner")
    before = nlp(TEXT)
    assert recogniser.add_label("ORG") == 1
    assert recogniser.add_label("ORG") == 0
    assert entities_of(nlp(TEXT)) == entities_of(before)
    new = [("Siemens grew .", [(0, 7, "ORG")])]
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.02
    for _ in range(60):
        nlp.update(examples_of(nlp, TEXTS + new), sgd=optimizer)
    assert entities_of(nlp("Siemens grew .")) == [("Siemens", "ORG")]
    nlp.to_disk(tmp_path)
    assert entities_of(spacy.load(tmp_path)("Siemens grew .")) == [("Siemens", "ORG")]


def test_a_label_that_the_model_does_not_know(nlp: Language) -> None:
    example = Example.from_dict(nlp.make_doc("Siemens grew ."), {"entities": [(0, 7, "ORG")]})
    with pytest.raises(XnerError, match=r"'U-ORG', but the component 'xner' has the labels LOC, PER"):
        nlp.update([example])


def test_no_labels() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("xner", config=SMALL)
    with pytest.raises(XnerError, match=r"found no entity label .* labels = \[\"PER\", \"LOC\"\]"):
        nlp.initialize(lambda: examples_of(nlp, [("Nothing here", [])]))
    with pytest.raises(XnerError, match="has no labels: train the pipeline"):
        nlp("Berlin")


def test_overlapping_gold_entities_are_refused(nlp: Language) -> None:
    """By spaCy, before this package is called."""
    with pytest.raises(ValueError, match="E103"):
        Example.from_dict(nlp.make_doc(TEXT), {"entities": [(0, 13, "PER"), (7, 13, "LOC")]})


# Awkward text

AWKWARD = ["", " ", "\n\n", "a", "😀", "👩‍👩‍👧‍👦 x", "שלום עולם", "สวัสดีชาวโลก", "北京是中国的首都", "e\u0301", "\u200b"]


@pytest.mark.parametrize("text", [*AWKWARD, "x" * 500, "Paris " * 10_000], ids=lambda text: repr(text[:12]))
def test_awkward_texts(nlp: Language, text: str) -> None:
    """Scores are probabilities, no entity begins or ends with white space, and other docs of a batch change nothing."""
    doc, (together, _) = nlp(text), nlp.pipe([text, TEXT])
    group = doc.spans["xner"]
    assert list(doc.ents) == list(group)
    if "Paris" in text:
        assert [ent.text for ent in doc.ents] == ["Paris"] * text.count("Paris")
    assert len(group) == len(group.attrs["scores"])
    assert all(0 < score <= 1 for score in group.attrs["scores"])
    assert not any(span[0].is_space or span[-1].is_space for span in group)
    assert entities_of(together) == entities_of(doc)
    assert together.spans["xner"].attrs["scores"] == pytest.approx(group.attrs["scores"], abs=1e-4)


def test_on_the_layers_of_a_transformer(tiny_encoder: Path) -> None:
    """The listener, its gradients and the recogniser together, on a random transformer."""
    nlp = make_pipeline(with_xner(make_config(tiny_encoder)))
    train(nlp, steps=120, learn_rate=0.005)
    assert predict(nlp) == [spans for _, spans in TEXTS]
    alone = [nlp(text).spans["xner"].attrs["scores"] for text, _ in TEXTS]
    together = [doc.spans["xner"].attrs["scores"] for doc in nlp.pipe([text for text, _ in TEXTS])]
    for a, b in zip(alone, together, strict=True):
        assert a == pytest.approx(b, abs=1e-4)


def test_uncalibrated_scores_are_kept_on_demand(nlp: Language, recogniser: SoftmaxRecogniser) -> None:
    try:
        recogniser.cfg["temperature"] = 3.0
        recogniser.keep_uncalibrated = True
        attrs = nlp(TEXT).spans["xner"].attrs
        assert np.all(np.array(attrs["scores"]) < np.array(attrs["scores_uncalibrated"]))
    finally:
        recogniser.cfg["temperature"] = 1.0
        recogniser.keep_uncalibrated = False

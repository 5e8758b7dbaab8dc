"""What two arms differ in, and what they cost."""

from pathlib import Path
from typing import Any

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.experiments.compute import Compute, compute_of, groups_by_compute, similar
from spacy_xner.experiments.contrasts import contrast
from spacy_xner.experiments.pairs import parse_pair, parse_pairs
from spacy_xner.experiments.record_files import read_records
from spacy_xner.experiments.records import RunRecord

from .records_util import record, study_of

LAYERS = "components.xner.model.tok2vec.aggregator.layers"
LAST = {"components.xner.model.tok2vec.aggregator.@architectures": "spacy_xner.LastLayer.v1"}


def run(name: str, words: int = 1000, **arm: Any) -> RunRecord:
    """The record of an arm with settings as a study file has them."""
    setting = {"steps": 300, "arm": {"name": name, "projected": None, "with_sources": False, "settings": {}, **arm}}
    return study_of(record(name, setting=setting, words=words)).runs[0]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"projected": "x"}, {"text": "projected x against none"}),
        (
            {"synthetic": "y", "teacher": "a", "with_sources": True},
            {"text": "synthetic y against none, teacher a against none, with_sources True against none"},
        ),
        ({"settings": LAST}, {"layers": "aggregator spacy_xner.LastLayer.v1 against default"}),
        ({"settings": {LAYERS: [6, 9]}}, {"layers": "layers [6, 9] against default"}),
        (
            {"settings": {"components.transformer.model.max_layers": None}},
            {"layers": "max_layers null against default"},
        ),
        (
            {"settings": {"vars.learn_rate": 0.1, "vars.encoder_learn_rate_factor": 2}},
            {"rate": "encoder_learn_rate_factor 2 against default, learn_rate 0.1 against default"},
        ),
        ({"steps": 600}, {"steps": "steps 600 against 300"}),
        ({"steps": 300}, {}),
        ({"start": "a", "start_share": 0.5}, {"start": "start a against none, start_share 0.5 against none"}),
        ({"config": "other.cfg"}, {"training config": "config other.cfg against none"}),
        ({"settings": {"vars.swap": 0.1}}, {"vars.swap": "swap 0.1 against default"}),
        ({"frozen": 6}, {"frozen": "frozen 6 against none"}),
        (
            {"projected": "x", "settings": {"vars.learn_rate": 0.1}},
            {"text": "projected x against none", "rate": "learn_rate 0.1 against default"},
        ),
    ],
)
def test_things(changes: dict[str, Any], expected: dict[str, str]) -> None:
    one, other = run("b", **changes), run("a")
    compute = {name: Compute(300, 1000, None) for name in "ab"}
    found = contrast(one, other, compute)
    assert found.things == expected
    assert found.clean == (len(expected) < 2)


def test_an_arm_has_the_settings_of_its_study() -> None:
    """A value that an arm does not set is not the config's default where the study sets it."""
    name = "components.xner.model.tok2vec.aggregator.@architectures"
    common = {"settings": {name: "spacy_xner.WeightedConcat.v1", "vars.swap": 0.0}}
    one, other = run("a", settings=LAST), run("b")
    for each in (one, other):
        each.get("setting").update(common)
    found = contrast(one, other, {arm: Compute(300, 1000, None) for arm in "ab"})
    assert found.things == {"layers": "aggregator spacy_xner.LastLayer.v1 against spacy_xner.WeightedConcat.v1"}


def test_compute_is_a_thing_if_it_differs_by_more_than_a_tenth() -> None:
    one, other = run("b", projected="x"), run("a")
    for words, clean in ((1100, True), (900, False), (1101, False)):
        compute = {"a": Compute(300, 1000, None), "b": Compute(300, words, None)}
        assert contrast(one, other, compute).clean == clean
    found = contrast(one, other, {"a": Compute(300, None, None), "b": Compute(600, 2000, None)})
    assert found.things == {"text": "projected x against none", "compute": "600 steps against 300 steps"}


def test_contrasts_of_the_study_on_conll() -> None:
    """Of its records: what its study file says of the arms."""
    records = Path(__file__).parents[2] / "benchmarks/records/study/conll"
    study = read_records([records / f"{arm}-0.json" for arm in ("a", "a12", "b", "bc", "c", "e")])
    arms, compute = study.arms(), compute_of(study)
    pairs = parse_pairs("c-a,bc-b,a-a12,b-a,e-bc,e-a", arms)
    found = [contrast(arms[one][0], arms[other][0], compute) for one, other in pairs]
    assert [each.clean for each in found] == [True, True, True, False, False, False]
    things = [
        ["text"],
        ["text"],
        ["layers"],
        ["layers", "rate"],
        ["text", "compute"],
        ["text", "layers", "rate", "compute"],
    ]
    assert [list(each.things or ()) for each in found] == things


def test_settings_that_are_not_known() -> None:
    for unknown in (None, {"arm": "a"}):
        other = study_of(record("a", setting=unknown)).runs[0]
        found = contrast(run("b"), other, {name: Compute(None, None, None) for name in "ab"})
        assert (found.things, found.clean) == (None, None)


def test_similar() -> None:
    known = Compute(100, 1000, None)
    assert similar(known, Compute(200, 1000, None))
    assert similar(known, Compute(100, None, None))
    assert similar(known, Compute(200, None, None)) is False
    assert similar(known, Compute(None, None, 5)) is None


def test_compute_has_teachers_and_starts() -> None:
    """Each training once; of older records, the words of a teacher are those of its own record with the same seed."""
    teacher, start = {"teacher": "b"}, {"start": "c", "teacher": "b"}
    runs = [record("b", seed, words=100 + seed, minutes=5) for seed in (0, 1)]
    runs += [record("c", seed, words=10, minutes=5, setting={"steps": 3, "arm": teacher}) for seed in (0, 1)]
    runs += [
        record("d", 0, words=1, setting={"steps": 3, "arm": start}),
        record("x", 0, setting={"arm": {"teacher": "y"}}),
    ]
    trainings = [{"arm": name, "steps": 7, "words": 20, "minutes": 1} for name in ("b", "b", "e")]
    found = compute_of(study_of(*runs, record("e", trainings=trainings, words=20, minutes=2)))
    assert {arm: each.words for arm, each in found.items()} == {"b": 100.5, "c": 110.5, "d": 111, "e": 60, "x": None}
    assert (found["e"].steps, found["c"].steps, found["x"].steps) == (21, 3, None)
    assert (found["c"].minutes, found["d"].minutes) == (5, None)


def test_groups() -> None:
    """A group ends at a tenth above its cheapest arm; arms are in the order given; steps count if words are not
    known."""
    amounts = {"a": 100, "b": 109, "c": 111, "d": 300, "e": 100}
    compute = {arm: Compute(n, n, None) for arm, n in amounts.items()}
    assert groups_by_compute(compute, ["e", "d", "b", "c", "a"]) == [["e", "b", "a"], ["c"], ["d"]]
    compute |= {"f": Compute(300, None, None), "g": Compute(None, None, None)}
    assert groups_by_compute(compute, [*"abcdefg"]) == [["a", "b", "e"], ["c"], ["d", "f"]]


def test_pairs() -> None:
    arms = ["a", "e-10", "10", "x-y", "x", "y-e-10"]
    assert parse_pairs("e-10-a, a-e-10", arms) == [("e-10", "a"), ("a", "e-10")]
    assert parse_pair("a-10", arms) == ("a", "10")
    for text, message in (
        ("x-y-e-10", "is not a pair of arms"),  # of x-y and e-10, or of x and y-e-10
        ("a-a", "is not a pair of arms"),
        ("a-x,a-x", "contains a pair twice"),
    ):
        with pytest.raises(XnerError, match=message):
            parse_pairs(text, arms)

"""Records are read, checked and merged; those that do not fit are refused with a message."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.experiments.record_files import read_records, write_study_file
from spacy_xner.experiments.record_schema import checked_record

from .records_util import counted, record, simulated

Write = Callable[..., Path]
FULL = simulated("é", 1, 0.7, n=5)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_json(name: str, content: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf8")
        return path

    return write_json


def test_files_and_folders(write: Write, tmp_path: Path) -> None:
    write("runs/b-0.json", record("b", 0))
    write("runs/below/a-10.json", record("a", 10))
    write("runs/note.txt", "no record")
    one = write("a-2.json", record("a", 2, labels=0.1))
    write("runs/.b-0.json.killed/b-0.json", "half a record")
    study = read_records([tmp_path / "runs", one])
    assert [run.key for run in study.runs] == [("a", 0.1, 2), ("a", 1.0, 10), ("b", 1.0, 0)]
    assert {arm: [run.seed for run in runs] for arm, runs in study.arms().items()} == {"a": [10], "b": [0]}
    assert [*study.by_share()["a"]] == [0.1, 1.0]
    assert (study.name, study.targets, study.question) == ("made-up", ["de"], None)


def test_a_study_file_has_the_same_bytes_whatever_the_order(write: Write, tmp_path: Path) -> None:
    paths = [write(f"{i}.json", each) for i, each in enumerate([FULL, simulated("b", 0, 0.5, n=5)])]
    for i, order in enumerate((paths, paths[::-1], [tmp_path / "study-0.json", *paths])):
        write_study_file(tmp_path / f"study-{i}.json", read_records(order))
    contents = {(tmp_path / f"study-{i}.json").read_bytes() for i in range(3)}
    assert len(contents) == 1
    content = json.loads(contents.pop())
    assert [content.pop("format"), content.pop("study")] == [1, "made-up"]
    assert sorted(content) == ["runs", "sentences"]  # packed: see test_packing.py
    runs = read_records([tmp_path / "study-0.json"]).runs
    assert [run.data for run in runs] == [json.loads(path.read_text()) for path in paths[::-1]]


def test_the_question_is_in_records_too(write: Write) -> None:
    """A study file's own question takes precedence."""
    asked = write("a.json", {**record(), "question": "Does it help?"})
    assert read_records([asked]).question == "Does it help?"
    study = write("study.json", {"format": 1, "study": "made-up", "runs": [record("b")], "question": "How much?"})
    assert read_records([asked, study]).question == "How much?"


def test_question_and_notes_stay(write: Write, tmp_path: Path) -> None:
    said = {"question": "Hilft's? 🤔", "notes": "שלום\nzwei"}
    path = write("study.json", {"format": 1, "study": "made-up", "runs": [record()], **said})
    study = read_records([path, write("other.json", record("b"))])
    write_study_file(tmp_path / "new/study.json", study)
    again = read_records([tmp_path / "new/study.json"])
    assert (again.question, again.notes, len(again.runs)) == (*said.values(), 2)
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["study.json"]
    other = write("other-study.json", {"format": 1, "study": "made-up", "runs": [], "question": "Another?"})
    with pytest.raises(XnerError, match="have a different `question`"):
        read_records([path, other])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": None}, "`seed` is missing"),
        ({"seed": "0"}, "`seed` is '0', expected a whole number"),
        ({"seed": True}, "`seed` is True, expected a whole number"),
        ({"format": 2}, "`format` is 2, expected 1"),
        ({"study": 3}, "`study` is 3, expected a text"),
        ({"scores": []}, r"`scores` is \[\], expected an object"),
        ({"scores": {"languages": {}}}, "`scores.targets` is missing"),
        ({"scores": {"languages": {}, "targets": []}}, "`scores.targets` is empty, expected at least one"),
        ({"scores": {"languages": {}, "targets": ["fr"]}}, "`sentences` lacks fr"),
        ({"sentences": {"de": {"labels": {}}}}, "`sentences.de.n` is missing"),
        (
            {"sentences": counted({"de": {"PER": [[0, 1, 1]]}}, 1)},
            r"labels.PER\[0\]` is .*expected \[whole number, who",
        ),
        ({"sentences": counted({"de": {"PER": [[0, 1, -1, 0]]}}, 1)}, "none of them negative"),
        ({"sentences": counted({"de": {"PER": [[1, 1, 0, 0]]}}, 1)}, "not below `n` = 1"),
        ({"sentences": counted({"de": {"PER": [[0, 1, 0, 0], [0, 1, 0, 0]]}}, 1)}, "a sentence twice"),
        ({"sentences": counted({"de": {"": [[0, 1, 0, 0]]}}, 1)}, "`sentences.de.labels` has an empty label"),
        ({"sentences": {"de": {"n": 2, "repeats": [[1]], "labels": {}}}}, r"`sentences.de.repeats\[0\]` is \[1\]"),
        *(
            ({"sentences": {"de": {"n": 3, "repeats": repeats, "labels": {}}}}, "`sentences.de.repeats` has a pair")
            for repeats in ([[1, 1]], [[0, 1]], [[3, 0]], [[1, 0], [2, 1]])
        ),
        ({"labels": 0}, "`labels` is 0.0, expected a share"),
        ({"labels": 10}, "`labels` is 10.0, expected a share"),
        ({"minutes": float("nan")}, "`minutes` is nan, expected a number not below 0"),
        ({"layers": [[1]], "layer_weights": [[0.5, 0.5]]}, "`layers` and `layer_weights` differ in length"),
        ({"layer_weights": [0.5]}, r"`layer_weights\[0\]` is 0.5, expected a list"),
        ({"curve": [{"step": 1}]}, r"`curve\[0\].score` is missing"),
        ({"errors": {"de": {"correct": 1}}}, "`errors.de.boundary` is missing"),
        ({"examples": [{**FULL["examples"][0], "gold": [[0, "x", "PER"]]}]}, r"`examples\[0\].gold\[0\]` is"),
        ({"examples": "x" * 500}, "`examples` is 'x{59}…, expected a list"),
    ],
)
def test_malformed_records(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(XnerError, match=f"^a.json: .*{message}"):
        checked_record(record(**changes), "a.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no JSON to read"),
        ("[]", "found neither `arm` nor `runs`"),
        ({"languages": {}}, "found neither `arm` nor `runs`"),
        ({"format": 1, "study": "made-up", "runs": {}}, "`runs` is {}, expected a list"),
        ({"format": 1, "study": "made-up", "runs": [3]}, r"`runs\[0\]` is 3, expected an object"),
        ({"format": 1, "study": "made-up", "runs": [{**record(), "seed": "x"}]}, r"runs\[0\]: `seed` is 'x'"),
        ({"format": 1, "study": "other", "runs": [record()]}, "a run of the study 'made-up' in a file of 'other'"),
        ({"format": 1, "study": "made-up", "runs": []}, "found no run, expected"),
    ],
)
def test_files_that_are_no_records(write: Write, content: Any, message: str) -> None:
    with pytest.raises(XnerError, match=rf"x\.json.*{message}"):
        read_records([write("x.json", content)])


def test_paths_without_records(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.json"):
        with pytest.raises(XnerError, match="found no record of a run there"):
            read_records([path])


def test_runs_that_cannot_be_compared(write: Write) -> None:
    one = write("1.json", record("a"))
    with pytest.raises(XnerError, match=r"1\.json was scored on 2 .* 3 sentences of de .*expected the same sentences"):
        read_records([one, write("2.json", record("b", 0, counted({"de": {"PER": [[0, 1, 0, 1]]}}, 3)))])
    with pytest.raises(XnerError, match="do not have the same PER entities to find in the sentences of de"):
        read_records([one, write("2.json", record("b", 0, counted({"de": {"PER": [[1, 1, 0, 1]]}}, 2)))])
    settings = dict.fromkeys(("source", "encoder_version", "held_back", "steps", "batch_words"), 1)
    two = write("2.json", record("b", 0, setting={**settings, "steps": 2}))
    with pytest.raises(XnerError, match=r"are of trainings with another steps \(1 and 2\)"):
        read_records([write("1.json", record("a", setting=settings)), two])
    one, two = (write(f"{n}.json", record("ab"[n], setting={**settings, "inputs": {"gold": n}})) for n in (0, 1))
    with pytest.raises(XnerError, match=r"gold had another content when the run of .*0\.json read it than for"):
        read_records([one, two])
    one = write("1.json", record("a"))
    repeating = {"de": {**record("a")["sentences"]["de"], "repeats": [[1, 0]]}}
    with pytest.raises(XnerError, match="differ in which sentences of de have the same text"):
        read_records([one, write("2.json", record("b", 0, repeating))])
    with pytest.raises(XnerError, match=r"of the study 'made-up', .* of 'conll'"):
        read_records([one, write("2.json", record("a", study="conll"))])


SETTING: dict[str, Any] = {
    "arm": {"name": "a", "settings": {"vars.learn_rate": 0.004}},
    "settings": {"vars.swap": 0.3},
    "config": {"file": "xner.cfg", "training": "1", "initialize": "2"},
    "versions": {"spacy-xner": "0.1.0", "torch": "2.13.0"},
    "steps": 300,
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """`SETTING` with another value, by dotted name; None removes it."""
    setting = json.loads(json.dumps(SETTING))
    *above, last = path.split("/")
    place = setting
    for key in above:
        place = place[key]
    place[last] = value
    return {key: each for key, each in setting.items() if each is not None}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "arm/settings/vars.learn_rate",
            0.002,
            r"runs of the arm a with another arm.settings.vars.learn_rate \(0.004 and 0.002\)",
        ),
        ("arm/projected", "new.spacy", r"another arm.projected \(none and new.spacy\)"),
        ("settings/vars.swap", 0.0, r"trainings with another settings.vars.swap \(0.3 and 0.0\)"),
        ("config/initialize", "3", r"trainings with another config.initialize \(2 and 3\)"),
        ("config/file", "own.cfg", r"runs of the arm a with another config.file \(xner.cfg and own.cfg\)"),
        ("steps", 600, r"another steps \(300 and 600\)"),
        ("versions/torch", "2.12.0", r"made with another version of torch \(2.13.0 and 2.12.0\)"),
        ("versions", None, r"1\.json does not say with which versions .* but .*0\.json does"),
        ("teacher", {"arm": {"name": "b"}}, r"another teacher \(none and "),
    ],
)
def test_seeds_of_other_settings_are_not_pooled(write: Write, path: str, value: Any, message: str) -> None:
    same = [write(f"{seed}.json", record("a", seed, setting={**SETTING, "seed": seed})) for seed in (0, 2)]
    assert len(read_records(same).runs) == 2
    other = write("1.json", record("a", 1, setting={**changed(path, value), "seed": 1}))
    with pytest.raises(XnerError, match=message):
        read_records([*same, other])


def test_a_record_without_a_setting_is_of_unknown_versions(write: Write) -> None:
    one, two = write("0.json", record("a", setting=SETTING)), write("1.json", record("b"))
    with pytest.raises(XnerError, match=r"1\.json does not say with which versions"):
        read_records([one, two])


def test_seeds_of_teachers_are_no_difference_but_their_settings_are(write: Write) -> None:
    teachers = [{**SETTING, "seed": seed, "labels": 1.0} for seed in range(2)]
    runs = [record("a", n, setting={**SETTING, "seed": n, "teacher": teacher}) for n, teacher in enumerate(teachers)]
    paths = [write(f"{number}.json", run) for number, run in enumerate(runs)]
    assert len(read_records(paths).runs) == 2
    teachers[1]["arm"] = {"name": "a", "settings": {"vars.learn_rate": 0.002}}
    with pytest.raises(XnerError, match=r"another teacher.arm.settings.vars.learn_rate \(0.004 and 0.002\)"):
        read_records([paths[0], write("1.json", runs[1])])


def test_steps_of_records_without_trainings(write: Write) -> None:
    """They are those in the settings: of the arm, else of the study; each arm that is needed counts once."""
    first = {"steps": 150, "arm": {"name": "b"}}
    second = {"steps": 150, "arm": {"name": "c", "steps": 40}, "teacher": first}
    setting = {"steps": 150, "arm": {"name": "e", "teacher": "c", "start": "b"}, "teacher": second, "start": first}
    for content, steps in ((setting, {"b": 150, "c": 40, "e": 150}), ({"arm": {"name": "e"}}, {}), (None, {})):
        (run,) = read_records([write("e-0.json", record("e", 0, setting=content))]).runs
        assert run.steps == steps
    assert (run.start, checked_record(record("e", 0, setting=setting), "e").start) == (None, "b")


@pytest.mark.parametrize(
    "trainings",
    [[{"arm": "b", "steps": 0, "words": 1, "minutes": 1}], [{"arm": "b", "steps": 2, "words": 1}], {"b": 2}],
)
def test_malformed_trainings(trainings: Any) -> None:
    with pytest.raises(XnerError, match=r"e\.json: `trainings"):
        checked_record(record("e", 0, trainings=trainings), "e.json")


def test_digests_of_older_records(write: Write) -> None:
    """They have no versions; their digest of the training config depends on the seed."""

    def older(seed: int, digest: str, arm: str = "a", labels: float = 1.0) -> Path:
        setting = {"seed": seed, "arm": {"name": arm, "settings": {}}, "training": digest, "steps": 300}
        return write(f"{arm}-{seed}-{labels}.json", record(arm, seed, setting=setting, labels=labels))

    assert len(read_records([older(0, "x"), older(1, "y"), older(0, "x", "c"), older(0, "x", labels=0.1)]).runs) == 4
    with pytest.raises(XnerError, match="another `training`, the digest of the training config"):
        read_records([older(0, "x"), older(0, "z", "c")])


@pytest.mark.parametrize(
    ("name", "old"),
    [
        ("study-conll.json", True),
        ("study/conll-layers", True),
        ("study/conll-long", True),
        ("study-shipped.json", False),
        ("study/transfer", False),
    ],
)
def test_committed_records_can_be_read(name: str, old: bool) -> None:
    """Also old ones, which were made before records had versions."""
    records = read_records([Path(__file__).parents[2] / "benchmarks/records" / name])
    assert len(records.runs) > 3
    assert {"versions" in run.data["setting"] for run in records.runs} == {not old}


def test_the_same_run_twice(write: Write) -> None:
    one, same = (write(name, record("a", minutes=3)) for name in ("1.json", "2.json"))
    assert len(read_records([one, same]).runs) == 1
    other = write("3.json", record("a", minutes=4, words=3))
    with pytest.raises(XnerError, match="both of arm a, seed 0, but differ in `minutes`, `words`"):
        read_records([one, other])


def test_a_full_record_with_nulls() -> None:
    run = checked_record({**FULL, "minutes": None, "labels": None, "examples": []}, "x")
    assert (run.labels, run.get("minutes"), run.get("examples"), run.title) == (1.0, None, None, "arm É")

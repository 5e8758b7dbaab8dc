"""Exports of annotation tools, in JSON and JSON lines. What each tool writes is in the docstrings of the readers."""

import json
from pathlib import Path
from typing import Any

import pytest

from spacy_xner.corpus.formats.report import Report
from spacy_xner.corpus.formats.settle import NO_ENTITIES
from spacy_xner.errors import XnerError

from .util import ADA, LAGOS, TEXT, entities, read

LABEL_STUDIO = {
    "id": 7,
    "data": {"text": TEXT},
    "annotations": [
        {
            "completed_by": 1,
            "was_cancelled": False,
            "result": [
                {"type": "labels", "id": "a", "value": {"start": 0, "end": 7, "text": "Ada Obi", "labels": ["PER"]}},
                {"type": "labels", "id": "b", "value": {"start": 17, "end": 22, "text": "Lagos", "labels": ["LOC"]}},
                {"type": "relation", "from_id": "a", "to_id": "b"},
            ],
        }
    ],
    "predictions": [{"result": [{"type": "labels", "value": {"start": 8, "end": 13, "labels": ["PER"]}}]}],
}
RECORDS: dict[str, Any] = {
    "doccano": {"id": 1, "text": TEXT, "label": [[0, 7, "PER"], [17, 22, "LOC"]], "Comments": []},
    "doccano-data": {"id": 1, "data": TEXT, "label": [[0, 7, "PER"], [17, 22, "LOC"]]},
    "doccano-labels": {"text": TEXT, "labels": [[17, 22, "LOC"], [0, 7, "PER"]], "annotation_approver": "admin"},
    "doccano-relation": {
        "id": 2,
        "text": TEXT,
        "entities": [
            {"id": 5, "label": "PER", "start_offset": 0, "end_offset": 7},
            {"id": 6, "label": "LOC", "start_offset": 17, "end_offset": 22},
        ],
        "relations": [{"id": 9, "from_id": 5, "to_id": 6, "type": "lives"}],
    },
    "doccano-2018": {"doc_id": 23, "text": TEXT, "entities": [[0, 7, "PER"], [17, 22, "LOC"]], "username": "admin"},
    "prodigy": {
        "text": TEXT,
        "_input_hash": 1,
        "_view_id": "ner_manual",
        "answer": "accept",
        "tokens": [{"text": "Ada", "start": 0, "end": 3, "id": 0, "ws": True}],
        "spans": [
            {"start": 0, "end": 7, "token_start": 0, "token_end": 1, "label": "PER"},
            {"start": 17, "end": 22, "token_start": 4, "token_end": 4, "label": "LOC"},
        ],
    },
    "label-studio": LABEL_STUDIO,
    "label-studio-0": {"data": {"body": TEXT}, "completions": LABEL_STUDIO["annotations"]},
    "label-studio-min": {
        "text": TEXT,
        "id": 3,
        "annotator": 1,
        "label": [
            {"start": 0, "end": 7, "text": "Ada Obi", "labels": ["PER"]},
            {"start": 17, "end": 22, "text": "Lagos", "labels": ["LOC"]},
        ],
    },
    "lighttag": {
        "content": TEXT,
        "annotations": [
            {"start": 0, "end": 7, "tag": "PER", "value": "Ada Obi", "annotated_by": [{"annotator": "a@b"}]},
            {"start": 17, "end": 22, "tag": "LOC", "value": "Lagos", "annotated_by": [{"annotator": "a@b"}]},
            {"start": 8, "end": 13, "tag": "LOC", "value": "lives", "correct": False},
        ],
    },
    "dataturks": {  # the end is the last character
        "content": TEXT,
        "annotation": [
            {"label": ["PER"], "points": [{"start": 0, "end": 6, "text": "Ada Obi"}]},
            {"label": ["LOC"], "points": [{"start": 17, "end": 21, "text": "Lagos"}]},
        ],
        "extras": None,
    },
    "ubiai": {
        "documentName": "a.txt",
        "document": TEXT,
        "tokens": [
            {"text": "Ada Obi", "start": 0, "end": 7, "token_start": 0, "token_end": 1, "entityLabel": "PER"},
            {"text": "Lagos", "start": 17, "end": 22, "token_start": 4, "token_end": 4, "entityLabel": "LOC"},
        ],
        "relations": [],
    },
    "sagemaker": {
        "source": TEXT,
        "my-job": {
            "annotations": {
                "entities": [
                    {"endOffset": 7, "startOffset": 0, "label": "PER"},
                    {"endOffset": 22, "startOffset": 17, "label": "LOC"},
                ],
                "labels": [{"label": "PER"}],
            }
        },
        "my-job-metadata": {"job-name": "x"},
    },
    "argilla": {
        "id": "r1",
        "fields": {"text": TEXT},
        "suggestions": {"spans": {"value": [{"start": 8, "end": 13, "label": "LOC"}]}},
        "responses": {
            "spans": [
                {
                    "user_id": "u1",
                    "value": [{"start": 0, "end": 7, "label": "PER"}, {"start": 17, "end": 22, "label": "LOC"}],
                }
            ]
        },
    },
    "argilla-1": {"text": TEXT, "prediction": None, "annotation": [["PER", 0, 7], ["LOC", 17, 22]]},
    "rasa": {
        "text": TEXT,
        "intent": "x",
        "entities": [
            {"start": 0, "end": 7, "value": "the queen", "entity": "PER"},
            {"start": 17, "end": 22, "value": "Lagos", "entity": "LOC"},
        ],
    },
    "pipeline": {
        "text": TEXT,
        "entities": [
            {"entity_group": "PER", "score": 0.5, "word": "ada obi", "start": 0, "end": 7},
            {"entity_group": "LOC", "score": 0.5, "word": "lagos", "start": 17, "end": 22},
        ],
    },
    "lengths": {
        "text": TEXT,
        "entities": [{"offset": 0, "length": 7, "type": "PER"}, {"offset": "17", "length": "5", "category": "LOC"}],
    },
    "to_json": {
        "text": TEXT,
        "tokens": [{"id": 0, "start": 0, "end": 3, "tag": "NNP"}],
        "ents": [{"start": 0, "end": 7, "label": "PER"}, {"start": 17, "end": 22, "label": "LOC"}],
        "spans": {"sc": [{"start": 0, "end": 3, "label": "X"}]},
    },
    "TRAIN_DATA": [TEXT, {"entities": [[0, 7, "PER"], [17, 22, "LOC"]]}],
}


@pytest.mark.parametrize("layout", ["lines", "list", "indented", "one after another"])
@pytest.mark.parametrize("tool", RECORDS)
def test_entities_of_each_tool(tmp_path: Path, tool: str, layout: str) -> None:
    record = RECORDS[tool]
    content = {
        "lines": "\n".join([json.dumps(record)] * 2),
        "list": json.dumps([record] * 2),
        "indented": json.dumps([record] * 2, indent=2),
        "one after another": "\n".join([json.dumps(record, indent=1)] * 2),
    }[layout]
    found = read(tmp_path / "a.json", content)
    assert {(sentence.text, *(entities(sentence) or ())) for sentence in found} == {(TEXT, ADA, LAGOS)}
    # These say of each record who annotated which text: equal ones are the same.
    assert len(found) == (1 if tool in ("doccano-2018", "prodigy", "label-studio-min") else 2)


@pytest.mark.parametrize("key", ["examples", "data", "annotations", "documents"])
def test_list_in_an_object(tmp_path: Path, key: str) -> None:
    """As NER Annotator for spaCy and LightTag write it."""
    content = {"classes": ["PER"], key: [RECORDS["TRAIN_DATA"], RECORDS["doccano"]]}
    assert [entities(s) for s in read(tmp_path / "a.json", content)] == [[ADA, LAGOS]] * 2


def test_what_is_beside_entities_is_counted(tmp_path: Path) -> None:
    report = Report()
    read(tmp_path / "a.json", [LABEL_STUDIO, RECORDS["doccano-relation"], RECORDS["lighttag"]], report)
    assert {what: note.count for what, note in report.notes.items()} == {
        "predictions, which are not annotations, not read": 1,
        "results of the type relation not read": 1,
        'values of "relations" not read': 1,
        "entities that a reviewer rejected left out": 1,
    }
    assert "Label Studio (1), doccano (1), texts with entities (1)" in "".join(report.lines())


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"entities": [], "label": [[0, 7, "PER"]]}, [ADA]),
        ({"label": [], "entities": [[0, 7, "PER"]], "labels": None}, [ADA]),
        ({"entities": [[0, 7, "PER"]], "label": [[0, 7, "PER"]]}, [ADA]),
        ({"entities": [[0, 7, "PER"]], "label": "news"}, [ADA]),
        ({"entities": [], "tags": ["news"]}, []),
        ({"entities": [], "label": "news"}, []),
        ({"annotations": {"entities": [[0, 7, "PER"]]}}, [ADA]),
        ({}, None),
    ],
)
def test_several_keys_of_entities(tmp_path: Path, record: dict[str, Any], expected: Any) -> None:
    """The one that has entities counts."""
    (sentence,) = read(tmp_path / "a.jsonl", {"text": TEXT, **record})
    assert entities(sentence) == expected


def test_ids_and_scores_are_kept(tmp_path: Path) -> None:
    entity = {"start": 0, "end": 7, "label": "PER", "kb_id": "Q7259", "id": "e1", "score": 0.25}
    (sentence,) = read(tmp_path / "a.jsonl", {"text": TEXT, "entities": [entity, [17, 22, "LOC"]]})
    assert sentence.details == {(0, 7, "PER"): ("Q7259", "e1", 0.25)}


def test_a_file_without_entities_is_said(tmp_path: Path) -> None:
    """doccano writes an empty list for texts that nobody annotated."""
    report = Report()
    read(tmp_path / "a.jsonl", json.dumps({"text": "a", "label": []}) + '\n{"text": "b", "label": []}', report)
    assert report.notes[NO_ENTITIES].count == 2


def test_label_studio_cancelled_and_unlabelled(tmp_path: Path) -> None:
    report = Report()
    cancelled = {**LABEL_STUDIO["annotations"][0], "was_cancelled": True}  # type: ignore[index]
    tasks = [
        {**LABEL_STUDIO, "annotations": [cancelled]},
        {**LABEL_STUDIO, "annotations": [{"result": []}]},
        {"data": {"text": TEXT}, "annotations": [], "predictions": []},
    ]
    assert [entities(s) for s in read(tmp_path / "a.json", tasks, report)] == [None, [], None]
    assert report.notes["cancelled annotations left out"].count == 1


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_prodigy_answers(tmp_path: Path, answer: str) -> None:
    report = Report()
    (sentence,) = read(tmp_path / "a.jsonl", {**RECORDS["prodigy"], "answer": answer}, report)
    assert sentence.spans is None
    assert [note for note in report.notes if "read as unlabelled text" in note]


def test_prodigy_accepted_without_spans(tmp_path: Path) -> None:
    """Prodigy leaves out the key where the annotator marked nothing."""
    report = Report()
    record = {key: value for key, value in RECORDS["prodigy"].items() if key != "spans"}
    assert read(tmp_path / "a.jsonl", record, report)[0].spans == ()
    assert report.notes["accepted answers without spans read as texts without entities"].count == 1
    assert read(tmp_path / "a.jsonl", {"text": TEXT, "_view_id": "text"})[0].spans is None


def test_prodigy_binary_answers_are_partial(tmp_path: Path) -> None:
    """`ner.teach` asks about one entity; nobody looked at the rest of the text."""
    spans = [{"start": 0, "end": 7, "label": "PER"}]
    (sentence,) = read(tmp_path / "a.jsonl", {**RECORDS["prodigy"], "_view_id": "ner", "spans": spans})
    assert (entities(sentence), sentence.unlabelled) == ([ADA], ((7, len(TEXT)),))


def test_text_under_another_key(tmp_path: Path) -> None:
    task = {**LABEL_STUDIO, "data": {"title": "x", "body": TEXT}}
    assert entities(read(tmp_path / "a.json", [task], text_key="body")[0]) == [ADA, LAGOS]
    with pytest.raises(XnerError, match="--text-key, one of title, body"):
        read(tmp_path / "a.json", [task])
    record = {"abstract": TEXT, "entities": [[0, 7, "PER"]]}
    assert entities(read(tmp_path / "a.json", [record], text_key="abstract")[0]) == [ADA]
    with pytest.raises(XnerError, match=r"the keys abstract, entities\. Another key: --text-key NAME"):
        read(tmp_path / "a.json", [record])


def test_label_numbers(tmp_path: Path) -> None:
    """doccano's JSON export has the numbers of labels."""
    mark = {"label": 7, "start_offset": 0, "end_offset": 7, "user": 1}
    record = {"id": 15, "text": TEXT, "annotations": [mark], "meta": {}}
    assert entities(read(tmp_path / "a.jsonl", record, label_names="6=LOC,7=PER")[0]) == [ADA]
    with pytest.raises(XnerError, match=r"a\.jsonl:1: .*whose label is a number.*--label-names 7=NAME"):
        read(tmp_path / "a.jsonl", record)


@pytest.mark.parametrize("names", ["PER,", "1=PER,LOC", "=PER", ","])
def test_label_names_malformed(tmp_path: Path, names: str) -> None:
    with pytest.raises(XnerError, match="The label names are"):
        read(tmp_path / "a.jsonl", {"text": TEXT}, label_names=names)


def test_span_groups(tmp_path: Path) -> None:
    """`doc.to_json()` of a doc whose entities are in doc.spans."""
    record = {"text": TEXT, "ents": [], "spans": {"sc": [{"start": 0, "end": 7, "label": "PER"}]}}
    assert entities(read(tmp_path / "a.jsonl", record, spans_key="sc")[0]) == [ADA]
    with pytest.raises(XnerError, match=r"spans in the group\(s\) sc.*--spans-key sc"):
        read(tmp_path / "a.jsonl", record)


def region(**value: Any) -> list[dict[str, Any]]:
    return [{"data": {"text": TEXT}, "annotations": [{"result": [{"type": "labels", "value": value}]}]}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (region(start="/div[1]/text()[1]", end="/div[1]/text()[1]", labels=["PER"]), "a place in HTML"),
        (region(start=0, end=7), "without a label. Give it one"),
        (region(start=0, end=7, labels=["PER", "LOC"]), "with 2 labels. Expected one"),
        ({"stringIndexType": "Utf16CodeUnit", "assets": {}}, "labels of Azure"),
        ({"annotatable": {"parts": ["s1p1"]}, "entities": []}, "annotations of tagtog"),
        ({"%TYPES": {}, "%FEATURE_STRUCTURES": []}, "INCEpTION. Expected its export as WebAnno TSV 3"),
        ({"metadata": {}, "instances": [{"start": 0, "end": 3, "className": "PER"}]}, "SuperAnnotate"),
        ({"source-ref": "s3://x"}, "the text is in another file"),
        ({"text": {"0": "a"}, "label": {"0": []}}, "the keys text, label"),
        ({"text": ["a", "b"], "label": [[], []]}, "columns in place of rows"),
        (
            {"text": TEXT, "entities": [[0, 7, "PER"]], "label": [[17, 22, "LOC"]]},
            "other entities under 'entities' than",
        ),
        ({"text": TEXT, "label": "spam"}, 'found "spam" as "label"'),
        (
            {"classes": ["PER"], "annotations": [[TEXT, {"entities": [[0, 99, "PER"]]}]]},
            "record 1: .*inside of the text",
        ),
        (3, 'no object with a string "text", but 3'),
        ([[1, 2, 3]], r"but \[1, 2, 3\]"),
    ],
)
def test_refused(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(XnerError, match=rf"a\.json:1.*{message}"):
        read(tmp_path / "a.json", content)


def test_place_in_an_indented_file(tmp_path: Path) -> None:
    records = [{"text": "a"}, {"text": "b"}, {"text": "abc", "entities": [[0, 4, "X"]]}]
    with pytest.raises(XnerError, match=r"a\.json:8: record 3: found the entity"):
        read(tmp_path / "a.json", json.dumps(records, indent=2))


@pytest.mark.parametrize("content", ["[" * 100_000, '{"text": ' + "1" * 5000 + "}", "[1, 2", '{"text": "a"} x', "{]"])
def test_not_json(tmp_path: Path, content: str) -> None:
    with pytest.raises(XnerError, match="not JSON"):
        read(tmp_path / "a.json", content)


def test_an_empty_file_has_no_sentences(tmp_path: Path) -> None:
    assert read(tmp_path / "a.json", "\n") == read(tmp_path / "a.json", "[]") == []


def test_text_of_entity_under_the_key_entity(tmp_path: Path) -> None:
    """CMeEE: the end is included, as the entity's own text shows."""
    marks = [{"start_idx": 2, "end_idx": 3, "type": "dis", "entity": "肺炎"}]
    (sentence,) = read(tmp_path / "a.json", [{"text": "患有肺炎的人", "entities": marks}])
    assert entities(sentence) == [("肺炎", "dis")]


@pytest.mark.parametrize("word", ["Ada Obi", "ada obi", "ada ob ##i", "Ada  Obi"])
def test_words_of_a_pipeline(tmp_path: Path, word: str) -> None:
    """Pipelines of Hugging Face write the word pieces, which can be in lower case."""
    mark = {"entity_group": "PER", "score": 0.99, "word": word, "start": 11, "end": 18}
    record = {"text": "My name is Ada Obi", "entities": [mark]}
    assert entities(read(tmp_path / "a.jsonl", record)[0]) == [("Ada Obi", "PER")]
    record["text"] = "My name was Ada Obi"
    with pytest.raises(XnerError, match=r"found the entity .* at 11 to 18, where the text has ' Ada Ob'"):
        read(tmp_path / "a.jsonl", record)


def test_other_form_of_an_entity(tmp_path: Path) -> None:
    mark = {"start": 0, "end": 7, "label": "PER", "name": "Obi, A."}
    report = Report()
    assert entities(read(tmp_path / "a.jsonl", {"text": TEXT, "entities": [mark]}, report)[0]) == [ADA]
    assert "1 texts of entities that are another form" in "".join(report.lines())


@pytest.mark.parametrize(
    "values",
    [
        {"entity_list": [{"start": 0, "end": 3, "label": "PER"}]},
        {"entity": [{"start": 0, "end": 3, "label": "PER"}]},
        {"golden-entity-mentions": [{"text": "Ada", "entity-type": "PER"}]},
        {"ner": [["Ada", "PER"]]},
        {"annotations_v2": [[0, 3, "PER"]], "spans": []},
        {"gold": {"entities": [[0, 3, "PER"]]}},
    ],
)
def test_entities_under_unknown_keys(tmp_path: Path, values: dict[str, Any]) -> None:
    """They are refused, unless other entities are read."""
    key = next(iter(values))
    with pytest.raises(XnerError, match=rf'a\.jsonl:1: found .* under "{key}", which looks like entities'):
        read(tmp_path / "a.jsonl", {"text": TEXT, **values})
    report = Report()
    record = {"text": TEXT, **values, "spans": [], "entities": [[0, 7, "PER"]]}
    assert entities(read(tmp_path / "a.jsonl", record, report)[0]) == [ADA]
    assert list(report.notes) == [f'values of "{key}", which look like entities, not read']


def test_values_that_are_no_entities(tmp_path: Path) -> None:
    values = {"links": [{"from": 1, "to": 2, "type": "x"}], "boxes": [[0, 1, 2]], "topics": ["a"], "sents": [[0, 9]]}
    report = Report()
    assert entities(read(tmp_path / "a.jsonl", {"text": TEXT, **values}, report)[0]) is None
    assert "texts without a key for entities (1)" in "".join(report.lines())

"""Labels by a language model that copies sentences with tags around the names."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spacy_xner.annotations.attributes import meta_of
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import load_docs
from spacy_xner.corpus.label import label_docs, read_labels
from spacy_xner.errors import XnerError
from spacy_xner.translation.tagging import LABELS, ModelTagger, parse_tagged

from ..cli.util import failing, ok
from ..translation.local_server import LocalServer, local_server, sentences_in

TEXT = "Ada  lives in\tYork."


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """A model that marks the names Ada and York."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with local_server() as running:
        running.respond = lambda messages: tagged(messages[0]["content"])
        yield running


def tagged(prompt: str, **changes: str) -> str:
    """The right answer. changes: other words, by the right ones."""
    rows = []
    for each in sentences_in(prompt):
        text = each["text"].replace("Ada", "<PER>Ada</PER>").replace("York", "<LOC>York</LOC>")
        for old, new in changes.items():
            text = text.replace(old, new)
        rows.append({"id": each["id"], "text": text})
    return json.dumps({"sentences": rows})


def docs_of(folder: Path, *lines: str) -> Any:
    path = folder / "en.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return list(convert_files([path], "en", Counter()))


def model(local: LocalServer, **settings: Any) -> ModelTagger:
    return ModelTagger("en", "tiny", f"{local.url}/v1", **settings)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("<PER>Ada</PER> lives in <LOC>York</LOC>.", [(0, 3, "PER"), (14, 18, "LOC")]),
        ("Ada lives in York.", []),
        (TEXT.replace("York.", "<LOC> York. </LOC>"), [(14, 19, "LOC")]),
        ("<PER>Ada</PER> lives in <LOC>York</LOC>!", None),
        ("<PER>Ada</PER> lived in York.", None),
        ("<PER>Ada</LOC> lives in York.", None),
        ("<PER>Ada lives in York.", None),
        ("<PER>Ada <LOC>lives</LOC></PER> in York.", None),
        ("</PER>Ada<PER> lives in York.", None),
        ("Ada <PER> </PER>lives in York.", None),
        ("<DATE>Ada</DATE> lives in York.", None),
        ("", None),
    ],
)
def test_parse(answer: str, expected: Any) -> None:
    assert parse_tagged(TEXT, answer, LABELS) == expected


def test_labelled_docs(server: LocalServer, tmp_path: Path) -> None:
    docs = docs_of(tmp_path, "Ada lives in YorkX.", "Nobody was there.", "[Bob](PER) left.")
    counts: Counter[str] = Counter()
    tagger = model(server)
    labelled = list(label_docs(docs, tagger, counts, False))
    assert [doc.text for doc in labelled] == [doc.text for doc in docs]
    assert [[(entity.text, entity.label_) for entity in doc.ents] for doc in labelled] == [
        [("Ada", "PER"), ("York", "LOC")], [], []
    ]  # fmt: skip
    assert all(doc.has_annotation("ENT_IOB") for doc in labelled)
    assert (counts["docs"], counts["labelled"], counts["entities"]) == (3, 3, 2)
    steps = meta_of(labelled[0])["provenance"]
    assert [step["step"] for step in steps] == ["convert", "label"]
    assert steps[1]["model"]["labels"] == LABELS
    assert meta_of(labelled[0])["id"] == meta_of(docs[0])["id"]
    prompt = server.asked[0].body["messages"][0]["content"]
    assert "- PER: persons" in prompt
    assert "<PER>name</PER>" in prompt


def test_a_changed_sentence_is_asked_for_once_more(server: LocalServer, tmp_path: Path) -> None:
    def respond(messages: list[dict[str, str]]) -> str:
        changes = {"colour": "color", "grey": "gray"} if len(messages) == 1 else {"grey": "gray"}
        return tagged(messages[0]["content"], **changes)

    server.respond = respond
    counts: Counter[str] = Counter()
    docs = docs_of(tmp_path, "Ada has a colour.", "York is grey.", "Ada left.")
    labelled = list(label_docs(docs, model(server), counts, False))
    assert [doc.text for doc in labelled] == ["Ada has a colour.", "Ada left."]
    assert counts["another text than the sentence"] == 1
    assert "another text than the sentence for the ids 1, 2" in server.asked[1].body["messages"][2]["content"]


def test_command(server: LocalServer, tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("Ada lives in York.\nNobody was there.\n")
    (tmp_path / "labels.txt").write_text("PER: people\n\nLOC: places: towns\n")
    source, output = tmp_path / "en.spacy", tmp_path / "out.spacy"
    ok("corpus", "convert", tmp_path / "en.txt", "--output", source, "--lang", "en")
    command = ["corpus", "label", source, "--output", output, "-s", f"url={server.url}/v1", "-s", "model=tiny"]
    out = ok(*command, "--labels", tmp_path / "labels.txt")
    assert re.search(rf"tiny at {server.url}/v1 gets 2 texts: 35 characters, about [\d,]+ tokens", out)
    assert [len(doc.ents) for doc in load_docs(output)] == [2, 0]
    prompt = server.asked[0].body["messages"][0]["content"]
    assert "- LOC: places: towns\n" in prompt
    assert "MISC" not in prompt
    ok(*command, "--labels", tmp_path / "labels.txt")
    assert len(server.asked) == 1, "the answers are in the cache"
    assert "The setting api_key is a key" in failing(*command, "-s", "api_key=abcdefghi")
    assert "unexpected keyword argument 'modle'" in failing(*command, "-s", "modle=x")


@pytest.mark.parametrize(
    ("text", "message"),
    [("PER\n", ":1: found 'PER', expected a label"), ("A: b\nA: c\n", ":2: the label A occurs twice")],
)
def test_wrong_labels(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "labels.txt"
    path.write_text(text)
    with pytest.raises(XnerError, match=message):
        read_labels(path)


@pytest.mark.parametrize("labels", [{}, {"a b": "x"}, {"1": "x"}])
def test_labels_that_are_no_tags(labels: dict[str, str]) -> None:
    with pytest.raises(XnerError, match="expected letters, digits"):
        ModelTagger("en", "tiny", labels=labels)

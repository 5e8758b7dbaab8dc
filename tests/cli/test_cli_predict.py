"""`xner predict`: texts of any format in; JSON lines, columns, a DocBin or a page out."""

import gzip
import json
import re
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc

from spacy_xner.annotations.attributes import meta_of
from spacy_xner.corpus.docs import load_docs
from spacy_xner.corpus.predict import Text, prediction_as_json, read_stream, without_encoder_output
from spacy_xner.corpus.predict import predict as predict_docs

from .util import failing, misused, ok, xner

LINES = "Nairobi is large.\n\nWho knows Ada, of Nairobi?\n"
ADA = {"start": 10, "end": 13, "label": "PER", "text": "Ada"}
NAIROBI = {"start": 18, "end": 25, "label": "LOC", "text": "Nairobi"}


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline that looks names up."""
    nlp = spacy.blank("xx")
    ruler: Any = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "LOC", "pattern": "Nairobi", "id": "Q3870"}, {"label": "PER", "pattern": "Ada"}])
    nlp.to_disk(path := tmp_path_factory.mktemp("pipelines") / "rules")
    return path


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf8")
    return path


def parsed(lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines()]


def test_a_stream_of_lines(pipeline: Path) -> None:
    result = xner("predict", pipeline, "-", input=LINES)
    assert parsed(result.stdout) == [
        {
            "id": "stdin:1",
            "text": "Nairobi is large.",
            "entities": [{"start": 0, "end": 7, "label": "LOC", "text": "Nairobi", "id": "Q3870"}],
        },
        {"id": "stdin:3", "text": "Who knows Ada, of Nairobi?", "entities": [ADA, {**NAIROBI, "id": "Q3870"}]},
    ]
    assert "empty lines left out" in result.stderr
    assert xner("predict", pipeline, "-", "--quiet", input=LINES).stderr == ""


def test_a_stream_of_json_lines_keeps_ids(pipeline: Path) -> None:
    given = '{"text": "Ada", "id": 7, "lang": "de", "entities": []}\n{"text": ""}\n{"text": "{Ada}", "id": "x"}\n'
    found = parsed(ok("predict", pipeline, "-", "--batch-size", "1", input=given))
    assert [(row["id"], row.get("lang"), len(row["entities"])) for row in found] == [
        ("7", "de", 1),
        ("stdin:2", None, 0),
        ("x", None, 1),
    ]


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        (b"ok\n\xff\n", (), "<stdin>:2: found bytes that are not UTF-8"),
        (b'{"text": "a"}\nno\n', (), "<stdin>:2: not JSON"),
        (b'{"text": "a"}\n{"txt": "b"}\n', (), '<stdin>:2: found no object with a string "text"'),
        (b"no\n", ("--format", "jsonl"), "<stdin>:1: not JSON"),
    ],
)
def test_streams_that_cannot_be_read(pipeline: Path, given: bytes, options: Any, message: str) -> None:
    result = xner("predict", pipeline, "-", "--quiet", *options, input=given)
    assert (result.exit_code, message in " ".join(result.stderr.split())) == (1, True), result.stderr


def test_ids_that_are_false_are_kept(pipeline: Path) -> None:
    given = b'{"text": "Ada", "id": 0}\n{"text": "Ada", "id": ""}\n'
    assert [row["id"] for row in parsed(ok("predict", pipeline, "-", input=given))] == ["0", "stdin:2"]


def test_each_text_is_read_when_it_is_needed(pipeline: Path) -> None:
    """A stream is not read to its end before the first result."""

    def endless() -> Any:
        while True:
            yield b"Ada\n"

    docs = predict_docs(spacy.load(pipeline), read_stream(endless(), "xx", Counter()), batch_size=4)
    assert [len(next(docs).ents) for _ in range(9)] == [1] * 9


def test_files_of_several_formats(pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(LINES, encoding="utf8")
    (tmp_path / "c.iob").write_text("Ada\tB-ORG\nleft\tO\n\n", encoding="utf8")
    with gzip.open(tmp_path / "b.jsonl.gz", "wt", encoding="utf8") as file:
        file.write('{"text": "Nairobi", "id": "n", "lang": "en"}\n')
    files = [tmp_path / name for name in ("a.txt", "c.iob", "b.jsonl.gz")]
    out = tmp_path / "new/out.jsonl"
    said = ok("predict", pipeline, *files, "-o", out, "--lang", "de")
    assert re.search(r"not looked at +1 ", said), said
    found = parsed(out.read_text(encoding="utf8"))
    assert [(row["text"], row["lang"], [e["label"] for e in row["entities"]]) for row in found] == [
        ("Nairobi is large.", "de", ["LOC"]),
        ("Who knows Ada, of Nairobi?", "de", ["PER", "LOC"]),
        ("Ada left", "de", ["PER"]),
        ("Nairobi", "en", ["LOC"]),
    ]
    assert len({row["id"] for row in found}) == 4
    assert found[-1]["id"] == "n"
    again = tmp_path / "out.jsonl.gz"
    ok("predict", pipeline, *files, "-o", again, "--lang", "de", "--n-process", "2")
    assert gzip.decompress(again.read_bytes()) == out.read_bytes()


def test_a_docbin_with_scores(tiny_pipeline: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    """It can be read by every command; the labels of the input are not in it."""
    ok("predict", tiny_pipeline, tiny_corpus / "de.spacy", "-o", tmp_path / "out.spacy")
    docs, given = load_docs(tmp_path / "out.spacy"), load_docs(tiny_corpus / "de.spacy")
    nlp = spacy.load(tiny_pipeline)
    for doc, reference in zip(docs, given, strict=True):
        assert (doc.text, meta_of(doc)["id"], meta_of(doc)["lang"]) == (
            *(reference.text, meta_of(reference)["id"], "de"),
        )
        expected = nlp(doc.text)
        assert [(e.text, e.label_) for e in doc.ents] == [(e.text, e.label_) for e in expected.ents]
        scores = [ent._.confidence for ent in expected.ents]
        assert [ent._.confidence for ent in doc.ents] == pytest.approx(scores, abs=1e-4)
        assert doc.has_annotation("ENT_IOB")
        assert meta_of(doc)["provenance"][0]["step"] == "predict"
    lines = parsed(ok("predict", tiny_pipeline, tiny_corpus / "de.spacy"))
    assert [len(row["entities"]) for row in lines] == [len(doc.ents) for doc in docs]
    assert all(0 < entity["score"] <= 1 for row in lines for entity in row["entities"])


def test_vectors_of_the_encoder_are_not_written() -> None:
    doc = spacy.blank("xx")("Ada")
    Doc.set_extension("trf_data", default=None, force=True)
    doc._.trf_data = object()
    doc.tensor = np.ones((1, 384), dtype="f")
    assert without_encoder_output(doc)._.trf_data is None
    assert doc.tensor.size == 0
    setattr(doc, "tensor", None)  # noqa: B010  (as spaCy's doc_cleaner does, against the type)
    assert without_encoder_output(doc).tensor is None


def test_a_text_that_is_too_long() -> None:
    nlp = spacy.blank("xx")
    nlp.max_length = 5
    texts = [Text("short", "1", "xx", "a.txt:1"), Text("longer", "2", "xx", "a.txt:2")]
    with pytest.raises(Exception, match=r"a\.txt:2: found a text of 6 characters, expected at most 5"):
        list(predict_docs(nlp, texts, batch_size=2))


def test_wrong_usage(pipeline: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada\n")
    (tmp_path / "none").mkdir()
    for options, message in {
        ("-o", "x.spacy.gz"): "a DocBin is compressed by itself",
        ("-o", "x.iob.xz"): "expected a name that ends in .gz, or a file that is not compressed",
        ("-o", "x.iob", "-t", "jsonl"): "Found --file-type jsonl for the output x.iob, expected iob",
        ("-t", "spacy"): "Found --file-type spacy for standard output",
        ("-t", "iob", "--html", "x.html"): "Found --file-type iob without an output",
        ("-o", "x.jsonl", "--html", "x.jsonl"): "for both --output and --html",
        ("-o", "-", "--examples"): "Found --examples with standard input or output",
        ("--html", "-"): "Found '-' as --html",
    }.items():
        assert message in misused("predict", pipeline, tmp_path / "a.txt", *options)
    assert "is also an input" in failing("predict", pipeline, tmp_path / "a.txt", "--html", tmp_path / "a.txt")
    assert "found no file" in failing("predict", pipeline, tmp_path / "none")
    assert "found the ending '.pdf'" in failing("predict", pipeline, tmp_path / "a.txt", write(tmp_path / "b.pdf", "x"))
    assert "expected a name that ends in .jsonl" in misused("predict", pipeline, tmp_path / "a.txt", "-o", "x.txt")
    assert "expected plain or jsonl for standard" in misused("predict", pipeline, "-", "--format", "columns")
    assert "expected one of auto, " in misused("predict", pipeline, "-", "--format", "xml")
    assert "expected one of them" in misused("predict", pipeline, "-", "--n-process", "2", "-g", "0")
    assert "there is no such file" in failing("predict", pipeline, tmp_path / "b.txt")
    (tmp_path / "a.jsonl").write_text('{"text": "Ada"}\n')
    assert "is also an input" in failing("predict", pipeline, tmp_path / "a.jsonl", "-o", tmp_path / "a.jsonl")


def test_a_byte_order_mark_is_no_text() -> None:
    (text,) = read_stream(BytesIO("\ufeffAda\r\n".encode()), "en", Counter())
    assert text == Text("Ada", "stdin:1", "en", "<stdin>:1")


def test_a_language_that_is_unknown_is_left_out(pipeline: Path) -> None:
    (doc,) = predict_docs(spacy.load(pipeline), [Text("Ada", "1", "xx", "")])
    assert "lang" not in prediction_as_json(doc)


COLUMNS = """\
# id = a:1
# text = Nairobi is large.
Nairobi\tB-LOC
is\tO
large\tO
.\tO

"""


def test_columns(pipeline: Path, tmp_path: Path) -> None:
    """In a file, on standard output, and in a file whose name does not say it; `xner corpus convert` reads them."""
    given = write(tmp_path / "a.txt", LINES)
    assert ok("predict", pipeline, given, "--file-type", "iob").startswith(COLUMNS)
    assert ok("predict", pipeline, "-", "-t", "iob", input=LINES).startswith(COLUMNS.replace("a:1", "stdin:1"))
    ok("predict", pipeline, given, "-o", tmp_path / "out.conll", "--lang", "deu")
    assert (tmp_path / "out.conll").read_text() == ok("predict", pipeline, given, "-t", "iob", "--lang", "de")
    ok("predict", pipeline, given, "-o", tmp_path / "out", "-t", "iob", "--lang", "de")
    assert (tmp_path / "out").read_bytes() == (tmp_path / "out.conll").read_bytes()
    ok("corpus", "convert", tmp_path / "out.conll", "-o", tmp_path / "back.spacy")
    docs = load_docs(tmp_path / "back.spacy")
    assert [(meta_of(doc)["id"], meta_of(doc)["lang"], doc.text) for doc in docs] == [
        ("a:1", "de", "Nairobi is large."),
        ("a:3", "de", "Who knows Ada, of Nairobi?"),
    ]
    assert [[(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in docs] == [
        [(0, 7, "LOC")],
        [(10, 13, "PER"), (18, 25, "LOC")],
    ]


def test_labels_that_columns_cannot_hold(tmp_path: Path) -> None:
    nlp = spacy.blank("xx")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "A PLACE", "pattern": "Nairobi"}])  # type: ignore[attr-defined]
    nlp.to_disk(tmp_path / "rules")
    given = write(tmp_path / "a.txt", LINES)
    message = failing("predict", tmp_path / "rules", given, "-o", tmp_path / "a.iob")
    assert "the label 'A PLACE' cannot be written in the format columns" in message
    assert "A PLACE" in ok("predict", tmp_path / "rules", given)


def test_a_folder(pipeline: Path, tmp_path: Path) -> None:
    """Its files in order, also below it, but no hidden ones; an output in it is no input of the next run."""
    (tmp_path / "in/b").mkdir(parents=True)
    write(tmp_path / "in/a.txt", "Ada\n"), write(tmp_path / "in/b/a.txt", "Nairobi\n")
    write(tmp_path / "in/.x.txt", "hidden\n"), write(tmp_path / "in/notes.md", "other\n")
    out = tmp_path / "in/out.jsonl"
    ok("predict", pipeline, tmp_path / "in", "-o", out)
    assert [row["id"] for row in parsed(out.read_text())] == ["in/a:1", "b/a:1"]
    assert "in/out.jsonl is also an input" in failing("predict", pipeline, tmp_path / "in", "-o", out)


@pytest.mark.parametrize("name", ["out.jsonl", "out.iob", "out.spacy", "out.jsonl.gz"])
def test_no_text(pipeline: Path, tmp_path: Path, name: str) -> None:
    said = ok("predict", pipeline, write(tmp_path / "a.txt", "\n \n"), "-o", tmp_path / name)
    assert "a.txt: plain text: 0 lines, unlabelled\n2 empty lines left out (first: " in said
    assert re.search(r"texts +0 *\n", said)
    if name == "out.spacy":
        assert load_docs(tmp_path / name) == []
    else:
        content = (tmp_path / name).read_bytes()
        assert (gzip.decompress(content) if name.endswith(".gz") else content) == b""


def test_a_page(pipeline: Path, tmp_path: Path) -> None:
    """Alone, only its texts are predicted; with an output, or from standard input, it is the same."""
    given, page = write(tmp_path / "stdin.txt", f"{LINES}One more.\n"), tmp_path / "new/a.html"
    said = ok("predict", pipeline, given, "--html", page, "--html-limit", 2)
    assert f"Wrote {page} with the first 2 of 3 texts (--html-limit): open it in a browser." in said
    assert re.search(r"texts +3 *\n entities +3 *\n", said)
    html = page.read_text(encoding="utf8")
    assert "<title>Entities found by xx_pipeline</title>" in html
    note = "stdin.txt: the first 2 of 3 texts (--html-limit), with 3 entities, found by xx_pipeline 0.0.0 (rules)."
    assert note in html
    assert html.count("<article>") == 2
    assert ">LOC Q3870<" in html
    ok("predict", pipeline, given, "--html", tmp_path / "b.html", "--html-limit", 2, "-o", tmp_path / "b.jsonl")
    assert (tmp_path / "b.html").read_text(encoding="utf8") == html
    shown = xner("predict", pipeline, "-", "--html", tmp_path / "c.html", "--html-limit", 2, "-o", "-", input=LINES)
    assert len(parsed(shown.stdout)) == 2
    expected = html.replace("stdin.txt: the first 2 of 3 texts (--html-limit)", "standard input: 2 texts")
    assert (tmp_path / "c.html").read_text(encoding="utf8") == expected


def test_examples_predict_nothing_else(pipeline: Path, tmp_path: Path) -> None:
    result = xner("predict", pipeline, write(tmp_path / "a.txt", LINES * 9), "--examples")
    assert (result.stdout, result.stderr) == ("xx  [Nairobi](LOC) is large.\n", "")
    ok("predict", pipeline, tmp_path / "a.txt", "--examples", "-o", tmp_path / "out.jsonl")
    assert len(parsed((tmp_path / "out.jsonl").read_text())) == 18

"""`xner project`: formats, pairing by id and by order, several languages, counts, what is refused, the old spelling."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab
from typer.testing import CliRunner

from spacy_xner.alignment.seq2seq import Seq2SeqAligner
from spacy_xner.cli import app
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.corpus.formats.reading import read_sentences
from spacy_xner.pipelines import fingerprint_of

from ..translation.tiny_models import tiny_nllb

SOURCE = "Berlin\tB-LOC\nis\tO\nbig\tO\n\nAnna\tB-PER\nsaw\tO\nParis\tB-LOC\n\n"


def invoke(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def project(tiny_encoder: Path, *arguments: object) -> Any:
    return invoke("project", *arguments, "--encoder", tiny_encoder, "--layers", "0", "--method", "inter")


def labelled(words: str, id: str, *, label: str = "LOC", kb_id: str = "") -> Doc:
    """An English doc with its first word as an entity."""
    doc = Doc(Vocab(), words=words.split())
    doc.set_ents([Span(doc, 0, 1, label, kb_id=kb_id, span_id=kb_id.lower())])
    doc._.xner_meta = {"id": id, "lang": "en"}
    return doc


def plain(words: str, id: str | None, lang: str = "de") -> Doc:
    """An unlabelled doc; without meta for the id None."""
    doc = Doc(Vocab(), words=words.split())
    doc._.xner_meta = None if id is None else {"id": id, "lang": lang}
    return doc


@pytest.mark.parametrize("suffix", [".iob", ".iob.gz", ".jsonl", ".spacy", ".txt"])
def test_project_writes_every_format(tiny_encoder: Path, tmp_path: Path, suffix: str) -> None:
    source, target, output = tmp_path / "en.iob", tmp_path / "de.txt", tmp_path / f"out{suffix}"
    source.write_text(SOURCE, encoding="utf8")
    target.write_text("Berlin ist groß\nAnna sah Paris\n", encoding="utf8")
    result = project(tiny_encoder, source, target, "--output", output, "--lang", "de")
    assert result.exit_code == 0, result.output
    assert "projected" in result.output
    if suffix == ".spacy":
        docs = load_docs(output)
        found = [[(entity.text, entity.label_) for entity in doc.ents] for doc in docs]
        assert docs[0]._.xner_meta["lang"] == "de"
        assert docs[1].spans["xner"].attrs["scores"][0] > 0
    else:
        sentences = list(read_sentences(output))
        found = [[(s.text[start:end], label) for start, end, label in s.spans or ()] for s in sentences]
    assert found == [[("Berlin", "LOC")], [("Anna", "PER"), ("Paris", "LOC")]]


def test_project_tokenized_and_empty_lines(tiny_encoder: Path, tmp_path: Path) -> None:
    """A sentence with an empty line as its translation is passed over; tokens that spaces divide stay whole."""
    source, target, output = tmp_path / "en.iob", tmp_path / "de.txt", tmp_path / "out.iob"
    source.write_text(SOURCE, encoding="utf8")
    target.write_text("\nAnna sah Paris.\n", encoding="utf8")
    result = project(tiny_encoder, source, target, "--output", output, "--tokenized")
    assert result.exit_code == 0, result.output
    assert "lines passed over" in result.output
    (sentence,) = read_sentences(output)
    assert sentence.words == ("Anna", "sah", "Paris.")
    result = project(tiny_encoder, source, target, "--output", tmp_path / "out.spacy", "--tokenized")
    docs = load_docs(tmp_path / "out.spacy")
    assert [doc.text for doc in docs] == ["Anna sah Paris."]
    assert not any(doc.has_unknown_spaces for doc in docs)  # or a pipeline would not read the text as it does in use


def test_project_labelled_target(tiny_encoder: Path, tmp_path: Path) -> None:
    """The labels of a target are not looked at."""
    source, output = tmp_path / "en.iob", tmp_path / "out.iob"
    target = tmp_path / "de.jsonl"
    source.write_text(SOURCE, encoding="utf8")
    lines = [{"text": "Berlin ist groß", "entities": [[7, 10, "X"]]}, {"text": "Anna sah Paris"}]
    target.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf8")
    assert project(tiny_encoder, source, target, "--output", output).exit_code == 0
    assert {label for s in read_sentences(output) for _, _, label in s.spans or ()} == {"LOC", "PER"}


def test_project_refuses(tiny_encoder: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "en.iob", tmp_path / "de.txt"
    source.write_text(SOURCE, encoding="utf8")
    target.write_text("Berlin ist groß\n", encoding="utf8")
    result = project(tiny_encoder, source, target, "--output", tmp_path / "out.iob")
    assert "has 2 sentences" in result.output
    assert "de.txt has 1" in result.output
    target.write_text("Berlin ist groß\nAnna sah Paris\n", encoding="utf8")
    result = project(tiny_encoder, source, target, "--output", target)
    assert "is also an input" in result.output
    result = project(tiny_encoder, source, target, "--output", tmp_path / "out.pdf")
    assert "found the ending '.pdf'" in result.output
    assert result.exit_code == 2
    result = project(tiny_encoder, target, target, "--output", tmp_path / "out.conllu")
    assert "CoNLL-U is read, but not written" in result.output
    plain = tmp_path / "plain.jsonl"
    plain.write_text('{"text": "a"}\n{"text": "b"}\n', encoding="utf8")
    result = project(tiny_encoder, plain, target, "--output", tmp_path / "out.iob")
    assert "plain.jsonl:1: this sentence is unlabelled" in result.output
    assert not list(tmp_path.glob("out*"))


def test_project_keeps_what_the_target_says(tiny_encoder: Path, tmp_path: Path) -> None:
    """Its ids and language, and the score of the source."""
    source, target, output = tmp_path / "en.spacy", tmp_path / "de.spacy", tmp_path / "out.spacy"
    docs = [Doc(Vocab(), words=["Berlin", "is", "big"], ents=["B-LOC", "O", "O"]), Doc(Vocab(), words=["Berlin"])]
    for doc, id, lang, score in zip(docs, ("en-1", "de-7"), ("en", "de"), (0.5, 1.0), strict=True):
        doc._.xner_meta = {"id": id, "lang": lang, "score": score, "provenance": [{"step": f"made {lang}"}]}
    write_docs(source, docs[:1])
    write_docs(target, docs[1:])
    result = project(tiny_encoder, source, target, "--output", output, "--lang", "nl")
    assert result.exit_code == 0, result.output
    (doc,) = load_docs(output)
    meta = doc._.xner_meta
    assert (meta["id"], meta["lang"], [step["step"] for step in meta["provenance"]]) == (
        "de-7",
        "de",
        ["made de", "project"],
    )
    assert meta["score"] == pytest.approx(0.5 * doc.spans["xner"].attrs["scores"][0], abs=1e-5)


@pytest.mark.parametrize(("label", "refused"), [("A(B)", ".txt"), ("A[B", ".txt")])
def test_labels_that_a_format_cannot_hold(tiny_encoder: Path, tmp_path: Path, label: str, refused: str) -> None:
    source, target = tmp_path / "en.iob", tmp_path / "de.txt"
    source.write_text(f"Berlin\tB-{label}\n\n", encoding="utf8")
    target.write_text("Berlin\n", encoding="utf8")
    result = project(tiny_encoder, source, target, "--output", tmp_path / f"out{refused}")
    assert result.exit_code == 1
    assert f"the label '{label}' cannot be written" in result.output
    assert project(tiny_encoder, source, target, "--output", tmp_path / "out.jsonl").exit_code == 0


def test_nothing_complete_is_left(tiny_encoder: Path, tmp_path: Path) -> None:
    """The counts say where all went."""
    source, target = tmp_path / "en.iob", tmp_path / "de.txt"
    source.write_text("Berlin\tB-LOC\n\n", encoding="utf8")
    target.write_text("\n", encoding="utf8")
    result = project(tiny_encoder, source, target, "--output", tmp_path / "out.spacy", "--filter", "label_counts")
    assert result.exit_code == 1
    assert "dropped_sentences" in result.output.replace(" ", "_")


def test_filters_are_counted_by_name(tiny_encoder: Path, tmp_path: Path) -> None:
    """The old option for one of them still works, and says what to write."""
    source, target, output = (tmp_path / name for name in ("en.iob", "de.txt", "out.spacy"))
    source.write_text(SOURCE, encoding="utf8")
    target.write_text("Berlin ist groß\nAnna sah\n", encoding="utf8")
    for options, kept in (([], 2), (["--filter", "unaligned", "--filter", "gaps"], 1), (["--complete"], 1)):
        result = project(tiny_encoder, source, target, "--output", output, *options)
        assert result.exit_code == 0, result.output
        counts = dict(re.findall(r"^ *dropped (by \S+|by label counts|sentences) +(\d+)", result.output, re.MULTILINE))
        assert len(load_docs(output)) == kept
        if not options:
            assert counts == {"sentences": "0"}
        elif "--complete" in options:
            assert counts == {"sentences": "1", "by label counts": "1"}
            assert "`--complete` is deprecated: write `--filter label_counts`." in result.stderr
        else:
            assert counts == {"sentences": "1", "by unaligned": "1", "by gaps": "0"}
    result = project(tiny_encoder, source, target, "--output", output, "--filter", "gap")
    assert result.exit_code == 2
    assert "'gap' is not one of 'unaligned', 'gaps', 'label_counts'" in result.output


@pytest.mark.parametrize("by", ["id", "order"])
def test_identifiers_of_entities_are_kept(tiny_encoder: Path, tmp_path: Path, by: str) -> None:
    source, target, output = tmp_path / "en.spacy", tmp_path / "de.spacy", tmp_path / "out.spacy"
    write_docs(source, [labelled("Berlin is big", "en:1", kb_id="Q64")])
    write_docs(target, [plain("Berlin", "en:1" if by == "id" else "de:1")])
    result = project(tiny_encoder, source, target, "--output", output)
    assert result.exit_code == 0, result.output
    assert f"by {by}." in result.output
    (entity,) = load_docs(output)[0].ents
    assert (entity.text, entity.kb_id_, entity.id_) == ("Berlin", "Q64", "q64")


@pytest.mark.parametrize(
    ("target_ids", "option", "expected"),
    [
        (["en:2", "en:1"], "auto", "id"),  # in another order, and one is missing
        (["en:2", "en:1", "en:3"], "order", "order"),
        (["en:2", "en:1", "other"], "auto", "order"),
        ([None, "en:1", "en:2"], "auto", "order"),
        (["en:2", "other"], "id", "id"),
    ],
)
def test_pairing(tiny_encoder: Path, tmp_path: Path, target_ids: list[str | None], option: str, expected: str) -> None:
    """The label says with which source a sentence was paired."""
    source, target, output = tmp_path / "en.spacy", tmp_path / "de.spacy", tmp_path / "out.spacy"
    ids = ["en:1", "en:2", "en:3"]
    write_docs(source, [labelled("Berlin", id, label=id) for id in ids])
    write_docs(target, [plain("Berlin", id) for id in target_ids])
    result = project(tiny_encoder, source, target, "--output", output, "--pair-by", option)
    assert result.exit_code == 0, result.output
    assert f"{target}: paired with {source} by {expected}." in result.output
    found = [entity.label_ for doc in load_docs(output) for entity in doc.ents]
    assert found == (ids if expected == "order" else [id for id in target_ids if id in ids])
    assert ("translations without their source" in result.output) == (expected == "id")


def test_files_without_ids_cannot_be_paired_by_id(tiny_encoder: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "en.iob", tmp_path / "de.txt"
    source.write_text(SOURCE, encoding="utf8")
    target.write_text("Berlin ist groß\nAnna sah Paris\n", encoding="utf8")
    result = project(tiny_encoder, source, target, "--output", tmp_path / "out.iob", "--pair-by", "id")
    assert result.exit_code == 2
    assert "cannot be paired by id: expected two DocBins" in result.output


def test_several_languages(tiny_encoder: Path, tmp_path: Path) -> None:
    source, target, output = tmp_path / "en.iob", tmp_path / "{lang}.txt", tmp_path / "{lang}.spacy"
    source.write_text(SOURCE, encoding="utf8")
    for lang, verb in (("de", "ist"), ("nl", "is")):
        (tmp_path / f"{lang}.txt").write_text(f"Berlin {verb}\nAnna Paris\n", encoding="utf8")
    result = project(tiny_encoder, source, target, "--output", output, "--lang", "de,nl")
    assert result.exit_code == 0, result.output
    for lang in ("de", "nl"):
        docs = load_docs(tmp_path / f"{lang}.spacy")
        assert [doc._.xner_meta["lang"] for doc in docs] == [lang, lang]
        assert [entity.text for doc in docs for entity in doc.ents] == ["Berlin", "Anna", "Paris"]


def test_a_translation_model_in_several_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is aligned in its own language."""
    aligned, encode = [], Seq2SeqAligner.encode

    def spy(self: Seq2SeqAligner, pairs: Any) -> Any:
        aligned.append((self.source, self.target))
        return encode(self, pairs)

    monkeypatch.setattr(Seq2SeqAligner, "encode", spy)
    source = tmp_path / "en.iob"
    source.write_text(SOURCE, encoding="utf8")
    for lang in ("de", "zh"):
        (tmp_path / f"{lang}.txt").write_text("She gave up\nNobody saw it\n", encoding="utf8")
    output, options = tmp_path / "{lang}.out.iob", ("--encoder", tiny_nllb(tmp_path / "nllb"), "--source-lang", "en")
    result = invoke("project", source, tmp_path / "{lang}.txt", "-o", output, "--lang", "de,zh", *options)
    assert result.exit_code == 0, result.output
    assert aligned == [("en", "de"), ("en", "zh")]
    result = invoke("project", source, tmp_path / "de.txt", "-o", tmp_path / "out.iob", *options)
    assert (result.exit_code, "Found --source-lang without --lang" in result.output) == (2, True), result.output


def test_the_old_spelling_does_the_same(tiny_encoder: Path, tmp_path: Path) -> None:
    """One line on standard error says what to write."""
    source, target, old, new = (tmp_path / f"{name}.spacy" for name in ("en", "de", "old", "new"))
    write_docs(source, [labelled("Berlin is big", "en:1"), labelled("Paris", "en:2")])
    write_docs(target, [plain("nun Paris", "en:2"), plain("Berlin", "en:1")])
    options = ["--encoder", tiny_encoder, "--layers", "0", "--method", "inter"]
    result = invoke("corpus", "project", source, target, old, *options)
    assert result.exit_code == 0, result.output
    lines = [line for line in result.stderr.splitlines() if "deprecated" in line]
    assert lines == [
        f"`xner corpus project` is deprecated: write `xner project {source} {target} --output {old} --pair-by id` "
        f"and the same options."
    ]
    result = invoke("project", source, target, "--output", new, "--pair-by", "id", *options)
    assert "deprecated" not in result.output
    assert old.read_bytes() == new.read_bytes()


def test_help() -> None:
    assert "xner project" in invoke("project", "--help").output
    assert "Deprecated" in invoke("corpus", "project", "--help").output


def test_a_teacher(tiny_encoder: Path, tiny_pipeline: Path, tmp_path: Path) -> None:
    """Its hash is in provenance, spans of labels that it does not know are counted, and its weight needs it."""
    write_docs(tmp_path / "en.spacy", [labelled("Paris is big", "a"), labelled("Paris is big", "b", label="X")])
    write_docs(tmp_path / "de.spacy", [plain("Paris ist groß", "a"), plain("Paris ist groß", "b")])
    output = tmp_path / "out.spacy"
    arguments = [tmp_path / "en.spacy", tmp_path / "de.spacy", "--output", output, "--teacher-weight", "0.3"]
    result = project(tiny_encoder, *arguments)
    assert result.exit_code == 2
    assert "Found --teacher-weight without --teacher" in result.output
    result = project(tiny_encoder, *arguments, "--teacher", tiny_pipeline)
    assert result.exit_code == 0, result.output
    assert re.search(r"unknown to teacher +1 ", result.output)
    step = load_docs(output)[0]._.xner_meta["provenance"][-1]
    assert step["teacher_weight"] == 0.3
    assert step["teacher"]["pipeline"] == fingerprint_of(spacy.load(tiny_pipeline))
    empty = tmp_path / "empty"
    spacy.blank("de").to_disk(empty)
    result = project(tiny_encoder, *arguments, "--teacher", empty)
    assert result.exit_code == 1
    assert "has 0 components made by the factory 'xner'" in result.output

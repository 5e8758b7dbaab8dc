"""`xner adapt`: all steps on a small text, resuming, and errors."""

import gzip
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from filelock import FileLock
from spacy.language import Language
from spacy.tokens import Doc
from typer.testing import CliRunner

from spacy_xner.adapt.estimate import estimate, sample_factor
from spacy_xner.adapt.held_back import held_back_ids
from spacy_xner.adapt.labelling import label_file, text_of
from spacy_xner.adapt.settings import Settings
from spacy_xner.adapt.steps import Adaptation
from spacy_xner.annotations.attributes import meta_of
from spacy_xner.cli import app
from spacy_xner.corpus.docs import load_docs, write_docs
from spacy_xner.corpus.texts import read_unlabelled
from spacy_xner.errors import XnerError
from spacy_xner.translation import Translator

from .util import NAMES, PLACES, Copies, adapt


def test_all_steps(room: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = adapt(room, tiny_encoder)
    assert result.exit_code == 0, result.output
    assert "This will take about" in result.output
    assert "trimming" in result.output
    out = room / "out"
    lines = [line for line in result.output.splitlines() if line.strip()]
    assert lines[-1].startswith(f"{out}/package/xx_out-0.1.0: the package's folder. Install it: pip install")
    assert [line.split("  ")[0] for line in lines[-3:-1]] == ["en", "de"]  # sentences with the entities that it finds
    assert "visited" in lines[-3]
    assert "besuchte" in lines[-2]
    assert "Building package artifacts" not in result.output  # the log has it
    assert "Successfully created package directory" in (out / "package/xx_out-0.1.0.log").read_text()
    development = srsly.read_json(out / "pipeline/model-last/meta.json")["performance"]
    assert "predicted_ents_f" in development
    assert not any(key.startswith("ents_") for key in development)
    card = (out / "package/xx_out-0.1.0/README.md").read_text(encoding="utf8")
    assert "no person has checked" in card
    assert "| data | texts.txt, with translations by memory into de | not stated |" in card
    assert "| `GPE` | " in card
    rows = [len(load_docs(out / name)) for name in ("train/de.spacy", "distilled/de.spacy")]
    assert f"| German (de) | {rows[0]} | {rows[1]} |" in card  # the data of the training
    origin = srsly.read_json(out / "trimmed/ORIGIN.json")
    assert origin["trimmed"]["languages"] == ["en", "de"]
    kept = {meta_of(doc)["id"] for doc in load_docs(out / "train/source.spacy")}
    files = [out / "source.spacy", out / "translated/de.spacy"]
    texts = {doc.text for file in files for doc in load_docs(file) if meta_of(doc)["id"] in kept}
    assert origin["trimmed"]["texts"] == len(texts)  # not for those that are held back
    source, projected = load_docs(out / "source.spacy"), load_docs(out / "projected/de.spacy")
    assert len(source) == 25
    parts = {
        name: {meta_of(doc)["id"] for doc in load_docs(out / name)}
        for name in ("train/source.spacy", "train/de.spacy", "dev.spacy", "test/de.spacy")
    }
    assert not parts["train/source.spacy"] & (parts["dev.spacy"] | parts["test/de.spacy"])
    assert not parts["train/de.spacy"] & (parts["dev.spacy"] | parts["test/de.spacy"])
    assert len(projected) < 25  # the first pipeline labels the rest
    assert (out / "teacher").is_dir()
    assert load_docs(out / "distilled/de.spacy")
    nlp = spacy.load(out / "pipeline/model-last")
    assert set(nlp.get_pipe("xner").labels) == {"PERSON", "GPE"}  # type: ignore[attr-defined]
    scores = srsly.read_json(out / "scores.json")
    assert scores["reference"] == "projected labels, not checked by a person"
    meta = srsly.read_json(out / "package/xx_out-0.1.0/meta.json")
    assert not any(key.startswith("ents") for key in meta["performance"])  # as if they were on manual labels
    assert meta["performance"]["projected_ents_f"] == scores["macro_f"]
    assert meta["performance"]["projected_ents_per_lang"].keys() == {"de"}
    assert "CC BY 4.0" in meta["license"]  # of the source pipeline
    assert "learned from those that en_pipeline 0.0.0 (source) finds in en text" in meta["description"]
    assert (meta["name"], meta["languages"]) == ("out", ["de"])
    assert "projected_ents_f" in meta["performance"]  # these labels were not checked by a person
    assert "ents_f" not in meta["performance"]
    assert [source["name"] for source in meta["sources"][:2]] == ["en_pipeline 0.0.0", "tiny (trimmed)"]
    before = {
        path: path.stat().st_mtime_ns
        for path in out.rglob("*")
        if path.is_file() and path.name not in ("scores.json", "made.json") and "package" not in path.parts
    }
    (out / "projected/de.spacy").unlink()
    result = adapt(room, tiny_encoder, "--dry-run")
    assert result.exit_code == 0, result.output
    assert result.stdout.split()[-3:] == ["projected/de.spacy", "scores.json", "package"]
    assert not (out / "projected/de.spacy").exists()
    result = adapt(room, tiny_encoder, "--dry-run", "--force")
    assert "This will take about" in result.output
    assert result.stdout.split()[-7:-2] == [
        *("source.spacy", "translated/de.spacy", "projected/de.spacy", "trimmed", "pipeline")
    ]
    assert {path: path.stat().st_mtime_ns for path in before if path.exists()}.items() <= before.items()
    result = adapt(room, tiny_encoder)  # resumes, and only makes missing files
    assert result.exit_code == 0, result.output
    assert "Translated into de" not in result.output
    changed = [path.name for path, then in before.items() if path.stat().st_mtime_ns != then]
    assert changed == ["de.spacy"]
    result = adapt(room, tiny_encoder, "--steps", "3", "--no-distill")  # recomputes only what depends on the steps
    assert result.exit_code == 0, result.output
    assert "pipeline is recomputed, since these changed: distill, steps" in result.output
    again = [path for path, then in before.items() if path.exists() and path.stat().st_mtime_ns != then]
    assert {path.relative_to(out).parts[0] for path in again} == {"projected", "pipeline"}
    monkeypatch.setattr("spacy_xner.adapt.steps.MIN_DROPPED", 1.0)
    result = adapt(room, tiny_encoder, "--steps", "4")
    assert result.exit_code == 0, result.output
    assert re.search(r"No second training: filters have dropped only \d+ of 25 translations", result.output)
    assert "teacher is recomputed" not in result.output
    for options, outdated in (([], False), (["--filter", "gaps"], True)):
        result = adapt(room, tiny_encoder, "--steps", "4", "--dry-run", *options)
        assert ("projected/de.spacy" in result.stdout.split()) == outdated
        assert "translated/de.spacy" not in result.stdout.split()


@pytest.mark.parametrize("cache", [".translations", "folder", ""])  # the default, another, none
def test_estimate_uses_the_cache(room: Path, tiny_encoder: Path, tmp_path: Path, cache: str) -> None:
    """The translations of the sample are cached, and the translation speed is stored."""
    asked: list[str] = []

    class Counting:
        @property
        def identity(self) -> dict[str, Any]:
            return {"name": "counting", "source": "en", "target": "de", "room": str(tmp_path)}

        def translate(self, texts: Iterable[str]) -> Iterator[str | None]:
            for text in texts:
                asked.append(text)
                yield text.replace("visited", "besuchte")

    max_pieces = None if cache else 0  # its estimate takes a second: once is enough

    def work() -> Adaptation:
        settings = Settings("en", ("de",), str(tiny_encoder), max_pieces=max_pieces)
        translators: dict[str, Translator] = {"de": Counting()}
        return Adaptation(
            spacy.load(room / "source"),
            *(room / "texts.txt", tmp_path / "out", settings, translators),
            cache=tmp_path / cache if cache == "folder" else bool(cache),
        )

    first, second = estimate(work()), estimate(work())
    trimming = set() if cache else {"trimming"}
    assert first.keys() == second.keys() == {"labelling", "translating", "projecting", "training"} | trimming
    assert first["translating"] == second["translating"]
    adaptation = work()
    adaptation.label()
    adaptation.translate("de")
    assert estimate(work())["translating"] == 0
    assert {name for name in (".translations", "folder") if (tmp_path / name).exists()} == {cache} - {""}
    assert len(set(asked)) == 25
    if cache:
        assert len(asked) == 25


def test_a_pipeline_without_entities(room: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    """Raises an error before the long steps."""
    spacy.blank("en").to_disk(tmp_path / "blank")
    settings = Settings("en", ("de",), str(tiny_encoder))
    work = Adaptation(spacy.load(tmp_path / "blank"), room / "texts.txt", tmp_path / "out", settings, {})
    with pytest.raises(XnerError, match=r"\(no components\) found no entity in the 25 sentences of .*texts\.txt"):
        work.run()
    assert not (tmp_path / "out/translated").exists()


def test_sentences_of_a_text_stay_together(room: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    """No text has sentences in both training and test."""
    nlp = spacy.load(room / "source")
    nlp.add_pipe("sentencizer", first=True)
    nlp.to_disk(tmp_path / "source")
    lines = [f"{name} visited {place} . {name} came ." for name in NAMES for place in PLACES]
    (tmp_path / "texts.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf8")
    settings = Settings("en", ("de",), str(tiny_encoder), held_back=0.4)
    work = Adaptation(spacy.load(tmp_path / "source"), tmp_path / "texts.txt", tmp_path / "out", settings, {})
    work.label()
    docs = load_docs(tmp_path / "out/source.spacy")
    dev, test = held_back_ids(docs, settings, work.texts)
    of_text = {meta_of(doc)["id"]: text_of(doc) for doc in docs}
    texts = [{of_text[name] for name in part} for part in (dev, test, of_text.keys() - dev - test)]
    assert len(docs) == 30  # the second sentences are repeated
    assert sum(map(len, texts)) == len(set().union(*texts)) == 25


def test_few_long_texts(room: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    """Texts are not split, and each part has at least one; too few texts are an error before the long steps.

    What is held back beyond the share is reported.
    """
    nlp = spacy.load(room / "source")
    nlp.add_pipe("sentencizer", first=True)
    lines = [" ".join(f"{name} visited {place} ." for place in PLACES) for name in NAMES]
    path = tmp_path / "texts.txt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf8")
    work = Adaptation(nlp, path, tmp_path / "out", Settings("en", ("de",), str(tiny_encoder)), {})
    work.label()
    dev, test = held_back_ids(load_docs(tmp_path / "out/source.spacy"), work.settings, path)
    assert (len(dev), len(test)) == (5, 5)
    said: list[str] = []
    work.report = lambda title, counts: said.append(title)
    work.check_labelled(load_docs(tmp_path / "out/source.spacy"))
    assert said == ["40% of the sentences are held back, not 20%, because texts are not split"]
    path.write_text("".join(f"{line}\n" for line in (" ".join(lines[:4]), lines[4])), encoding="utf8")
    with pytest.raises(XnerError, match=r"25 sentences are from 2 texts, .* so that 25 sentences would be held"):
        Adaptation(nlp, path, tmp_path / "two", Settings("en", ("de",), str(tiny_encoder)), {}).run()
    assert not (tmp_path / "two/translated").exists()


def test_a_long_text_stays_in_the_training_data(tmp_path: Path) -> None:
    """Whatever the seed: 400 of 500 sentences are of one text, the others of texts of five."""
    nlp, docs = spacy.blank("xx"), []
    for i in range(500):
        doc = nlp.make_doc(f"sentence {i}")
        step = {"step": "label", "text": "long" if i < 400 else f"text {i // 5}"}
        doc._.xner_meta = {"id": str(i), "lang": "en", "provenance": [step]}
        docs.append(doc)
    for seed in range(10):
        dev, test = held_back_ids(docs, Settings("en", ("de",), seed=seed), tmp_path)
        assert (len(dev), len(test)) == (50, 50)
        assert not (dev | test) & {str(i) for i in range(400)}
        dev, test = held_back_ids(docs[350:], Settings("en", ("de",), seed=seed), tmp_path)
        assert (len(dev), len(test)) == (15, 15)


def test_another_pipeline_with_the_same_name(room: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    """After the pipeline in the folder has changed, the texts are labelled again."""
    found = []
    for label in ("PERSON", "ANIMAL"):
        nlp = spacy.blank("en")
        ruler: Any = nlp.add_pipe("entity_ruler")
        ruler.add_patterns([{"label": label, "pattern": name} for name in NAMES])
        nlp.to_disk(tmp_path / "model-last")
        settings = Settings("en", ("de",), str(tiny_encoder))
        work = Adaptation(spacy.load(tmp_path / "model-last"), room / "texts.txt", tmp_path / "out", settings, {})
        assert not work.is_current("source.spacy")
        work.label()
        assert work.is_current("source.spacy")
        found.append({entity.label_ for doc in load_docs(tmp_path / "out/source.spacy") for entity in doc.ents})
    assert found == [{"PERSON"}, {"ANIMAL"}]
    without = spacy.load(tmp_path / "model-last", exclude=["entity_ruler"])
    work = Adaptation(without, room / "texts.txt", tmp_path / "out", settings, {})
    assert not work.is_current("source.spacy")


def test_interrupted_while_a_file_is_made(room: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    """If the run stops between writing a file and recording it, the file is not current."""
    texts, first = tmp_path / "texts.txt", (room / "texts.txt").read_text()

    def work(report: Any = lambda title, counts: None) -> Adaptation:
        settings = Settings("en", ("de",), str(tiny_encoder))
        return Adaptation(spacy.load(room / "source"), texts, tmp_path / "out", settings, {}, report)

    texts.write_text(first)
    work().label()
    texts.write_text(first.replace("visited", "saw"))
    other = work()
    other.output.save = lambda: (_ for _ in ()).throw(KeyboardInterrupt)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        other.label()
    texts.write_text(first)
    assert load_docs(tmp_path / "out/source.spacy")[0].text == "Ada visited Paris ."
    broken = work()
    assert broken.is_current("source.spacy")
    texts.write_text(first.replace("visited", "saw"))
    broken = work()
    saves = iter([True, False])  # the entry is removed, but the new one is not saved
    save = broken.output.save
    broken.output.save = lambda: save() if next(saves) else (_ for _ in ()).throw(KeyboardInterrupt)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        broken.label()
    texts.write_text(first)
    assert not work().is_current("source.spacy")


def test_filters(room: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    """Sentences that lose an entity are always dropped; each filter has its count."""

    reports: dict[str, Counter[str]] = {}

    def work(*filters: str) -> Adaptation:
        settings = Settings("en", ("de",), str(tiny_encoder), filters=filters)
        translators: dict[str, Translator] = {"de": Copies()}
        return Adaptation(
            *(spacy.load(room / "source"), room / "texts.txt", tmp_path / "out", settings, translators),
            report=lambda title, counts: reports.update({title: counts.copy()}),
            cache=False,
        )

    first = work()
    first.label()
    first.translate("de")
    found = []
    for adaptation in (first, work("gaps")):
        adaptation.project("de")
        (counts,) = (counts for title, counts in reports.items() if title.startswith("Projected onto de"))
        found.append({name for name in counts if name.startswith("dropped_by_")})
    assert found == [{"dropped_by_label_counts"}, {"dropped_by_label_counts", "dropped_by_gaps"}]
    with pytest.raises(XnerError, match="filters of the adaptation has 'gap', which is no filter"):
        work("gap")


def test_one_run_in_a_folder(room: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    settings = Settings("en", ("de",), str(tiny_encoder))
    work = Adaptation(spacy.load(room / "source"), room / "texts.txt", tmp_path / "out", settings, {})
    with FileLock(tmp_path / "out/.lock"), pytest.raises(XnerError, match="is being written by another run"):
        work.run()


def test_labelling_resumes(room: Path, tmp_path: Path) -> None:
    """Texts that were labelled before an error are not labelled again."""
    nlp, processed = spacy.load(room / "source"), []

    @Language.component("tests_fragile")
    def fragile(doc: Doc) -> Doc:
        processed.append(doc.text)
        if len(processed) == 12:
            raise RuntimeError("out of memory")
        return doc

    nlp.add_pipe("tests_fragile")
    nlp.batch_size = 1
    output = tmp_path / "out.spacy"
    with pytest.raises(RuntimeError, match="out of memory"):
        label_file(nlp, room / "texts.txt", output, "en", 0.0, Counter())
    assert not output.exists()
    counts: Counter[str] = Counter()
    label_file(nlp, room / "texts.txt", output, "en", 0.0, counts)
    assert counts["texts"] == 25
    assert len(processed) == 12 + 25 - 11
    undisturbed = tmp_path / "undisturbed.spacy"
    label_file(nlp, room / "texts.txt", undisturbed, "en", 0.0, Counter())
    assert output.read_bytes() == undisturbed.read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".jsonl")] == []


@pytest.mark.parametrize("ending", [".txt", ".txt.gz", ".spacy"])
def test_sample_factor(room: Path, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"texts{ending}"
    if ending == ".txt":
        path.write_text((room / "texts.txt").read_text())
    elif ending == ".txt.gz":
        path.write_bytes(gzip.compress((room / "texts.txt").read_bytes()))
    else:
        write_docs(path, read_unlabelled(room / "texts.txt", "en", Counter()))
    sample = list(islice(read_unlabelled(path, "en", Counter()), 5))
    assert sample_factor(path, sample, "en") == pytest.approx(5, rel=0.1)


def test_another_run_in_the_meantime(room: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    """Before a run begins, another run with other settings may have changed the folder."""
    settings = Settings("en", ("de",), str(tiny_encoder))
    pipeline, texts = spacy.load(room / "source"), room / "texts.txt"
    waiting = Adaptation(pipeline, texts, tmp_path / "out", settings, {})
    waiting.label()
    Adaptation(pipeline, texts, tmp_path / "out", replace(settings, min_score=0.5), {}).label()
    assert waiting.is_current("source.spacy")
    with pytest.raises(KeyError):  # no translator
        waiting.run()
    assert waiting.is_current("source.spacy")
    assert srsly.read_json(tmp_path / "out/made.json")["source.spacy"]["min_score"] == settings.min_score


def test_errors(room: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    result = adapt(room, tiny_encoder, "--to", "en")
    assert "names en, the language of" in result.output
    spacy.blank("xx").to_disk(tmp_path / "mixed")
    result = CliRunner().invoke(
        app, ["adapt", str(tmp_path / "mixed"), "--texts", str(room / "texts.txt"), "--to", "de"]
    )
    assert "expected the language of the texts as --source-lang" in result.output.replace("\n", " ")
    german = list(read_unlabelled(room / "texts.txt", "de", Counter()))
    write_docs(tmp_path / "de.spacy", german)
    result = adapt(room, tiny_encoder, "--texts", tmp_path / "de.spacy", "--output", tmp_path / "german")
    assert "is in de, expected en" in result.output.replace("\n", " ")  # before any is translated
    assert "This will take" not in result.output
    (tmp_path / "thesis.txt").write_text("mine")
    result = adapt(room, tiny_encoder, "--output", tmp_path)
    assert "has other files" in result.output
    (room / "few.txt").write_text("Ada visited Paris .\n")
    result = adapt(room, tiny_encoder, "--texts", room / "few.txt", "--output", tmp_path / "few")
    assert "1 sentences are too few" in result.output.replace("\n", " ")

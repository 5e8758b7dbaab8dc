"""Folders of shards on the command line: translate, project, synthesize, distill; state of a folder; wrong usage."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from spacy_xner.corpus.docs import load_docs
from spacy_xner.shards.rows import read_rows

from .util import failing, ok, xner

pytest.importorskip("pyarrow")
ALIGN = ("--layers", "1,2", "--method", "inter", "--min-score", "0")


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Seven labelled sentences, `en.txt`, of which the last has no translation in `m.tsv`."""
    monkeypatch.chdir(tmp_path)
    lines = [f"[Angela](PER) visited [London](LOC) {n} times.\n" for n in range(7)]
    Path("en.txt").write_text("".join(lines), encoding="utf8")
    pairs = (f"Angela visited London {n} times.\tAngela besuchte London {n} mal.\n" for n in range(6))
    Path("m.tsv").write_text("en\tde\n" + "".join(pairs), encoding="utf8")
    Path("de.txt").write_text("".join(f"Angela besuchte London {n} mal.\n" for n in range(7)), encoding="utf8")
    return tmp_path


def translate(*options: object) -> str:
    return ok("corpus", "translate", "en.txt", "-o", "de", "--lang", "de", "--memory", "m.tsv", *options)


def contents(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("shard-*"))}


def test_translate_and_project_in_parts(room: Path, tiny_encoder: Path) -> None:
    out = translate("--shard-size", 3)
    assert "without translation" in out
    assert list(contents("de")) == [f"shard-0000{n}.parquet" for n in range(3)]
    state = json.loads(ok("corpus", "shards", "de", "--json", "-"))
    counts = {"docs": 7, "translated": 6, "without translation": 1}
    assert state == {
        "step": "translate",
        "shards": 3,
        "done": 3,
        "rows": 6,
        "missing": [],
        "damaged": {},
        "counts": counts,
    }
    project = ("project", "de", "-o", "projected", "--encoder", tiny_encoder, *ALIGN)
    ok(*project, "--shard", "2/2")
    result = xner("corpus", "shards", "projected")
    assert result.exit_code == 1
    assert "missing: 0\n" in result.output  # of two: the third shard of `de` has no row
    assert "Resuming after 1 shards" in ok(*project)
    rows = [row for path in sorted(Path("projected").glob("*.parquet")) for row in read_rows(path)]
    assert [(row.id, row.lang, row.source_lang) for row in rows] == [(f"en:{n + 1}", "de", "en") for n in range(6)]
    assert all({span.label for span in row.spans or ()} <= {"PER", "LOC"} for row in rows)
    assert any(row.spans for row in rows)


def test_a_folder_gives_what_a_file_gives(room: Path, tiny_encoder: Path) -> None:
    """DocBins of shards have the docs of the one DocBin that the same commands write."""
    ok("corpus", "convert", "en.txt", "--output", "en.spacy", "--lang", "en")
    ok("corpus", "translate", "en.spacy", "-o", "one.text.spacy", "--lang", "de", "--memory", "m.tsv")
    ok("project", "en.spacy", "one.text.spacy", "-o", "one.spacy", "--encoder", tiny_encoder, *ALIGN)
    ok("corpus", "translate", "en.spacy", "-o", "de", "--lang", "de", "--memory", "m.tsv", "--shard-size", 4)
    ok("project", "de", "-o", "docs", "--encoder", tiny_encoder, *ALIGN, "--format", "docbin")
    assert list(contents("docs")) == ["shard-00000.spacy", "shard-00001.spacy"]
    docs = [doc for path in sorted(Path("docs").glob("*.spacy")) for doc in load_docs(path)]
    expected = load_docs("one.spacy")
    assert [doc.to_json()["ents"] for doc in docs] == [doc.to_json()["ents"] for doc in expected]
    assert [doc._.xner_meta["id"] for doc in docs] == [doc._.xner_meta["id"] for doc in expected]


def test_project_pairs_of_files(room: Path, tiny_encoder: Path) -> None:
    out = ok("project", "en.txt", "de.txt", "-o", "rows", "--lang", "de", "--encoder", tiny_encoder, *ALIGN)
    assert "en.txt" in out
    rows = list(read_rows("rows/shard-00000.parquet"))
    assert len(rows) == 7
    assert (rows[0].id, rows[0].lang, rows[0].source_words[:2]) == ("de.txt:1", "de", ["Angela", "visited"])


def test_the_deprecated_spelling_of_project(room: Path, tiny_encoder: Path) -> None:
    ok("corpus", "convert", "en.txt", "--output", "en.spacy", "--lang", "en")
    ok("corpus", "translate", "en.spacy", "-o", "de.spacy", "--lang", "de", "--memory", "m.tsv")
    encoder = ("--encoder", tiny_encoder, *ALIGN)
    ok("corpus", "project", "en.spacy", "de.spacy", "old", *encoder, "--shard-size", 4)
    ok("project", "en.spacy", "de.spacy", "-o", "new", *encoder, "--shard-size", 4)
    assert contents("old") == contents("new")
    assert len(contents("old")) == 2


def test_synthesize_and_distill(room: Path, tiny_pipeline: Path) -> None:
    synthesize = ("corpus", "synthesize", "en.txt", "--lang", "de", "--memory", "m.tsv", "--quality", "none")
    ok(*synthesize, "--no-check-language", "-o", "syn/{lang}", "--shard-size", 4)
    ok("corpus", "distill", tiny_pipeline, "syn/{lang}", "-o", "soft/{lang}", "--lang", "de", "--shard-size", 4)
    rows = [row for path in sorted(Path("soft/de").glob("*.parquet")) for row in read_rows(path)]
    assert len(rows) == 6
    assert all(row.soft_labels is not None and row.words is not None for row in rows)
    assert [row.id for row in rows] == [f"en:{n + 1}" for n in range(6)]


def test_plan_writes_the_manifest_alone(room: Path) -> None:
    out = translate("--shard-size", 3, "--plan")
    assert "shards to make" in out
    assert [path.name for path in Path("de").iterdir()] == ["manifest.json"]
    before = Path("de/manifest.json").read_bytes()
    translate()  # the size of the manifest
    assert len(contents("de")) == 3
    assert Path("de/manifest.json").read_bytes() == before


def test_a_damaged_shard_is_said_and_made_again(room: Path) -> None:
    translate("--shard-size", 3)
    expected = contents("de")
    shard = Path("de/shard-00001.parquet")
    shard.write_bytes(expected[shard.name][:-5])
    state = xner("corpus", "shards", "de")
    assert state.exit_code == 1
    assert "damaged: 1 (shard-00001.parquet has" in state.output
    assert "Shard 1 is damaged and is made again: shard-00001.parquet has" in translate()
    assert contents("de") == expected


def test_other_texts_or_settings_are_refused(room: Path) -> None:
    translate("--shard-size", 3)
    command = ("corpus", "translate", "en.txt", "-o", "de", "--lang", "de", "--memory", "m.tsv")
    assert "shard_size: 3, now 4" in failing(*command, "--shard-size", 4)
    with Path("m.tsv").open("a") as file:
        file.write("No.\tNein.\n")
    assert "settings.translator." in failing(*command)


def test_a_text_that_has_changed_is_refused(room: Path) -> None:
    translate("--shard-size", 3)
    Path("en.txt").write_text(Path("en.txt").read_text() + "More.\n")
    command = ("corpus", "translate", "en.txt", "-o", "de", "--lang", "de", "--memory", "m.tsv")
    assert "en.txt has changed since de was begun" in failing(*command)


def test_temporary_files_of_killed_runs_are_named(room: Path) -> None:
    translate()
    Path("de/.shard-00000.parquet.abc").mkdir()
    assert "temporary: 1 files or folders" in ok("corpus", "shards", "de")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "de", "--shard", "0/3"], "--shard is 0/3, expected a part from 1/3 to 3/3: parts count from 1"),
        (["-o", "de", "--shard", "4/3"], "--shard is 4/3, expected a part from 1/3 to 3/3"),
        (["-o", "de", "--shard", "3"], "--shard is 3, expected a part and the number of parts, for example 3/16"),
        (["-o", "de", "--shard", "1/0"], "--shard is 1/0, expected a part and the number of parts"),
        (["-o", "de", "--plan", "--workers", "2"], "Found --plan with --shard, --workers or --ray"),
        (["-o", "de.spacy", "--workers", "2"], "Found --workers and the output de.spacy, a file: expected a folder"),
    ],
)
def test_wrong_usage(room: Path, options: list[str], message: str) -> None:
    assert message in failing("corpus", "translate", "en.txt", "--lang", "de", "--memory", "m.tsv", *options, status=2)


def test_deduplicate_and_count(room: Path) -> None:
    """`en.txt` twice in a folder, so that a second shard repeats the first."""
    Path("both").mkdir()
    for name in ("a.txt", "b.txt"):
        Path("both", name).write_bytes(Path("en.txt").read_bytes())
    ok("corpus", "translate", "both", "-o", "twice", "--lang", "de", "--source-lang", "en", "--memory", "m.tsv")
    out = ok("corpus", "deduplicate", "twice", "-o", "once")
    assert re.search(r"kept +6", out)
    assert re.search(r"duplicates +6", out)
    rows = [row for path in sorted(Path("once").glob("*.parquet")) for row in read_rows(path)]
    assert [row.id for row in rows] == [f"a:{n + 1}" for n in range(6)]
    counts = json.loads(ok("corpus", "stats", "once", "--json", "-"))
    assert [(row["lang"], row["origin"], row["docs"], row["unlabelled"]) for row in counts] == [
        ("de", "convert > translate", 6, 6)
    ]
    assert "once is there already" in failing("corpus", "deduplicate", "twice", "-o", "once")
    assert "en.txt is no folder" in failing("corpus", "deduplicate", "en.txt", "-o", "new")
    Path("twice/shard-00001.parquet").write_bytes(b"PAR1")
    assert "shard-00001.parquet" in failing("corpus", "deduplicate", "twice", "-o", "new")
    assert not Path("new").exists(), "a folder appears whole or not at all"


def test_distill_takes_sources_from_rows(room: Path, tiny_pipeline: Path) -> None:
    distill = ("corpus", "distill", tiny_pipeline, "en.txt")
    assert "expected --own-sources" in failing(*distill, "-o", "soft", "--sources", "en.spacy", status=2)
    assert "--own-sources or --keep-entities" in failing(*distill, "-o", "soft", "--agreement", "0.5", status=2)
    assert "are for a folder of shards" in failing(*distill, "-o", "soft.spacy", "--own-sources", status=2)


def test_project_of_a_file_needs_a_target(room: Path) -> None:
    assert "Missing argument 'TARGET'" in failing("project", "en.spacy", "-o", "de.spacy", status=2)


def test_a_folder_without_manifest(room: Path) -> None:
    assert "has no manifest.json, expected a folder of shards" in failing("corpus", "shards", ".")


@pytest.mark.slow
def test_workers_make_the_same_bytes(room: Path, tiny_encoder: Path) -> None:
    """The steps of the package, with their encoder, in two processes of Ray."""
    pytest.importorskip("ray")
    translate("--shard-size", 2)
    project = ("project", "de", "--encoder", tiny_encoder, *ALIGN)
    ok(*project, "-o", "plain")
    out = ok(*project, "-o", "ray", "--workers", 2)
    assert contents("plain") == contents("ray")
    assert Counter(out.split())["6"] >= 2  # rows and sentences

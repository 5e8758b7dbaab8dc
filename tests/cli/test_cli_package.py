"""`xner package`: what it builds loads where spaCy alone is imported."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly

from spacy_xner.cli.build import build_wheel
from spacy_xner.cli.package import check_names
from spacy_xner.cli.usage import UsageError
from spacy_xner.encoders import fetch_encoder
from spacy_xner.encoders.origin import Origin
from spacy_xner.errors import XnerError
from spacy_xner.reporting.package_meta import add_sources, describe, read_meta

from ..aggregation.util import TEXTS, predict
from .util import failing, ok, process

SCORES: dict[str, Any] = {
    "source": "en",
    "targets": ["de"],
    "macro_p": 0.5,
    "macro_r": 0.25,
    "macro_f": 1 / 3,
    "languages": {
        "en": {"docs": 3, "p": 1.0, "r": 1.0, "f": 1.0, "entities": 2, "labels": {}},
        "de": {"docs": 2, "p": 0.5, "r": 0.25, "f": 1 / 3, "entities": 4, "labels": {}},
    },
}
LOAD = """
import json, sys
import spacy
assert "spacy_xner" not in sys.modules
nlp = spacy.load("xx_xner_agg")
docs = nlp.pipe(json.loads(sys.argv[1]))
entities = [[(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents] for doc in docs]
print(json.dumps({"entities": entities, "meta": nlp.meta, "path": str(nlp.path)}))
"""


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    srsly.write_json(tmp_path / "scores.json", SCORES)
    return tmp_path / "scores.json"


def load_elsewhere(site: Path, cwd: Path) -> dict[str, Any]:
    """Load the package in a process that imports nothing but spaCy, and find entities with it."""
    texts = srsly.json_dumps([text for text, _ in TEXTS])
    result = process(["python", "-c", LOAD, texts], site=site, cwd=cwd)
    assert result.returncode == 0, result.stderr
    assert "Warning" not in result.stderr
    return srsly.json_loads(result.stdout.splitlines()[-1])


@pytest.mark.slow
def test_it_loads_with_spacy_alone(tiny_site: Path, tiny_pipeline: Path, tmp_path: Path) -> None:
    loaded = load_elsewhere(tiny_site, tmp_path)
    entities = [[tuple(entity) for entity in doc] for doc in loaded["entities"]]
    assert entities == predict(spacy.load(tiny_pipeline))
    assert any(entities)
    assert loaded["path"].startswith(str(tiny_site))
    meta = loaded["meta"]
    assert (meta["lang"], meta["name"], meta["version"]) == ("xx", "xner_agg", "0.1.0")
    assert meta["languages"] == ["en", "de"]
    assert meta["performance"]["ents_per_lang"]["de"]["entities"] == 8
    assert any(requirement.startswith("spacy-xner>=") for requirement in meta["requirements"])


def test_meta(tiny_pipeline: Path, tiny_encoder: Path, scores: Path, tmp_path: Path) -> None:
    """Scores, languages, licence, origin and requirements; the trained pipeline stays as it is."""
    before = (tiny_pipeline / "meta.json").read_bytes()
    encoder = fetch_encoder(str(tiny_encoder), tmp_path / "encoder", progress=False)
    arguments: list[str | Path] = [
        "package",
        tiny_pipeline,
        "--output",
        tmp_path / "packages",
        "--name",
        "tiny",
        "--version",
        "1.2.3",
    ]
    ok(*arguments, "--scores", scores, "--encoder", encoder, "--licence", "CC0-1.0", "--build", "none")
    folder = tmp_path / "packages/xx_tiny-1.2.3"
    meta = srsly.read_json(folder / "meta.json")
    assert meta["performance"] == {
        **{"ents_p": 0.5, "ents_r": 0.25, "ents_f": pytest.approx(1 / 3)},
        "ents_per_lang": {
            "en": {"p": 1.0, "r": 1.0, "f": 1.0, "docs": 3, "entities": 2},
            "de": {"p": 0.5, "r": 0.25, "f": pytest.approx(1 / 3), "docs": 2, "entities": 4},
        },
    }
    assert meta["languages"] == ["en", "de"]
    assert meta["license"] == "CC0-1.0"
    assert meta["sources"] == [
        {"part": "encoder", "name": "tiny", "url": "a local folder", "license": "unknown", "author": ""}
    ]
    assert meta["author"] == "spacy-xner"
    required = sorted(meta["requirements"])  # no extra, and nothing else
    assert [requirement.split(">=")[0] for requirement in required] == ["spacy-transformers", "spacy-xner"]
    assert meta["components"] == ["transformer", "xner"]
    assert (tiny_pipeline / "meta.json").read_bytes() == before
    assert not (folder / "dist").exists()
    assert not [path for path in folder.rglob("*") if path.is_symlink()]


def test_the_licence_is_the_encoder_s(tiny_pipeline: Path, tiny_encoder: Path, scores: Path, tmp_path: Path) -> None:
    encoder = fetch_encoder(str(tiny_encoder), tmp_path / "encoder", progress=False)
    origin = srsly.read_json(encoder / "ORIGIN.json")
    srsly.write_json(encoder / "ORIGIN.json", {**origin, "licence": "MIT"})
    arguments: list[str | Path] = [
        "package",
        tiny_pipeline,
        "--output",
        tmp_path,
        "--name",
        "tiny",
        "--scores",
        scores,
        "--build",
        "none",
    ]
    ok(*arguments, "--encoder", encoder)
    assert srsly.read_json(tmp_path / "xx_tiny-0.1.0/meta.json")["license"] == "MIT"


def test_a_second_package_takes_the_place_of_the_first(tiny_pipeline: Path, scores: Path, tmp_path: Path) -> None:
    arguments: list[str | Path] = [
        "package",
        tiny_pipeline,
        "--output",
        tmp_path / "packages",
        "--name",
        "tiny",
        "--build",
        "none",
        "--scores",
    ]
    ok(*arguments, scores)
    readme = tmp_path / "packages/xx_tiny-0.1.0/README.md"
    assert "| 33.3 |" in readme.read_text(encoding="utf8")
    rows = {lang: {**row, "f": 0.75} for lang, row in SCORES["languages"].items()}
    srsly.write_json(scores, {**SCORES, "macro_f": 0.75, "languages": rows})
    ok(*arguments, scores)
    assert srsly.read_json(readme.with_name("meta.json"))["performance"]["ents_f"] == 0.75
    assert "| 75.0 |" in readme.read_text(encoding="utf8")


def test_a_package_can_be_packaged_again(tiny_pipeline: Path, scores: Path, tmp_path: Path) -> None:
    """Its README has other scores; one that a person wrote is kept."""
    pipeline = Path(shutil.copytree(tiny_pipeline, tmp_path / "pipeline"))
    for text, kept in (
        ("Mine.", True),
        ("| **Name** | `old` |\n| **Default Pipeline** | `x` |\nENTS_F 99", False),
        ("<!-- Model card, made by `xner package`. -->\n# old", False),
    ):
        (pipeline / "README.md").write_text(text)
        ok("package", pipeline, "-o", tmp_path / "out", "--name", "new", "--build", "none", "--scores", scores)
        readme = (tmp_path / "out/xx_new-0.1.0/README.md").read_text(encoding="utf8")
        assert ("Mine." in readme, "33.3" in readme, "old" in readme) == (kept, not kept, False)


def test_float16_and_the_card(tiny_pipeline: Path, tiny_corpus: Path, scores: Path, tmp_path: Path) -> None:
    """Smaller encoder, the same entities; other files are kept; the card has examples and scores from elsewhere."""
    pipeline = Path(shutil.copytree(tiny_pipeline, tmp_path / "pipeline"))
    (pipeline / "NOTICE").write_text("Mine.")
    srsly.write_json(tmp_path / "elsewhere.json", {"rows": [{"set": "conll", "language": "de", "f1": 61.2}]})
    arguments = ["package", pipeline, "--name", "tiny", "--build", "none", "--scores", scores]
    ok(*arguments, "-o", tmp_path / "plain")
    examples = ["--examples", tiny_corpus / "en.spacy", "--outside", tmp_path / "elsewhere.json"]
    ok(*arguments, "-o", tmp_path / "half", "--float16", *examples)
    plain, half = (tmp_path / name / "xx_tiny-0.1.0/xx_tiny/xx_tiny-0.1.0" for name in ("plain", "half"))
    sizes = [sum(p.stat().st_size for p in (f / "transformer").rglob("*") if p.is_file()) for f in (plain, half)]
    assert sizes[1] < 0.7 * sizes[0]
    assert (half / "NOTICE").read_text() == "Mine."
    texts = ["Angela Merkel visited Paris .", "London and Paris"]
    found = [[[(e.text, e.label_) for e in doc.ents] for doc in spacy.load(f).pipe(texts)] for f in (plain, half)]
    assert found[0] == found[1] != [[], []]
    card = (half / "README.md").read_text(encoding="utf8")
    assert "| `PER` | Angela Merkel" in card
    assert "| German (de) | 61.2 |" in card

    srsly.write_json(tmp_path / "elsewhere.json", {"rows": [{"f": 1}]})
    assert "no scores on text from elsewhere" in failing(*arguments, "-o", tmp_path / "x", *examples)
    assert "there is no such file" in failing(*arguments, "-o", tmp_path / "x", "--examples", tmp_path / "none.spacy")
    assert not (tmp_path / "x").exists()


def test_description() -> None:
    meta = {"lang": "xx", "description": "", "requirements": ["a"]}
    described = describe(meta, SCORES)
    assert described["description"].endswith("trained with labels in en, scored on de.")
    assert (described["lang"], described["requirements"]) == ("xx", ["a"])
    assert meta["description"] == ""
    alone = describe(meta, {**SCORES, "targets": [], "macro_p": None, "macro_r": None, "macro_f": None})
    assert alone["description"].endswith("trained with labels in en.")


def test_mistakes(tiny_pipeline: Path, scores: Path, tmp_path: Path) -> None:
    def package(pipeline: Path, scores: Path) -> str:
        message = failing("package", pipeline, "--output", tmp_path / "out", "--name", "tiny", "--scores", scores)
        assert not (tmp_path / "out").exists()
        return message

    assert "holds no pipeline: it has no meta.json" in package(tmp_path, scores)
    assert "no scores to read" in package(tiny_pipeline, tmp_path / "nowhere.json")


def test_scores_on_projected_labels_are_called_so() -> None:
    described = describe({"lang": "xx", "author": "Me"}, SCORES, "projected")
    assert described["performance"].keys() == {*(f"projected_ents_{key}" for key in ("p", "r", "f", "per_lang"))}
    assert described["description"].endswith("scored on de against projected labels, not checked by a person.")
    assert described["author"] == "Me"


def test_licences_of_all_sources(tmp_path: Path) -> None:
    (tmp_path / "teacher").mkdir()
    teacher = {"lang": "en", "name": "core", "version": "3.8.0", "license": "MIT", "author": "A", "url": "https://a"}
    srsly.write_json(tmp_path / "teacher/meta.json", teacher)
    origin = Origin("a/b", "https://huggingface.co/a/b", version="0123", licence="Apache-2.0")
    meta: dict[str, Any] = {"license": "CC0-1.0", "sources": [{"name": "x", "license": "MIT"}]}
    add_sources(meta, read_meta(str(tmp_path / "teacher")), origin, [("my corpus", "CC-BY-4.0")])
    assert meta["license"] == "CC0-1.0, MIT, Apache-2.0, CC-BY-4.0"
    assert meta["sources"] == [
        {"name": "x", "license": "MIT"},
        {
            "part": "labels of the training data",
            "name": "en_core 3.8.0",
            "url": "https://a",
            "license": "MIT",
            "author": "A",
        },
        {
            "part": "encoder",
            "name": "a/b",
            "url": "https://huggingface.co/a/b/tree/0123",
            "license": "Apache-2.0",
            "author": "",
        },
        {"part": "data", "name": "my corpus", "url": "", "license": "CC-BY-4.0", "author": ""},
    ]
    unstated: dict[str, Any] = {}
    add_sources(unstated, {"lang": "en", "name": "core"}, None)
    assert unstated["license"] == "unknown"
    with pytest.raises(XnerError, match=r"nowhere: no installed package or folder of that name has a meta.json"):
        read_meta("nowhere")


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("my-model", "0.1.0", "The package would be xx_my-model, which Python cannot import: .* such as my_model."),
        ("../../x", "0.1.0", "which Python cannot import"),
        ("x y", "0.1.0", "such as x_y"),
        ("x", "../1", r"The version is '../1', expected numbers such as 1.2.3 \(PEP 440\)"),
    ],
)
def test_names_that_cannot_be_imported(name: str, version: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_names("xx", name, version)


def test_links_are_not_packaged(tiny_pipeline: Path, scores: Path, tmp_path: Path) -> None:
    pipeline = Path(shutil.copytree(tiny_pipeline, tmp_path / "pipeline"))
    (pipeline / "vocab/secret").symlink_to("/etc/passwd")
    message = failing("package", pipeline, "-o", tmp_path / "out", "--name", "tiny", "--scores", scores)
    assert "vocab/secret is a link to /etc/passwd, which is not in the folder" in message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("works", [False, True])
def test_the_build_is_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, works: bool) -> None:
    """A failed build is tried without isolation; an error quotes the end of the log, and an older wheel stays."""
    folder, log = tmp_path / "xx_tiny-1.0.0", tmp_path / "xx_tiny-1.0.0.log"
    (folder / "dist").mkdir(parents=True)
    (folder / "dist/old.whl").touch()
    python = tmp_path / "python"
    lines = ["#!/bin/sh", 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do echo "line $i"; done']
    if works:
        lines += ['test "$7" = --no-isolation && mkdir "$6" && touch "$6/new.whl" && exit 0']
    python.write_text("\n".join([*lines, "echo no network; exit 1"]))
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    if works:
        assert build_wheel(folder, log) == folder / "dist/new.whl"
        assert [path.name for path in (folder / "dist").iterdir()] == ["new.whl"]
        assert log.read_text().count("no network") == 1
        return
    with pytest.raises(XnerError, match="The wheel could not be built") as error:
        build_wheel(folder, log)
    last = str(error.value).splitlines()
    assert f"The end of {log}:" in last[0]
    assert [line.strip() for line in last[1:]] == [*(f"line {i}" for i in range(4, 18)), "no network"]
    assert [path.name for path in (folder / "dist").iterdir()] == ["old.whl"]


@pytest.mark.slow
@pytest.mark.network
def test_wheel(tiny_pipeline: Path, tiny_corpus: Path, scores: Path, tmp_path: Path) -> None:
    """The wheel, which is built where pip reaches a registry, installs and loads."""
    ok("package", tiny_pipeline, "--output", tmp_path / "packages", "--name", "xner_agg", "--scores", scores)
    wheel = tmp_path / "packages/xx_xner_agg-0.1.0/dist/xx_xner_agg-0.1.0-py3-none-any.whl"
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(tmp_path / "site"), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    loaded = load_elsewhere(tmp_path / "site", tmp_path)
    entities = [[tuple(entity) for entity in doc] for doc in loaded["entities"]]
    assert entities == predict(spacy.load(tiny_pipeline))
    assert loaded["meta"]["performance"]["ents_f"] == pytest.approx(1 / 3)

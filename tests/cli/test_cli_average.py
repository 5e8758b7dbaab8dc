"""`xner average`."""

import shutil
from pathlib import Path

import spacy
import srsly

from ..aggregation.util import train
from .util import failing, ok


def test_average(tiny_pipeline: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    start = Path(shutil.copytree(tiny_pipeline, tmp_path / "start"))
    nlp = spacy.load(tiny_pipeline)
    train(nlp, steps=3)
    nlp.meta["performance"] = {"ents_f": 0.9}
    nlp.to_disk(tmp_path / "student")
    out = ok("average", tmp_path / "student", start, "-o", tmp_path / "mean", "--share", "0.25", "--dev", tiny_corpus)
    assert "Temperature" in out
    mean = spacy.load(tmp_path / "mean")
    recogniser = mean.get_pipe("xner")
    assert recogniser.cfg["calibration"]["entities"] > 0  # type: ignore[attr-defined]
    assert "ents_f" not in mean.meta["performance"]
    assert "Weights: 75% of" in mean.meta["notes"]

    ok("average", tmp_path / "student", start, "-o", tmp_path / "small", "--float16")
    assert size(tmp_path / "small/transformer") < 0.7 * size(tmp_path / "mean/transformer")
    assert spacy.load(tmp_path / "small").get_pipe("xner").cfg["calibration"] is None  # type: ignore[attr-defined]

    assert "Weights: those of" in ok("average", tmp_path / "student", "", "-o", tmp_path / "own")
    assert "notes" not in spacy.load(tmp_path / "own").meta
    own = spacy.load(tmp_path / "own").get_pipe("xner").model.to_bytes()  # type: ignore[attr-defined]
    assert own == nlp.get_pipe("xner").model.to_bytes()  # type: ignore[attr-defined]


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_mistakes(tiny_pipeline: Path, tmp_path: Path) -> None:
    srsly.write_json(tmp_path / "notes.json", {})
    assert "holds something else" in failing("average", tiny_pipeline, tiny_pipeline, "-o", tmp_path)
    message = failing("average", tiny_pipeline, tmp_path / "none", "-o", tmp_path / "out")
    assert "no installed package or folder" in message
    assert not (tmp_path / "out").exists()

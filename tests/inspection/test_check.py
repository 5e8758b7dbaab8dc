"""The check of a corpus folder, on small broken folders and on the corpus that the project ships."""

import re
from pathlib import Path

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.inspection import repetition
from spacy_xner.inspection.check import check_corpus
from spacy_xner.inspection.layout import read_layout
from spacy_xner.inspection.sentence import CorpusSentence
from spacy_xner.inspection.stats import count_docs, read_any

ROOT = Path(__file__).parents[2]
LANGUAGES = ("en", "ar", "de", "es", "fr", "it", "ja", "nl", "pl", "pt", "ru", "tr", "zh")

SETTINGS = 'source = "en"\ntargets = ["de"]\nlabels = ["PER", "LOC"]\n[minimum]\ntrain = 3\n'
SOUND = {
    "corpus.toml": SETTINGS,
    "en/train/a.txt": "# x\n[Ada](PER) sings.\nNobody sings.\n[Bob](PER) lives in [Rome](LOC).\n",
    "en/dev.txt": "[Carla](PER) left.\n",
    "en/test.txt": "Snow fell in [Oslo](LOC).\n",
    "de/dev.txt": "Es regnet.\n",
    "de/test.txt": "[Dora](PER) kam aus [Wien](LOC).\n",
    "translations/a.tsv": "en\tde\nAda sings.\tAda singt.\nNobody sings.\tNiemand singt.\n",
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for name, text in SOUND.items():
        write(tmp_path, name, text)
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf8")


def test_a_sentence_may_lack_some_translations(corpus: Path) -> None:
    write(corpus, "corpus.toml", SETTINGS.replace('["de"]', '["de", "fr"]'))
    for name in ("dev", "test"):
        write(corpus, f"fr/{name}.txt", f"Il pleut à [{name}](LOC).\n")
    rows = "en\tfr\tde\nAda sings.\t\tAda singt.\nNobody sings.\tPersonne ne chante.\t\n"
    write(corpus, "translations/a.tsv", rows)
    assert check_corpus(read_layout(corpus)).errors == []


def test_minimum_of_unlabelled_text(corpus: Path) -> None:
    write(corpus, "corpus.toml", SETTINGS + "unlabelled = 2\n")
    write(corpus, "de/unlabelled.txt", "Es schneit.\n")
    (error,) = check_corpus(read_layout(corpus)).errors
    assert re.search(r"/de: found 1 unlabelled sentences, expected >= 2", error)


def test_sound(corpus: Path) -> None:
    report = check_corpus(read_layout(corpus))
    assert report.errors == []
    assert report.shares["train sentences without entities"] == ["en: 1 of 3 (33%)"]


@pytest.mark.parametrize(
    ("name", "text", "errors"),
    [
        ("en/dev.txt", "[Ada](PER left.\n[Eva](PER) left.", [r"en/dev\.txt:1: column 5: .*expected '\]\(LABEL\)'"]),
        ("en/dev.txt", "[Carla](PERSON) left.", [r"en/dev\.txt:1: found the label PERSON, expected PER LOC"]),
        ("en/dev.txt", "Carla  left.", [r"en/dev\.txt:1: found a tab or several spaces"]),
        ("en/dev.txt", "", [r"/en: found 0 dev sentences, expected >= 1"]),
        ("en/train/a.txt", "[Ada](PER) sings.\nNobody sings.\n", [r"/en: found 2 train sentences, expected >= 3"]),
        ("en/dev.txt", "ADA SINGS!", [r"en/train/a:2, en/dev/dev:1: the same sentence"]),
        ("en/dev.txt", "Snow fell in [Oslo](LOC)", [r"en/dev/dev:1, en/test/test:1: the same sentence"]),
        ("de/test.txt", "Niemand singt.", [r"de/test/test:1, de/translations/a:3: the same sentence"]),
        (
            "translations/a.tsv",
            "en\tfr\nx\ty\n",
            [r"a\.tsv:1: found the columns en fr, expected en, then some of de", "found 0 tr"],
        ),
        (
            "translations/a.tsv",
            "en\tde\nAda sings.\t\nNobody sings.\tx\n",
            [r"a\.tsv:2: found 2 cells, 1 of them empty"],
        ),
        ("translations/a.tsv", "en\tde\nAda sings.\nNobody sings.\tx\n", [r"a\.tsv:2: found 1 cells, 0 of them empty"]),
        (
            "de/unlabelled.txt",
            "Es schneit.\n[Dora] kam aus Wien.\nDora kam aus Wien.\n",
            [r"de/test/test:1, de/unlabelled/u"],
        ),
        ("de/unlabelled.txt", "Es schneit. \n", [r"de/unlabelled\.txt:1: found an empty line, a tab or spaces"]),
        ("translations/a.tsv", "en\tde\nAda sang.\tx\n", [r"a\.tsv:2: 'Ada sang\.' is not a training sentence"]),
        (
            "translations/a.tsv",
            "en\tde\nAda sings.\tx\nAda sings.\ty\n",
            [r"a\.tsv:3: already translated into de in .*a\.tsv:2"],
        ),
    ],
)
def test_errors(corpus: Path, name: str, text: str, errors: list[str]) -> None:
    write(corpus, name, text)
    found = check_corpus(read_layout(corpus)).errors
    assert len(found) == len(errors)
    for error, pattern in zip(found, errors, strict=True):
        assert re.search(pattern, error), error


def test_not_utf8_is_an_error_of_its_file(corpus: Path) -> None:
    (corpus / "de/dev.txt").write_bytes(b"caf\xe9\n")
    assert "not UTF-8" in check_corpus(read_layout(corpus)).errors[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "file not found. Expected the folder"),
        ("source =", "not TOML"),
        ('source = "en"', "setting 'targets' is missing"),
    ],
)
def test_settings(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        write(tmp_path, "corpus.toml", text)
    with pytest.raises(XnerError, match=message):
        read_layout(tmp_path)


def test_near_duplicates() -> None:
    texts = [
        "Heavy rain closed two roads near Lima.",
        "Kein Wort.",
        "Heavy rain closed three roads near Lima.",
        "大雨封路",
    ]
    assert [(i, j) for _, i, j in repetition.near_duplicates(texts)] == [(0, 2)]
    assert repetition.near_duplicates(["one"]) == []


def sentence(text: str, *spans: tuple[int, int, str], split: str = "train", line: int = 1) -> CorpusSentence:
    return CorpusSentence("en", split, Path("a.txt"), line, text, spans)


def test_notes() -> None:
    sentences = [sentence(f"Chad beat Togo {i}-1", (0, 4, "LOC"), (10, 14, "LOC"), line=i) for i in range(6)]
    sentences += [sentence("Chad left Togo, where Chadwick and Chad live.", (0, 4, "PER"), (10, 14, "LOC"), line=7)]
    notes = repetition.notes(sentences)
    assert notes["patterns used 3 times or more"][0].startswith("6 [LOC] beat [LOC] 0-0: en/train/a:0, ")
    assert notes["names used more than 5 times"] == ["en: Togo (LOC) 7", "en: Chad (LOC) 6"]
    assert notes["names with several labels"] == ["chad: LOC (en/train/a:0), PER (en/train/a:7)"]
    assert [line.split(" in ")[1][:12] for line in notes["names that are unlabelled elsewhere"]] == ["en/train/a:7"]


def test_chinese_names_are_found_unmarked_inside_text() -> None:
    sentences = [sentence("他住在东京。", (3, 5, "LOC")), sentence("去东京吧。", line=2)]
    found = repetition.notes(sentences)["names that are unlabelled elsewhere"]
    assert found == ["东京 (LOC) in en/train/a:2 去东京吧。"]


def test_shares() -> None:
    own = [sentence("Ada met Eva.", (0, 3, "PER"), (8, 11, "PER"), split="test")]
    train = [sentence("ADA.", (0, 3, "PER"))]
    shares = repetition.shares(own, train + own)
    assert shares["test sentences without entities"] == "0 of 1 (0%)"
    assert (
        shares["dev and test names that training sentences, translations or unlabelled text have too"] == "1 of 2 (50%)"
    )


def test_the_shipped_corpus_is_sound() -> None:
    assert check_corpus(read_layout(ROOT / "corpus"), notes=False).errors == []


def test_the_card_has_the_counts() -> None:
    """The table in the corpus card equals the output of `xner corpus stats corpus/`."""
    rows = count_docs(read_any([ROOT / "corpus"]))
    card = (ROOT / "corpus/README.md").read_text(encoding="utf8")
    found = {tuple(line.split()[:2]): line.split()[2:] for line in card.splitlines() if line[:3].strip() in LANGUAGES}
    columns = ["docs", "tokens", "unlabelled", "no entities", "entities", "LOC", "MISC", "ORG", "PER"]
    assert found == {row: [f"{counts.get(column, 0):,}" for column in columns] for row, counts in rows.items()}

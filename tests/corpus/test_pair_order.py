"""Pairs by order: empty lines, comments, marked-up targets, and where two files are shifted."""

from collections import Counter
from pathlib import Path

import pytest

from spacy_xner.corpus.pair_order import first_shift
from spacy_xner.corpus.project_files import pair_files
from spacy_xner.errors import XnerError

IOB = "Oslo\tB-LOC\nis\tO\n\nLima\tB-LOC\nis\tO\n\n"


def pairs(tmp_path: Path, source: str, target: str, name: str = "en.txt") -> tuple[list[tuple[str, str]], Counter[str]]:
    """The texts that are paired, and the counts."""
    (tmp_path / name).write_text(source, encoding="utf8")
    (tmp_path / "de.txt").write_text(target, encoding="utf8")
    counts: Counter[str] = Counter()
    found = pair_files(tmp_path / name, tmp_path / "de.txt", counts)
    texts = [(source.text, target.text) for source, target in found]
    assert len(found) == len(texts)
    return texts, counts


PASSED, ONE_SIDE = "lines passed over, empty or a comment", "of these with text on one side alone"
A, B = ("Oslo is", "Oslo ist"), ("Lima is", "Lima ist")


@pytest.mark.parametrize(
    ("source", "target", "passed", "one_side"),
    [
        ("[Oslo](LOC) is\n[Lima](LOC) is\n", "Oslo ist\nLima ist\n", 0, 0),
        ("[Oslo](LOC) is\n\n[Lima](LOC) is\n", "Oslo ist\n\nLima ist\n", 1, 0),
        ("[Oslo](LOC) is\n# c\n[Lima](LOC) is\n", "Oslo ist\nals Satz\nLima ist\n", 1, 1),  # a comment on one side
        ("[Oslo](LOC) is\n[Bonn](LOC)\n[Lima](LOC) is\n", "Oslo ist\n\nLima ist\n", 1, 1),  # not translated
        ("[Oslo](LOC) is\n\n[Lima](LOC) is\n", "[Oslo](LOC) ist\n\n[Lima](LOC) ist\n", 1, 0),  # marked up
        ("[Oslo](LOC) is\n[Lima](LOC) is\n\n\n", "Oslo ist\nLima ist", 0, 0),  # at the end of one file
        ("# a comment\n[Oslo](LOC) is\n[Lima](LOC) is\n", "Oslo ist\nLima ist\n", 1, 0),  # in a line of its own
    ],
)
def test_lines(tmp_path: Path, source: str, target: str, passed: int, one_side: int) -> None:
    texts, counts = pairs(tmp_path, source, target)
    assert texts == [A, B]
    assert (counts[PASSED], counts[ONE_SIDE]) == (passed, one_side)


@pytest.mark.parametrize(
    ("target", "expected", "passed"),
    [
        ("Oslo ist\nLima ist\n", [A, B], 0),
        ("\nLima ist\n", [B], 1),
        ("Oslo ist\nLima ist\n\n\n", [A, B], 0),
        ("Oslo ist\n\n", [A], 1),
    ],
)
def test_columns_and_lines(tmp_path: Path, target: str, expected: list[tuple[str, str]], passed: int) -> None:
    texts, counts = pairs(tmp_path, IOB, target, "en.iob")
    assert (texts, counts[PASSED]) == (expected, passed)


def test_ids_are_the_lines(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("[Oslo](LOC)\n\n[Lima](LOC)\n", encoding="utf8")
    (tmp_path / "de.txt").write_text("Oslo\n\nLima\n", encoding="utf8")
    found = pair_files(tmp_path / "en.txt", tmp_path / "de.txt", Counter(), lang="de")
    assert [doc._.xner_meta["id"] for doc in found.targets()] == ["de.txt:1", "de.txt:3"]


SENTENCES = [
    ("In 1998 the [Senate](ORG) of Rome voted.", "Im Jahr 1998 stimmte der Senat ab."),
    ("It rained.", "Es regnete."),
    ("Wangari Maathai lived in [Kenya](LOC) until 2011.", "Wangari Maathai lebte bis 2011 in Kenia."),
    ("Boris Vian wrote 12 novels in Paris.", "Boris Vian schrieb in Paris 12 Romane."),
    ("The end of this text.", "Das Ende dieses Textes."),
]


@pytest.mark.parametrize("extra", range(len(SENTENCES) + 1))
@pytest.mark.parametrize("longer", ["source", "target"])
def test_the_first_place_that_looks_shifted(tmp_path: Path, extra: int, longer: str) -> None:
    """Where one side has a sentence more, the error names it, or one beside it where that cannot be told."""
    sides = [source for source, _ in SENTENCES], [target for _, target in SENTENCES]
    sides[longer == "target"].insert(extra, "[Anna](PER) 77" if longer == "source" else "Anna 77")
    with pytest.raises(XnerError, match=r"has 6 sentences .* expected the same number|has 5 sentences") as error:
        pairs(tmp_path, "\n".join(sides[0]), "\n".join(sides[1]))
    name = "en.txt" if longer == "source" else "de.txt"
    places = [f"{name}:{line} (" for line in (extra, extra + 1, extra + 2)]
    assert any(place in str(error.value) for place in places), str(error.value)
    texts = [[text.replace("[", "").split("](")[0] for text in side] for side in sides]
    found = first_shift(*texts)
    assert found is not None
    assert abs(found - extra) <= 1


def test_empty_lines_and_comments_are_lines_when_a_place_is_searched(tmp_path: Path) -> None:
    """Both files have them: sentences alone would differ by more than the one line that is new."""
    lines = ["[Oslo](LOC) is cold", "", "[Lima](LOC) is warm", "# a comment", "Goodbye Anna"]
    others = ["Oslo ist kalt", "Also dann 44", "", "Lima ist warm", "ein Satz", "Tschüss Anna"]
    with pytest.raises(
        XnerError, match=r"The first place that looks shifted is .*de\.txt:2 \('Also dann 44'\): 1 sent"
    ):
        pairs(tmp_path, "\n".join(lines), "\n".join(others))


def test_no_place_is_named_where_nothing_tells(tmp_path: Path) -> None:
    assert first_shift(["a b"] * 9, ["c d"] * 10) is None
    assert first_shift([], ["c d"]) is None
    with pytest.raises(XnerError) as error:
        pairs(tmp_path, "[a](X) b\n" * 9, "c d\n" * 10)
    assert "looks shifted" not in str(error.value)


def test_docbins_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from spacy.tokens import Doc, Span
    from spacy.vocab import Vocab

    from spacy_xner.corpus import project_files
    from spacy_xner.corpus.docs import write_docs

    for name in ("en", "de"):
        doc = Doc(Vocab(), words=["Rome"])
        doc.set_ents([Span(doc, 0, 1, "LOC")])
        doc._.xner_meta = {"id": "a", "lang": name}
        write_docs(tmp_path / f"{name}.spacy", [doc])
    read, stock = [], project_files.read_docs
    monkeypatch.setattr(project_files, "read_docs", lambda path, *rest: read.append(path.name) or stock(path, *rest))  # type: ignore[func-returns-value]
    found = pair_files(tmp_path / "en.spacy", tmp_path / "de.spacy", Counter())
    assert (found.paired_by, len(list(found)), read) == ("id", 1, ["en.spacy", "de.spacy"])

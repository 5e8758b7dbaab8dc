"""CoNLL-U: text, contractions, empty nodes, tags under keys and in columns."""

from pathlib import Path

import pytest

from spacy_xner.errors import XnerError

from .test_column_files import entities, read

SPANISH = """# newdoc id = d
# sent_id = 1
# text = Vámonos al Prado!
1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tVamos\tir\tVERB\t_\t_\t0\troot\t_\tNER=O
2\tnos\tnosotros\tPRON\t_\t_\t1\tobj\t_\tNER=O
2.1\tx\t_\t_\t_\t_\t_\t_\t_\t_
3-4\tal\t_\t_\t_\t_\t_\t_\t_\t_
3\ta\ta\tADP\t_\t_\t5\tcase\t_\tNER=O
4\tel\tel\tDET\t_\t_\t5\tdet\t_\tNER=B-LOC
5\tPrado\tPrado\tPROPN\t_\t_\t1\tobl\t_\tSpaceAfter=No|NER=I-LOC
6\t!\t!\tPUNCT\t_\t_\t1\tpunct\t_\tSpaceAfter=No|NER=O

# sent_id = 2
# text = Dámelo, Ana.
1-3\tDámelo\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
1\tDa\tdar\tVERB\t_\t_\t0\troot\t_\tNER=O
2\tme\tyo\tPRON\t_\t_\t1\tiobj\t_\tNER=O
3\tlo\tél\tPRON\t_\t_\t1\tobj\t_\tNER=O
4\t,\t,\tPUNCT\t_\t_\t5\tpunct\t_\tNER=O
5\tAna\tAna\tPROPN\t_\t_\t1\tvocative\t_\tSpaceAfter=No|NER=B-PER
6\t.\t.\tPUNCT\t_\t_\t1\tpunct\t_\tNER=O
"""


def row(number: object, word: str, misc: str = "_", **columns: str) -> str:
    return "\t".join([str(number), word, *(columns.get(f"c{i}", "_") for i in range(3, 10)), misc]) + "\n"


def test_words_of_contractions(tmp_path: Path) -> None:
    """Contractions with the letters of their words are cut, and the text stays; others become their words, counted."""
    (first, second), report = read(tmp_path / "a.conllu", SPANISH)
    assert first.words == ("Vamos", "nos", "a", "el", "Prado", "!")
    assert (first.text, entities(first), first.meta) == ("Vamos nos a el Prado!", [("el Prado", "LOC")], {"id": "1"})
    assert second.words == ("Dá", "me", "lo", ",", "Ana", ".")
    assert (second.text, entities(second)) == ("Dámelo, Ana.", [("Ana", "PER")])
    assert "columns: index, token, -, -, -, -, -, -, -, NER in MISC; scheme IOB2; 2 sentences; 1 document" in report
    assert "2 contractions written as their words" in report
    assert "(first: a.conllu:4)" in report
    assert "1 empty nodes (such as 3.1) left out (first: a.conllu:7)" in report
    assert "5 lines of comments left out" in report


def test_contractions_as_they_are(tmp_path: Path) -> None:
    """The text is the file's; what is in a part of a contraction is left out of an entity, or has all of it."""
    (first, second), report = read(tmp_path / "a.conllu", SPANISH, contractions="keep")
    assert first.words == ("Vámonos", "al", "Prado", "!")
    assert (first.text, entities(first)) == ("Vámonos al Prado!", [("Prado", "LOC")])
    assert (second.text, entities(second)) == ("Dámelo, Ana.", [("Ana", "PER")])
    assert "1 contractions partly in an entity, which were left out of it (first: a.conllu:9)" in report
    part = row("1-2", "dell") + row(1, "di", "NER=O") + row(2, "Ill", "NER=B-LOC") + row(3, "x", "NER=O")
    (sentence,), report = read(tmp_path / "a.conllu", part, contractions="keep")
    assert entities(sentence) == [("dell", "LOC")]
    assert "1 entities in a part of a contraction, which were given to all of it" in report
    both = row("1-2", "ab") + row(1, "a", "NER=B-LOC") + row(2, "b", "NER=B-PER")
    (sentence,), report = read(tmp_path / "a.conllu", both, contractions="keep")
    assert entities(sentence) == [("ab", "LOC")]
    assert "1 second entities in one contraction left out" in report


def test_text_is_kept(tmp_path: Path) -> None:
    """`# text` decides where it has the tokens; otherwise SpaceAfter, which is said; without both, the language."""
    text = row(1, "I") + row(2, "'m", "SpaceAfter=No") + row(3, "in", c3="x", c5="O") + row(4, "Rome", "NER=S-LOC")
    (sentence,), report = read(tmp_path / "a.conllu", "# text = I'm  in Rome\n" + text)
    assert sentence.text == "I'm in Rome"
    assert "# text" not in report
    (sentence,), report = read(tmp_path / "a.conllu", "# text = I am in Rome\n" + text)
    assert sentence.text == "I 'min Rome"
    assert "1 sentences whose tokens are not those of their '# text'" in report
    (sentence,), report = read(tmp_path / "a.conllu", text.replace("SpaceAfter=No", "_"))
    assert sentence.text == "I'm in Rome"
    assert "natural spaces" in report


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("start_char=0|ner=S-PER", "ner=O", [("Ada", "PER")]),
        ("NE=B-PER", "NE=I-PER", [("Ada Obi", "PER")]),
        ("Entity=B-LOC|NER=B-PER", "NER=O|Entity=O", [("Ada", "PER")]),
        ("NER=B-PER", "_", [("Ada", "PER")]),
    ],
)
def test_keys(tmp_path: Path, first: str, second: str, expected: list[tuple[str, str]]) -> None:
    (sentence,), _ = read(tmp_path / "a.conllu", row(1, "Ada", first) + row(2, "Obi", second))
    assert entities(sentence) == expected
    assert sentence.unlabelled == ()


def test_words_without_the_key_are_missing_where_others_have_o(tmp_path: Path) -> None:
    text = row(1, "Ada", "NER=B-PER") + row(2, "Obi") + row(3, "x", "NER=O")
    (sentence,), report = read(tmp_path / "a.conllu", text)
    assert (entities(sentence), sentence.unlabelled) == ([("Ada", "PER")], ((4, 7),))
    assert "1 tokens without a tag, whose annotation is missing" in report


@pytest.mark.parametrize("options", [{}, {"format": "conllu", "tag_column": "3"}, {"format": "conllu"}])
def test_universal_ner(tmp_path: Path, options: dict[str, object]) -> None:
    text = "# sent_id = w-1\n# text = I'm in Rome.\n1\tI\tO\t-\tX\n2\t'm\tO\t-\tX\n3\tin\tO\t-\tX\n"
    text += "4\tRome\tB-LOC\t-\tX\n5\t.\tO\t-\tX\n"
    (sentence,), report = read(tmp_path / "a.iob2", text, **options)
    assert (sentence.text, entities(sentence), sentence.meta) == ("I'm in Rome.", [("Rome", "LOC")], {"id": "w-1"})
    assert "columns: index, token, NER, -, -" in report


def test_by_another_name(tmp_path: Path) -> None:
    (sentence,), _ = read(tmp_path / "a.conll", row(1, "Ada", "NER=B-PER") + row(2, "Obi", "NER=O"))
    assert entities(sentence) == [("Ada", "PER")]


@pytest.mark.parametrize("tag_column", ["4", "-1"])
def test_no_word_is_lost_without_ids(tmp_path: Path, tag_column: str) -> None:
    """With the tokens in column 1, words such as 3-1 and 2.5 are no ids, and hashtags no comments."""
    text = "# id 7\tdomain=en\n3-1 _ _ O\n2.5 _ _ O\n#respect _ _ B-X\n"
    (sentence,), _ = read(tmp_path / "a.conll", text, format="conllu", token_column=1, tag_column=tag_column)
    assert sentence.words == ("3-1", "2.5", "#respect")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (row("x", "Ada", "NER=O"), r"a\.conllu:1: found the id 'x', expected one such as 3, 3-4"),
        (row("1-2", "al", "NER=O"), r"a\.conllu:1: found a contraction, 'al', without its words"),
        (row(1, "Ada", "SpaceAfter=No"), r"found no column with entity tags.*keys: SpaceAfter.*--tag-column"),
        (row(1, "Ada", "NER=B-PER") + row(2, "b", "NER=X"), r"a\.conllu:2: found the tag 'X'"),
    ],
)
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(XnerError, match=message):
        read(tmp_path / "a.conllu", text)

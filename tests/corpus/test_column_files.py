"""Column files as data sets and tools write them: what is recognised, read, counted and refused."""

from pathlib import Path

import pytest

from spacy_xner.corpus.formats.reading import find_files, read_sentences
from spacy_xner.corpus.formats.report import Report
from spacy_xner.corpus.formats.sentence import Sentence
from spacy_xner.errors import XnerError

Read = list[tuple[str, list[tuple[str, str]] | None]]


def read(path: Path, text: str, **options: object) -> tuple[list[Sentence], str]:
    """The sentences of a file, and the report of them without the file's folder."""
    path.write_bytes(text.encode())
    report = Report()
    sentences = list(read_sentences(path, report=report, **options))  # type: ignore[arg-type]
    return sentences, "\n".join(report.lines()).replace(f"{path.parent}/", "")


def entities(sentence: Sentence) -> list[tuple[str, str]] | None:
    if sentence.spans is None:
        return None
    return [(sentence.text[start:end], label) for start, end, label in sentence.spans]


CASES: dict[str, tuple[str, Read, list[str]]] = {
    "CoNLL-2003, IOB1, mark in another column, trailing blanks, CRLF": (
        "\ufeff-DOCSTART- -X- O O\r\n\r\nLagos NNP I-NP I-LOC \r\nand CC O O\r\n\r\n"
        "Ana  NNP I-NP I-PER\r\nLi NNP I-NP B-PER\r\n",
        [("Lagos and", [("Lagos", "LOC")]), ("Ana Li", [("Ana", "PER"), ("Li", "PER")])],
        ["columns: token, -, -, NER; scheme IOB1; 2 sentences; 1 document", "1 lines that mark documents"],
    ),
    "CoNLL-2002, mark in the second column and inside a sentence": (
        "x -DOCSTART- O\nGent N B-LOC\nx -DOCSTART- O\nNamen N B-LOC\n",
        [("Gent", [("Gent", "LOC")]), ("Namen", [("Namen", "LOC")])],
        ["scheme IOB2; 2 sentences; 2 documents"],
    ),
    "MultiCoNER": (
        "# id 7f-1\tdomain=en\n3-1 _ _ O\nwembley _ _ B-Facility\n#respect _ _ O\n\n# id 7f-2\tdomain=en\n2.5 _ _ O\n",
        [("3-1 wembley #respect", [("wembley", "Facility")]), ("2.5", [])],
        ["columns: token, -, -, NER", "2 lines of comments left out (first: a.conll:1)"],
    ),
    "GermEval": (
        "#\thttp://x.org [2009-10-17]\n1\tFC\tB-ORG\tO\n2\tDarmstadt\tI-ORG\tB-LOC\n3\t#\tO\tO\n\n"
        "#\thttp://y.org\n1\tDer\tO\tO\n",
        [("FC Darmstadt #", [("FC Darmstadt", "ORG")]), ("Der", [])],
        ["columns: index, token, NER, -", "tags in column 4 too, which are not read (--tag-column 4)"],
    ),
    "WikiANN": (
        "en:Sioux\tB-LOC\nen:Falls\tI-LOC\nen::\tO\n",
        [("Sioux Falls:", [("Sioux Falls", "LOC")])],
        ["the prefix 'en:' of each token left out"],
    ),
    "CoNLL-2012": (
        "#begin document (bn/abc); part 000\n"
        + "bn\t0\t0\tJohn\tNNP\t(TOP(S*\t-\t-\t-\ts\t(PERSON*\t(ARG0*\t(1\n"
        + "bn\t0\t1\tSmith\tNNP\t*\t-\t-\t-\ts\t*)\t*)\t1)\n\n"
        + "bn\t0\t0\tParis\tNNP\t(TOP*)\t-\t-\t-\ts\t(GPE)\t-\n\n#end document\n",
        [("John Smith", [("John Smith", "PERSON")]), ("Paris", [("Paris", "GPE")])],
        ["scheme brackets; 2 sentences; 1 document"],
    ),
    "brackets, one column": (
        "The DT (ORG*\nUN NN *)\nin IN *\nRome NN (LOC*)\n",
        [("The UN in Rome", [("The UN", "ORG"), ("Rome", "LOC")])],
        ["columns: token, -, NER; scheme brackets"],
    ),
    "BMES, joined": (
        "周 B-PER\n小 M-PER\n燕 E-PER\n在 O\n滇 S-LOC\n",
        [("周小燕在滇", [("周小燕", "PER"), ("滇", "LOC")])],
        ["scheme BMES"],
    ),
    "BMEWO": ("A B-X\nb M-X\nc E-X\nd W-X\ne O\n", [("A b c d e", [("A b c", "X"), ("d", "X")])], ["scheme BMEWO"]),
    "a token that is a blank": (
        "中 B-NS\n国 I-NS\n  O\n好 O\n",
        [("中国 好", [("中国", "NS")])],
        ["1 tokens of a blank read as spaces", "spaces as in the file"],
    ),
    "characters, blanks between words": (
        "특\tO\n히\tO\n \tO\n김\tB-PS\n연\tI-PS\n아\tI-PS\n는\tO\n \tO\n\n그\tO\n \tO\n김\tB-PS\n \tI-PS\n구\tI-PS\n",
        [("특히 김연아는", [("김연아", "PS")]), ("그 김 구", [("김 구", "PS")])],
        ["4 tokens of a blank read as spaces", "spaces as in the file"],
    ),
    "words, one of them empty": (
        "Ada\tB-PER\n \tO\nleft\tO\nOslo\tB-LOC\n",
        [("Ada left Oslo", [("Ada", "PER"), ("Oslo", "LOC")])],
        ["1 lines with an empty token left out", "natural spaces"],
    ),
    "characters with their numbers in words": (
        "科0\tB-PER.NAM\n技1\tI-PER.NAM\n全0\tO\n10\tO\n01\tO\n\n北0\tB-GPE.NAM\n",
        [("科技全 10", [("科技", "PER.NAM")]), ("北", [("北", "GPE.NAM")])],
        ["numbers behind each character (科0 技1) left out"],
    ),
    "names with numbers": (
        "A0\tB-X\nB7\tI-X\nC1\tO\n",
        [("A0 B7 C1", [("A0 B7", "X")])],
        ["columns: token, NER; scheme IOB2"],
    ),
    "phrases, no entities": (
        "The DT B-NP O\ngame NN I-NP O\nended VBD B-VP O\n",
        [("The game ended", [])],
        ["columns: token, -, -, NER; no entities"],
    ),
    "phrases of TreeTagger, entities": (
        "Ada NE I-NC I-PER\nging VVFIN I-VC O\n",
        [("Ada ging", [("Ada", "PER")])],
        ["columns: token, -, -, NER"],
    ),
    "labels that end as those of phrases": (
        "Ada B-GRP\nx O\nApple B-CORP\n",
        [("Ada x Apple", [("Ada", "GRP"), ("Apple", "CORP")])],
        ["columns: token, NER"],
    ),
    "words that look like marks of documents": (
        "-docend\tO\n-DOCENDING\tO\nAda\tB-PER\n-docstart-\tO\nx\tO\n-DOCSTART- (1 EU)\tO\ny\tO\n",
        [("-docend -DOCENDING Ada", [("Ada", "PER")]), ("x", []), ("y", [])],
        ["2 lines that mark documents", "2 documents"],
    ),
    "index from 0 of short sentences": (
        "0\tAda\tB-PER\n1\tleft\tO\n0\tBob\tB-PER\n0\tHi\tO\n1\tLi\tB-PER\n",
        [("Ada left", [("Ada", "PER")]), ("Bob", [("Bob", "PER")]), ("Hi Li", [("Li", "PER")])],
        ["columns: index, token, NER", "2 sentences without an empty line before them"],
    ),
    "index from 1, a sentence of one word": (
        "1\tAda\tB-PER\n1\tBob\tB-PER\n2\tleft\tO\n3\tnow\tO\n",
        [("Ada", [("Ada", "PER")]), ("Bob left now", [("Bob", "PER")])],
        ["columns: index, token, NER"],
    ),
    "a feature that is 0 or 1": (
        "Ada\t0\tB-PER\nleft\t1\tO\nnow\t1\tO\nBob\t0\tB-PER\n",
        [("Ada left now Bob", [("Ada", "PER"), ("Bob", "PER")])],
        ["columns: token, -, NER; scheme IOB2; 1 sentence"],
    ),
    "labels with a point": ("技 B-PER.NAM\n全 I-PER.NAM\n的 O\n", [("技全的", [("技全", "PER.NAM")])], ["scheme IOB2"]),
    "B_PER": ("Ada B_PER\nL. I_PER\nx O\n", [("Ada L. x", [("Ada L.", "PER")])], ["scheme IOB2"]),
    "PER-B": ("Ada PER-B\nL. PER-I\nx O\n", [("Ada L. x", [("Ada L.", "PER")])], ["tags as PER-B"]),
    "lower case": ("Ada b-per\nL. i-per\nx o\n", [("Ada L. x", [("Ada L.", "per")])], ["tags in lower case"]),
    "phrases, entities, nested entities": (
        "Ada N B-NP B-PER O\nof P B-PP O O\nRome N B-NP B-ORG B-LOC\n",
        [("Ada of Rome", [("Ada", "PER"), ("Rome", "ORG")])],
        ["columns: token, -, -, NER, -; tags in column 5 too"],
    ),
    "tags in the first column": (
        "O\twhat\nB-ACTOR\tTom\nI-ACTOR\tHanks\n",
        [("what Tom Hanks", [("Tom Hanks", "ACTOR")])],
        ["columns: NER, token"],
    ),
    "ids of sentences without empty lines": (
        "s1\tAda\tB-PER\ns1\truns\tO\ns2\tLeo\tB-PER\ns2\tx\tO\n",
        [("Ada runs", [("Ada", "PER")]), ("Leo x", [("Leo", "PER")])],
        ["columns: id, token, NER", "1 sentences without an empty line before them (first: a.conll:3)"],
    ),
    "an index without empty lines": (
        "1 EU B-ORG\n2 x O\n1 Leo B-PER\n2 y O\n",
        [("EU x", [("EU", "ORG")]), ("Leo y", [("Leo", "PER")])],
        ["columns: index, token, NER", "1 sentences without an empty line"],
    ),
    "names of columns": (
        "token\tpos\tner\nAda\tN\tB-PER\nx\tV\tO\n",
        [("Ada x", [("Ada", "PER")])],
        ["1 lines with names of columns left out"],
    ),
    "names of columns, an id in the first line of a sentence": (
        "Sentence #\tWord\tPOS\tTag\nSentence: 1\tThousands\tNNS\tO\n\tof\tIN\tO\nSentence: 2\tLondon\tN\tB-geo\n",
        [("Thousands of", []), ("London", [("London", "geo")])],
        ["columns: id, token, -, NER"],
    ),
    "HIPE": (
        "# language = fr\nTOKEN\tNE-COARSE-LIT\tMISC\nl'\tO\tNoSpaceAfter\nAin\tB-loc\t_\nva\tO\t_\n",
        [("l'Ain va", [("Ain", "loc")])],
        ["spaces as in the file"],
    ),
    "elements": (
        "<doc id='1'>\n<s>\nAda N B-PER\n</s>\n<s>\nLeo N B-PER\n</s>\n</doc>\n",
        [("Ada", [("Ada", "PER")]), ("Leo", [("Leo", "PER")])],
        ["2 sentences; 1 document", "6 lines of XML elements"],
    ),
    "GENIA": (
        "###MEDLINE:1\n\nIL-2\tB-DNA\ngene\tI-DNA\n",
        [("IL-2 gene", [("IL-2 gene", "DNA")])],
        ["1 lines of comments"],
    ),
    "a tab before an empty line": (
        "Ada\tB-PER\n\t\nLeo\tB-PER\n",
        [("Ada", [("Ada", "PER")]), ("Leo", [("Leo", "PER")])],
        [],
    ),
    "tabs behind some lines": ("EU\tO\t\nx\tB-PER\n", [("EU x", [("x", "PER")])], []),
    "# is a word": (
        "# NN O O\nNew NNP I-NP I-LOC\nYork NNP I-NP I-LOC\nParis NNP I-NP B-LOC\n",
        [("# New York Paris", [("New York", "LOC"), ("Paris", "LOC")])],
        ["scheme IOB1"],
    ),
    "a hashtag begins the only sentence": (
        "#Nairobi\tB-LOC\nwaits\tO\n",
        [("#Nairobi waits", [("#Nairobi", "LOC")])],
        [],
    ),
    "all tokens have a #": ("#Nairobi B-LOC\n# O\n", [("#Nairobi #", [("#Nairobi", "LOC")])], []),
    "white space at the edge of an entity": (
        "Mont\tB-LOC\nBlanc\tI-LOC\n\u00a0\tI-LOC\n!\tO\n",
        [("Mont Blanc\u00a0!", [("Mont Blanc", "LOC")])],
        ["1 entities with white space at an edge, which was cut off (first: a.conll:1)"],
    ),
    "an entity of white space": (
        "\u00a0\tB-LOC\na\tO\n",
        [("\u00a0a", [])],
        ["1 entities of white space alone left out"],
    ),
    "separators inside words": (
        "a\u2028b O\nc\u0085d B-PER\n\u200b O\ne\x0cf O\n",
        [("a\u2028b c\u0085d \u200b e\x0cf", [("c\u0085d", "PER")])],
        [],
    ),
    "begins with I- and with B-": (
        "Ada B-PER\nx O\nLeo I-PER\n",
        [("Ada x Leo", [("Ada", "PER"), ("Leo", "PER")])],
        ["scheme IOB1 and IOB2 mixed", "1 entities that begin with a tag such as I-, though others begin with B-"],
    ),
    "no entities": ("EU O\nx O\n", [("EU x", [])], ["columns: token, NER; no entities; 1 sentence"]),
    "empty": ("\n\n", [], ["empty: no sentences"]),
}


@pytest.mark.parametrize("name", CASES)
def test_recognised(tmp_path: Path, name: str) -> None:
    text, expected, notes = CASES[name]
    sentences, report = read(tmp_path / "a.conll", text)
    assert [(sentence.text, entities(sentence)) for sentence in sentences] == expected
    for note in notes:
        assert note in report


def test_ids_and_languages_of_the_file(tmp_path: Path) -> None:
    sentences, report = read(tmp_path / "a.conll", "# id 7\na O\n\n# sent_id = 8\nb O\n\n# id = 7\nc O\n")
    assert [sentence.meta for sentence in sentences] == [{"id": "7"}, {"id": "8"}, {}]
    assert "1 ids that occur twice in the file left out (first: a.conll:8)" in report
    sentences, _ = read(tmp_path / "a.conll", "als:a O\nals:b B-LOC\n")
    assert sentences[0].meta == {"lang": "als"}
    sentences, _ = read(tmp_path / "a.conll", "als:a O\nals:b B-LOC\n", lang="gsw")
    assert sentences[0].meta == {}


@pytest.mark.parametrize("mark", ["-", "?", "_", ""])
def test_missing_tags(tmp_path: Path, mark: str) -> None:
    """Beside O they are missing annotation, of tokens or of sentences; alone they are outside of entities."""
    text = f"Ada\tB-PER\nL.\t{mark}\nx\tO\n\nall\t{mark}\nno\t{mark}\n"
    (first, second), report = read(tmp_path / "a.conll", text)
    assert (entities(first), first.unlabelled) == ([("Ada", "PER")], ((4, 6),))
    assert second.spans is None
    assert "1 tokens without a tag, whose annotation is missing (first: a.conll:1)" in report
    assert "1 sentences without any tag, which are unlabelled (first: a.conll:5)" in report
    (only,), _ = read(tmp_path / "a.conll", f"Ada\tB-PER\nL.\t{mark}\n")
    assert (entities(only), only.unlabelled) == ([("Ada", "PER")], ())


def test_spaces_as_tokens_in_thai(tmp_path: Path) -> None:
    text = "ผม\tPR\tO\tB_CLS\n_\tPU\tO\tI_CLS\nสม\tNN\tB_PER\tI_CLS\n_\tPU\tI_PER\tI_CLS\nดี\tNN\tE_PER\tE_CLS\n"
    (sentence,), report = read(tmp_path / "a.conll", text, lang="th")
    assert (sentence.text, entities(sentence)) == ("ผม สม ดี", [("สม ดี", "PER")])
    assert "2 tokens _ read as spaces" in report


def test_choices(tmp_path: Path) -> None:
    """What the user says is done: columns, labels, comments, spaces."""
    path = tmp_path / "a.conll"
    (sentence,), _ = read(path, "1\tFC\tB-ORG\tO\n2\tDarmstadt\tI-ORG\tB-LOC\n", tag_column="4")
    assert entities(sentence) == [("Darmstadt", "LOC")]
    (sentence,), _ = read(path, "Ada B\nL. I\nx O\n", label="PER")
    assert entities(sentence) == [("Ada L.", "PER")]
    (sentence,), _ = read(path, "Ada person-artist\nL. person-artist\nx O\n", scheme="io")
    assert entities(sentence) == [("Ada L.", "person-artist")]
    (sentence,), report = read(path, "#Ada B-PER\nL. B-PER\n", comments=True)
    assert sentence.text == "L."
    assert "1 lines of comments left out (first: a.conll:1)" in report
    with pytest.raises(XnerError, match=r"a\.conll:2: found 2 column\(s\).*expected 3"):
        read(path, "# sent 1\nAda B-PER\n", comments=False)
    (sentence,), report = read(path, "I O\n'm O\nin O\nRome B-LOC\n. O\n", spaces="keep")
    assert sentence.text == "I 'm in Rome ."
    assert "one space between all tokens" in report


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Ada B\nL. I\nx O\n", r"a\.conll: column 2 has tags without labels \(B, I, O\).*--label PER"),
        ("Ada person\nx O\n", r"a\.conll:1: found the tag 'person', expected O, or B-.*--scheme io.*--tag-column"),
        ("Ada B-PER|B-ORG\nx O\n", r"a\.conll:1: found the tag 'B-PER\|B-ORG', expected one tag"),
        ("Ada left\tB-PER O\nBob came\tB-PER O\n", r"a\.conll:1: found the tag 'B-PER O', expected one tag"),
        ("Ada B-PER\n#foo bar baz\n", r"a\.conll:2: found '#foo bar baz', which begins with #.*--comments.*--no-comm"),
        ("#begin document (x)\n" + "bn 0 0 [WORD] " + "- " * 9 + "\n", r"a\.conll:2: found \[WORD\].*skeleton2conll"),
        ("#begin document (x)\nbn 0 0 a b c d e f g *\nbn 0 1\n", r"a\.conll:3: found 3 column\(s\).*expected 11"),
        ("#begin document (x)\nbn 0 0\n", r"a\.conll:2: found 3 columns, expected at least 12"),
        ("Ada (PER*\nL. *\n", r"a\.conll:1: the entity PER is never closed"),
        ("Ada (PER*\nL. (LOC*)\nx *)\n", r"found '\(LOC\*\)' inside the entity PER"),
        ("Ada (PER*)\nL. *)\n", r"found '\*\)', which closes no entity"),
    ],
)
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(XnerError, match=message):
        read(tmp_path / "a.conll", text)


def test_layout_does_not_depend_on_later_lines(tmp_path: Path) -> None:
    """A mistyped tag is an error in its line, and does not change which column is read."""
    text = "a N B-PER\n" + "b N O\n" * 50 + "c N X-PER\n"
    with pytest.raises(XnerError, match=r"a\.conll:52: found the tag 'X-PER'"):
        read(tmp_path / "a.conll", text)


def test_csv(tmp_path: Path) -> None:
    """A `.csv` is read if it is named; cells can be in quotation marks."""
    text = 'Sentence #,Word,Tag\nSentence: 1,"Obi, A",B-per\n,",",O\n,"""",O\n'
    (sentence,), report = read(tmp_path / "a.csv", text)
    assert sentence.words == ("Obi, A", ",", '"')
    assert entities(sentence) == [("Obi, A", "per")]
    assert "columns: id, token, NER" in report
    (sentence,), _ = read(tmp_path / "a.csv", "Ada;B-per\nx;O\n")
    assert entities(sentence) == [("Ada", "per")]
    sentence_lines = "Sentence: {},The,DT,O\n,man,NN,O\n,in,IN,O\n,London,NNP,B-geo\n"
    many = "Sentence #,Word,POS,Tag\n" + "".join(sentence_lines.format(i) for i in range(1, 6))
    for separator, name in ((",", "a.csv"), ("\t", "a.tsv")):
        sentences, report = read(tmp_path / name, many.replace(",", separator))
        assert [(each.text, entities(each)) for each in sentences] == [("The man in London", [("London", "geo")])] * 5
        assert "columns: id, token, -, NER" in report
    (tmp_path / "a.tsv").unlink()
    with pytest.raises(XnerError, match="found no file"):
        find_files([tmp_path])
    with pytest.raises(XnerError, match=r"a\.csv:2: no line of a CSV file"):
        read(tmp_path / "a.csv", "Ada,O\nx\ry,O\n")


def test_phrases_alone(tmp_path: Path) -> None:
    """They are no entities, unless the user says so."""
    text = "Ada NNP B-NP\nleft VBD B-VP\n"
    with pytest.raises(XnerError, match=r"tags of phrases \(B-NP, B-VP\) in column 3, .*--tag-column 3"):
        read(tmp_path / "a.conll", text)
    (sentence,), _ = read(tmp_path / "a.conll", text, tag_column="3")
    assert entities(sentence) == [("Ada", "NP"), ("left", "VP")]


def test_a_character_without_its_number(tmp_path: Path) -> None:
    text = "科0\tB-X\n技1\tI-X\n全0\tO\n\n" * 6_700
    with pytest.raises(XnerError, match=r"a\.conll:26801: found the tokens '北' .*expected a number behind each"):
        read(tmp_path / "a.conll", text + "北\tO\n")


def test_encodings_and_old_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_bytes("Zoë B-PER\nx O\n".encode("utf-16"))
    assert [entities(sentence) for sentence in read_sentences(path)] == [[("Zoë", "PER")]]
    path.write_bytes("Zoë B-PER\nx O\n".encode("latin-1"))
    assert [entities(sentence) for sentence in read_sentences(path, encoding="latin-1")] == [[("Zoë", "PER")]]
    sentences, report = read(path, "Ada B-PER\rx O\r\rLeo B-PER\r")
    assert [sentence.line for sentence in sentences] == [1, 4]
    assert "line ends that are a CR alone" in report

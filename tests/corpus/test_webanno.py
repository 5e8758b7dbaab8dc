"""WebAnno TSV 3, the export of INCEpTION."""

from pathlib import Path

import pytest

from spacy_xner.corpus.formats.report import Report
from spacy_xner.errors import XnerError

from .util import entities, read

HEADER = """#FORMAT=WebAnno TSV 3.3
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value


"""
FIRST = """#Text=😀 Ada Obi lives in Lagos.
1-1\t0-2\t😀\tSYM\t_\t_\t
1-2\t3-6\tAda\tNE\thttp://x/Q7[1]\tPER[1]\t
1-3\t7-10\tObi\tNE\thttp://x/Q7[1]\tPER[1]\t
1-4\t11-16\tlives\tV\t_\t_\t
1-5\t17-19\tin\tP\t_\t_\t
1-6\t20-25\tLagos\tNE\t*\tB\\_LOC\t
1-7\t25-26\t.\t$.\t_\t_\t
"""
SECOND = """
#Text=It rained.
2-1\t27-29\tIt\t_\t_\t_\t
2-2\t30-37\trained.\t_\t_\t_\t
"""


def test_webanno(tmp_path: Path) -> None:
    report = Report()
    first, second = read(tmp_path / "a.tsv", HEADER + FIRST + SECOND, report)
    assert (first.text, first.line) == ("😀 Ada Obi lives in Lagos.", 6)
    assert entities(first) == [("Ada Obi", "PER"), ("Lagos", "B_LOC")]
    assert first.details == {(2, 9, "PER"): ("http://x/Q7", "", None)}
    assert (second.text, second.spans, second.line) == ("It rained.", (), 15)
    assert "entities of the layer NamedEntity" in "".join(report.lines())
    assert report.notes["layers other than that of the entities not read"].count == 1


def test_webanno_stacked(tmp_path: Path) -> None:
    content = HEADER + FIRST.replace("*\tB\\_LOC", "*|*\tLOC[2]|ORG[3]")
    with pytest.raises(XnerError, match=r"a\.tsv:6: found the overlapping entities"):
        read(tmp_path / "a.tsv", content)
    (sentence,) = read(tmp_path / "a.tsv", content, overlaps="longest")
    assert entities(sentence) == [("Ada Obi", "PER"), ("Lagos", "LOC")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("B\\_LOC", "*", r"a\.tsv:12: found an entity without a label"),
        ("1-4\t", "14\t", r"a\.tsv:10: found '14"),
        ("20-25", "19-24", r"a\.tsv:12: found the entity 'Lagos' \(B_LOC\) at 19 to 24"),
        ("NamedEntity|identifier|value", "Other|a|b", r"a\.tsv: found the layers of spans \(none\)"),
    ],
)
def test_webanno_malformed(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(XnerError, match=message):
        read(tmp_path / "a.tsv", (HEADER + FIRST).replace(old, new))

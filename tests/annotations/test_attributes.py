"""Custom attributes, beside those of other packages."""

import subprocess
import sys
from pathlib import Path

import pytest
from spacy.tokens import Span

from spacy_xner.annotations.attributes import confidence_of, install_extensions
from spacy_xner.annotations.entities import set_scored_entities
from spacy_xner.corpus.docs import write_docs
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_blank

STRANGERS = """
import spacy
from spacy.tokens import Span
nlp = spacy.blank("en")  # imports the factories of all packages
Span.set_extension("confidence", default=0.5)
"""


WITH_SOURCE = """
import sys
from pathlib import Path
from spacy_xner.corpus.docs import load_docs
(doc,) = load_docs(Path(sys.argv[1]))
print(doc._.xner_source.text)
"""


def test_a_source_is_read_where_no_pipeline_was_made(tmp_path: Path) -> None:
    """A process that only reads the file knows how to read `doc._.xner_source`."""
    nlp = multilingual_blank("xx")
    doc = nlp.make_doc("Ada in Wien")
    doc._.xner_source, doc._.xner_meta = nlp.make_doc("Ada in Vienna"), {"id": "1", "lang": "de"}
    write_docs(tmp_path / "a.spacy", [doc])
    command = [sys.executable, "-c", WITH_SOURCE, str(tmp_path / "a.spacy")]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "Ada in Vienna\n"


READ_BY_SPACY = """
import sys
import spacy_xner
assert "spacy" not in sys.modules and "torch" not in sys.modules
from spacy.tokens import DocBin
from spacy.vocab import Vocab
spacy_xner.install_extensions()
spacy_xner.install_extensions()
(doc,) = DocBin().from_disk(sys.argv[1]).get_docs(Vocab())
print([(ent.text, ent._.confidence) for ent in doc.ents], doc._.xner_meta["lang"])
"""


def test_scores_are_read_where_no_pipeline_was_made(tmp_path: Path) -> None:
    """By spaCy's own DocBin, and the import of the package stays light."""
    doc = multilingual_blank("xx").make_doc("Ada in Wien")
    doc._.xner_meta = {"id": "1", "lang": "de"}
    set_scored_entities(doc, [Span(doc, 0, 1, "PER"), Span(doc, 2, 3, "LOC")], [0.75, 0.5])
    write_docs(tmp_path / "a.spacy", [doc])
    command = [sys.executable, "-c", READ_BY_SPACY, str(tmp_path / "a.spacy")]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed == "[('Ada', 0.75), ('Wien', 0.5)] de\n"


def test_code_that_does_not_use_it_can_have_the_name() -> None:
    subprocess.run([sys.executable, "-c", STRANGERS], check=True)


def test_an_attribute_that_others_compute_is_refused() -> None:
    install_extensions()
    before = Span.get_extension("confidence")
    Span.set_extension("confidence", getter=len, force=True)
    try:
        with pytest.raises(XnerError, match=r"span._.confidence is a getter of other code"):
            install_extensions()
    finally:
        Span.set_extension("confidence", getter=before[2], setter=before[3], force=True)


def test_given_entities_with_a_score_are_in_the_group() -> None:
    doc = multilingual_blank("xx").make_doc("Ada Bob Eve")
    given = [Span(doc, 2, 3, "PER"), Span(doc, 1, 2, "PER")]
    given[0]._.confidence = 0.5
    set_scored_entities(doc, [Span(doc, 0, 1, "PER")], [0.75], given=given)
    assert [ent.text for ent in doc.ents] == ["Ada", "Bob", "Eve"]
    assert [span.text for span in doc.spans["xner"]] == ["Ada", "Eve"]
    assert doc.spans["xner"].attrs["scores"] == [0.75, 0.5]
    assert [confidence_of(ent) for ent in doc.ents] == [0.75, None, 0.5]

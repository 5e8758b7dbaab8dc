"""The training reader."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_xner.annotations.soft_labels import get_soft_labels, set_soft_labels
from spacy_xner.corpus.convert import convert_files
from spacy_xner.corpus.docs import write_docs
from spacy_xner.corpus.reader import create_corpus_reader
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_blank

NLP = multilingual_blank("xx")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, lang, text in [
        ("en", "en", "[Ada](PER) saw an anti[Trump](PER)demo in [Rome](LOC).\nOne.\nOne two three.\n"),
        ("sub/de", "de", "[Ada](PER) kam.\nEin zweiter Satz.\n"),
    ]:
        (tmp_path / "source.txt").write_text(text, encoding="utf8")
        write_docs(tmp_path / f"train/{name}.spacy", convert_files([tmp_path / "source.txt"], lang, Counter()))
    return tmp_path / "train"


def texts(examples: Iterable[Example]) -> list[str]:
    return [example.reference.text for example in examples]


def test_examples(folder: Path) -> None:
    first, *others = create_corpus_reader(folder)(NLP)
    assert len(others) == 4
    assert [token.text for token in first.predicted][3:5] == ["antiTrumpdemo", "in"]  # as the pipeline tokenises
    assert [ent.text for ent in first.reference.ents] == ["Ada", "Trump", "Rome"]
    assert not first.predicted.ents
    assert [ent.text for ent in first.get_aligned_spans_y2x(first.reference.ents)] == ["Ada", "Rome"]


def test_paths(folder: Path) -> None:
    one = texts(create_corpus_reader(str(folder / "en.spacy"))(NLP))
    several = texts(create_corpus_reader([str(folder / "sub"), str(folder / "en.spacy")])(NLP))
    assert several == ["Ada kam.", "Ein zweiter Satz.", *one]
    assert texts(create_corpus_reader(folder, limit=1)(NLP)) == [one[0], "Ada kam."]


@pytest.mark.parametrize("path", [None, "", []])
def test_path_not_set(path: None) -> None:
    with pytest.raises(XnerError, match=r"The corpus has no path\. Set it"):
        list(create_corpus_reader(path)(NLP))  # type: ignore[arg-type]


def test_path_without_docbins(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "a.spacy", [str(tmp_path)]):
        with pytest.raises(XnerError, match=r"found no \.spacy file"):
            list(create_corpus_reader(path)(NLP))


def test_repeat(folder: Path) -> None:
    """Without end, all docs in each epoch; docs with new labels come first, as spaCy reads the first hundred."""
    reader = create_corpus_reader(folder, shuffle=True, repeat=True)
    seen = texts(islice(reader(NLP), 15))
    rounds = [seen[:5], seen[5:10], seen[10:]]
    assert all(sorted(each) == sorted(rounds[0]) for each in rounds)
    assert len({tuple(each) for each in rounds}) > 1
    write_docs(folder / "empty.spacy", [Doc(NLP.vocab)])
    with pytest.raises(XnerError, match="found no texts"):
        list(create_corpus_reader(str(folder / "empty.spacy"), repeat=True)(NLP))


def test_shuffle(folder: Path) -> None:
    reader, again = (create_corpus_reader(folder, shuffle=True, seed=3) for _ in range(2))
    epochs = [texts(reader(NLP)) for _ in range(6)]
    assert epochs == [texts(again(NLP)) for _ in range(6)]
    assert len({tuple(epoch) for epoch in epochs}) > 1
    assert all(sorted(epoch) == sorted(epochs[0]) for epoch in epochs)


def test_max_length(tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    spacy.util.logger.propagate = True
    with caplog.at_level("WARNING", logger="spacy"):
        assert texts(create_corpus_reader(folder, max_length=3)(NLP)) == ["One.", "Ada kam."]
    assert "left out 3 texts of more than 3 tokens" in caplog.text
    words = ["One", "two", ".", "Three", "."]
    starts: list[bool | int | None] = [True, False, False, True, False]
    write_docs(tmp_path / "s.spacy", [Doc(NLP.vocab, words=words, sent_starts=starts)])
    assert texts(create_corpus_reader(tmp_path / "s.spacy", max_length=3)(NLP)) == ["One two . ", "Three . "]


def test_soft_labels_of_sentences(tmp_path: Path) -> None:
    """A long doc is split into its sentences, each with its own rows."""
    doc = Doc(NLP.vocab, words=["a", "b", "c", "d"], sent_starts=[True, False, True, False])
    set_soft_labels(doc, ["O", "U-X"], [[1, 0], [0, 1], [0.5, 0.5], [0.25, 0.75]])
    doc._.xner_meta = {"lang": "de"}
    write_docs(tmp_path / "soft.spacy", [doc])
    parts = [example.reference for example in create_corpus_reader(tmp_path, max_length=3)(NLP)]
    assert [part.text for part in parts] == ["a b ", "c d "]
    assert [part._.xner_meta for part in parts] == [{"lang": "de"}] * 2
    found = [get_soft_labels(part) for part in parts]
    assert [labels[1].tolist() for labels in found if labels] == [[[1, 0], [0, 1]], [[0.5, 0.5], [0.25, 0.75]]]


def test_augmenter(folder: Path) -> None:
    def twice(nlp: Language, example: Example) -> Iterator[Example]:
        yield example
        yield Example(nlp.make_doc("new"), nlp.make_doc("new"))

    assert texts(create_corpus_reader(folder, augmenter=twice)(NLP)).count("new") == 5


def test_trains_spacy_ner(folder: Path) -> None:
    """By its registered name in a config, with unlabelled docs among the others."""
    write_docs(folder / "plain.spacy", [NLP("this is unlabelled")])
    reader = spacy.registry.readers.get("spacy_xner.Corpus.v1")(path=str(folder))
    nlp = multilingual_blank("xx")
    nlp.add_pipe("ner")
    optimizer = nlp.initialize(lambda: reader(nlp))
    assert nlp.get_pipe("ner").labels == ("LOC", "PER")  # type: ignore[attr-defined]
    losses = nlp.update(list(reader(nlp)), sgd=optimizer)
    assert losses["ner"] > 0

"""Any JSON value, and any text of other formats, is read or refused with an XnerError; what is read makes docs."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacy_xner.corpus.convert import doc_of_sentence
from spacy_xner.corpus.formats.reading import read_sentences
from spacy_xner.errors import XnerError
from spacy_xner.languages.tokenizer import multilingual_tokenizer

NAMES = """
text data content tokens words ner_tags ner entities spans ents label labels annotations annotation
completions result value type start end start_offset end_offset points fields responses suggestions examples rows row
features names paragraphs sentences orth answer id lang user score kb_id completed_by predictions source was_cancelled
tag _view_id _input_hash _annotator_id rasa_nlu_data common_examples length offset
"""
KEYS = st.sampled_from(NAMES.split())
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 12),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["Ada 😀 left\r\nÉire", "PER", "O", "B-PER", "U-PER", "-", "reject", "ner", "labels", "3"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=20,
)
MARK = st.one_of(
    st.fixed_dictionaries(
        {"start": st.integers(-1, 14), "end": st.integers(-1, 16), "label": st.sampled_from(["PER", "", 7, ["LOC"]])},
        optional={"text": st.sampled_from(["Ada", "left", "😀"]), "score": LEAVES, "id": LEAVES, "user": LEAVES},
    ),
    st.tuples(st.integers(0, 14), st.integers(0, 14), st.sampled_from(["PER", "LOC"])),
)
RECORD = st.fixed_dictionaries(
    {"text": st.sampled_from(["Ada 😀 left\r\nÉire", "", " ", "Ada"])},
    optional={"label": st.lists(MARK, max_size=3), "entities": st.lists(MARK, max_size=2), "_annotator_id": LEAVES},
)
counter = itertools.count()


def read_or_refuse(path: Path, content: str, **options: Any) -> None:
    path.write_text(content, encoding="utf8", errors="surrogatepass")
    try:
        for sentence in read_sentences(path, **options):
            doc, _ = doc_of_sentence(multilingual_tokenizer(), sentence)
            assert doc.text == sentence.text
            assert sentence.spans is None or len(doc.ents) == len(sentence.spans)
    except XnerError:
        pass
    path.unlink()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(
    st.one_of(VALUES, st.lists(RECORD, max_size=3), st.fixed_dictionaries({"examples": st.lists(RECORD, max_size=2)}))
)
def test_any_value(tmp_path: Path, value: Any) -> None:
    path = tmp_path / f"{next(counter)}.json"
    read_or_refuse(path, json.dumps(value))
    read_or_refuse(path, json.dumps(value, indent=1), overlaps="longest", label_names="7=PER", text_key="text")
    read_or_refuse(path, "\n".join(json.dumps(value) for _ in range(2)), overlaps="longest", offsets="utf16")


@pytest.mark.parametrize(
    "text", ['{"text": "\\ud83d"}', '{"text": NaN}', '{"text":"a","entities":[[1e999,2,"X"]]}', "\x00"]
)
def test_odd_json(tmp_path: Path, text: str) -> None:
    read_or_refuse(tmp_path / "a.json", text)

"""The tokenizer for text of any script."""

import copy
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
import regex
import spacy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_xner.languages.scripts import UNSPACED_CHARACTER
from spacy_xner.languages.tokenizer import (
    UNSPACED_BLOCKS,
    MultilingualTokenizer,
    multilingual_blank,
    multilingual_tokenizer,
)

NLP, TOKENIZER, STOCK = multilingual_blank(), multilingual_tokenizer(), spacy.blank("xx")
MIXED = "Apple (公司) zahlt 3 Mio. € an ソニー、ภาษาไทย  និង ကုမ္ပဏီ. Ok?"


def tokenizer_of(nlp: Language) -> MultilingualTokenizer:
    assert isinstance(nlp.tokenizer, MultilingualTokenizer)
    return nlp.tokenizer


def words(text: str, nlp: Language = NLP) -> list[str]:
    return [token.text for token in nlp(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("北京", ["北", "京"]),
        ("他2019年在Apple公司。", ["他", "2019", "年", "在", "Apple", "公", "司", "。"]),
        ("ソニーのﾃﾞｰﾀ", ["ソ", "ニ", "ー", "の", "ﾃﾞ", "ｰ", "ﾀ"]),
        ("が\u304b\u3099", ["が", "\u304b\u3099"]),
        ("葛\U000e0100飾", ["葛\U000e0100", "飾"]),
        ("น้ำใจ", ["น้ำ", "ใ", "จ"]),
        ("ຂ້ອຍ", ["ຂ້", "ອ", "ຍ"]),
        ("ខ្មែរ", ["ខ្មែ", "រ"]),
        ("မြန်မာ", ["မြ", "န်", "မ", "ာ"]),
        ("བོད་", ["བོ", "ད", "་"]),
        ("서울 시", ["서울", "시"]),
        ("北 京  a\n 京 ", ["北", "京", " ", "a", "\n ", "京"]),
        ("\U00020000\U0001f600京", ["\U00020000", "\U0001f600", "京"]),
    ],
)
def test_splits(text: str, expected: list[str]) -> None:
    assert words(text) == expected
    assert NLP(text).text == text


def test_spaces() -> None:
    doc = NLP("在 Apple 公司  (北京) ")
    assert [(token.text, token.whitespace_) for token in doc] == [
        ("在", " "),
        ("Apple", " "),
        ("公", ""),
        ("司", " "),
        (" ", ""),
        ("(", ""),
        ("北", ""),
        ("京", ""),
        (")", " "),
    ]


def test_rules_of_the_language_apply_between() -> None:
    nlp = multilingual_blank("en")
    doc = nlp("北京 can't, e.g. 東京")
    assert [token.text for token in doc] == ["北", "京", "ca", "n't", ",", "e.g.", "東", "京"]
    assert [token.norm_ for token in doc][2:4] == ["can", "not"]


# Letters of every script, the ones that are split more often, and all kinds of marks, controls and spaces.
TEXT = st.text(
    st.characters(exclude_categories=["Cs"])
    | st.sampled_from("北京かカｶﾞー\u3099กน้ำ\u0e34ລកខ\u17d2မ\u1039བ\u0f72")
    | st.sampled_from(" \t\n\r\v\f\x00\x1c\x1f\x85\xa0\u2028\u3000\u200b\u200d\ufe0f\u0301")
    | st.sampled_from("ab1.,'()-:/@"),
    max_size=40,
)


@settings(max_examples=500)
@given(TEXT)
@example(" 京")
@example("京 ")
@example("\u0e34")
@example("http://例子.cn/a?b=京")
def test_text_is_kept(text: str) -> None:
    doc = NLP(text)
    assert doc.text == text
    assert all(token.text for token in doc)
    for token in doc:  # one cluster of these scripts, or none
        assert not regex.search(UNSPACED_CHARACTER, token.text) or regex.fullmatch(r"\X", token.text)


@settings(max_examples=200)
@given(st.text(st.characters(max_codepoint=0x24F) | st.sampled_from("“”–—אבגЖш한"), max_size=40))
def test_other_scripts_are_left_to_spacy(text: str) -> None:
    assert [(t.text, t.whitespace_) for t in NLP(text)] == [(t.text, t.whitespace_) for t in STOCK(text)]


def test_the_quick_search_misses_no_character() -> None:
    characters = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    split = regex.findall(UNSPACED_CHARACTER, characters)
    assert len(split) > 100_000
    assert [hex(ord(c)) for c in split if not UNSPACED_BLOCKS.match(c)] == []


@pytest.mark.parametrize("text", ["\ud800", "京\udc00"])
def test_lone_surrogates_are_refused_as_spacy_refuses_them(text: str) -> None:
    with pytest.raises(UnicodeEncodeError):
        STOCK(text)
    with pytest.raises(UnicodeEncodeError):
        NLP(text)


def test_long_text() -> None:
    text = "北京 Beijing " * 5_000
    doc = NLP(text)
    assert len(doc) == 15_000
    assert doc.text == text


@pytest.mark.parametrize("lang", ["xx", "en", "de", "ru", "zh", "ja", "ko", "th", "vi"])
def test_blank_in_any_language(lang: str) -> None:
    nlp = multilingual_blank(lang)
    assert isinstance(nlp.tokenizer, MultilingualTokenizer)
    assert nlp.lang == lang
    assert nlp(MIXED).text == MIXED
    assert words("北京", nlp) == ["北", "京"]


@pytest.fixture
def custom() -> Language:
    """A pipeline whose tokenizer has an additional rule, which must be saved and copied with it."""
    nlp = multilingual_blank()
    tokenizer_of(nlp).add_special_case("zahlt", [{"ORTH": "zah"}, {"ORTH": "lt"}])
    nlp.add_pipe("sentencizer")
    assert "zah" in words(MIXED, nlp)
    return nlp


def test_disk(custom: Language, tmp_path: Path) -> None:
    custom.to_disk(tmp_path / "model")
    assert words(MIXED, spacy.load(tmp_path / "model")) == words(MIXED, custom)


def test_bytes(custom: Language) -> None:
    loaded = multilingual_blank()
    loaded.add_pipe("sentencizer")
    assert words(MIXED, loaded.from_bytes(custom.to_bytes())) == words(MIXED, custom)


def test_pickle_and_copy(custom: Language) -> None:
    assert words(MIXED, pickle.loads(pickle.dumps(custom))) == words(MIXED, custom)
    assert words(MIXED, copy.deepcopy(custom)) == words(MIXED, custom)


def test_attributes_of_spacys_tokenizer() -> None:
    """Special cases and patterns can be read and set."""
    nlp = multilingual_blank()
    tokenizer_of(nlp).add_special_case("zahlt", [{"ORTH": "zah"}, {"ORTH": "lt"}])
    assert words("Er zahlt", nlp) == ["Er", "zah", "lt"]
    assert tokenizer_of(nlp).explain("Er zahlt")[-1] == ("SPECIAL-2", "lt")
    tokenizer_of(nlp).infix_finditer = re.compile("x").finditer
    assert words("1x2北", nlp) == ["1", "x", "2", "北"]
    assert not hasattr(nlp.tokenizer, "nothing")


def test_processes(custom: Language) -> None:
    texts = [MIXED, "", "北京", "plain"] * 5
    docs = list(custom.pipe(texts, n_process=2, batch_size=3))
    assert [doc.text for doc in docs] == texts
    assert [[token.text for token in doc] for doc in docs] == [words(text, custom) for text in texts]


def test_pipe_and_vocabulary() -> None:
    assert [doc.text for doc in tokenizer_of(NLP).pipe([MIXED, "", "京"])] == [MIXED, "", "京"]
    assert NLP(MIXED).vocab is NLP.vocab is tokenizer_of(NLP).vocab


def test_memory_zone() -> None:
    nlp = multilingual_blank()
    for i in range(3):
        with nlp.memory_zone():
            assert words(f"novel{i} 京word{i}", nlp) == [f"novel{i}", "京", f"word{i}"]
        assert f"word{i}" not in nlp.vocab.strings


def test_in_a_config() -> None:
    config = {"nlp": {"lang": "xx", "tokenizer": {"@tokenizers": "spacy_xner.MultilingualTokenizer.v1"}}}
    nlp = spacy.util.load_model_from_config(config, auto_fill=True)
    assert words("北京", nlp) == ["北", "京"]
    scores = nlp.evaluate([Example(nlp.make_doc(MIXED), nlp.make_doc(MIXED))])
    assert scores["token_f"] == 1.0


LEXICAL_ATTRIBUTES = [
    "orth", "norm", "lower", "shape", "prefix", "suffix", "lang", "cluster", "rank", "sentiment", "is_alpha",
    "is_ascii", "is_digit", "is_lower", "is_upper", "is_title", "is_punct", "is_space", "is_bracket", "is_quote",
    "is_left_punct", "is_right_punct", "is_currency", "is_stop", "is_oov", "like_url", "like_num", "like_email",
    "whitespace_",
]  # fmt: skip
AWKWARD_TEXTS = [
    MIXED,
    "",
    " \n\t ",
    "北京 can't, e.g. 東京 3.5km £20 a@b.org http://例子.cn/a?b=京 :-) \u200b\u0301",
    "U.S. and don't 「ソニー」\u3000น้ำใจ 👍🏽 1\u00a0000 \U00020000",
    "Вт., 5-го мая: «Зенит» — ЦСКА 2:1 … שלום עולם (مرحبا) 서울",
]


def attributes(doc: Doc) -> list[list[object]]:
    return [[token.text, *(getattr(token, name) for name in LEXICAL_ATTRIBUTES)] for token in doc]


@pytest.mark.parametrize("text", AWKWARD_TEXTS)
def test_without_a_pipeline_tokens_and_attributes_are_the_same(text: str) -> None:
    assert attributes(multilingual_tokenizer()(text)) == attributes(NLP(text))


@settings(max_examples=200)
@given(TEXT)
def test_without_a_pipeline_any_text_gives_the_same_tokens(text: str) -> None:
    assert attributes(TOKENIZER(text)) == attributes(NLP(text))


def test_without_a_pipeline_the_rules_and_the_vocabulary_are_the_same() -> None:
    tokenizer = multilingual_tokenizer()
    assert tokenizer.to_bytes(exclude=["vocab"]) == tokenizer_of(NLP).to_bytes(exclude=["vocab"])
    assert tokenizer.vocab.lang == NLP.vocab.lang == "xx"
    assert tokenizer.vocab.writing_system == NLP.vocab.writing_system
    ours, theirs = (getattr(vocab, "lex_attr_getters") for vocab in (tokenizer.vocab, NLP.vocab))  # noqa: B009
    assert ours.keys() == theirs.keys()
    assert tokenizer.vocab is not multilingual_tokenizer().vocab


def test_reading_a_file_imports_no_pipeline_component(tmp_path: Path) -> None:
    """Converting and statistics must not wait for packages that only models need."""
    (tmp_path / "a.txt").write_text("[Ada](PER) sings.\n")
    code = (
        "import builtins, sys\n"
        "from collections import Counter\n"
        "from pathlib import Path\n"
        "importers, original = [], builtins.__import__\n"
        "def record(name, globals=None, *rest, **more):\n"
        "    if name.split('.')[0] in ('torch', 'transformers', 'spacy_transformers'):\n"
        "        importers.append((globals or {}).get('__name__', ''))\n"
        "    return original(name, globals, *rest, **more)\n"
        "builtins.__import__ = record\n"
        "from spacy_xner.corpus.convert import convert_files\n"
        "from spacy_xner.corpus.docs import load_docs, write_docs\n"
        "from spacy_xner.corpus.texts import read_texts\n"
        "from spacy_xner.inspection.check import check_corpus\n"
        "from spacy_xner.inspection.stats import count_docs, read_any\n"
        "path = Path(sys.argv[1])\n"
        "write_docs(path / 'a.spacy', convert_files([path / 'a.txt'], 'en', Counter()))\n"
        "load_docs(path / 'a.spacy')\n"
        "list(read_texts([path]))\n"
        "count_docs(read_any([path]))\n"
        # thinc imports torch itself, which is not the concern of this test
        "print(sorted({name for name in importers if name.split('.')[0] in ('spacy', 'spacy_xner')}))\n"
        "print('spacy_transformers' in sys.modules)\n"
    )
    output = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, check=True, text=True)
    assert output.stdout.split("\n")[:2] == ["[]", "False"]

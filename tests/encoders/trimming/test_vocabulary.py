"""Smaller vocabularies: text whose pieces are all kept is tokenized as before, and no text raises an error."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from spacy_xner.encoders.trimming.vocabulary import read_vocabulary, rebuild
from spacy_xner.errors import XnerError

from .util import AWKWARD, KINDS, TEXTS, make_tokenizer, word_pieces


@pytest.fixture(scope="module", params=KINDS)
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    return make_tokenizer(request.param)


@settings(max_examples=40)
@given(data=st.data())
def test_what_is_kept_is_cut_as_before(tokenizer: Tokenizer, data: st.DataObject) -> None:
    vocabulary = read_vocabulary(tokenizer, "it")
    kept = vocabulary.required()
    for i in data.draw(st.sets(st.sampled_from(sorted(vocabulary.pieces)))):
        kept |= vocabulary.with_parts(i)
    trimmed, order = rebuild(vocabulary, kept)
    letters = st.sampled_from(sorted({*"".join(TEXTS), "ß", "京", "🦉"}))
    text = data.draw(st.one_of(st.sampled_from(TEXTS), st.text(letters, max_size=30)))
    before, after = tokenizer.encode(text), trimmed.encode(text)
    for old, new in zip(word_pieces(before), word_pieces(after), strict=True):
        if {i for i, _, _ in old} <= kept:
            assert [(order[i], token, offsets) for i, token, offsets in new] == old
    # The ends of a text are marked by the same special tokens.
    assert (after.tokens[0], after.tokens[-1]) == (before.tokens[0], before.tokens[-1])
    assert all(trimmed.id_to_token(new) == tokenizer.id_to_token(old) for new, old in enumerate(order))


@pytest.mark.parametrize("text", AWKWARD, ids=lambda text: text[:4])
def test_awkward_text(tokenizer: Tokenizer, text: str) -> None:
    vocabulary = read_vocabulary(tokenizer, "it")
    trimmed, _ = rebuild(vocabulary, vocabulary.required())
    encoding = trimmed.encode(text, add_special_tokens=False)
    assert all(0 <= start <= end <= len(text) for start, end in encoding.offsets)
    assert bool(encoding.tokens) == bool(tokenizer.encode(text, add_special_tokens=False).tokens)


def test_keeping_everything_changes_nothing(tokenizer: Tokenizer) -> None:
    vocabulary = read_vocabulary(tokenizer, "it")
    trimmed, order = rebuild(vocabulary, [*vocabulary.pieces, *vocabulary.added])
    assert order == sorted(order)
    assert trimmed.get_vocab() == tokenizer.get_vocab()
    for text in (*TEXTS, *AWKWARD):
        assert trimmed.encode(text).ids == tokenizer.encode(text).ids


def test_an_unknown_character_costs_as_before() -> None:
    """Its score is the lowest one minus 10, so the piece with the lowest score, `z`, is kept.

    "abx" is `a bx` (-48) or `ab x` with the unknown `x`: -51 with `z`, but -39 without.
    """
    pieces = [("<unk>", 0.0), ("a", -20.0), ("bx", -28.0), ("ab", -1.0), ("q", -2.0), ("z", -40.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0))
    vocabulary = read_vocabulary(tokenizer, "it")
    assert vocabulary.required() == {0, 5}
    trimmed, _ = rebuild(vocabulary, vocabulary.required() | {1, 2, 3})
    assert trimmed.encode("abx").tokens == tokenizer.encode("abx").tokens == ["a", "bx"]
    without_lowest = Tokenizer(models.Unigram(pieces[:5], unk_id=0))
    assert without_lowest.encode("abx").tokens == ["ab", "x"]  # what the rule prevents


def test_tokens_that_were_only_added_are_numbered_last() -> None:
    tokenizer = make_tokenizer("WordPiece")
    tokenizer.add_tokens(["Wangari"])
    tokenizer.add_special_tokens(["[X]"])
    vocabulary = read_vocabulary(tokenizer, "it")
    trimmed, order = rebuild(vocabulary, vocabulary.required())
    assert [trimmed.id_to_token(i) for i in range(len(order))][-2:] == ["Wangari", "[X]"]
    assert trimmed.encode("Wangari [X]", add_special_tokens=False).ids == [len(order) - 2, len(order) - 1]


@pytest.mark.parametrize("kind", ["BertProcessing", "RobertaProcessing", "TemplateProcessing", "Sequence", "none"])
def test_post_processors(kind: str) -> None:
    tokenizer = make_tokenizer("WordPiece")
    cls, sep = ("[CLS]", tokenizer.token_to_id("[CLS]")), ("[SEP]", tokenizer.token_to_id("[SEP]"))
    template = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", [cls, sep])
    made = {
        "BertProcessing": processors.BertProcessing(sep, cls),
        "RobertaProcessing": processors.RobertaProcessing(sep, cls),
        "TemplateProcessing": template,
        "Sequence": processors.Sequence([processors.ByteLevel(), template]),
    }
    if kind in made:
        tokenizer.post_processor = made[kind]
    else:
        tokenizer.post_processor = processors.Sequence([])
    vocabulary = read_vocabulary(tokenizer, "it")
    trimmed, _ = rebuild(vocabulary, vocabulary.required() | {vocabulary.ids["a"], vocabulary.ids["b"]})
    tokens = trimmed.encode("a", "b").tokens
    assert tokens == tokenizer.encode("a", "b").tokens
    assert [trimmed.token_to_id(token) for token in tokens] == trimmed.encode("a", "b").ids


def test_what_cannot_be_trimmed(tmp_path: Path) -> None:
    words = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    with pytest.raises(XnerError, match="old: its tokenizer has a vocabulary of the kind WordLevel, which cannot be"):
        read_vocabulary(words, "old")
    suffixed = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    suffixed.pre_tokenizer, suffixed.normalizer = pre_tokenizers.Whitespace(), normalizers.NFKC()
    suffixed.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=60, end_of_word_suffix="</w>"))
    with pytest.raises(XnerError, match=r"old: its BPE tokenizer has a end_of_word_suffix \('</w>'\)"):
        read_vocabulary(suffixed, "old")

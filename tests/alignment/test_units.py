"""Units of alignment: words of a segmenter for single characters, and words as given for everything else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_xner.alignment.segmenters import segment
from spacy_xner.alignment.types import SpacedWords, Words
from spacy_xner.alignment.units import alignment_units, unit_starts
from spacy_xner.languages.tokenizer import multilingual_blank


def words_of(text: str) -> SpacedWords:
    """The tokens of the package's own tokenizer: single characters in scripts without spaces."""
    doc = multilingual_blank("xx").make_doc(text)
    return SpacedWords([token.text for token in doc], [bool(token.whitespace_) for token in doc])


def units_of(words: Words) -> list[str]:
    """The text of each unit."""
    units = alignment_units(words)
    return [
        "".join(words[i] for i in np.flatnonzero(units == unit).tolist()) for unit in range(units.max(initial=-1) + 1)
    ]


CHINESE = [
    ("安格拉·默克尔访问了纽约。", "安格拉 · 默克尔 访问 了 纽约 。"),
    ("北京大学在中国。", "北京大学 在 中国 。"),
    ("IBM在北京開設研究所", "IBM 在 北京 開設 研究所"),  # beside words with spaces
    ("他去北京3天", "他 去 北京 3 天"),
]
ICU = [
    (
        "アンゲラ・メルケルは月曜日にニューヨークを訪れた。",
        "アンゲラ ・ メルケル は 月曜日 に ニューヨーク を 訪れ た 。",
    ),
    ("サッカーワールドカップ", "サッカーワールドカップ"),  # ICU knows the parts, and a name has none
    ("ﾙｰﾏﾆｱとﾄﾞｲﾂ", "ﾙｰﾏﾆｱ と ﾄﾞｲﾂ"),  # half width
    ("ウクライナ大統領", "ウクライナ 大統領"),
    ("นิวยอร์กในวันจันทร์", "นิวยอร์ก ใน วัน จันทร์"),
    ("ปารีส ฝรั่งเศส", "ปารีส ฝรั่งเศส"),
    ("ສະບາຍດີປະເທດລາວ", "ສະບາຍດີ ປະເທດ ລາວ"),
    ("ភ្នំពេញ កម្ពុជា", "ភ្នំពេញ កម្ពុជា"),
]


@pytest.mark.parametrize(("text", "expected"), CHINESE)
def test_chinese(text: str, expected: str) -> None:
    pytest.importorskip("jieba")
    assert units_of(words_of(text)) == expected.split()


@pytest.mark.parametrize(("text", "expected"), ICU)
def test_scripts_that_icu_knows(text: str, expected: str) -> None:
    pytest.importorskip("icu4py")
    assert units_of(words_of(text)) == expected.split()


def test_chinese_characters_of_a_japanese_sentence() -> None:
    """Kana anywhere in the sentence say that it is Japanese, also where a run of its characters has none."""
    pytest.importorskip("jieba")
    pytest.importorskip("icu4py")
    assert segment("京都大学", japanese=False) == ["京都大学"]
    assert units_of([*"京都大学"]) == ["京都大学"]
    assert units_of([*"京都大学、はい"]) == ["京都", "大学", "、", "はい"]


def test_traditional_characters_are_words_of_icu() -> None:
    """jieba's dictionary has hardly any, and its guesses would be split: 法 國."""
    pytest.importorskip("icu4py")
    assert segment("法國總統訪問哥倫比亞", japanese=False) == ["法國", "總統", "訪問", "哥倫比亞"]


def test_tibetan_has_no_segmenter() -> None:
    words = words_of("བོད་ལྗོངས")
    assert len(words) > 3
    assert units_of(words) == list(words)


def test_a_space_ends_a_run() -> None:
    """北京大学 (Peking University) is one word, and 北京大 学 has a space inside."""
    pytest.importorskip("jieba")
    text = "北京大 学"
    assert units_of(words_of(text)) == ["北京", "大", "学"]
    assert units_of(words_of(text.replace(" ", ""))) == ["北京大学"]
    assert units_of(SpacedWords("北京大学", [True] * 4)) == ["北京大学"]  # split into words at spaces: they say nothing


def test_words_in_scripts_without_spaces_stay() -> None:
    """A word of several characters is a segmenter's, so that a word of one character is too."""
    given_words = ["北京大学", "在", "中", "国", "IBM", "。"]
    assert alignment_units(given_words).tolist() == [0, 1, 2, 3, 4, 5]
    assert alignment_units(["ありがとう", "中", "国"]).tolist() == [0, 1, 2]


def test_other_scripts_have_a_unit_a_word() -> None:
    assert alignment_units(["Angela", "", "Меркель", "서", "울", ".", "."]).tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert alignment_units([]).tolist() == []
    assert alignment_units([]).dtype == alignment_units(["a"]).dtype == np.intp


def test_several_scripts_in_a_sentence() -> None:
    pytest.importorskip("jieba")
    pytest.importorskip("icu4py")
    words = words_of("北京 Paris นิวยอร์ก, 東京")
    assert units_of(words) == ["北京", "Paris", "นิวยอร์ก", ",", "東京"]
    assert alignment_units(words)[:3].tolist() == [0, 0, 1]


def test_grapheme_clusters_are_characters() -> None:
    """か with a combining mark, or a Thai consonant with its vowel, is no word of several characters."""
    pytest.importorskip("jieba")
    pytest.importorskip("icu4py")
    assert units_of(["か\u3099", "、", "東", "京", "は"]) == ["か\u3099", "、", "東京", "は"]
    assert units_of(["て\u3099", "き", "る"]) == ["て\u3099きる"]  # a dictionary has the composed form: できる
    assert units_of(["ト\u3099", "イ", "ツ", "の"]) == ["ト\u3099イツ", "の"]
    assert units_of(["กำ", "ลั", "ง"]) == ["กำลัง"]
    assert units_of(["葛\U000e0100", "、", "北", "京"]) == ["葛\U000e0100", "、", "北京"]


@pytest.mark.parametrize(
    ("characters", "segments", "expected"),
    [
        ("北京大学", ["北京", "大学"], [1, 0, 1, 0]),
        ("アンゲラは", ["アン", "ゲラ", "は"], [1, 0, 0, 0, 1]),  # neighbours in katakana are one
        ("スーパーは", ["ス", "ー", "パー", "は"], [1, 0, 0, 0, 1]),  # with the mark of a long vowel
        ("アかイ", ["ア", "か", "イ"], [1, 1, 1]),
        (["か\u3099", "く"], ["か", "\u3099", "く"], [1, 1]),  # a segment that is the end of a character
        (["か\u3099", "く"], ["か", "\u3099く"], [1, 0]),  # one that begins inside a character
        ([], [], []),
    ],
)
def test_unit_starts(characters: Words, segments: list[str], expected: list[int]) -> None:
    assert unit_starts(list(characters), segments).astype(int).tolist() == expected


CHARACTERS = st.sampled_from(
    [*"北京大学東のアンーｱไทยลาວກມြབོད·・、。ab3", "か\u3099", "葛\U000e0100", "กำ", "ន្ទ", "", "Ada", "本語"]
)


@given(st.lists(CHARACTERS, max_size=12), st.data())
def test_units_of_any_words(words: list[str], data: st.DataObject) -> None:
    spaces = data.draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    for sentence in (words, SpacedWords(words, spaces)):
        units = alignment_units(sentence)
        assert len(units) == len(words)
        assert units[:1].tolist() == [0] * min(1, len(words))
        assert set(np.diff(units).tolist()) <= {0, 1}


@given(st.text(st.sampled_from("北京大学東のアンーｱไทยลาວກມြབོད\u3099\U000e0100𠮷〆々"), min_size=1), st.booleans())
def test_segments_join_to_the_text(run: str, japanese: bool) -> None:
    segments = segment(run, japanese)
    assert "".join(segments) == run
    assert all(segments)

"""Words of Chinese in simplified characters: those of jieba's dictionary, and foreign names spelt by their sounds."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from ..extras import needs_extra

# Characters that commonly stand for the sounds of foreign names.
SOUNDS = (
    "阿埃艾爱安奥澳巴拜班邦鲍贝本比彼宾波伯勃博布查茨达戴丹当道德登邓迪蒂丁东杜顿多厄尔法范菲费芬佛弗夫福富盖戈格根古"
    "瓜圭哈海汉豪赫黑亨洪胡华怀惠霍基吉季加贾简杰金卡凯坎康考科克肯库夸奎拉莱兰朗劳勒雷里黎利莲廉良列林琳龙隆卢鲁伦罗洛"
    "马玛迈麦曼芒毛梅门蒙米密敏明摩莫默姆慕穆纳奈南内嫩尼涅宁纽努诺欧帕潘庞培佩彭皮平珀普奇齐乔切琴丘让热日荣茹瑞若撒萨"
    "塞赛桑瑟森沙莎山尚绍舍申圣施什史士斯丝思松苏索塔泰坦汤唐陶特腾滕提图托瓦万旺威韦维魏温文翁沃乌武伍西希锡夏香肖谢辛欣"
    "休许雪雅亚扬耶叶伊依因英尤约泽扎詹珍朱兹佐吕娅妮娜莉娃埔浦甫蔻卓"
)
_SOUNDS = frozenset(SOUNDS)


def chinese_segmenter() -> Callable[[str], list[str]]:
    """A function that splits a text into words, by jieba (https://github.com/fxsjy/jieba) and `with_names`.

    RAISES: XnerError if jieba is not installed.
    """
    with needs_extra("segment", "Words of Chinese need"):
        from jieba import Tokenizer

    # Its own `initialize` reads a file of the system's temporary folder with `marshal`, which anyone may have written.
    tokenizer = Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True

    def is_known(word: str) -> bool:
        return tokenizer.FREQ.get(word, 0) > 0

    return lambda run: list(with_names(without_guesses(tokenizer.lcut(run), is_known), is_known))


def without_guesses(words: Iterable[str], is_known: Callable[[str], bool]) -> Iterator[str]:
    """Split words that the dictionary does not have into characters, if some of these spell names and some do not.

    jieba guesses such words, and joins names with the word before or after them (对罗奇 代尔, to Rochdale).
    """
    for word in words:
        if len(word) > 1 and not is_known(word) and 0 < sum(map(_SOUNDS.__contains__, word)) < len(word):
            yield from word
        else:
            yield word


def with_names(words: Iterable[str], is_known: Callable[[str], bool]) -> Iterator[str]:
    """Join neighbouring words that spell a foreign name by its sounds (罗 奇 代尔, Rochdale).

    These are words of characters for sounds alone, of which at least one is a single character or not in the
    dictionary: words of several characters that the dictionary has stay apart, as in 伊朗 伊拉克 (Iran, Iraq). A
    function word that is such a character joins its neighbours (伊拉克 比 伊朗, Iraq than Iran). That lowers the scores
    of spans more than it moves them: without these words, fewer spans of benchmarks/gold_projections are right.
    """
    for of_sounds, group in groupby(words, key=_SOUNDS.issuperset):
        part = list(group)
        if of_sounds and any(len(word) == 1 or not is_known(word) for word in part):
            yield "".join(part)
        else:
            yield from part

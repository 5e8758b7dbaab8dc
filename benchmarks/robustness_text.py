"""Awkward texts and damaged files for robustness.py, the same for the same seed."""

import random
from collections.abc import Sequence

WORDS = [
    *("Angela", "Merkel", "visited", "Paris", ".", "Wien", "wartet", "auf", "Emmanuel", "Macron", ",", "Kofi", "Annan"),
    *("and", "Wangari", "Maathai", "in", "Nairobi", "2024", "Straße", "naïve", "l'Élysée", "don't", "İstanbul'da"),
    *("周小燕在昆明", "東京都", "สวัสดีกรุงเทพ", "Москва", "Ελλάδα", "القاهرة", "ירושלים", "दिल्ली", "Đà", "Nẵng"),
]
ODD = [
    *"\t\r\x0b\x0c\x00\x1b\x7f\x85\xa0\xad\u200b\u200d\u2028\u2029\u202e\u2060\u3000\ufeff\ufffd\uffff\U0010ffff\n",
    *(
        "\r\n",
        "  ",
        "e" + "\u0301" * 40,
        "👩\u200d👩\u200d👧",
        "🇩🇪",
        "👍🏽",
        "ﬁ",
        "Ａ",
        "¡",
        "½",
        "١٢٣",
        "1,000.50",
        "C++",
    ),
    *("[", "]", "](PER)", "[x](PER)", "\\", "#", "# ", "-DOCSTART-", "|||", "<b>", "&amp;", "{", "}", '"', "'", "``"),
    *("%s", "{lang}", "@x", "https://example.org/a?b=c&d=[e](f)", "a@example.org"),
    *("deadbeef" * 5, "x" * 300, "语" * 300),
]
SWAPS = ((b"\t", b" "), (b" ", b"\t"), (b'"', b"'"), (b"B-", b"I-"), (b"0", b"9"))
LABELS = ("PER", "LOC", "ORG", "MISC")


def make_text(rng: random.Random, longest: int = 40) -> str:
    """A text of up to so many pieces: words of many scripts, odd characters, and code points from anywhere but
    surrogates, which no text in UTF-8 has.
    """
    pieces = []
    for _ in range(rng.randrange(longest)):
        chance = rng.random()
        if chance < 0.65:
            pieces.append(rng.choice(WORDS))
        elif chance < 0.85:
            pieces.append(rng.choice(ODD))
        else:
            codes = (rng.randrange(rng.choice((0x250, 0x3000, 0xD800))) for _ in range(rng.randrange(1, 9)))
            pieces.append("".join(map(chr, codes)))
        pieces.append(rng.choice((" ", " ", " ", "", "\n", "\u00a0")))
    return "".join(pieces)


def make_words(rng: random.Random) -> list[str]:
    """The words of a sentence that somebody else tokenized: any strings that are not empty."""
    return [word for word in (make_text(rng, 3).strip(" ") for _ in range(rng.randrange(25))) if word]


def make_spans(rng: random.Random, length: int) -> list[tuple[int, int, str]]:
    """Spans of tokens in order, without overlaps."""
    spans, start = [], 0
    while start < length:
        start += rng.randrange(4)
        end = min(length, start + rng.randrange(1, 4))
        if start < end:
            spans.append((start, end, rng.choice(LABELS)))
        start = end
    return spans


def damage(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """A file's content after up to four changes, each of bytes, of lines, or by parts of other files."""
    for _ in range(rng.randrange(5)):
        chance, at = rng.randrange(9), rng.randrange(len(content) + 1)
        lines = content.splitlines(keepends=True) or [b""]
        line = rng.randrange(len(lines))
        if chance == 0:
            content = content[:at] + bytes(rng.randrange(256) for _ in range(rng.randrange(4))) + content[at + 1 :]
        elif chance == 1:
            content = content[:at]
        elif chance == 2:
            content = content[:at] + rng.choice(ODD).encode("utf8") + content[at:]
        elif chance == 3:
            content = b"".join(lines[:line] + lines[line + 1 :])
        elif chance == 4:
            content = b"".join(lines[:line] + [lines[line]] * 2 + lines[line + 1 :])
        elif chance == 5:
            content = b"".join(rng.sample(lines, len(lines)))
        elif chance == 6:
            content = content.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b" ", b"\xe2\x80\xa8")))
        elif chance == 7:
            content = content.replace(
                *rng.choice(((b"\t", b" "), (b" ", b"\t"), (b'"', b"'"), (b"B-", b"I-"), (b"0", b"9")))
            )
        else:
            other = rng.choice(others)
            content = content[:at] + other[rng.randrange(len(other)) :]
    return content

"""Check a labelled corpus folder: list errors to fix, and repetition that a person should review."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..corpus.formats.inline import InlineError, is_comment, parse_inline
from ..corpus.texts import comparison_key
from ..errors import XnerError
from ..lines import read_lines
from . import repetition
from .layout import SPLITS, Layout
from .sentence import CorpusSentence


@dataclass
class CorpusReport:
    """The result of a check.

    errors (list[str]): mistakes to fix. notes (dict[str, list[str]]): findings that a person should review, by heading.
    shares (dict[str, list[str]]): shares for each language, by heading.
    """

    errors: list[str] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    shares: dict[str, list[str]] = field(default_factory=dict)


def check_corpus(layout: Layout, notes: bool = True) -> CorpusReport:
    """Check every file of a corpus folder.

    notes (bool): make notes and shares too, which takes most of the time.

    Errors: malformed markup, unknown labels, empty lines and tabs in unlabelled text, a language with too few
    sentences, rows of translations without any, or without their training sentence, a sentence that occurs twice in the
    training or in the evaluation text of a language, a dev or test sentence that occurs in the training text (or its
    translations, or text without labels).
    Notes: near-duplicates, sentences that differ only in their names, names used often, names with several labels,
    names that are unlabelled elsewhere. Shares: sentences without entities, names of evaluation text that training text
    has too.
    """
    report = CorpusReport()
    sentences = list(_read_labelled(layout, report.errors))
    sentences += _read_translations(layout, sentences, report.errors)
    sentences += _read_unlabelled(layout, report.errors)
    _check_counts(layout, sentences, report.errors)
    for lang in (layout.source, *layout.targets):
        own = [sentence for sentence in sentences if sentence.lang == lang]
        _check_repetition(own, report.errors)
        if not notes:
            continue
        for heading, lines in repetition.notes(own).items():
            report.notes.setdefault(heading, []).extend(lines)
        for heading, line in repetition.shares(own, sentences).items():
            report.shares.setdefault(heading, []).append(f"{lang}: {line}")
    return report


def _read_labelled(layout: Layout, errors: list[str]) -> Iterator[CorpusSentence]:
    for lang, split, path in layout.files():
        try:
            for number, line in read_lines(path):
                line = line.strip()
                if line and not is_comment(line):
                    try:
                        text, spans = parse_inline(line)
                    except InlineError as error:
                        errors.append(f"{path}:{number}: column {error.column}: {error}")
                        continue
                    unknown = {label for _, _, label in spans} - set(layout.labels)
                    if unknown:
                        expected = " ".join(layout.labels)
                        errors.append(f"{path}:{number}: found the label {' '.join(unknown)}, expected {expected}")
                    if text != " ".join(text.split()):
                        errors.append(
                            f"{path}:{number}: found a tab or several spaces in a row, expected single spaces"
                        )
                    yield CorpusSentence(lang, split, path, number, text, tuple(spans))
        except XnerError as error:
            errors.append(str(error))


def _read_translations(layout: Layout, sentences: list[CorpusSentence], errors: list[str]) -> list[CorpusSentence]:
    training = {s.text for s in sentences if s.split == "train" and s.lang == layout.source}
    found: list[CorpusSentence] = []
    seen: dict[tuple[str, str], str] = {}
    for path in layout.translations():
        header: list[str] = []
        for number, line in read_lines(path):
            cells, where = line.split("\t"), f"{path}:{number}"
            if number == 1:
                header = cells
                if (
                    cells[0] != layout.source
                    or len(cells) < 2
                    or not set(cells[1:]) <= set(layout.targets)
                    or len(set(cells)) < len(cells)
                ):
                    expected = f"{layout.source}, then some of {' '.join(layout.targets)}, each once"
                    errors.append(f"{where}: found the columns {' '.join(cells)}, expected {expected}")
                    break
                continue
            if (
                len(cells) != len(header)
                or not all(cells[:1])
                or not any(cells[1:])
                or cells != [*map(str.strip, cells)]
            ):
                errors.append(
                    f"{where}: found {len(cells)} cells, {cells.count('')} of them empty, expected {len(header)}: a "
                    "text and one translation or more, without spaces at their ends"
                )
                continue
            if cells[0] not in training:
                errors.append(f"{where}: '{cells[0][:60]}' is not a training sentence, expected the text of one")
            for lang, cell in zip(header[1:], cells[1:], strict=True):
                if cell:
                    if (lang, cells[0]) in seen:
                        errors.append(f"{where}: already translated into {lang} in {seen[lang, cells[0]]}")
                    seen[lang, cells[0]] = where
                    found.append(CorpusSentence(lang, "translations", path, number, cell))
    return found


def _read_unlabelled(layout: Layout, errors: list[str]) -> list[CorpusSentence]:
    found = []
    for lang, path in layout.unlabelled():
        for number, line in read_lines(path):
            if line != line.strip() or "\t" in line or not line:
                errors.append(f"{path}:{number}: found an empty line, a tab or spaces at an end, expected a plain text")
            found.append(CorpusSentence(lang, "unlabelled", path, number, line))
    return found


def _check_counts(layout: Layout, sentences: list[CorpusSentence], errors: list[str]) -> None:
    counts = Counter((sentence.lang, sentence.split) for sentence in sentences)
    for lang in (layout.source, *layout.targets):
        wanted = ["train", "dev", "test"] if lang == layout.source else ["translations", "dev", "test"]
        if lang != layout.source and layout.minimum.get("unlabelled"):
            wanted.append("unlabelled")
        for split in wanted:
            least = max(1, layout.minimum.get(split, 1))
            if counts[lang, split] < least:
                errors.append(
                    f"{layout.root}/{lang}: found {counts[lang, split]} {split} sentences, expected >= {least}"
                )


def _check_repetition(sentences: list[CorpusSentence], errors: list[str]) -> None:
    """Find sentences that are equal apart from case, punctuation and spacing. Two translations may be equal."""
    places: defaultdict[str, list[CorpusSentence]] = defaultdict(list)
    for sentence in sentences:
        places[comparison_key(sentence.text)].append(sentence)
    for same in places.values():
        if len(same) > 1 and any(sentence.split in SPLITS for sentence in same):
            where = ", ".join(sentence.place for sentence in same)
            errors.append(f"{where}: the same sentence, expected each once: {same[0].text[:80]}")

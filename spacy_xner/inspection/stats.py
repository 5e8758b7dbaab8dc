"""Statistics of corpus files: counts by language, origin and label."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..corpus.convert import convert_files
from ..corpus.formats.docbin import read_docs
from ..corpus.formats.reading import detect_format
from ..corpus.formats.report import Report
from ..corpus.reader import find_docbins
from ..languages.tokenizer import multilingual_tokenizer
from ..shards.inputs import find_parquet
from ..shards.row_docs import doc_of
from ..shards.rows import PARQUET, read_rows
from .layout import SETTINGS, read_layout

Row = tuple[str, str]  # language, origin


def read_any(paths: Iterable[Path], lang: str | None = None, report: Report | None = None) -> Iterator[tuple[Row, Doc]]:
    """Yield the docs of files and folders with their language and origin.

    For a labelled corpus folder (with `corpus.toml`), the origin is the split. For DocBins and Parquet files of rows,
    and for all of them in other folders, language and origin come from the docs' meta: the origin is the provenance.
    Of a row it is the translation that is counted, if there is one. The language of any other file is `lang`, and its
    origin the file name.

    report (Report | None): receives what files were taken for, and what was changed or left out.
    """
    for path in paths:
        if path.is_dir() and (path / SETTINGS).is_file():
            layout = read_layout(path)
            for file_lang, split, file in layout.files():
                yield from (
                    ((file_lang, split), doc) for doc in convert_files([file], file_lang, Counter(), report=report)
                )
            for file_lang, file in layout.unlabelled():
                docs = convert_files([file], file_lang, Counter(), "plain", report=report)
                yield from (((file_lang, file.stem), doc) for doc in docs)
        elif path.is_dir():
            rows = find_parquet(path)
            docbins = find_docbins(path) if not rows or any(path.rglob("*.spacy")) else []
            yield from read_any([*rows, *docbins], lang, report)
        elif path.suffix == PARQUET:
            for row in read_rows(path):
                yield _row_of(doc := doc_of(row, multilingual_tokenizer().vocab), path, lang), doc
        elif detect_format(path) == "docbin":
            for doc in read_docs(path, multilingual_tokenizer().vocab):
                yield _row_of(doc, path, lang), doc
        else:
            yield from (
                ((lang or "?", path.name), doc) for doc in convert_files([path], lang, Counter(), report=report)
            )


def _row_of(doc: Doc, path: Path, lang: str | None) -> Row:
    meta = meta_of(doc)
    steps = " > ".join(step["step"] for step in meta.get("provenance", []))
    return meta.get("lang") or lang or "?", steps or path.name


def count_docs(docs: Iterable[tuple[Row, Doc]]) -> dict[Row, dict[str, int]]:
    """Counts by language and origin: "docs", "tokens", "no entities", "unlabelled", "entities", each label."""
    rows: dict[Row, Counter[str]] = {}
    for row, doc in docs:
        counts = rows.setdefault(row, Counter())
        counts["docs"] += 1
        counts["tokens"] += len(doc)
        labelled = doc.has_annotation("ENT_IOB")
        counts["unlabelled"] += not labelled
        counts["no entities"] += labelled and not doc.ents
        counts["entities"] += len(doc.ents)
        counts.update(ent.label_ for ent in doc.ents)
    return {row: dict(counts) for row, counts in rows.items()}

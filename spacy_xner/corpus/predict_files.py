"""Write the predictions for files of texts. An interrupted run resumes."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.util import minibatch

from ..journal import Journal, Progress
from ..pipelines import fingerprint_of
from .convert import name_files
from .docs import write_docs
from .formats.docbin import docbin_of, docs_of
from .formats.reading import Format
from .formats.report import Report
from .predict import Row, Text, check_length, predict, prediction_as_json, read_inputs, without_encoder_output
from .prediction_formats import TEXT_OF_DOC, FileType, write_texts

REVISION = 1  # of what this file stores of predictions; see `corpus/provenance.py`


@dataclass(frozen=True)
class InputFiles:
    """Files of texts, which can be read more than once.

    paths (list[Path]): files of any format, see `find_files`.
    lang (str): language code of texts whose file does not give it.
    format (Format): as in `read_sentences`.
    """

    paths: list[Path]
    lang: str
    format: Format = "auto"

    def read(self, counts: Counter[str], report: Report | None = None) -> Iterator[Text]:
        """Yield the texts of all files, in order. counts, report: as in `read_inputs`."""
        for path, name in zip(self.paths, name_files(self.paths), strict=True):
            yield from read_inputs(path, name, self.lang, counts, self.format, report)

    def survey(self, nlp: Language, counts: Counter[str], report: Report | None = None) -> tuple[int, str]:
        """Read all texts. RETURNS: their number, and a hash of them with their ids and languages.

        RAISES: XnerError for files that cannot be read, and a text that is longer than the pipeline accepts.
        """
        n_texts, digest = 0, hashlib.sha256()
        for text in self.read(counts, report):
            check_length(text, nlp)
            n_texts += 1
            digest.update(repr((text.text, text.id, text.lang)).encode("utf8", "surrogatepass"))
        return n_texts, digest.hexdigest()


def predict_files(
    output: Path,
    inputs: InputFiles,
    nlp: Language,
    counts: Counter[str],
    *,
    file_type: FileType,
    batch_size: int | None = None,
    n_process: int = 1,
    n_rows: int = 0,
    device: str = "cpu",
    progress: Progress = lambda items, start, total: items,
    report: Report | None = None,
) -> list[Row]:
    """Write the predictions for files. An interrupted run resumes after its last full batch.

    Results depend on what is in a batch, in the last digits of scores. So each batch is predicted by itself, and a run
    that resumes has the same batches: its output is the same. The sixth digit of a score can still differ between
    processes, because sums of the matrix library depend on memory addresses.

    output (Path): the file to write.
    counts (Counter[str]): receives the counts of `InputFiles.read`, the number of "entities", and what the format left
        out, including those of an interrupted run.
    batch_size (int | None): texts in a batch; None: the pipeline's own.
    n_process (int): number of processes.
    n_rows (int): how many of the first texts to return.
    device (str): what the pipeline runs on; results of another device are not used.
    progress: wraps the stream of docs; it also receives the number of texts that an interrupted run has done, and the
        total number.
    RETURNS (list[Row]): the first texts with their entities.
    RAISES: XnerError as `InputFiles.survey`, before the first text is predicted; where another run writes the output.
    """
    n_texts, digest = inputs.survey(nlp, counts, report)
    size = batch_size or nlp.batch_size
    setting = {
        "step": "predict",
        "revision": REVISION,
        "texts": digest,
        "pipeline": fingerprint_of(nlp),
        "device": device,
        "batch size": size,
        "file type": file_type,
        "texts on the page": n_rows,
    }
    with Journal(output, setting) as journal:
        start = min(journal.done * size, n_texts)
        texts = islice(inputs.read(Counter()), start, None)
        docs = progress(predict_batches(nlp, texts, size, n_process), start, n_texts)
        batches = minibatch(map(without_encoder_output, docs), size)
        numbered = zip(count(start, size), batches, strict=False)
        for _ in journal.add(result_of(batch, file_type, max(n_rows - number, 0)) for number, batch in numbered):
            pass
        rows: list[Row] = []
        for result in journal:
            counts.update(result["counts"])
            rows += result["rows"]
        if file_type == "spacy":
            found = (docs_of(DocBin().from_bytes(base64.b64decode(each["docs"])), nlp.vocab) for each in journal)
            write_docs(output, chain.from_iterable(found), allow_empty=True)
        else:
            write_texts(output, (result["text"] for result in journal))
        journal.remove()
    return rows


def predict_batches(nlp: Language, texts: Iterable[Text], size: int, n_process: int) -> Iterator[Doc]:
    """As `predict`, but a batch never shares a computation with another one.

    Within one process, components cut a stream where they like. Processes get a batch at a time.
    """
    if n_process > 1:
        yield from predict(nlp, texts, size, n_process)
        return
    for batch in minibatch(texts, size):
        yield from predict(nlp, batch, size)


def result_of(docs: list[Doc], file_type: FileType, n_rows: int) -> dict[str, Any]:
    """What the journal stores of a batch, as plain JSON.

    RETURNS: `text`, as it is written, or `docs`, a DocBin in base64; `counts`; and `rows`, the first docs as JSON.
    """
    counts: Counter[str] = Counter(entities=sum(len(doc.ents) for doc in docs))
    result: dict[str, Any] = {"counts": counts, "rows": [prediction_as_json(doc) for doc in docs[:n_rows]]}
    if file_type == "spacy":
        return result | {"docs": base64.b64encode(docbin_of(docs).to_bytes()).decode()}
    return result | {"text": "".join(TEXT_OF_DOC[file_type](doc, counts) for doc in docs)}

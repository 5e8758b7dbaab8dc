"""The training reader `spacy_xner.Corpus.v1`: examples from DocBin files, with gold or projected entities."""

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.training.augment import dont_augment
from spacy.util import logger
from spacy.vocab import Vocab

from ..annotations.attributes import CONFIDENCE, confidence_of, meta_of
from ..annotations.examples import make_example
from ..annotations.soft_labels import get_soft_labels, store_soft_labels
from ..errors import XnerError
from ..files import without_hidden
from .capitals import check_capitalised, drop_lower_case
from .formats.docbin import read_docs
from .shuffle import shuffle_stream, split_new_labels

FILE_TYPE = ".spacy"
SHUFFLE_BUFFER = 100_000  # docs; one of 25 tokens takes about 10 KB
Augmenter = Callable[[Language, Example], Iterator[Example]]


def find_docbins(path: str | Path | list[str]) -> list[Path]:
    """All DocBin files that paths name. A folder names all files in it and below, sorted by name, except hidden ones.

    Empty texts in a list are left out, so that a variable of a project can leave a corpus out.

    RAISES: XnerError if no path is set, or a path does not exist or contains no such file.
    """
    paths = [each for each in ([path] if isinstance(path, str | Path) else path or ()) if str(each)]
    if not paths:
        raise XnerError(
            "The corpus has no path. Set it, for example: --paths.train corpora/train --paths.dev dev.spacy"
        )
    found = []
    for each in paths:
        place = Path(each)
        inside = place.rglob(f"*{FILE_TYPE}") if place.is_dir() else ()
        files = without_hidden(sorted(inside), place) or [place] * place.is_file()
        if not files:
            raise XnerError(f"{place}: found no {FILE_TYPE} file there. Make one with `xner corpus convert`.")
        found += files
    return found


class Corpus:
    """Yields examples: the reference doc of the file, and its text as the pipeline tokenizes it.

    path (str | Path | list[str]): DocBin files or folders of them.
    max_length (int): greatest length of a doc in tokens. A longer doc is split into its sentences, if it has sentence
        boundaries; parts that are still too long are left out and counted in a log message. 0: no limit.
    limit (int): read at most this number of docs of each file. 0: no limit.
    shuffle (bool): shuffle the docs of all files, differently in each epoch. spaCy does this itself if
        `training.max_epochs` is at least 0. With -1 it reads the files again in each epoch, so that an augmenter's
        changes differ from epoch to epoch, and the reader has to shuffle.
    shuffle_buffer (int): greatest number of docs in memory for `shuffle`, beside one file; about 10 KB each. 0: no
        limit. A corpus that is not larger is shuffled as a whole. Of a larger one, each epoch reads the files in
        another order, and each doc takes the place of a random one of the buffer, which is yielded: docs of one file
        stay near each other where files are much larger than the buffer. The docs with new labels come first of those
        that fill the buffer. Where a label occurs only later, spaCy's components for which labels must be known need
        `initialize.components.NAME.labels`.
    repeat (bool): read the files again without end (with `shuffle`, each time in another order), so that no batch is
        shorter because an epoch ends. Only for training with `max_epochs = -1`.
    seed (int): makes the orders reproducible.
    augmenter (Augmenter | None): replaces each example by others, for example `spacy_xner.EntitySwap.v1`.
    capitalised (Mapping[str, list[str]] | None): languages by label, such as `{"MISC": ["es", "fr"]}`: an entity of the
        label without a capital letter is no name in these languages, see `corpus/capitals.py`. It becomes O. The first
        epoch's number of them is a log message.
    RAISES: XnerError for a malformed `capitalised`, and a negative `shuffle_buffer`.
    """

    def __init__(
        self,
        path: str | Path | list[str],
        *,
        max_length: int = 0,
        limit: int = 0,
        shuffle: bool = False,
        shuffle_buffer: int = SHUFFLE_BUFFER,
        repeat: bool = False,
        seed: int = 0,
        augmenter: Augmenter | None = None,
        capitalised: Mapping[str, list[str]] | None = None,
    ) -> None:
        self.path = path
        self.max_length = max_length
        self.limit = limit
        self.repeat = repeat
        self.augmenter = augmenter or dont_augment
        self.capitalised = check_capitalised(capitalised)
        self._told = False  # how many entities had no capital
        if shuffle_buffer < 0:
            raise XnerError(f"The setting shuffle_buffer of the corpus is {shuffle_buffer}, expected a number of docs.")
        self.shuffle_buffer = shuffle_buffer
        self._is_large = False  # whether an epoch has shown that the docs are more than fit the buffer
        self.random = random.Random(seed) if shuffle else None

    def __call__(self, nlp: Language) -> Iterator[Example]:
        """Read the files and yield their examples.

        RAISES: XnerError for a path without a DocBin, and, with `repeat`, for one without texts.
        """
        yield from self.read_once(nlp)
        while self.repeat:
            examples = self.read_once(nlp)
            first = next(examples, None)
            if first is None:
                raise XnerError(f"{self.path}: found no texts, expected texts to train on.")
            yield first
            yield from examples

    def read_once(self, nlp: Language) -> Iterator[Example]:
        """Yield the examples of one epoch."""
        references = self.read_docs(nlp.vocab) if self.random is None else self._shuffle(nlp.vocab, self.random)
        for reference in references:
            yield from self.augmenter(nlp, make_example(nlp, reference))

    def _shuffle(self, vocab: Vocab, random: random.Random) -> Iterator[Doc]:
        files, size = find_docbins(self.path), self.shuffle_buffer
        if not self._is_large:
            docs = list(itertools.islice(self.read_docs(vocab, files), size + 1 if size else None))
            if not size or len(docs) <= size:
                random.shuffle(docs)
                first, rest = split_new_labels(docs)
                yield from first + rest
                return
            del docs
            self._is_large = True
            logger.info("Corpus: more than %d docs, shuffled by a buffer of this size (setting shuffle_buffer).", size)
        random.shuffle(files)
        yield from shuffle_stream(self.read_docs(vocab, files), size, random)

    def read_docs(self, vocab: Vocab, files: Iterable[Path] | None = None) -> Iterator[Doc]:
        """Yield the docs of all files, without empty and too long ones. files: in this order; None: sorted by name."""
        n_left_out = n_lower = 0
        for path in find_docbins(self.path) if files is None else files:
            for doc in itertools.islice(read_docs(path, vocab), self.limit or None):
                for part in self.split_long(doc):
                    if self.max_length and len(part) > self.max_length:
                        n_left_out += 1
                    elif len(part):
                        n_lower += drop_lower_case(part, self.capitalised)
                        yield part
        if n_lower and not self._told:
            logger.info("Corpus: %d entities without a capital letter are O (setting capitalised).", n_lower)
            self._told = True
        if n_left_out:
            logger.warning("Corpus: left out %d texts of more than %d tokens.", n_left_out, self.max_length)

    def split_long(self, doc: Doc) -> Iterator[Doc]:
        """Yield the doc, or its sentences if it is too long and has sentence boundaries."""
        if self.max_length and len(doc) > self.max_length and doc.has_annotation("SENT_START"):
            soft = get_soft_labels(doc)
            for sentence in doc.sents:
                part = sentence.as_doc()
                part._.xner_meta = meta_of(doc) or None
                copy_scores(sentence, part)
                if soft is not None:
                    store_soft_labels(part, soft[0], soft[1][sentence.start : sentence.end])
                yield part
        else:
            yield doc


def copy_scores(sentence: Span, part: Doc) -> None:
    """Copy the scores of entities to the doc that `Span.as_doc` made of a sentence, which has its other annotation."""
    scores = {(e.start - sentence.start, e.end - sentence.start): confidence_of(e) for e in sentence.ents}
    for entity in part.ents:
        if (score := scores.get((entity.start, entity.end))) is not None:
            entity._.set(CONFIDENCE, score)


def create_corpus_reader(
    path: str | Path | list[str],
    max_length: int = 0,
    limit: int = 0,
    shuffle: bool = False,
    repeat: bool = False,
    seed: int = 0,
    augmenter: Augmenter | None = None,
    capitalised: Mapping[str, list[str]] | None = None,
    shuffle_buffer: int = SHUFFLE_BUFFER,
) -> Callable[[Language], Iterable[Example]]:
    """`spacy_xner.Corpus.v1`; the arguments are those of `Corpus`."""
    return Corpus(
        path,
        max_length=max_length,
        limit=limit,
        shuffle=shuffle,
        shuffle_buffer=shuffle_buffer,
        repeat=repeat,
        seed=seed,
        augmenter=augmenter,
        capitalised=capitalised,
    )

"""The training reader `spacy_xner.Corpus.v1`: examples from one or several DocBin files, gold and projected alike."""

import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.training.augment import dont_augment
from spacy.util import logger
from spacy.vocab import Vocab

from ..annotations.attributes import meta_of
from ..annotations.soft_labels import get_soft_labels, set_soft_labels
from ..errors import XnerError
from ..files import without_hidden
from .formats import read_docs

FILE_TYPE = ".spacy"
Augmenter = Callable[[Language, Example], Iterator[Example]]


def find_docbins(path: str | Path | list[str]) -> list[Path]:
    """The DocBin files that paths stand for: a file for itself, a folder for all in it and below, sorted by name,
    but for hidden ones.

    RAISES: XnerError where a path is not set, does not exist or holds no such file.
    """
    if not path:
        raise XnerError(
            "The corpus has no path. Set it, for example: --paths.train corpora/train --paths.dev dev.spacy"
        )
    found = []
    for each in [path] if isinstance(path, str | Path) else path:
        place = Path(each)
        inside = place.rglob(f"*{FILE_TYPE}") if place.is_dir() else ()
        files = without_hidden(sorted(inside), place) or [place] * place.is_file()
        if not files:
            raise XnerError(f"{place}: found no {FILE_TYPE} file there. Make one with `xner corpus convert`.")
        found += files
    return found


class Corpus:
    """Yields `Example`s: the reference doc of the file, and the text tokenised anew by the pipeline, as in use.

    path (str | Path | list[str]): DocBin files or folders of them.
    max_length (int): Longest doc in tokens; a longer one is split into its sentences, where it knows them, and those
        still too long are left out, with a log message that counts them. 0: no limit.
    limit (int): At most so many docs of each file. 0: no limit.
    shuffle (bool): Mix the docs of all files, in another order at each reading. spaCy itself does that where
        `training.max_epochs` is at least 0; with -1 it reads anew each epoch, so that an augmenter's changes differ
        from epoch to epoch, and leaves the mixing to the reader.
    repeat (bool): Read the files again and again, without end (with `shuffle`, each time in another order), so that no
        batch is cut short where an epoch ends. For training with `max_epochs = -1` alone.
    seed (int): Makes the orders repeatable.
    augmenter (Augmenter | None): Gives the examples to use in place of each, for example `spacy_xner.EntitySwap.v1`.
    """

    def __init__(
        self,
        path: str | Path | list[str],
        *,
        max_length: int = 0,
        limit: int = 0,
        shuffle: bool = False,
        repeat: bool = False,
        seed: int = 0,
        augmenter: Augmenter | None = None,
    ) -> None:
        self.path = path
        self.max_length = max_length
        self.limit = limit
        self.repeat = repeat
        self.augmenter = augmenter or dont_augment
        self.random = random.Random(seed) if shuffle else None

    def __call__(self, nlp: Language) -> Iterator[Example]:
        """Read the files and yield their examples.

        RAISES: XnerError for a path without a DocBin, and for one without a text that is to be read again and again.
        """
        yield from self.once(nlp)
        while self.repeat:
            examples = self.once(nlp)
            first = next(examples, None)
            if first is None:
                raise XnerError(f"{self.path}: found no text there, expected some to train on.")
            yield first
            yield from examples

    def once(self, nlp: Language) -> Iterator[Example]:
        """The examples of one reading."""
        references: Iterable[Doc] = self.read(nlp.vocab)
        if self.random is not None:
            references = list(references)
            self.random.shuffle(references)
            references = labels_first(references)
        for reference in references:
            yield from self.augmenter(nlp, make_example(nlp, reference))

    def read(self, vocab: Vocab) -> Iterator[Doc]:
        """The docs of all files that are not empty and not too long."""
        n_left_out = 0
        for path in find_docbins(self.path):
            for doc in itertools.islice(read_docs(path, vocab), self.limit or None):
                for part in self.parts(doc):
                    if self.max_length and len(part) > self.max_length:
                        n_left_out += 1
                    elif len(part):
                        yield part
        if n_left_out:
            logger.warning("Corpus: left out %d texts of more than %d tokens.", n_left_out, self.max_length)

    def parts(self, doc: Doc) -> Iterator[Doc]:
        if self.max_length and len(doc) > self.max_length and doc.has_annotation("SENT_START"):
            soft = get_soft_labels(doc)
            for sentence in doc.sents:
                part = sentence.as_doc()
                part._.xner_meta = meta_of(doc) or None
                if soft is not None:
                    set_soft_labels(part, soft[0], soft[1][sentence.start : sentence.end])
                yield part
        else:
            yield doc


def labels_first(docs: list[Doc]) -> list[Doc]:
    """The same docs, those that bring a new label in front: spaCy takes the labels from the first hundred examples of
    a corpus that it streams.
    """
    seen: set[str] = set()
    first: list[Doc] = []
    rest: list[Doc] = []
    for doc in docs:
        labels = {ent.label_ for ent in doc.ents}
        (rest if labels <= seen else first).append(doc)
        seen |= labels
    return first + rest


def make_example(nlp: Language, reference: Doc) -> Example:
    """Pair a reference with its text as the pipeline tokenises it (its own tokens where spaces are not known)."""
    if reference.has_unknown_spaces:
        return Example(Doc(nlp.vocab, words=[token.text for token in reference]), reference)
    return Example(nlp.make_doc(reference.text), reference)


def create_corpus_reader(
    path: str | Path | list[str],
    max_length: int = 0,
    limit: int = 0,
    shuffle: bool = False,
    repeat: bool = False,
    seed: int = 0,
    augmenter: Augmenter | None = None,
) -> Callable[[Language], Iterable[Example]]:
    """`spacy_xner.Corpus.v1`; the arguments are those of `Corpus`."""
    return Corpus(
        path, max_length=max_length, limit=limit, shuffle=shuffle, repeat=repeat, seed=seed, augmenter=augmenter
    )

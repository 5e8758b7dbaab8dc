"""Pairs of labelled docs and their translations."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from spacy.tokens import Doc

from ..annotations.attributes import meta_of
from ..errors import XnerError
from .docs import content_of, docs_by_id
from .provenance import Pair, check_sources


@dataclass(frozen=True)
class Pairs:
    """Labelled docs and their translations. They can be iterated any number of times.

    sources, targets (Callable[[], Iterable[Doc]]): return the docs in the order of the pairs, unchanged by earlier use.
    n_pairs (int): their number.
    labels (frozenset[str]): labels of the source docs.
    paired_by (str): "id" or "order".
    fingerprint (Any): what projections depend on beside the projector, as plain JSON.
    """

    sources: Callable[[], Iterable[Doc]]
    targets: Callable[[], Iterable[Doc]]
    n_pairs: int
    labels: frozenset[str]
    paired_by: Literal["id", "order"]
    fingerprint: Any

    def __len__(self) -> int:
        return self.n_pairs

    def __iter__(self) -> Iterator[Pair]:
        return zip(self.sources(), self.targets(), strict=True)


class Fingerprint:
    """A hash of what projections depend on: tokens, and a source's entities, missing annotation and score."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add_source(self, doc: Doc) -> None:
        """Add a labelled doc."""
        identifiers = [(entity.kb_id_, entity.id_) for entity in doc.ents]
        self._add([content_of(doc), identifiers, meta_of(doc).get("score", 1.0)])

    def add_target(self, doc: Doc) -> None:
        """Add a translation."""
        self._add([content_of(doc)[0]])

    def _add(self, parts: list[Any]) -> None:
        self._digest.update(repr(parts).encode("utf8", "surrogatepass"))

    def hexdigest(self) -> str:
        """The hash, in hex."""
        return self._digest.hexdigest()


def pair_docs(
    source: Sequence[Doc],
    translated: Sequence[Doc],
    counts: Counter[str],
    source_file: Path | str = "SOURCE",
    target_file: Path | str = "TRANSLATION",
) -> Pairs:
    """Pair translated docs with their source docs by the id in their meta, in the order of the translated ones.

    counts (Counter[str]): receives counts of "pairs", "translations without their source", "sources without a
        translation", and of pairs "by id alone": their provenance has no hash of the text that was translated, as in
        files of other programs and of old versions.
    source_file, target_file (Path | str): files of the docs, for messages.
    RAISES: XnerError if there are no pairs, a source is unlabelled, two sources have the same id, or a doc was made
        from another text than that of its source (see `check_sources`).
    """
    by_id = docs_by_id(source)
    pairs = [(by_id[meta_of(doc)["id"]], doc) for doc in translated if meta_of(doc)["id"] in by_id]
    counts["pairs"] = len(pairs)
    counts["translations without their source"] = len(translated) - len(pairs)
    counts["sources without a translation"] = len(by_id.keys() - {meta_of(doc)["id"] for _, doc in pairs})
    if not pairs:
        raise XnerError(
            "No translated doc has the id of a source doc. Expected the file that was translated as source."
        )
    for doc, _ in pairs:
        if not doc.has_annotation("ENT_IOB"):
            raise XnerError(f"The source doc {meta_of(doc)['id']} is unlabelled, expected entities to project.")
    if by_id_alone := check_sources(pairs, source_file, target_file, source):
        counts["by id alone"] = by_id_alone
    fingerprint = Fingerprint()
    for doc, target in pairs:
        fingerprint.add_source(doc)
        fingerprint.add_target(target)
    sources, targets = [doc for doc, _ in pairs], [doc for _, doc in pairs]
    labels = frozenset(entity.label_ for doc in sources for entity in doc.ents)
    return Pairs(lambda: sources, lambda: targets, len(pairs), labels, "id", fingerprint.hexdigest())

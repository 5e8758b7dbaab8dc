"""How many sentences and entities training files have, by language and by where their labels are from."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from spacy.tokens import DocBin

from ..compat import find_codecs, known_codecs
from ..compat_spacy import read_stored
from ..errors import XnerError

GIVEN, PROJECTED, PREDICTED = "given", "projected", "predicted"
# The last of these steps in a doc's provenance says where its labels are from; without one, they were in the file.
ORIGINS = {"project": PROJECTED, "carry": PROJECTED, "label": PREDICTED, "distill": PREDICTED}


def count_labels(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Count the docs and entities of DocBins, without making the docs.

    RETURNS: rows with `lang` ("" where a doc has none), `labels` ("given" by the file, "projected" from another
        language, or "predicted" by a pipeline), `docs` and `entities`. Soft labels are not counted as entities.
    RAISES: XnerError for a file that is no DocBin.
    """
    rows: dict[tuple[str, str], Counter[str]] = {}
    codecs = find_codecs()
    for path in paths:
        try:
            doc_bin = DocBin(store_user_data=True).from_bytes(path.read_bytes())
            with known_codecs(codecs):
                stored = list(read_stored(doc_bin, "xner_meta"))
        except Exception as error:  # zlib, msgpack and spaCy each raise their own on damaged bytes
            raise XnerError(f"{path}: not a DocBin ({error}). Make it with `xner corpus convert`.") from error
        for meta, n_entities in stored:
            row = rows.setdefault((str((meta or {}).get("lang") or ""), origin_of(meta or {})), Counter())
            row.update(docs=1, entities=n_entities)
    return [{"lang": lang, "labels": labels, **counts} for (lang, labels), counts in rows.items()]


def origin_of(meta: Mapping[str, Any]) -> str:
    """Where the labels of a doc are from, by its meta."""
    steps = [str(step.get("step")) for step in meta.get("provenance", ())]
    return next((ORIGINS[step] for step in reversed(steps) if step in ORIGINS), GIVEN)

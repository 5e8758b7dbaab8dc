"""Revisions of the algorithms whose results are kept in files, caches and journals."""

import hashlib
import importlib
from types import ModuleType

import pytest

# Each `REVISION`, and a hash of the constants that results depend on, by the modules that have them. The first module
# has the REVISION.
REVISIONS: dict[tuple[str, ...], tuple[int, str]] = {
    (
        "alignment.embedding",
        "alignment.affinity",
        "alignment.chinese",
        "alignment.encoder",
        "alignment.similarity",
        "alignment.transport",
        "alignment.link_scores",
        "alignment.links",
        "alignment.segmenters",
        "alignment.units",
        "alignment.word_kinds",
    ): (3, "29230b049c0c"),
    ("projection.projector", "projection.confidence", "projection.transport_projection"): (3, "b115bcc7f4ed"),
    ("projection.filters",): (1, "55a2cbc248c5"),
    ("corpus.carry", "translation.label_carriers", "translation.xml_carrier", "translation.xml_tags"): (
        2,
        "cbf229ea3b9f",
    ),
    (
        "encoders.trimming.needed_pieces",
        "encoders.trimming.word_lists",
        "encoders.trimming.scripts",
        "encoders.trimming.vocabulary",
    ): (1, "e15123a0e22e"),
    ("distillation.distiller", "distillation.teachers"): (2, "811b0593901e"),
    ("shards.steps", "corpus.filters", "corpus.quality", "corpus.language_check"): (1, "f3d8ffc9c4e7"),
    ("translation.seq2seq", "translation.pieces", "translation.splitting"): (1, "8be348e10d4b"),
    ("translation.ctranslate2_translator", "translation.pieces", "translation.splitting"): (1, "caec2c0d4c2a"),
    ("translation.lexicon", "translation.freedict"): (1, "b0c404d561c5"),
    ("translation.apertium", "translation.apertium_stream"): (1, "209279a3e8e8"),
    ("translation.fast_translate", "translation.splitting"): (1, "bb8074d85f8d"),
    ("translation.http", "translation.http_protocols"): (1, "151dc6d13fad"),
    ("translation.language_model", "translation.prompts", "translation.tagging"): (1, "fdb263977609"),
    ("corpus.generate", "corpus.genres"): (1, "61859dd7f01b"),
}
SIMPLE = (int, float, str, bool, tuple, list)


def constants_of(module: ModuleType) -> dict[str, str]:
    """The constants of a module, as texts; compiled patterns as their sources."""
    found = {}
    for name, value in vars(module).items():
        if name.isupper() and name not in ("REVISION", "TYPE_CHECKING"):
            value = getattr(value, "pattern", value)
            if isinstance(value, SIMPLE):
                found[name] = repr(value)
    return found


@pytest.mark.parametrize("names", REVISIONS)
def test_constants_do_not_change_without_the_revision(names: tuple[str, ...]) -> None:
    modules = [importlib.import_module(f"spacy_xner.{name}") for name in names]
    constants = {module.__name__: constants_of(module) for module in modules}
    digest = hashlib.sha256(repr(constants).encode()).hexdigest()[:12]
    found = modules[0].REVISION, digest
    assert found == REVISIONS[names], (
        f"The constants of {', '.join(names)} have changed: {constants}. If translations or projections are other ones "
        f"now, raise {names[0]}.REVISION, so that no cache and no journal gives old ones; then write {found} here."
    )

"""What a doc was made from and by: steps in its meta, and the refusal of docs that were made from another text.

A step that makes a doc from a doc of another language keeps

    source     hash of the source's text, see `text_hash`
    revision   revision of the algorithm, a constant `REVISION` beside it. Raise it in the commit that changes what the
               algorithm gives for the same input, for example by another constant; keys of caches and journals have
               it too, so that no result of the old code is taken for one of the new code.
    version    version of spacy-xner

beside the identity of the translator or projector. Ids alone do not say that a doc translates another one: they are
made of file names and line numbers, and change their meaning where a line is inserted.
"""

import hashlib
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from .. import __version__
from ..annotations.attributes import meta_of
from ..errors import XnerError
from .docs import TRANSLATION_STEPS

STEPS_WITH_SOURCE = TRANSLATION_STEPS | {"project"}
Pair = tuple[Doc, Doc]  # source, translation


def made_from(source_hash: str, revision: int) -> dict[str, Any]:
    """The values of a step that say what a doc was made from, and by which code.

    source_hash (str): of the source's text, see `text_hash`.
    """
    return {"source": source_hash, "revision": revision, "version": __version__}


def text_hash(text: str) -> str:
    """SHA-256 of a text, its first 16 hex digits."""
    return hashlib.sha256(text.encode("utf8", "surrogatepass")).hexdigest()[:16]


def source_hash_of(doc: Doc) -> str | None:
    """The hash of the text that a doc was made from; None if its provenance has none, as in files of old versions."""
    steps = [step for step in meta_of(doc).get("provenance", []) if step.get("step") in STEPS_WITH_SOURCE]
    return steps[-1].get("source") if steps else None


def check_sources(
    pairs: Iterable[Pair],
    source_file: Path | str = "SOURCE",
    target_file: Path | str = "TRANSLATION",
    others: Iterable[Doc] = (),
) -> int:
    """Check that each doc was made from the text of its source.

    source_file, target_file (Path | str): files of the docs, for the message.
    others (Iterable[Doc]): all docs of the source file, for the message: the text may have another id now.
    RETURNS (int): the number of pairs that cannot be checked, since no hash was kept.
    RAISES: XnerError for the first doc that was made from another text, with the command that makes it again.
    """
    n_pairs = n_unchecked = 0
    wrong: list[Pair] = []
    texts: dict[str, str] = {}  # hash of a source's text -> its id
    for source, target in pairs:
        n_pairs += 1
        digest = text_hash(source.text)
        texts.setdefault(digest, str(meta_of(source).get("id", n_pairs)))
        expected = source_hash_of(target)
        if expected is None:
            n_unchecked += 1
        elif expected != digest:
            wrong.append((source, target))
    if wrong:
        source, target = wrong[0]
        texts |= {text_hash(doc.text): str(meta_of(doc).get("id")) for doc in others}
        moved = texts.get(str(source_hash_of(target)))
        made = f"the one that is now {moved} there" if moved else "one that no other doc there has"
        raise XnerError(
            f"{target_file}: the doc {meta_of(target).get('id')} ('{target.text[:60]}') was not made from the text of "
            f"this id in {source_file} ('{source.text[:60]}'), but from {made}. So it is with {len(wrong):,} of "
            f"{n_pairs:,} docs. Expected the file that was translated, unchanged. Make {target_file} again: "
            f"`{command_for(target, source_file, target_file, meta_of(source).get('lang'))}`"
        )
    return n_unchecked


def command_for(doc: Doc, source_file: Path | str, target_file: Path | str, source_lang: str | None = None) -> str:
    """The command that makes a translated doc's file again, as far as the doc's provenance tells.

    A source that is no DocBin is converted first, since `xner corpus translate` reads DocBins.

    source_lang (str | None): language of the source, if it is known.
    """
    meta = meta_of(doc)
    steps: Sequence[Mapping[str, Any]] = meta.get("provenance", [])
    names = [step.get("step") for step in steps]
    if not TRANSLATION_STEPS.intersection(names):
        return shlex.join(["xner", "project", str(source_file), "TRANSLATION", "--output", str(target_file)])
    command = "synthesize" if "synthesize" in names else "translate"
    step = next(step for step in reversed(steps) if step.get("step") in TRANSLATION_STEPS)
    before = ""
    if command == "translate" and not str(source_file).endswith(".spacy"):
        converted = f"{source_file}.spacy"
        lang = source_lang or "SOURCE_LANG"
        words = ["xner", "corpus", "convert", str(source_file), "--output", converted, "--lang", lang]
        before, source_file = f"{shlex.join(words)} && ", converted
    words = ["xner", "corpus", command, str(source_file), "--output", str(target_file), "--lang", str(meta.get("lang"))]
    return before + shlex.join([*words, *_translator_options(step)])


def _translator_options(step: Mapping[str, Any]) -> list[str]:
    from ..translation.factory import SHORT_NAMES

    identity = step.get("translator", {})
    short = {registered.removeprefix("spacy_xner."): name for name, registered in SHORT_NAMES.items()}
    name = short.get(identity.get("name"), identity.get("name", "NAME"))
    options = ["--translator", str(name)]
    if name == "memory":
        options += ["--memory", str(identity.get("files", "FILES"))]
    if name == "lexicon":
        options += ["-s", f"path={identity.get('files', 'FILE')}"]
    if name in ("seq2seq", "ctranslate2"):
        options += ["-s", f"model={identity.get('model', 'MODEL')}"]
    if name in ("http", "llm"):
        given = {"url": "server", "protocol": "protocol", "model": "model"}
        options += [word for key, at in given.items() if at in identity for word in ("-s", f"{key}={identity[at]}")]
    if "way" in step:
        options += ["--carry", str(step["way"]).lower()]
        options += ["--tags", str(step["tags"])] if "tags" in step else []
        options += ["--spans-key", str(step["spans_key"])] if "spans_key" in step else []
        if "agree" in step:
            aligner = step["agree"].get("aligner", {}) if isinstance(step["agree"], Mapping) else {}
            options += ["--agree", *(["--encoder", str(aligner["model"])] if "model" in aligner else [])]
        options += ["--no-names"] if step.get("translate_names") is False else []
    return options

"""Serialisation of `doc._.xner_source`: in `to_bytes`, `DocBin` and for worker processes.

spaCy packs `doc.user_data` with msgpack, which cannot pack a `Doc`. Importing this module registers an encoder and a
decoder for `Doc` in srsly, which calls msgpack. A process that reads such docs needs the import too;
`attributes.py`, which every reader of docs imports, does it.
"""

from collections.abc import Callable
from typing import Any

from spacy.tokens import Doc
from spacy.vocab import Vocab
from srsly.msgpack import msgpack_decoders, msgpack_encoders

KEY = "spacy_xner.Doc"

Chain = Callable[[Any], Any] | None


@msgpack_encoders("spacy_xner.doc")
def encode_doc(value: Any, chain: Chain = None) -> Any:
    """Turn a `Doc` into a dict with its bytes; leave other values to the next encoder."""
    if isinstance(value, Doc):
        return {KEY: value.to_bytes()}
    return value if chain is None else chain(value)


@msgpack_decoders("spacy_xner.doc")
def decode_doc(value: Any, chain: Chain = None) -> Any:
    """Turn such a dict back into a `Doc`, with a vocabulary of its own; leave others to the next decoder."""
    if isinstance(value, dict) and value.keys() == {KEY}:
        return Doc(Vocab()).from_bytes(value[KEY])
    return value if chain is None else chain(value)

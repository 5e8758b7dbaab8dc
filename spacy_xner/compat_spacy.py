"""Every use of private parts of spaCy's and spacy-transformers' components, docs and optimizers.

As in compat.py, tests/test_compat_spacy.py has a test for each function, whose message says which part is gone or
different, and each docstring names the part, the versions that it was seen in, and why it is needed.
"""

from __future__ import annotations

import inspect
import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from spacy.tokens import Doc, DocBin, Span
    from spacy_transformers.data_classes import TransformerData


def get_attribute_key(span: Span, name: str) -> Any:
    """The key in `doc.user_data` of the custom attribute `span._.NAME`.

    Uses `Underscore._get_key` (spaCy 3.7, 3.8): a getter of an attribute has no other way to the value that is stored.
    `doc.copy`, `Doc.from_docs` and `span.as_doc` adjust the characters in such keys.
    """
    return span._._get_key(name)


def read_stored(doc_bin: DocBin, name: str) -> Iterator[tuple[Any, int]]:
    """The value of `doc._.NAME` and the number of entities of each doc of a DocBin, without making the docs.

    Uses the attributes `attrs`, `tokens` and `user_data` of DocBin, the values of ENT_IOB in it, and the keys of custom
    attributes (spaCy 3.7, 3.8): making the docs takes ten times as long.
    """
    import srsly
    from spacy.attrs import ENT_IOB

    column = list(doc_bin.attrs).index(ENT_IOB)
    for tokens, stored in zip(doc_bin.tokens, doc_bin.user_data, strict=True):
        found = srsly.msgpack_loads(stored, use_list=False)
        yield found.get(("._.", name, None, None)), int((tokens[:, column] == 3).sum())


def part_of_docbin(doc_bin: DocBin, start: int, stop: int | None) -> DocBin:
    """A DocBin with the docs `start` to `stop` (exclusive) of another one, which shares their arrays.

    Uses the attributes `attrs`, `tokens`, `spaces`, `cats`, `span_groups`, `user_data`, `flags` and `strings` of DocBin
    (spaCy 3.7, 3.8): it makes no part of its docs but by making those before it too.
    """
    part = type(doc_bin)(store_user_data=doc_bin.store_user_data)
    part.attrs, part.strings = doc_bin.attrs, doc_bin.strings
    for name in ("tokens", "spaces", "cats", "span_groups", "user_data", "flags"):
        setattr(part, name, getattr(doc_bin, name)[start:stop])
    return part


class StoredSpan(NamedTuple):
    """A span as a span group keeps it: numbers of strings, tokens and characters."""

    id: int
    kb_id: int
    label: int
    start: int
    end: int
    start_char: int
    end_char: int


def unpack_spans(group: bytes) -> list[StoredSpan]:
    """The spans in the bytes of a span group.

    Uses the message of `SpanGroup.to_bytes` (spaCy 3.7, 3.8): a group gives no span whose tokens the doc does not have
    any more.
    """
    import srsly

    return [StoredSpan(*struct.unpack(">QQQllll", span)) for span in srsly.msgpack_loads(group)["spans"]]


def read_schedule(schedule: Any) -> tuple[str, dict[str, Any], int] | None:
    """Name and arguments of the registered function that made a schedule, and how many values were taken from it.

    Uses the local variables of thinc's generators (thinc 8.2, 8.3): they have no other state, and a generator cannot be
    copied. None for schedules of other kinds.
    """
    frame = getattr(schedule, "gi_frame", None)
    if frame is None or frame.f_globals.get("__name__") != "thinc.schedules":
        return None
    name, state = schedule.gi_code.co_name, dict(frame.f_locals)
    counters: dict[str, Callable[[], int]] = {
        "constant": lambda: 1,
        "warmup_linear": lambda: int(state["step"]) + 1,
        "cyclic_triangular": lambda: int(state["it"]),
        "decaying": lambda: 1,  # its argument `t` is its counter
    }
    if name not in counters or schedule.gi_suspended is False:
        return None
    code = schedule.gi_code
    arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return f"{name}.v1", {argument: state[argument] for argument in arguments}, counters[name]()


OUTPUT_KEY: Any = ("._.", "trf_data", None, None)
"""The key of `doc._.trf_data` in `doc.user_data`."""


def get_encoder_output(doc: Doc) -> TransformerData | None:
    """The transformer's output of a doc, or None.

    Uses the key of custom attributes in `doc.user_data` (spaCy 3.7, 3.8): nothing is registered without a transformer.
    """
    output: TransformerData | None = doc.user_data.get(OUTPUT_KEY)
    return output


def is_output_deleted(doc: Doc) -> bool:
    """Whether a doc had a transformer's output that was set to None since, as `doc_cleaner` does.

    Uses the key of custom attributes in `doc.user_data` (spaCy 3.7, 3.8): `doc._.trf_data` is None also where no
    transformer has read the doc.
    """
    return OUTPUT_KEY in doc.user_data and doc.user_data[OUTPUT_KEY] is None


def get_accumulated_gradients(backprop: Callable[..., Any]) -> list[list[Any]]:
    """The gradients of the listeners so far, for each doc, from the callback that `Transformer.update` sends to each.

    Uses the local variable `d_tensors` of `Transformer.update` (spacy-transformers 1.3, 1.4), where they are added up.
    Empty for another callback.
    """
    found: list[list[Any]] = inspect.getclosurevars(backprop).nonlocals.get("d_tensors", [])
    return found

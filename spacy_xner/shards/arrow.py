"""Rows as Arrow tables: the schema, and conversion in both directions. Needs pyarrow."""

import json
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import XnerError
from ..extras import needs_extra
from .row import AnySpan, Row, RowSpan, SoftLabels

JSON_COLUMNS = ("meta", "source_meta")
SPAN_COLUMNS = ("source_spans", "spans")
GROUP_COLUMNS = ("source_groups", "groups")
REQUIRED = ("id", "lang", "source_lang", "source_words", "source_spaces")


def import_pyarrow() -> ModuleType:
    """The package pyarrow. RAISES: XnerError where it is not installed."""
    with needs_extra("parquet", "Parquet files need"):
        import pyarrow
    return pyarrow  # type: ignore[no-any-return, unused-ignore]


def import_parquet() -> Any:
    """The part of pyarrow for Parquet files. RAISES: XnerError where it is not installed."""
    with needs_extra("parquet", "Parquet files need"):
        from pyarrow import parquet
    return parquet


def schema() -> Any:
    """The Arrow schema of rows: the fields of `Row`, with `meta` and `source_meta` as JSON texts, a span group as its
    name and its spans, and the soft labels in the two columns `soft_tags` and `soft_probabilities`.
    """
    pa = import_pyarrow()
    span = pa.struct(
        [
            pa.field("start", pa.int32()),
            pa.field("end", pa.int32()),
            pa.field("label", pa.string()),
            pa.field("score", pa.float64()),
            pa.field("kb_id", pa.string()),
            pa.field("span_id", pa.string()),
        ]
    )
    groups = pa.list_(pa.struct([pa.field("name", pa.string()), pa.field("spans", pa.list_(span))]))

    def side(start: str) -> list[Any]:
        return [
            pa.field(f"{start}words", pa.list_(pa.string())),
            pa.field(f"{start}spaces", pa.list_(pa.bool_())),
            pa.field(f"{start}spans", pa.list_(span)),
            pa.field(f"{start}complete", pa.bool_()),
            pa.field(f"{start}outside", pa.list_(pa.int32())),
            pa.field(f"{start}groups", groups),
            pa.field(f"{start}sent_starts", pa.list_(pa.int8())),
        ]

    return pa.schema(
        [
            pa.field("id", pa.string()),
            pa.field("lang", pa.string()),
            pa.field("score", pa.float64()),
            pa.field("meta", pa.string()),
            pa.field("source_lang", pa.string()),
            pa.field("source_meta", pa.string()),
            *side("source_"),
            *side(""),
            pa.field("soft_tags", pa.list_(pa.string())),
            pa.field("soft_probabilities", pa.list_(pa.list_(pa.float32()))),
        ]
    )


def table_of(rows: Sequence[Row]) -> Any:
    """Rows as a `pyarrow.Table`. RAISES: XnerError for values that Parquet or JSON cannot hold."""
    pa = import_pyarrow()
    columns = []
    for field in schema():
        try:
            columns.append(pa.array(_column(rows, field.name), type=field.type))
        except (ValueError, TypeError, OverflowError, pa.ArrowException) as error:
            raise XnerError(
                f"The rows {rows[0].id!r} to {rows[-1].id!r}: the column {field.name} cannot be written ({error}). "
                f"Expected values of the type {field.type}."
            ) from None
    return pa.Table.from_arrays(columns, schema=schema())


def _column(rows: Sequence[Row], name: str) -> list[Any]:
    if name in JSON_COLUMNS:
        return [_json_of(row, getattr(row, name)) for row in rows]
    if name in SPAN_COLUMNS:
        return [_dicts(getattr(row, name)) for row in rows]
    if name in GROUP_COLUMNS:
        groups = (getattr(row, name) for row in rows)
        return [[{"name": key, "spans": _dicts(spans)} for key, spans in each.items()] for each in groups]
    if name == "soft_tags":
        return [None if row.soft_labels is None else row.soft_labels.tags for row in rows]
    if name == "soft_probabilities":
        return [None if row.soft_labels is None else list(row.soft_labels.probabilities) for row in rows]
    return [getattr(row, name) for row in rows]


def _dicts(spans: Sequence[AnySpan] | None) -> list[dict[str, Any]] | None:
    return None if spans is None else [span._asdict() for span in spans]


def _json_of(row: Row, value: dict[str, Any]) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError) as error:
        raise XnerError(f"The meta of the row {row.id} is no plain JSON ({error}), expected values of JSON.") from None


def cast_batch(batch: Any) -> Any:
    """A record batch with the types of `schema`. RAISES: pyarrow.ArrowException (a ValueError) for other values."""
    pa = import_pyarrow()
    return pa.RecordBatch.from_arrays(
        [batch.column(field.name).cast(field.type) for field in schema()], schema=schema()
    )


def rows_of(table: Any) -> list[Row]:
    """The rows of a table (or record batch) with the columns of `schema`.

    RAISES: ValueError for values that are no rows: JSON that is damaged, missing values.
    """
    columns = {name: table.column(name) for name in table.schema.names}
    soft = [
        _soft_labels(*pair) for pair in zip(columns.pop("soft_tags"), columns.pop("soft_probabilities"), strict=True)
    ]
    values = {name: column.to_pylist() for name, column in columns.items()}
    for name in (*REQUIRED, *JSON_COLUMNS):
        if None in values[name]:
            raise ValueError(f"the column {name} has no value in row {values[name].index(None) + 1}")
    for name in JSON_COLUMNS:
        values[name] = [json.loads(text) for text in values[name]]
    for name in SPAN_COLUMNS:
        values[name] = [_row_spans(spans) for spans in values[name]]
    for name in GROUP_COLUMNS:
        values[name] = [
            {group["name"]: _row_spans(group["spans"]) for group in groups or ()} for groups in values[name]
        ]
    names = list(values)
    return [
        Row(**dict(zip(names, row, strict=True)), soft_labels=labels)
        for *row, labels in zip(*values.values(), soft, strict=True)
    ]


def _row_spans(spans: list[dict[str, Any]] | None) -> list[RowSpan] | None:
    return None if spans is None else [RowSpan(**span) for span in spans]


def _soft_labels(tags: Any, probabilities: Any) -> SoftLabels | None:
    """The soft labels in two Arrow scalars."""
    if not tags.is_valid or not probabilities.is_valid:
        return None
    names, rows = tags.as_py(), probabilities.values
    numbers = rows.flatten().to_numpy(zero_copy_only=False)
    return SoftLabels(names, np.array(numbers, dtype=np.float32).reshape(len(rows), len(names)))

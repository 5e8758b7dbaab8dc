"""Compact storage of many runs in a study file: the reference once, and for each run its differences from it.

All runs of a study are scored on the same sentences. Their study file has `sentences`: language -> `n` and `repeats`,
as in a record, and `to_find`: label -> [{"entities": a number, "gaps": the sentences with that number of entities}]. A
packed run has `differences` in place of its own `sentences`: language -> label -> [{"right": entities, "wrong":
entities, "gaps": the sentences with these counts}], for the sentences in which it made an error. Gaps are the
differences between successive sentence numbers: [3, 1, 2] stands for the sentences 3, 4 and 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from ..errors import XnerError
from ..json_checks import Expected, check, items, mapping, number, optional, row

COUNT = number(0, int)
SHARED: Expected = mapping(
    {
        "n": COUNT,
        "repeats": optional(items(row(2, int))),
        "to_find": mapping(items({"entities": COUNT, "gaps": items(COUNT)})),
    }
)
PACKED: dict[str, Expected] = {
    "differences": mapping(mapping(items({"right": COUNT, "wrong": COUNT, "gaps": items(COUNT)})))
}


def entities_to_find(labels: Mapping[str, list[list[int]]]) -> dict[str, dict[int, int]]:
    """Label -> sentence number -> entities in the reference, from the rows of a language."""
    counted = {label: {i: tp + fn for i, tp, _, fn in rows if tp + fn} for label, rows in labels.items()}
    return {label: sentences for label, sentences in counted.items() if sentences}


def pack(records: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Pack checked records of runs that can be compared.

    RETURNS (tuple[dict[str, Any], list[dict[str, Any]]]): the study file's `sentences`, and the packed records in the
        same order. A record that `unpack` could not restore exactly, for example one with unsorted rows, is not packed.
    """
    shared: dict[str, Any] = {}
    for lang, found in records[0]["sentences"].items():
        shared[lang] = {key: value for key, value in found.items() if key != "labels"}
        shared[lang]["to_find"] = {
            label: _grouped(("entities",), ((i, n) for i, n in numbers.items()))
            for label, numbers in entities_to_find(found["labels"]).items()
        }
    packed = []
    for record in records:
        differences = {
            lang: {
                label: _grouped(("right", "wrong"), ((i, tp, fp) for i, tp, fp, fn in rows if fp or fn))
                for label, rows in found["labels"].items()
            }
            for lang, found in record["sentences"].items()
        }
        small = {**{key: value for key, value in record.items() if key != "sentences"}, "differences": differences}
        same = differences.keys() == shared.keys() and unpack(small, shared, "") == record
        packed.append(small if same else dict(record))
    return shared, packed


def unpack(record: Mapping[str, Any], shared: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Restore a packed record. A record that is not packed is returned unchanged.

    shared (Mapping[str, Any]): the study file's `sentences`, checked.
    file (str): where the record was found, for messages.
    RAISES: XnerError for differences that do not fit the sentences.
    """
    if "differences" not in record:
        return dict(record)
    check(dict(record), PACKED, file)
    differences = record["differences"]
    if differences.keys() != shared.keys():
        raise XnerError(
            f"{file}: `differences` has the languages {', '.join(differences) or 'of none'}, expected those of the "
            f"study file's `sentences`: {', '.join(shared) or 'none'}."
        )
    sentences = {}
    for lang, counts in differences.items():
        common = {key: value for key, value in shared[lang].items() if key != "to_find"}
        to_find = {
            label: _ungrouped(groups, ("entities",), f"{file}: `sentences.{lang}.to_find.{label}`")
            for label, groups in shared[lang]["to_find"].items()
        }
        if missing := sorted(to_find.keys() - counts.keys()):
            raise XnerError(f"{file}: `differences.{lang}` lacks {', '.join(missing)}, expected each label, if empty.")
        labels = {
            label: _rows(
                to_find.get(label, {}),
                _ungrouped(groups, ("right", "wrong"), f"{file}: `differences.{lang}.{label}`"),
            )
            for label, groups in counts.items()
        }
        for label, rows in labels.items():
            if above := next((row for row in rows if row[3] < 0), None):
                raise XnerError(
                    f"{file}: `differences.{lang}.{label}` has {above[1]} right in sentence {above[0]}, expected at "
                    f"most the {above[1] + above[3]} that are to be found."
                )
        sentences[lang] = {**common, "labels": labels}
    return {**{key: value for key, value in record.items() if key != "differences"}, "sentences": sentences}


def _grouped(names: tuple[str, ...], rows: Iterable[tuple[int, ...]]) -> list[dict[str, Any]]:
    """Group rows of (sentence number, counts) by their counts, which get the keys `names`."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for i, *counts in rows:
        groups.setdefault(tuple(counts), []).append(i)
    return [
        {**dict(zip(names, key, strict=True)), "gaps": [b - a for a, b in pairwise([0, *sorted(groups[key])])]}
        for key in sorted(groups)
    ]


def _ungrouped(groups: Sequence[Mapping[str, Any]], names: tuple[str, ...], where: str) -> dict[int, list[int]]:
    """Sentence number -> counts, the reverse of `_grouped`."""
    counts = {i: [group[name] for name in names] for group in groups for i in accumulate(group["gaps"])}
    if len(counts) < sum(len(group["gaps"]) for group in groups):
        raise XnerError(f"{where} has a sentence twice, expected each sentence number at most once.")
    return counts


def _rows(to_find: Mapping[int, list[int]], differences: Mapping[int, list[int]]) -> list[list[int]]:
    """Sorted rows of [sentence number, right, wrong, not found]. Without a difference, all entities are right."""
    found = {**{i: [n, 0] for i, (n,) in to_find.items()}, **differences}
    return [[i, tp, fp, to_find.get(i, [0])[0] - tp] for i, (tp, fp) in sorted(found.items())]

"""A pipeline with known predictions, docs labelled by hand, and records of simulated runs."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from spacy_xner.corpus.formats.inline import parse_inline
from spacy_xner.experiments.record_schema import checked_record
from spacy_xner.experiments.records import StudyRecords
from spacy_xner.languages.tokenizer import multilingual_blank
from spacy_xner.scoring.error_kinds import ERROR_KINDS


@cache
def finder(**labels: str) -> Language:
    """A pipeline that predicts an entity wherever one of the words in `labels` (word=label) occurs.

    It is made once, as making pipelines would take most of the time of many tests: do not change it.
    """
    nlp = multilingual_blank("xx")
    if labels:
        ruler: Any = nlp.add_pipe("entity_ruler")
        ruler.add_patterns([{"label": label, "pattern": word} for word, label in labels.items()])
    return nlp


@cache
def blank() -> Language:
    """A pipeline that makes docs, made once."""
    return multilingual_blank("xx")


def labelled(line: str, lang: str | None) -> Doc:
    """A doc of a line such as `[Ada](PER) sings.`; without a language if `lang` is None."""
    text, spans = parse_inline(line)
    doc = blank().make_doc(text)
    entities = [doc.char_span(start, end, label) for start, end, label in spans]
    doc.set_ents([entity for entity in entities if entity])
    assert len(doc.ents) == len(spans)
    doc._.xner_meta = {"id": line} if lang is None else {"id": line, "lang": lang}
    return doc


LABELS = ("LOC", "ORG", "PER")
SETTING = {"encoder": "models/encoder", "steps": 878, "config": {"aggregator": "LayerAttention.v1"}}


def counted(rows: dict[str, dict[str, list[list[int]]]], n: int) -> dict[str, Any]:
    """`sentences` of a record: language -> label -> rows of [sentence number, right, wrong, not found]."""
    return {lang: {"n": n, "labels": labels} for lang, labels in rows.items()}


def record(arm: str = "a", seed: int = 0, sentences: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A minimal record. `changes` are keys to set; None removes a key."""
    sentences = sentences or counted({"de": {"PER": [[0, 1, 0, 1]]}}, 2)
    scores = {"source": "en", "targets": sorted(sentences), "macro_f": 0.5, "languages": {"en": {"f": 0.9}}}
    found = {"format": 1, "study": "made-up", "arm": arm, "seed": seed, "scores": scores, "sentences": sentences}
    return {key: value for key, value in {**found, **changes}.items() if value is not None}


def simulated(
    arm: str, seed: int, quality: float, *, n: int = 60, langs: Sequence[str] = ("de", "es", "nl"), labels: float = 1.0
) -> dict[str, Any]:
    """A full record of a simulated run that finds each entity with the probability `quality`. Gold is always equal."""
    gold_numbers, numbers = np.random.default_rng(7), np.random.default_rng([seed, *arm.encode(), round(1000 * labels)])
    rows: dict[str, dict[str, list[list[int]]]] = {lang: {label: [] for label in LABELS} for lang in langs}
    errors, examples = {}, []
    for lang in langs:
        kinds = dict.fromkeys(ERROR_KINDS, 0)
        confusion = {label: {"": 0, **dict.fromkeys(LABELS, 0)} for label in ("", *LABELS)}
        for number in range(n):
            gold, found, text = [], [], f"{number}: "
            for label in LABELS:
                if gold_numbers.random() < 0.5:
                    continue
                span = [len(text), len(text) + len(f"{label.lower()}-{lang}")]
                text += f"{label.lower()}-{lang} & <b>so</b> on "
                gold.append([*span, label])
                kind = "correct" if numbers.random() < quality else str(numbers.choice(["label", "missed", "boundary"]))
                kinds[kind] += 1
                got = {"missed": "", "label": "ORG" if label == "PER" else "PER"}.get(kind, label)
                confusion[label][got] += 1
                if got:
                    found.append([span[0], span[1] + 2 * (kind == "boundary"), got])
                counts = {label: [number, int(kind == "correct"), int(kind == "boundary"), int(kind != "correct")]}
                if kind == "label":
                    counts[got] = [number, 0, 1, 0]
                for each, row in counts.items():
                    before = rows[lang][each]
                    if before and before[-1][0] == number:
                        before[-1] = [number, *(a + b for a, b in zip(before[-1][1:], row[1:], strict=True))]
                    else:
                        before.append(row)
            if number < 6:
                examples.append({"lang": lang, "id": f"{lang}:{number}", "text": text, "gold": gold, "found": found})
        errors[lang] = {**kinds, "confusion": confusion}
    weights = np.exp(numbers.normal(size=5) * 0.2)
    steps = range(50, 301, 50)
    languages = {lang: {"docs": n, "f": quality} for lang in ("en", *langs)}
    return record(
        arm,
        seed,
        counted(rows, n),
        scores={"source": "en", "targets": list(langs), "macro_f": quality, "languages": languages},
        title=f"arm {arm.upper()}",
        description=f"What the arm {arm} does.",
        setting={**SETTING, "arm": arm, "seed": seed},
        minutes=12.3 + seed,
        parts={"train": 7.2 + seed, "teacher": 5.1},
        machine="Imagined CPU, 2 cores",
        words=480_000,
        labels=labels,
        layer_weights=[(weights / weights.sum()).tolist()],
        curve=[{"step": s, "words": 1600 * s, "score": quality * (1 - 0.5 ** (s / 50))} for s in steps],
        errors=errors,
        examples=examples,
    )


def study_of(*records: dict[str, Any], **texts: Any) -> StudyRecords:
    """The records as a study, checked one by one."""
    runs = sorted(
        (checked_record(each, f"{each['arm']}-{each['seed']}.json") for each in records), key=lambda run: run.key
    )
    return StudyRecords(runs[0].study, runs, **texts)

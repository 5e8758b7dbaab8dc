"""Settings of steps: they can be pickled, and what they load is what the functions do."""

import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from threadpoolctl import threadpool_info

from spacy_xner import __version__
from spacy_xner.corpus import project, translate
from spacy_xner.corpus.filters import Filters
from spacy_xner.errors import XnerError
from spacy_xner.shards import steps
from spacy_xner.shards.row import Row
from spacy_xner.shards.rows import read_rows, write_rows
from spacy_xner.shards.specs import (
    AlignerSpec,
    CarrySpec,
    ChainSpec,
    DistillSpec,
    ProjectorSpec,
    ProjectSpec,
    Step,
    StepSpec,
    SynthesizeSpec,
    TranslateSpec,
    TranslatorSpec,
)
from spacy_xner.shards.step import LoadedStep

ENGLISH = "[Angela Merkel](PER) visited [Paris](LOC) .\nthe President\n[London](LOC) blank\n"


@pytest.fixture
def rows(tmp_path: Path) -> list[Row]:
    (tmp_path / "en.txt").write_text(ENGLISH, encoding="utf8")
    table = "en\tde\nAngela Merkel visited Paris .\tAngela Merkel besuchte Paris .\nthe President\tPresident\n"
    (tmp_path / "memory.tsv").write_text(table, encoding="utf8")
    return list(read_rows(tmp_path / "en.txt", lang="en"))


@pytest.fixture
def translator(tmp_path: Path) -> TranslatorSpec:
    return TranslatorSpec("memory", "en", "de", {"path": str(tmp_path / "memory.tsv")})


def loaded(spec: StepSpec) -> Step:
    """The step of a spec that went to another process."""
    copy = pickle.loads(pickle.dumps(spec))
    assert copy == spec
    step: Step = copy.load()
    assert isinstance(step, Step)
    assert step.identity == spec.load().identity
    return step


def chain(translator: TranslatorSpec, encoder: Path, pipeline: Path) -> ChainSpec:
    projector = ProjectorSpec(AlignerSpec(str(encoder), 0, "inter"))
    distill = DistillSpec([str(pipeline)], keep_entities=True)
    return ChainSpec([TranslateSpec(translator, cache=False), ProjectSpec(projector), distill])


def test_chain(
    rows: list[Row], translator: TranslatorSpec, tiny_encoder: Path, tiny_pipeline: Path, tmp_path: Path
) -> None:
    spec = chain(translator, tiny_encoder, tiny_pipeline)
    step = loaded(spec)
    counts = Counter[str]()
    made = step(rows, counts)
    assert spec.name == "translate-project-distill"
    assert [row.words for row in made] == [["Angela", "Merkel", "besuchte", "Paris", "."], ["President"]]
    assert [(span.start, span.end, span.label) for span in made[0].spans or ()] == [(0, 2, "PER"), (3, 4, "LOC")]
    assert made[0].source_spans == rows[0].source_spans
    assert [row.soft_labels is not None and row.soft_labels.probabilities.shape[0] for row in made] == [5, 1]
    assert [each["step"] for each in made[0].meta["provenance"]] == ["convert", "translate", "project", "distill"]
    assert counts["translate: docs"] == 3
    assert counts["translate: without translation"] == 1
    assert counts["project: projected"] == 2
    assert counts["distill: kept with projected entities"] == counts["distill: docs"] == 2
    assert set(step.count_names) <= counts.keys()
    # one step after the other gives the same, also through files
    other: Any = rows
    for number, each in enumerate(spec.steps):
        write_rows(tmp_path / f"{number}.parquet", each.load()(other, Counter()))
        other = list(read_rows(tmp_path / f"{number}.parquet"))
    assert other == made


def test_stateless(rows: list[Row], translator: TranslatorSpec, tiny_encoder: Path, tiny_pipeline: Path) -> None:
    """What a step makes of rows does not depend on the rows before."""
    step = chain(translator, tiny_encoder, tiny_pipeline).load()
    first = step(rows, Counter())
    step([row for row in rows[::-1] for _ in range(3)], Counter())
    assert step(rows, Counter()) == first


def test_one_thread(rows: list[Row]) -> None:
    """The number of threads changes the last digits of results, so that a step computes with one."""
    found: list[int] = []

    def run(rows: list[Row], counts: Counter[str]) -> list[Row]:
        found.append(torch.get_num_threads())
        found.extend(each["num_threads"] for each in threadpool_info())
        return rows

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert LoadedStep({}, (), run)(rows, Counter()) == rows
        assert set(found) == {1}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_synthesize(rows: list[Row], translator: TranslatorSpec, tiny_encoder: Path) -> None:
    off = Filters(length_ratio=0, copied=1, language=False, quality=0)
    step = loaded(SynthesizeSpec(translator, off, None))
    counts = Counter[str]()
    assert [row.words for row in step(rows, counts)] == [["Angela", "Merkel", "besuchte", "Paris", "."], ["President"]]
    assert set(step.count_names) <= counts.keys()
    filtered = Filters(language=False, copied=1, quality=0.01)
    aligned = loaded(SynthesizeSpec(translator, filtered, AlignerSpec(str(tiny_encoder))))
    assert [0 < row.score < 1 for row in aligned(rows, Counter())] == [True, True]
    back = TranslatorSpec("memory", "de", "en", translator.settings)
    there_and_back = loaded(SynthesizeSpec(translator, filtered, back))
    assert [row.score for row in there_and_back(rows, Counter())] == [1, 1]
    identities = [each.identity for each in (step, aligned, there_and_back)]
    assert len({repr(each) for each in identities}) == 3


def test_identities(
    translator: TranslatorSpec, rows: list[Row], tiny_encoder: Path, tiny_pipeline: Path, tmp_path: Path
) -> None:
    """They have the revisions of all algorithms, and change with each setting and with the content of files."""
    aligner = AlignerSpec(str(tiny_encoder), 0, "inter")
    plain = ProjectSpec(ProjectorSpec(aligner))
    carry = TranslateSpec(translator, CarrySpec("xml", spans_key="sc"))
    specs: list[StepSpec] = [
        TranslateSpec(translator),
        carry,
        TranslateSpec(translator, CarrySpec("xml", tags="<e1>")),
        TranslateSpec(translator, CarrySpec("placeholders", agree=ProjectorSpec(aligner))),
        plain,
        ProjectSpec(ProjectorSpec(aligner, min_score=0.5)),
        ProjectSpec(ProjectorSpec(aligner, label_map={"PER": "PERSON"})),
        ProjectSpec(ProjectorSpec(AlignerSpec(str(tiny_encoder), 1, "inter"))),
        ProjectSpec(ProjectorSpec(AlignerSpec(str(tiny_encoder)), teacher=str(tiny_pipeline))),
        DistillSpec([str(tiny_pipeline)]),
        DistillSpec([str(tiny_pipeline)], certainty=0.5),
        DistillSpec([str(tiny_pipeline)], keep_entities=True),
        DistillSpec([str(tiny_pipeline)], projector=plain.projector),
        ChainSpec([TranslateSpec(translator), plain]),
    ]
    identities = [spec.load().identity for spec in specs]
    assert len({repr(each) for each in identities}) == len(specs)
    first, project_identity = identities[0], identities[4]
    assert first["revision"] == steps.REVISION
    assert first["revision_of_corpus"] == translate.REVISION
    assert first["version"] == __version__
    assert project_identity["revision_of_corpus"] == project.REVISION
    assert project_identity["projector"]["aligner"]["revision"]
    assert identities[-1]["steps"] == [first, project_identity]
    (tmp_path / "memory.tsv").write_text("en\tde\nthe President\tder President\n", encoding="utf8")
    assert specs[0].load().identity != first
    # the cache changes no result
    assert TranslateSpec(translator, cache=False).load().identity == TranslateSpec(translator).load().identity


def test_refused(rows: list[Row], translator: TranslatorSpec, tiny_pipeline: Path) -> None:
    french = TranslatorSpec("memory", "fr", "de", {**translator.settings})
    with pytest.raises(XnerError, match="fr"):
        TranslateSpec(french).load()(rows, Counter())
    rows[1].source_lang = "fr"
    with pytest.raises(XnerError, match="The row en:2 is in the language fr, expected en, from which the translator"):
        TranslateSpec(translator).load()(rows, Counter())
    with pytest.raises(XnerError, match=r"agreement is 0\.5, but there are no entities to agree with"):
        DistillSpec([str(tiny_pipeline)], agreement=0.5).load()
    for wrong in ([], [TranslateSpec(translator)] * 2):
        with pytest.raises(XnerError, match="expected distinct ones"):
            ChainSpec(wrong).load()

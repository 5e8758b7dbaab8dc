"""The Apertium machine translation engine, run as a process that reads many texts at a time.

Forcada et al. 2011, "Apertium: a free/open-source platform for rule-based machine translation", Machine Translation 25.
"""

import hashlib
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice, product
from pathlib import Path
from typing import Any

from ..errors import XnerError
from ..files import file_sha256
from ..languages.codes import base_language, code_variants, normalise_code
from .apertium_stream import Block

# Debian's names; the pairs from English that are worth running, then pairs into English and pivots from Spanish and
# Catalan.
PACKAGES = (
    "apertium-eng-spa", "apertium-eng-cat", "apertium-en-gl", "apertium-eo-en",
    "apertium-isl-eng", "apertium-eu-en", "apertium-mkd-eng", "apertium-hbs-eng",
    "apertium-spa-cat", "apertium-spa-ita", "apertium-es-pt", "apertium-es-gl", "apertium-fr-es", "apertium-oc-es",
    "apertium-spa-ast", "apertium-spa-arg", "apertium-fra-cat", "apertium-cat-ita", "apertium-por-cat",
)  # fmt: skip
INSTALL = "apt-get install -y --no-install-recommends"
SECONDS_PER_CHARACTER = 0.002  # of the timeout: some fifty times what a character takes


class Apertium:
    """Translates with an installed Apertium pair, in batches, one process for each batch.

    Characters that are no text (NUL, noncharacters, lone surrogates) become spaces. Mail addresses, handles and tokens
    of more than `max_token` characters come back as they are. The engine drops soft hyphens and straightens some
    apostrophes.

    source, target (str): language codes, two- or three-letter.
    mode (str | None): a mode as `apertium -l` lists them, such as `eng-cat_valencia`; None: the pair's plain mode.
    batch_size (int): texts for each process. Starting one takes about as long as translating a hundred sentences.
    timeout (float): seconds that a batch may take, beyond 2 ms for each character.
    max_token (int): characters.
    Raises XnerError where the engine or the pair is not installed (with the command that installs it), or the mode
    does not work.
    """

    def __init__(
        self,
        source: str,
        target: str,
        mode: str | None = None,
        batch_size: int = 500,
        *,
        timeout: float = 120.0,
        max_token: int = 500,
    ):
        for name, value in (("batch_size", batch_size), ("timeout", timeout), ("max_token", max_token)):
            if value <= 0:
                raise XnerError(f"Apertium's {name} must be above 0, but it is {value}.")
        self.source, self.target = normalise_code(source), normalise_code(target)
        self.batch_size, self.timeout, self.max_token = batch_size, timeout, max_token
        self.mode = find_mode(self.source, self.target, mode)
        smoke_test(self.mode)

    @property
    def identity(self) -> dict[str, Any]:
        return {
            "name": "Apertium.v1",
            "source": self.source,
            "target": self.target,
            "mode": self.mode,
            "engine": engine_version(),
            "package": package_version(self.source, self.target) or data_hash(self.mode),
            "max_token": self.max_token,
        }

    def translate(self, texts: Iterable[str]) -> Iterator[str]:
        """Yield one translation for each text, in order.

        Raises XnerError, saying which text it was, where the engine stops, takes too long or does not give a text back.
        """
        first = 0
        stream = iter(texts)
        while batch := list(islice(stream, self.batch_size)):
            blocks = [Block.encode(text, number, self.max_token) for number, text in enumerate(batch)]
            seconds = self.timeout + SECONDS_PER_CHARACTER * sum(map(len, batch))
            status, output, errors = run_mode(self.mode, blocks, seconds)
            fields = output.decode("utf8", errors="replace").split("\0")
            fields += [""] * (len(blocks) - len(fields))
            for number, (block, field) in enumerate(zip(blocks, fields, strict=False)):
                translation = block.decode(field)
                if translation is None:
                    raise XnerError(
                        f"Apertium ({self.mode}) did not give back text {first + number + 1} "
                        f"({batch[number][:80]!r}, in the batch of texts {first + 1} to {first + len(batch)}); "
                        f"it ended with status {status}{': ' + errors if errors else ''}. Instead came "
                        f"{field[:80]!r}. Leave this text out, or translate it by other means."
                    )
                yield translation
            if status:
                raise XnerError(
                    f"Apertium ({self.mode}) ended with status {status} on texts {first + 1} to "
                    f"{first + len(batch)}{': ' + errors if errors else ''}."
                )
            first += len(batch)


def run_mode(mode: str, blocks: list[Block], seconds: float) -> tuple[int, bytes, str]:
    """Exit status, output and complaints of the engine. Raises XnerError after `seconds`.

    The mode is a pipe of a dozen processes, so that a session of its own is what can be stopped as a whole.
    """
    stream = "".join(f"{block.stream}\0" for block in blocks).encode()
    environment = {key: value for key, value in os.environ.items() if key != "AP_SETVAR"} | {"LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        [binary(), "-z", "-f", "none", "-u", mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(stream, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise XnerError(
                f"Apertium ({mode}) took more than {seconds:.0f} s for {len(blocks)} texts. Raise `timeout`, or lower "
                "`batch_size`."
            ) from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, output, errors.decode("utf8", errors="replace").strip()[:500]


def binary() -> str:
    """Where the engine is. Raises XnerError where it is not."""
    path = shutil.which("apertium")
    if path is None:
        raise XnerError(
            f"The program `apertium` is not installed. On Debian or Ubuntu: {INSTALL} {' '.join(PACKAGES[:3])} (the "
            "engine comes with a language pair); elsewhere see https://wiki.apertium.org/wiki/Installation."
        )
    return path


def ask(*arguments: str) -> str:
    """What a short command prints; an empty text where there is no such command."""
    try:
        return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False).stdout.strip()
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""


@cache
def engine_version() -> str:
    return ask(binary(), "-V").removeprefix("Apertium").strip()


def names_of(code: str) -> list[str]:
    """How modes may name a language: `pt-br` -> [`pt_br`, `por_br`, `pt`, `por`], in lower case."""
    regional = [name.replace("-", "_") for name in code_variants(code)]
    return list(dict.fromkeys([*regional, *code_variants(base_language(code))]))


def pair_of(name: str) -> list[str]:
    """The two languages of a mode or package: `apertium-eng-cat` and `eng-cat_valencia` are both [`en`, `ca`]."""
    codes = name.removeprefix("apertium-").split("-")
    return [normalise_code(code.split("_")[0]) for code in codes[:2]]


def package_of(source: str, target: str) -> str | None:
    """Debian's package for a pair of languages, in either direction; None where we know of none."""
    pair = {base_language(source), base_language(target)}
    return next((package for package in PACKAGES if set(pair_of(package)) == pair), None)


@cache
def package_version(source: str, target: str) -> str | None:
    """Debian's package and version of a pair's data, as `apertium-eng-spa 0.8.1-2`; None where dpkg does not know."""
    package = package_of(source, target)
    version = package and ask("dpkg-query", "--show", "--showformat=${Version}", package)
    return f"{package} {version}" if version else None


@cache
def data_hash(mode: str) -> str | None:
    """A hash of the files that a mode reads; None where it is not in the place where the engine keeps modes."""
    path = Path(binary()).resolve().parents[1] / "share/apertium/modes" / f"{mode}.mode"
    if not path.is_file():
        return None
    words = shlex.split(path.read_text(encoding="utf8"))
    files = [file for word in words if word.startswith("/") and (file := Path(word)).is_file()]
    return hashlib.sha256(repr([words, [file_sha256(file) for file in files]]).encode()).hexdigest()[:16]


def list_modes() -> list[str]:
    """The modes that are installed."""
    return ask(binary(), "-l").split()


def find_mode(source: str, target: str, mode: str | None = None) -> str:
    """The installed mode for a pair of languages, or `mode` itself. One for their regions is preferred.

    Raises XnerError where it is not installed, or `mode` is one for other languages.
    """
    if mode and pair_of(mode) != [base_language(source), base_language(target)]:
        raise XnerError(
            f"Apertium's mode {mode!r} is not one from {source!r} to {target!r}; leave `mode` away, or fix it."
        )
    modes = list_modes()
    installed = {name.lower(): name for name in modes}
    wanted = [mode.lower()] if mode else [f"{a}-{b}" for a, b in product(names_of(source), names_of(target))]
    found = next((name for name in wanted if name in installed), None)
    if found:
        return installed[found]
    package = package_of(source, target)
    if package:
        mend = f"On Debian or Ubuntu: {INSTALL} {package}"
    else:
        mend = "Look for a package with `apt-cache search apertium`, or go by way of a third language"
    raise XnerError(
        f"Apertium has no mode {mode or f'{source}-{target}'} here. {mend}. "
        f"Installed modes: {', '.join(modes) or 'none'}."
    )


@cache
def smoke_test(mode: str) -> None:
    """Raise XnerError where a mode does not give texts back: some that are listed cannot run. Once for each process."""
    texts = ["This is a test of 3 [words].", "~", "Xqbazgor 2"]
    blocks = [Block.encode(text, number, 500) for number, text in enumerate(texts)]
    status, output, errors = run_mode(mode, blocks, 60.0)
    fields = output.decode("utf8", errors="replace").split("\0")
    translations = [block.decode(field) for block, field in zip(blocks, fields, strict=False)]
    if status or len(translations) < len(texts) or not all(translations):
        raise XnerError(
            f"Apertium lists the mode {mode}, but it does not work: status {status}, {errors or 'no message'}. "
            f"Reinstall its package, or choose another mode ({', '.join(list_modes())})."
        )

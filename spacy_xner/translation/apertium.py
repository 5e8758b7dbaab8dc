"""Translation with the rule-based engine Apertium, which runs as one process for each batch of texts.

Forcada et al. 2011, "Apertium: a free/open-source platform for rule-based machine translation", Machine Translation 25.
"""

import os
import signal
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any

from ..errors import XnerError
from ..languages.codes import normalise_code
from .apertium_modes import data_hash, engine_version, find_engine, find_mode, list_modes, package_version
from .apertium_stream import StreamText
from .stream_translator import StreamTranslator

REVISION = 1  # raise it if translations change: keys of the cache have it
SECONDS_PER_CHARACTER = 0.002  # added to the timeout; about fifty times the usual time for a character


class Apertium(StreamTranslator):
    """Translates with an installed Apertium language pair, in batches, with one process for each batch.

    Invalid characters (NUL, noncharacters, lone surrogates) become spaces. Mail addresses, handles and tokens of more
    than `max_token` characters are not translated. The engine drops soft hyphens and straightens some apostrophes.

    source, target (str): language codes, two- or three-letter.
    mode (str | None): a mode that `apertium -l` lists, such as `eng-cat_valencia`; None: the pair's default mode.
    batch_size (int): texts for each process. Starting a process takes about as long as translating 100 sentences.
    timeout (float): seconds that a batch may take, in addition to 2 ms for each character.
    max_token (int): maximum length of a translated token, in characters.
    RAISES: XnerError where the engine or the pair is not installed (the message has the command that installs it), or
        the mode does not work.
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
            "revision": REVISION,
            "source": self.source,
            "target": self.target,
            "mode": self.mode,
            "engine": engine_version(),
            "package": package_version(self.source, self.target) or data_hash(self.mode),
            "max_token": self.max_token,
        }

    def translate(self, texts: Iterable[str]) -> Iterator[str]:
        """Yield one translation for each text, in order.

        RAISES: XnerError where the engine stops, takes too long or does not return a text. The message names the text.
        """
        first = 0
        stream = iter(texts)
        while batch := list(islice(stream, self.batch_size)):
            encoded = [StreamText.encode(text, number, self.max_token) for number, text in enumerate(batch)]
            seconds = self.timeout + SECONDS_PER_CHARACTER * sum(map(len, batch))
            status, output, errors = run_mode(self.mode, encoded, seconds)
            outputs = output.decode("utf8", errors="replace").split("\0")
            outputs += [""] * (len(encoded) - len(outputs))
            for number, (text, returned) in enumerate(zip(encoded, outputs, strict=False)):
                translation = text.decode(returned)
                if translation is None:
                    raise XnerError(
                        f"Apertium ({self.mode}) did not return text {first + number + 1} "
                        f"({batch[number][:80]!r}, in the batch of texts {first + 1} to {first + len(batch)}); "
                        f"it ended with status {status}{': ' + errors if errors else ''}. It returned "
                        f"{returned[:80]!r} instead. Remove this text, or use another translator for it."
                    )
                yield translation
            if status:
                raise XnerError(
                    f"Apertium ({self.mode}) ended with status {status} on texts {first + 1} to "
                    f"{first + len(batch)}{': ' + errors if errors else ''}."
                )
            first += len(batch)


def run_mode(mode: str, texts: list[StreamText], seconds: float) -> tuple[int, bytes, str]:
    """Run the engine on some texts.

    A mode is a pipe of a dozen processes. It gets its own session, so that all of them can be stopped at once.

    RETURNS: exit status, standard output and the beginning of standard error.
    RAISES: XnerError after `seconds`.
    """
    stream = "".join(f"{text.stream}\0" for text in texts).encode()
    environment = {key: value for key, value in os.environ.items() if key != "AP_SETVAR"} | {"LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        [find_engine(), "-z", "-f", "none", "-u", mode],
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
                f"Apertium ({mode}) took more than {seconds:.0f} s for {len(texts)} texts. Increase `timeout`, or "
                "decrease `batch_size`."
            ) from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, output, errors.decode("utf8", errors="replace").strip()[:500]


@cache
def smoke_test(mode: str) -> None:
    """Check that a mode runs, since some of those that are listed do not. Runs once for each mode and process.

    RAISES: XnerError where the mode does not return the test texts.
    """
    texts = ["This is a test of 3 [words].", "~", "Xqbazgor 2"]
    encoded = [StreamText.encode(text, number, 500) for number, text in enumerate(texts)]
    status, output, errors = run_mode(mode, encoded, 60.0)
    outputs = output.decode("utf8", errors="replace").split("\0")
    translations = [text.decode(returned) for text, returned in zip(encoded, outputs, strict=False)]
    if status or len(translations) < len(texts) or not all(translations):
        raise XnerError(
            f"Apertium lists the mode {mode}, but it does not work: status {status}, {errors or 'no message'}. "
            f"Reinstall its package, or choose another mode ({', '.join(list_modes())})."
        )

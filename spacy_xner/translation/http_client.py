"""Sends requests to a server of translations: repeats failed ones, limits their rate, and says what went wrong.

httpx sends the requests, also through the proxies of the environment; tenacity repeats them.
"""

import logging
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import XnerError
from ..extras import needs_extra
from .api_keys import ApiKey, refuse_keys
from .rate_limit import RateLimit

if TYPE_CHECKING:
    import httpx
    from tenacity import RetryCallState

logger = logging.getLogger("spacy_xner")

SERVERS_NEED = "Translators behind a server need"
CONNECT = 10.0  # seconds for a connection
FIRST_ANSWER = 20.0  # seconds for which a server that has never answered is tried
MAX_BACK_OFF = 60.0  # seconds between two tries
LONG = 8.0  # seconds: a longer wait is logged
MAX_FAULTS = 5  # tries that fail for a reason that the texts themselves may have: a time-out, status 500, no JSON
# Statuses of a server that is busy or away for a while; 529 is DeepL's and Anthropic's.
AWAY = frozenset({408, 425, 429, 502, 503, 504, 529})
# Statuses that refuse this request alone, which smaller ones may pass.
REFUSED = frozenset({400, 413, 414, 422})
QUOTA = frozenset({402, 456})
NO_MONEY = "insufficient_quota"  # OpenAI's code of a status 429 that no waiting helps


class RefusedError(XnerError):
    """A server refused a request for what is in it, or gave no usable answer. A request for less may pass.

    by_status (bool): the server said so, with a status such as 400.
    """

    def __init__(self, message: str, *, by_status: bool = False) -> None:
        super().__init__(message)
        self.by_status = by_status


class StoppedError(XnerError):
    """The run that a request belongs to has ended."""


class TemporaryError(XnerError):
    """A request failed that may pass later.

    is_fault (bool): the reason may lie in the request itself; else the server is away or busy.
    retry_after (float): seconds for which the server asks to wait.
    """

    def __init__(self, message: str, *, is_fault: bool = False, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.is_fault, self.retry_after = is_fault, retry_after


class HttpClient:
    """Sends JSON to a server and reads JSON. Several threads may send requests at the same time.

    A failed request is repeated after 1, 2, 4, ... seconds, at most 60, and a random part of a second more, or after
    the time that the header `Retry-After` names. While the server is away or busy (no connection; status 408, 425, 429,
    502, 503, 504, 529), that goes on for `give_up_after` seconds. After 5 answers that are late, cut off, of status 500
    or no JSON, the request counts as refused. Redirections are not followed, so that no key reaches another server.

    url (str): address that paths are appended to.
    key (ApiKey | None): the key that is sent, if its variable is set.
    timeout (float): seconds for an answer.
    give_up_after (float): seconds for which a server may be away. One that has not answered once gets 20 at most.
    requests_per_second, tokens_per_second (float | None): limits; None for none.
    concurrency (int): number of requests at the same time.
    RAISES: XnerError for numbers out of range, for an address that is none or has a key in it, and where httpx or
        tenacity are not installed.
    """

    def __init__(
        self,
        url: str,
        key: ApiKey | None = None,
        *,
        timeout: float = 60.0,
        give_up_after: float = 3600.0,
        requests_per_second: float | None = None,
        tokens_per_second: float | None = None,
        concurrency: int = 4,
    ) -> None:
        check_installed()
        for name, value in (("timeout", timeout), ("concurrency", concurrency)):
            if value <= 0:
                raise XnerError(f"The setting {name} is {value}, expected more than 0.")
        if give_up_after < 0:
            raise XnerError(f"The setting give_up_after is {give_up_after}, expected seconds, or 0 to try once.")
        refuse_keys({"url": url}, key.variable if key else "of the server")
        if not re.match(r"https?://[^/\s]", url):
            raise XnerError(f"The setting url is {url!r}, expected an address such as http://localhost:5000.")
        self.url, self.key = url.rstrip("/"), key
        self.timeout, self.give_up_after, self.concurrency = timeout, give_up_after, concurrency
        self.requests, self.tokens = RateLimit(requests_per_second), RateLimit(tokens_per_second)
        self.has_answered = self._is_waiting = False

    @cached_property
    def _client(self) -> "httpx.Client":
        with needs_extra("http", SERVERS_NEED):
            import httpx

        try:
            return httpx.Client(
                timeout=httpx.Timeout(self.timeout, connect=min(CONNECT, self.timeout), pool=None),
                limits=httpx.Limits(max_connections=self.concurrency + 1),
            )
        except (ImportError, ValueError, httpx.InvalidURL, OSError) as error:
            raise XnerError(
                f"The proxy or the certificates that the environment names cannot be used: {error} Correct HTTP_PROXY, "
                "HTTPS_PROXY, ALL_PROXY or SSL_CERT_FILE."
            ) from error

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """Read JSON from a path, see `post`."""
        return self._repeat("GET", path, {"params": params})

    def post(
        self, path: str, body: Mapping[str, Any], *, stopped: threading.Event | None = None, tokens: int = 0
    ) -> Any:
        """Send JSON to a path. RETURNS: the JSON of the answer.

        stopped (threading.Event | None): ends the request's waiting when it is set.
        tokens (int): estimated number of tokens of request and answer, for the limit of tokens.
        RAISES: RefusedError where the server refuses this request, which may be too large. XnerError where it refuses
            the key, has no such path, stays away for longer than `give_up_after`, or the quota is used up.
        """
        return self._repeat("POST", path, {"json": dict(body)}, stopped, tokens)

    def sleep(self, seconds: float, stopped: threading.Event | None = None) -> None:
        """Wait. RAISES: StoppedError if the run ends before."""
        if (stopped or threading.Event()).wait(seconds):
            raise StoppedError("The run has ended.")

    def _repeat(
        self, method: str, path: str, content: dict[str, Any], stopped: threading.Event | None = None, tokens: int = 0
    ) -> Any:
        with needs_extra("http", SERVERS_NEED):
            from tenacity import Retrying, retry_if_exception_type, wait_exponential_jitter

        back_off = wait_exponential_jitter(initial=1, max=MAX_BACK_OFF, jitter=1)
        faults = 0

        def wait(state: "RetryCallState") -> float:
            return max(back_off(state), temporary_error(state).retry_after)

        def is_over(state: "RetryCallState") -> bool:
            nonlocal faults
            faults += temporary_error(state).is_fault
            patience = self.give_up_after if self.has_answered else min(FIRST_ANSWER, self.give_up_after)
            spent = max(state.seconds_since_start or 0.0, state.idle_for)
            return faults >= MAX_FAULTS or spent + state.upcoming_sleep > patience

        def before_sleep(state: "RetryCallState") -> None:
            if state.upcoming_sleep >= LONG and not self._is_waiting:  # say it once, not each minute
                self._is_waiting = True
                logger.warning("%s Asking again for up to %.0f s.", temporary_error(state), self.give_up_after)

        retrying = Retrying(
            retry=retry_if_exception_type(TemporaryError),
            wait=wait,
            stop=is_over,
            sleep=lambda seconds: self.sleep(seconds, stopped),
            before_sleep=before_sleep,
            reraise=True,
        )
        try:
            return retrying(self._send, method, path, content, stopped, tokens)
        except TemporaryError as error:
            if error.is_fault:
                raise RefusedError(f"{error} Tried {faults} times.") from error
            asked = f" The server asks to wait for {error.retry_after:.0f} s." if error.retry_after else ""
            if self.has_answered:
                limit = f" Gave up, since give_up_after is {self.give_up_after:g} s: run again when the server is back."
            else:
                limit = " Expected a server that answers there: start it, or correct the setting url."
            raise XnerError(f"{error}{asked}{limit}") from error

    def _send(
        self, method: str, path: str, content: dict[str, Any], stopped: threading.Event | None, tokens: int
    ) -> Any:
        with needs_extra("http", SERVERS_NEED):
            import httpx

        if (pause := max(self.requests.reserve(), self.tokens.reserve(tokens) if tokens else 0.0)) > 0:
            self.sleep(pause, stopped)
        if stopped is not None and stopped.is_set():
            raise StoppedError("The run has ended.")
        try:
            headers = self.key.headers if self.key else {}
            response = self._client.request(method, f"{self.url}{path}", headers=headers, **content)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise TemporaryError(f"{self.url} cannot be reached: {reason_of(error)}.") from error
        except httpx.TimeoutException as error:
            raise TemporaryError(
                f"{self.url}{path} gave no answer in {self.timeout:g} s (the setting timeout).", is_fault=True
            ) from error
        except httpx.TransportError as error:
            raise TemporaryError(f"{self.url}{path} broke off: {reason_of(error)}.", is_fault=True) from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise XnerError(f"{self.url}{path} cannot be asked: {reason_of(error)}.") from error
        self.has_answered = True
        if response.is_success:
            try:
                found = response.json()
                self._is_waiting = False
                return found
            except ValueError as error:
                raise TemporaryError(
                    f"{self.url}{path} gave {shown(response.text)}, expected JSON.", is_fault=True
                ) from error
        raise self._error_of(response, path)

    def _error_of(self, response: "httpx.Response", path: str) -> XnerError:
        status, said = response.status_code, message_of(response)
        found = f"{self.url}{path} answered with status {status}: {said}."
        if status in QUOTA or (status == 429 and NO_MONEY in response.text):
            return XnerError(f"{found} The quota of the account is used up: raise it, or wait for the next period.")
        if status in (401, 403):
            advice = f" {self.key.describe()}" if self.key else " It asks for a key: name its environment variable."
            return XnerError(found + advice)
        if status in AWAY:
            wait = seconds_of(response.headers.get("Retry-After"))
            self.requests.hold(wait)
            return TemporaryError(found, retry_after=wait)
        if status >= 500:
            return TemporaryError(found, is_fault=True)
        if status in REFUSED:
            return RefusedError(found, by_status=True)
        if response.is_redirect:
            return XnerError(f"{found} It leads to {response.headers.get('Location')}: correct the setting url.")
        return XnerError(f"{found} Correct the setting url, or the name of the model.")


def temporary_error(state: "RetryCallState") -> TemporaryError:
    """The error of a try that failed."""
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, TemporaryError)  # nothing else is repeated
    return error


def check_installed() -> None:
    """RAISES: XnerError where a package is not installed, with the command that installs it."""
    with needs_extra("http", SERVERS_NEED):
        import httpx  # noqa: F401
        import tenacity  # noqa: F401


def seconds_of(retry_after: str | None) -> float:
    """The seconds that a header `Retry-After` names, as a number or as a date; 0 where it names none."""
    if not retry_after:
        return 0.0
    if re.fullmatch(r"\s*\d+(\.\d+)?\s*", retry_after):
        return float(retry_after)
    try:
        date = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def reason_of(error: Exception) -> str:
    """What an error of httpx says, without a full stop at its end."""
    return (str(error) or type(error).__name__).rstrip(". ")


def message_of(response: "httpx.Response") -> str:
    """What a server says about an error: in JSON as most servers have it, or else the beginning of its text."""
    try:
        said = response.json()
    except ValueError:
        return shown(response.text)
    while isinstance(said, dict):
        said = next((said[key] for key in ("error", "message", "detail", "msg") if said.get(key)), str(said))
    return " ".join(str(said).split())[:300].rstrip(". ") or "nothing"


def shown(text: str) -> str:
    """A text that is no JSON, for messages: the title of a page of HTML, or the beginning."""
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    if title or "<html" in text[:500].lower():
        return f"a page of HTML ({' '.join(title[1].split())[:100]!r})" if title else "a page of HTML"
    return repr(f"{text[:100]}..." if len(text) > 100 else text)

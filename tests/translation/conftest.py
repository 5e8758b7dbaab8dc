"""What the tests of translators behind a server share."""

from collections.abc import Iterator

import pytest

from .local_server import LocalServer, local_server, without_waiting


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """A local server; keys and proxies of the user's environment are not seen."""
    proxies = [each for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for each in (name, name.lower())]
    for name in ("DEEPL_AUTH_KEY", "LIBRETRANSLATE_API_KEY", "OPENAI_API_KEY", *proxies):
        monkeypatch.delenv(name, raising=False)
    with local_server() as running:
        yield running


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds for which clients would have waited: they do not wait in these tests."""
    return without_waiting(monkeypatch)

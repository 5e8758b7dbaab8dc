import pytest

from spacy_xner.errors import XnerError
from spacy_xner.translation.http_client import seconds_of
from spacy_xner.translation.rate_limit import RateLimit, parse_rate


@pytest.mark.parametrize(
    ("rate", "expected"), [("5/s", 5), ("300/min", 5), ("1.5 / second", 1.5), ("3600/h", 1), (None, None)]
)
def test_rates(rate: str | None, expected: float | None) -> None:
    assert parse_rate(rate, "rate") == expected


@pytest.mark.parametrize("rate", ["5", "x/s", "0/s", "-1/s", "5/day", ""])
def test_wrong_rates(rate: str) -> None:
    with pytest.raises(XnerError, match="The setting rate is"):
        parse_rate(rate, "rate")


def test_spread_over_time() -> None:
    now = 100.0
    limit = RateLimit(2.0, clock=lambda: now)
    assert [limit.reserve() for _ in range(4)] == [0, 0.5, 1, 1.5]
    now = 101.75
    assert limit.reserve(4) == pytest.approx(0.25)
    assert limit.reserve() == pytest.approx(2.25)
    limit.correct(-2)
    assert limit.reserve() == pytest.approx(1.75)
    limit.hold(30)
    assert limit.reserve() == 30
    now = 1000.0
    assert limit.reserve() == 0, "time without requests is not saved up"
    assert limit.reserve() == 0.5


def test_no_limit() -> None:
    now = 0.0
    limit = RateLimit(None, clock=lambda: now)
    assert [limit.reserve(100) for _ in range(3)] == [0, 0, 0]
    limit.hold(2)
    assert limit.reserve() == 2


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 0), ("7", 7), ("1.5", 1.5), ("soon", 0), ("-3", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_retry_after(header: str | None, seconds: float) -> None:
    assert seconds_of(header) == seconds
    assert seconds_of("Fri, 01 Jan 2100 00:00:00 GMT") > 7e8

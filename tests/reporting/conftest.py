"""A report, made once."""

import pytest

from spacy_xner.reporting.report import Report

from .util import full_report


@pytest.fixture(scope="session")
def report() -> Report:
    return full_report()

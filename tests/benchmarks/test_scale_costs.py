"""Costs of many pairs, from the rows of a record."""

from pathlib import Path

import pytest
import srsly
from scale_costs import costs, largest


def test_costs(tmp_path: Path) -> None:
    """36 million pairs at 100 a second are 100 hours."""
    rows = [
        {"pairs": 1000, "workers": 0, "pairs_per_second": 90.0, "plan_seconds": 0.3, "output_mb": 0.2},
        {"pairs": 2000, "workers": 0, "pairs_per_second": 100.0, "plan_seconds": 0.2, "output_mb": 0.4},
        {"pairs": 9000, "workers": 2, "pairs_per_second": 180.0, "plan_seconds": 0.2, "output_mb": 0.4},
    ]
    srsly.write_json(tmp_path / "scale.json", {"rows": rows})
    around = largest(tmp_path / "scale.json")
    assert around == rows[1]
    found = costs(36_000_000, around, {"pairs": 100, "pairs_per_second": 10.0, "output_mb": 0.1}, 10_000)
    assert found == pytest.approx(
        {
            "hours around": 100,
            "hours with models": 1000,
            "disk GB": 36,
            "hours of plan": 1,
            "shards": 3600,
            "manifest MB": 0.216,
        }
    )

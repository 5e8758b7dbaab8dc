"""Pictures of figures with their intervals: rows with a dot and a line, as wide as the page, which CSS draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..experiments.significance import Analysis, Estimate, Figure
from .report import Report
from .tables import pair
from .wording import interval, points, signed

MAX_TICKS = 8


@dataclass(frozen=True)
class Dot:
    """A row. value, low, high (float): places from 0 to 100 on the axis.

    place (int): of the arm in the order of colours. filled (bool): whether the marker is filled. dashed (bool): whether
    the line is a range of few seeds, not an interval. shown (str): the value.
    title (str): the value with its interval. lang (str): the language that it is of; "" for a mean.
    """

    name: str
    place: int
    value: float
    low: float
    high: float
    filled: bool
    dashed: bool
    shown: str
    title: str
    lang: str


@dataclass(frozen=True)
class DotPlot:
    """A picture. groups: headings with rows. ticks: places on the axis with labels. zero (float | None): place of 0."""

    label: str
    groups: list[tuple[str, list[Dot]]]
    ticks: list[tuple[float, str]]
    zero: float | None


def scores_dots(report: Report) -> DotPlot:
    """F1 of each arm with its interval: the means over languages, then each language."""
    groups = []
    for name, figure in report.columns():
        members = [(arm, report.analysis.arms[arm].figures[figure], arm, True) for arm in report.arms]
        groups.append((name, _lang_of(report, figure), members))
    return _plot(report, "F1", [(name, [(*row, lang) for row in rows]) for name, lang, rows in groups])


def differences_dots(report: Report, analysis: Analysis | None = None) -> DotPlot:
    """The differences between arms with their intervals. A marker is filled if its interval excludes zero."""
    groups = []
    for comparison in (analysis or report.analysis).comparisons:
        rows = []
        for name, figure in report.columns():
            found = comparison.figures[figure]
            rows.append((name, found, comparison.arm, found.excludes_zero, _lang_of(report, figure)))
        groups.append((pair(comparison), rows))
    return _plot(report, "difference in F1", groups, signs=True)


def _lang_of(report: Report, figure: Figure) -> str:
    """The language of a figure, for the filter; "" for means, and where there is one language."""
    return figure[0] if figure[0] in report.analysis.langs and len(report.analysis.langs) > 1 else ""


def _plot(
    report: Report,
    label: str,
    groups: Sequence[tuple[str, Sequence[tuple[str, Estimate, str, bool, str]]]],
    signs: bool = False,
) -> DotPlot:
    """A picture of rows (name, estimate, arm, whether the marker is filled, language), with an axis that fits all."""
    estimates = [estimate for _, rows in groups for _, estimate, *_ in rows]
    low, high, ticks = axis_of(
        [100 * each.low for each in estimates], [100 * each.high for each in estimates], zero=signs
    )

    def place(value: float) -> float:
        return round(100 * (value - low) / (high - low), 3)

    show = signed if signs else points
    made = [
        (
            heading,
            [
                Dot(
                    name,
                    report.places[arm],
                    place(100 * estimate.value),
                    place(100 * estimate.low),
                    place(100 * estimate.high),
                    filled and not estimate.few_seeds,
                    estimate.few_seeds,
                    show(estimate.value),
                    f"{name}: {show(estimate.value)} ({interval(estimate)})",
                    lang,
                )
                for name, estimate, arm, filled, lang in rows
            ],
        )
        for heading, rows in groups
    ]
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1
    digits = 0 if step >= 1 else 1 if step >= 0.1 else 2
    names = [f"{tick:+.{digits}f}".replace("-", "−") if signs and tick else f"{tick:.{digits}f}" for tick in ticks]
    return DotPlot(
        label, made, [(place(tick), name) for tick, name in zip(ticks, names, strict=True)], place(0) if signs else None
    )


def axis_of(lows: Sequence[float], highs: Sequence[float], zero: bool) -> tuple[float, float, list[float]]:
    """The ends of an axis with room for all values, and round numbers on it.

    zero (bool): zero is on the axis.
    """
    low, high = min([*lows, *([0.0] * zero)], default=0), max([*highs, *([0.0] * zero)], default=100)
    room = max(0.03 * (high - low), 0.2)
    low, high = low - room, high + room
    raw = (high - low) / MAX_TICKS
    size = 10 ** math.floor(math.log10(raw))
    step = next(factor * size for factor in (1, 2, 5, 10) if factor * size >= raw)
    first, last = math.ceil(low / step), math.floor(high / step)
    return low, high, [round(i * step, 10) for i in range(first, last + 1)]

"""A study with all that a report shows, and the contrast of colours."""

import colorsys
import re
from typing import Any

from spacy_xner.reporting.report import Report, make_report

from ..experiments.records_util import simulated, study_of

FEW: dict[str, Any] = {"resamples": 200, "permutations": 200}
SECTIONS = ["summary", "scores", "differences", "compute", "labels", "calibration", "layers", "curves", "amounts"]
SECTIONS += ["errors", "examples", "cost", "settings", "method"]


def full_report(backwards: bool = False) -> Report:
    """Of three arms with three seeds, two of them also with fewer labels. backwards (bool): reverse the records."""
    records = [simulated(arm, seed, q) for arm, q in {"a": 0.5, "b": 0.52, "e": 0.8}.items() for seed in range(3)]
    records += [simulated(arm, 0, q, labels=0.1) for arm, q in {"a": 0.3, "e": 0.6}.items()]
    for found in records:
        found["sentences"]["de"]["repeats"] = [[3, 0], [5, 0]]
    study = study_of(*records[:: -1 if backwards else 1], question="Does <it> help?", notes="One\nTwo & three")
    return make_report(study, **FEW)


def contrast(color: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21, as WCAG 2 defines it."""
    low, high = sorted(map(_luminance, (color, other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    """The relative luminance of a colour of a stylesheet: #rgb, #rrggbb or hsl(...)."""
    if color.startswith("hsl"):
        hue, saturation, light = (int(number) for number in re.findall(r"\d+", color))
        rgb = colorsys.hls_to_rgb(hue / 360, light / 100, saturation / 100)
    else:
        digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
        rgb = tuple(int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))  # type: ignore[assignment]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in rgb]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

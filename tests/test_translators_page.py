"""docs/reference/translators-http.md: its section of settings is complete. tests/docs/ runs its blocks."""

import inspect
import re
from pathlib import Path

from spacy import registry

PAGE = (Path(__file__).parents[1] / "docs/reference/translators-http.md").read_text(encoding="utf8")


def test_settings_in_the_text() -> None:
    """The section of settings has all that there are, and no others."""
    section = PAGE[PAGE.index("## Settings") : PAGE.index("\n- `structured`")]
    named = set(re.findall(r"`([a-z_]+)`", section)) - {"libretranslate", "deepl", "http", "llm"}
    makers = [registry.misc.get(f"spacy_xner.{name}.v1") for name in ("Http", "LanguageModel")]
    names = {name for make in makers for name in inspect.signature(make).parameters}
    assert named == names - {"source", "target", "api_key"}

"""The frame and the stylesheet that all HTML pages share; a page is one file that loads nothing."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

TEMPLATES = Path(__file__).parent / "templates"


def render_page(template: str, **variables: Any) -> str:
    """A page as HTML. template (str): a file that extends `frame.html`. Texts of variables are escaped."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template(template).render(variables)

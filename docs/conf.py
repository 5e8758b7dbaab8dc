"""The site: `python -m sphinx -W --keep-going -n docs FOLDER`. It needs the extra `docs`, and no network.

For who writes pages:

- `_ext/pages.py` says how a page gets a part that is made from the code, or a file of the repository, and what becomes
  of links. Names of registered functions and of commands, such as `xner predict`, are linked to the reference.
- `tests/docs/` runs each block of a page: those of a section in order, in a folder with the files in its conftest.py.
  Where that cannot be, the line before the block says why: `<!-- not run: needs a server -->`.
- Numbers are listed in benchmarks/figures.toml.
"""

import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS.parent), str(DOCS / "_ext")]

import spacy_xner  # noqa: E402

project = "spacy-xner"
author = "the spacy-xner authors"
release = version = spacy_xner.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton", "pages", "fields", "diagrams"]
exclude_patterns = ["_ext"]

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]  # a page may begin with a heading of another level, as an included file does

smartquotes = False  # options begin with two hyphens
default_role = "code"  # in docstrings
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings have the types
nitpick_ignore_regex = [("py:.*", ".*")]  # types in docstrings are no links

html_theme = "furo"
html_title = f"spacy-xner {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = html_copy_source = False
html_show_copyright = False
copybutton_exclude = ".linenos, .gp, .go"

"""Docstrings in spaCy's style, for Sphinx's autodoc: arguments become fields, and code is code."""

import re
import textwrap

import docstrings
from docutils import nodes
from sphinx.application import Sphinx

ENDS = {"RETURNS": "returns", "RAISES": "raises", "YIELDS": "yields"}
CODE = re.compile(r"\n\n((?:    .*\n?|\n(?=    ))+)")  # indented lines between empty ones


def to_fields(
    app: Sphinx, what: str, name: str, documented: object, options: object, lines: list[str]
) -> None:  # the arguments of the event autodoc-process-docstring
    docstring = docstrings.parse(lines)
    text = CODE.sub(r"\n\n.. code-block:: python\n\n\1", docstring.text)
    fields = []
    for argument, (type_, meaning) in docstring.arguments.items():
        fields.append(f":param {argument}: {_indented(meaning)}")
        fields += [f":type {argument}: {type_}"] if type_ else []
    fields += [f":{ENDS[end]}: {_indented(text)}" for end, (_, text) in docstring.ends.items()]
    lines[:] = "\n".join([text, "", *fields, ""]).splitlines()


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ").strip()


def dashes(app: Sphinx, doctree: nodes.document) -> None:
    """Before the text of an argument, Sphinx writes two hyphens and leaves the dash to `smartquotes`, which is off."""
    for text in list(doctree.findall(nodes.Text)):
        if text == " -- ":
            text.parent.replace(text, nodes.Text(" – "))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", dashes)
    app.connect("autodoc-process-docstring", to_fields)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

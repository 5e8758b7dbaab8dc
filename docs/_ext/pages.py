"""Pages of the site: parts that are made from the code, files of the repository, and links to files outside of docs/.

A page has a comment where a part is put, on a line of its own:

    <!-- made from the code: functions misc:alignment misc:projection -->
    <!-- made from the code: commands corpus -->
    <!-- made from the code: card -->
    <!-- file: benchmarks/README.md -->

In the repository, links to files are as usual relative to the page. On the site, a link to a file that is a page of the
site, as benchmarks/README.md is, leads to that page. Links to other files lead to the repository, if setup.cfg has its
address (`Source` in `project_urls`); if not, the site has a copy of the file, and a folder is not linked.
"""

import configparser
import os
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import cards
import commands
import functions
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MAKERS = {"functions": functions.markdown, "commands": commands.markdown, "card": cards.markdown}
MADE = re.compile(r"^<!-- made from the code: (\w+)(.*) -->$", re.MULTILINE)
FILE = re.compile(r"^<!-- file: (\S+) -->$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```$|``.*?``|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?(?=\))")
FOLDER = re.compile(r"\[([^\]]*)\]\(FOLDER\)")


@cache
def repository() -> str | None:
    """The address of files in the repository, which ends in a slash; None as long as setup.cfg has none."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf8")
    lines = parser["metadata"].get("project_urls", "").strip().splitlines()
    addresses = dict(re.split(r"\s*=\s*", line.strip(), maxsplit=1) for line in lines)
    return f"{addresses['Source'].rstrip('/')}/blob/main/" if "Source" in addresses else None


@cache
def pages_of_files() -> dict[Path, Path]:
    """Files of the repository that pages of the site show, with these pages; a folder is shown by its README."""
    found = {}
    for page in DOCS.rglob("*.md"):
        for name in FILE.findall(page.read_text(encoding="utf8")):
            found[ROOT / name] = page
            if Path(name).name == "README.md":
                found[(ROOT / name).parent] = page
    return found


def fill(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put the parts into a page, and change links, before it is parsed."""
    page = DOCS / f"{docname}.md"
    source[0] = MADE.sub(lambda match: MAKERS[match[1]](*match[2].split()), link(source[0], page, page))

    def file(match: re.Match[str]) -> str:
        path = ROOT / match[1]
        app.env.note_dependency(str(path))
        return link(path.read_text(encoding="utf8"), path, page)

    source[0] = FILE.sub(file, source[0])


def link(text: str, file: Path, page: Path) -> str:
    """Change the links of a Markdown file so that they work on a page of the site."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\0{len(kept) - 1}\0"

    text = CODE.sub(keep, text)
    text = LINK.sub(lambda match: target(file.parent / match[1], page) + (match[2] or ""), text)
    text = FOLDER.sub(r"\1", text)
    return re.sub(r"\0(\d+)\0", lambda match: kept[int(match[1])], text)


def target(path: Path, page: Path) -> str:
    """What a link to a file becomes on a page: a path relative to the page, an address, or FOLDER."""
    path = Path(os.path.normpath(path))
    path = pages_of_files().get(path, path)
    if DOCS not in path.parents:
        if (address := repository()) is not None:
            return urljoin(address, path.relative_to(ROOT).as_posix())
        if path.is_dir():
            return "FOLDER"
    return Path(os.path.relpath(path, page.parent)).as_posix()


def link_names(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link names of registered functions and commands to the reference."""
    labels = app.env.domains.standard_domain.anonlabels
    for literal in list(doctree.findall(nodes.literal)):
        place = labels.get(literal.astext().lower())
        is_linked = isinstance(literal.parent, nodes.reference | nodes.title | pending_xref)
        if place is None or is_linked or not re.match(r"spacy_xner\.\w+\.v\d+$|xner\b", literal.astext()):
            continue
        address = app.builder.get_relative_uri(docname, place[0])
        reference = nodes.reference("", "", internal=True, refuri=f"{address}#{place[1]}")
        literal.replace_self(reference)
        reference += literal


def outdated(app: Sphinx, env: Any, *changed: set[str]) -> list[str]:
    """Pages with parts that are made from the code are made again each time."""
    return [name for name in env.found_docs if MADE.search((DOCS / f"{name}.md").read_text(encoding="utf8"))]


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", fill)
    app.connect("doctree-resolved", link_names)
    app.connect("env-get-outdated", outdated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

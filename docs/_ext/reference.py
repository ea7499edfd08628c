"""What Sphinx needs of ours: the pages made from the code, the notebooks, and how cells that ask are shown.

- ``{from-code} NAME`` puts in a page of `from_code`. Its sentences are the package's own and are translated there, so
  that gettext does not ask for them a second time.
- Links between the files of the repository (`../notebooks/tables.ipynb`, `../SECURITY.md`) lead to their pages here.
- A cell that begins with `%%glm` is text, and is not coloured as Python.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import from_code
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class FromCode(SphinxDirective):
    """A page made from the code, at the level of its headings."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        text = from_code.page(self.arguments[0], self.config.language)
        inside = nodes.Element()
        inside.document = self.state.document
        lines = StringList(text.splitlines(), source=self.get_source_info()[0])
        self.state.nested_parse(lines, 0, inside, match_titles=True)
        for node in inside.findall(nodes.TextElement):
            node["translatable"] = False
        return inside.children


class CellsThatAsk(SphinxTransform):
    """Marks the language of cells: what a `%%glm` cell says is prose."""

    default_priority = 400

    def apply(self, **_: Any) -> None:
        for block in self.document.findall(nodes.literal_block):
            if re.match(r"(#.*\n|\s)*%%?glm\b", block.astext()):
                block["language"] = "text"


#: What the files of the repository link to beside `docs/`, and where that is on the site.
_MOVED = (
    (re.compile(r"\]\((?:\.\./)*notebooks/([\w-]+\.ipynb)\)"), r"](/notebooks/\1)"),
    (re.compile(r"\]\((?:\.\./)?SECURITY\.md(#[\w-]+)?\)"), r"](/security.md\1)"),
    (re.compile(r"\]\((?:\.\./)?ARCHITECTURE\.md(#[\w-]+)?\)"), r"](/architecture.md\1)"),
    (re.compile(r"\]\((?:\.\./)?CHANGELOG\.md(#[\w-]+)?\)"), r"](/changelog.md\1)"),
    (re.compile(r"\]\((?:\.\./)docs/([\w/-]+\.(?:md|png))(#[\w-]+)?\)"), r"](/\1\2)"),
    (re.compile(r"\]\((?:\.\./)?README\.md(#[\w-]+)?\)"), r"](/index.md)"),
)


def moved(text: str) -> str:
    """The text with its links as they are on the site."""
    for link, there in _MOVED:
        text = link.sub(there, text)
    return text


def _read(app: Sphinx, name: str, content: list[str]) -> None:
    content[0] = moved(content[0])


def _included(app: Sphinx, path: Any, parent: str, content: list[str]) -> None:
    content[0] = moved(content[0])


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("from-code", FromCode)
    app.add_transform(CellsThatAsk)
    app.connect("source-read", _read)
    app.connect("include-read", _included)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""What Sphinx needs of ours: the pages made from the code, links, and how blocks of code are shown.

- ``{from-code} NAME`` puts in a page of `from_code`. Its sentences are the package's own and are translated there, so
  that gettext does not ask for them a second time.
- Of CONTRIBUTING.md, which is in both languages, a page has its own.
- Links between the files of the repository (`../notebooks/tables.ipynb`, `../SECURITY.md`) lead to their pages here.
- A block of code that holds prose (`blocks`) is translated as one text.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import from_code
from blocks import CELL, has_prose
from docutils import nodes
from docutils.statemachine import StringList
from links import in_one_language, included, moved
from sphinx import locale
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.util.i18n import docname_to_domain

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class FromCode(SphinxDirective):
    """A page made from the code, at the level of its headings."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        text = from_code.page(self.arguments[0], self.config.language)
        document = self.state.document
        before = set(document.findall(nodes.TextElement))
        inside = nodes.Element()
        inside.document = document
        lines = StringList(text.splitlines(), source=self.get_source_info()[0])
        self.state.nested_parse(lines, 0, inside, match_titles=True)
        # What stands below a heading of the text is in the document by now, and what stands above the first is inside.
        for node in {*document.findall(nodes.TextElement), *inside.findall(nodes.TextElement)} - before:
            node["translatable"] = False
        return inside.children


class Blocks(SphinxTransform):
    """Has gettext ask for the blocks of code that hold prose, and shows their translations. (Sphinx's own way asks for
    all of them, and knows no Markdown.) What a `%%glm` cell says is prose too, and not coloured as Python.
    """

    default_priority = 400

    def apply(self, **_: Any) -> None:
        domain = docname_to_domain(self.env.current_document.docname, self.config.gettext_compact)
        folders = [Path(self.env.srcdir) / folder for folder in self.config.locale_dirs]
        catalogue, _found = locale.init(folders, self.config.language, domain)
        for block in self.document.findall(nodes.literal_block):
            text = block.astext().rstrip("\n")
            if block.get("translatable", True) and has_prose(text, block.get("language", "")):
                block["translatable"] = self.app.builder.name == "gettext"
                block.rawsource = catalogue.gettext(text)
                block.children = [nodes.Text(block.rawsource)]
            if CELL.match(text):
                block["language"] = "text"


def _read(app: Sphinx, name: str, content: list[str]) -> None:
    content[0] = moved(included(content[0], Path(app.srcdir)))
    if name == "contributing":
        content[0] = in_one_language(content[0], app.config.language)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("from-code", FromCode)
    app.add_transform(Blocks)
    app.connect("source-read", _read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

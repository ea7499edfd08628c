"""The gallery's page in the language of the site, and pictures that move only for those who want motion.

docs/gallery.md and docs/gallery.zh-CN.md are the same page: the site has one of them as `gallery`. In both, a moving
picture is a `<picture>`, as GitHub shows it, whose files Sphinx would not find; here it is a ``{moving-picture}``.
"""

from __future__ import annotations

import posixpath
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from docutils import nodes
from docutils.parsers.rst import directives
from gallery_page import PAGE, in_language
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class moving_picture(nodes.General, nodes.Element):
    """Two images: one that stands still, and one that moves."""


class MovingPicture(SphinxDirective):
    required_arguments = 2
    option_spec = {"alt": directives.unchanged_required}  # noqa: RUF012  # as docutils has it

    def run(self) -> list[nodes.Node]:
        images = (nodes.image(uri=uri, alt=self.options["alt"], translated=True) for uri in self.arguments)
        return [moving_picture("", *images)]


def _read(app: Sphinx, name: str, content: list[str]) -> None:
    if name == PAGE:
        content[0] = in_language(content[0], Path(app.srcdir), app.config.language)


def _visit(writer: Any, node: moving_picture) -> None:
    builder = writer.builder
    still, moving = (posixpath.join(builder.imgpath, quote(builder.images[image["uri"]])) for image in node.children)
    writer.body.append(
        f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="{escape(still)}">'
        f'<img src="{escape(moving)}" alt="{escape(node.children[0]["alt"])}"></picture>\n'
    )
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(moving_picture, html=(_visit, None))
    app.add_directive("moving-picture", MovingPicture)
    app.connect("source-read", _read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

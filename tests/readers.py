"""How front ends read Markdown, and what is on the pages that come of it."""

from __future__ import annotations

import posixpath
import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath, markdown2html_mistune

MARKDOWN_MAKES = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em"}
MARKDOWN_MAKES |= {"del", "s", "a", "hr", "br", "table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd"}
MARKDOWN_MAKES |= {"div", "span", "input", "strong"}
ATTRIBUTES = {"href", "title", "class", "id", "start", "style", "align", "type", "checked", "disabled"}
SCHEMES = {"http", "https", "mailto", "tel"}


class Elements(HTMLParser):
    """What a page is made of, as (tag, attributes), its texts between; and what of it Markdown does not make."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[object] = []
        self.foreign: list[tuple[object, ...]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append((tag, sorted(attrs)))
        if tag not in MARKDOWN_MAKES:
            self.foreign.append((tag, attrs))
        self.foreign += [(tag, name, value) for name, value in attrs if not allowed(name, value or "")]

    def handle_data(self, data: str) -> None:
        if self.parts and isinstance(self.parts[-1], str):
            self.parts[-1] += data
        elif data.strip():
            self.parts.append(data)

    def handle_comment(self, data: str) -> None:
        self.foreign.append(("", data))

    handle_decl = handle_pi = unknown_decl = handle_comment


def allowed(name: str, value: str) -> bool:
    if name != "href":
        return name in ATTRIBUTES
    address = re.sub(r"[\x00-\x20]", "", value)
    return all(has_allowed_scheme(each) for each in (address, as_a_path(address)))


def has_allowed_scheme(address: str) -> bool:
    scheme = re.match(r"([^/?#]*?):", address)
    return scheme is None or scheme[1].lower() in SCHEMES


def as_a_path(address: str) -> str:
    """A link as JupyterLab has it on a notebook's page: what is no address of elsewhere is resolved as a path is."""
    if re.match(r"[/#]|https?://[\w.-]+\.[a-z]+(?:[/?#]|\Z)|mailto:|tel:", address):
        return address
    return posixpath.normpath(f"/{address}").lstrip("/")


def as_markdown_it(markdown: str, *, with_html: bool = True) -> str:
    """As VS Code reads it, but for its mathematics."""
    return MarkdownIt("commonmark", {"html": with_html}).enable(["table", "strikethrough"]).render(markdown)


def as_jupyterlab(markdown: str) -> str:
    """As JupyterLab reads it, but for its reader of Markdown: mathematics is put back in HTML, as it was written."""
    formulas: list[str] = []
    text, opening, closing = "", "", ""
    for part in re.split(r"(\$\$?|\\(?:begin|end)\{[a-z]*\*?\}|\\[{}$]|\n\s*\n\s*|@@\d+@@|\\\\[()\[\]])", markdown):
        if part.startswith("@@"):
            formulas.append(part)
            part = f"@@{len(formulas) - 1}@@"
        if opening and part == closing:
            formulas.append(opening + part)
            text, opening = f"{text}@@{len(formulas) - 1}@@", ""
        elif opening and not part.strip():
            text, opening = text + opening + part, ""
        elif opening:
            opening += part
        elif part in ("$", "$$", "\\\\(", "\\\\[") or part.startswith("\\begin"):
            opening, closing = part, part.translate({40: 41, 91: 93}).replace("begin", "end")
        else:
            text += part
    formulas = [each.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for each in formulas]
    page = MarkdownWithMath(IPythonRenderer(escape=False, exclude_anchor_links=True)).render(text + opening)
    return re.sub(r"@@(\d+)@@", lambda at: formulas[int(at[1])] if int(at[1]) < len(formulas) else at[0], page)


READERS = [as_markdown_it, markdown2html_mistune, as_jupyterlab]

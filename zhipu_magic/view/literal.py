"""Text from outside, as HTML that shows it as it is."""

from __future__ import annotations

from html import escape


def literal(text: str) -> str:
    """The text, with nothing in it that HTML or a search for mathematics could read as its own.

    JupyterLab looks for mathematics in Markdown before it parses it, where an entity hides a dollar, and once more in
    the page that came of it, but there never across elements.
    """
    shown = escape(text)
    for character in "$\\":
        shown = shown.replace(character, f"<span>&#{ord(character)};</span>")
    return shown

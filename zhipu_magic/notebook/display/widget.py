"""The one widget there is: HTML that changes in place. Only here is ipywidgets imported, and only when it is needed."""

from __future__ import annotations

from typing import Any

from ...text.markup import Markup, html_bundle


class LiveHTML:
    """A piece of HTML in the notebook that a new one replaces without a new output."""

    def __init__(self) -> None:
        from ipywidgets import HTML

        # The room that JupyterLab gives static HTML, so that nothing moves when the one becomes the other.
        self._widget = HTML(layout={"margin": "0 0 6px 0"})

    def bundle(self, html: Markup, text: str) -> dict[str, Any]:
        """Set the HTML; gives what displays the widget, with its two fallbacks for front ends that cannot show it."""
        self._widget.value = html.rich
        return {
            "application/vnd.jupyter.widget-view+json": self._widget.get_view_spec(),
            **html_bundle(html, text),
        }

    def close(self) -> None:
        # Each part is a model of its own in the front end, and closing the widget leaves the other two.
        for part in (self._widget, self._widget.layout, self._widget.style):
            part.close()

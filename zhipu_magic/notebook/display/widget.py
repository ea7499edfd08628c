"""The only widget: HTML that changes in place. ipywidgets is imported here alone, and only when it is needed."""

from __future__ import annotations

from typing import Any

from ...text.markup import Markup, html_bundle


class LiveHTML:
    """HTML in the notebook that can be replaced without a new output."""

    def __init__(self) -> None:
        from ipywidgets import HTML

        # The margin that JupyterLab gives static HTML, so that nothing moves when the widget becomes static.
        self._widget = HTML(layout={"margin": "0 0 6px 0"})

    def set(self, html: Markup) -> None:
        """Set the HTML wherever it is displayed."""
        self._widget.value = html.rich

    def bundle(self, html: Markup, text: str) -> dict[str, Any]:
        """Set the HTML. Returns the bundle that displays the widget, with HTML and text for front ends that cannot."""
        self.set(html)
        return {
            "application/vnd.jupyter.widget-view+json": self._widget.get_view_spec(),
            **html_bundle(html, text),
        }

    def close(self) -> None:
        # Each part is a separate model in the front end, and closing the widget would leave the other two.
        for part in (self._widget, self._widget.layout, self._widget.style):
            part.close()

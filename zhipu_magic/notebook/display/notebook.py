"""A reply on the page: Markdown that grows through one display, and the panel under it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ...chat.replies.progress import Progress
from ...chat.standing import Standing
from ...chat.undisturbed import undisturbed
from ...chat.watch import Painter
from ...text.markup import Markup, html_bundle, markdown_bundle
from .display import ShowOptions
from .markdown import final_page, growing_page
from .painter import PagePainter
from .panel import Figures, PanelMode, note_html, panel_html, panel_text
from .widget import LiveHTML

if TYPE_CHECKING:
    from ..shell import Shell


Bundle = dict[str, Any]


class Notebook:
    """Shows replies in a front end that takes display messages."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def show_text(self, text: Markup) -> None:
        """Show a command's answer."""
        self._shell.display_pub.publish(markdown_bundle(text))

    def painter(self, progress: Progress, standing: Callable[[], Standing], options: ShowOptions) -> Painter:
        """What paints a reply with this progress; it leaves two outputs, the reply and the settled panel."""

        def figures() -> Figures:
            return Figures.of(standing(), progress, options.notices)

        publisher = self._shell.display_pub  # as it is for this cell: %%capture puts another in its place
        return PagePainter(
            _Text(_Output(publisher.publish), options.remote_images),
            _Panel(_Output(publisher.publish), figures, options.panel),
            streamed=options.streamed,
            alone=options.alone,
            clear=publisher.clear_output,
        )


class _Output:
    """One output of a cell: shown first, then replaced in place."""

    def __init__(self, publish: Callable[..., None]) -> None:
        self._publish = publish
        self._transient = {"display_id": uuid4().hex}
        self.shown = False

    def show(self, bundle: Bundle, metadata: Bundle | None = None) -> None:
        """Publish it and note that it is shown, or an interrupt in between would leave it on the page for good."""

        def publish() -> None:
            self._publish(bundle, metadata or {}, transient=self._transient, update=self.shown)
            self.shown = True

        undisturbed(publish)


class _Text:
    """The text of the reply, as Markdown."""

    def __init__(self, output: _Output, remote_images: bool) -> None:
        self._output = output
        self._remote_images = remote_images

    @property
    def shown(self) -> bool:
        return self._output.shown

    def wait(self) -> None:
        self._output.show(markdown_bundle(Markup("…")))

    def grow(self, progress: Progress) -> int:
        page = growing_page(progress, remote_images=self._remote_images)
        self._output.show(markdown_bundle(page, "…"))
        return len(page.rich.encode())

    def settle(self, progress: Progress) -> None:
        page = final_page(progress, remote_images=self._remote_images)
        self._output.show(markdown_bundle(page, progress.text), _metadata(progress))


class _Panel:
    """The panel as a live widget, then as static HTML, so that a saved page needs no kernel to show it.

    With the mode "live" it stays a widget.
    """

    def __init__(self, output: _Output, figures: Callable[[], Figures], mode: PanelMode) -> None:
        self._output = output
        self._figures = figures
        self._mode = mode
        self._widget: LiveHTML | None = None

    def draw(self) -> None:
        if self._mode != "off":
            self._draw(live=True)

    def settle(self) -> None:
        if self._mode == "live":
            self._draw(live=False)
            return
        figures = self._figures()
        if self._mode == "settle":
            self._output.show(html_bundle(panel_html(figures), panel_text(figures)))
        elif figures.notes:
            self._output.show(html_bundle(note_html(figures), "\n".join(figures.notes)))
        self.close()

    def close(self) -> None:
        if self._widget is not None:
            self._widget.close()

    def _make_widget(self) -> None:
        self._widget = LiveHTML()

    def _draw(self, *, live: bool) -> None:
        if self._widget is None:
            undisturbed(self._make_widget)  # a widget that is made but not stored would never be closed
        assert self._widget is not None
        figures = self._figures()
        bundle = self._widget.bundle(panel_html(figures, live=live), panel_text(figures))
        # Once shown, the widget changes by itself; the last time, so do the fallbacks that a saved page keeps.
        if not self._output.shown or not live:
            self._output.show(bundle)


def _metadata(progress: Progress) -> Bundle:
    about = {
        "model": progress.model,
        "request_id": progress.request_id,
        "finish_reason": progress.finish_reason,
        "usage": progress.body().get("usage"),
    }
    return {"zhipu_magic": {**about, "replayed": True} if progress.replayed else about}

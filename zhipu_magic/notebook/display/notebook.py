"""A reply on the page: Markdown that grows through one display, and the panel under it.

Refreshes go by time, not by chunk: sending the whole text again for each of 16,000 chunks would be 643 MB. The first
words are painted at once; then the page is refreshed some 12 times a second, less often as the text grows, at least
once a second, and always at the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ...chat.chat import Chat
from ...chat.reply import Reply
from ...text.markup import Markup, html_bundle, markdown_bundle
from .markdown import final_page, growing_page
from .panel import Figures, PanelMode, note_html, panel_html, panel_text
from .widget import LiveHTML

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_SHORTEST_GAP = 0.05
_LONGEST_GAP = 0.9
#: What refreshes may cost, in bytes a second, as far as the longest gap allows. One costs its text and, whatever its
#: length, about a kilobyte around it and a millisecond of the kernel's time.
_BYTES_A_SECOND = 12_000
_BYTES_AROUND = 1_000
#: Bytes of a page that is sent again before each call of a tool.
_SMALL = 8_000
#: The panel's clock: quick at first, while readers look at it.
_PANEL_GAP, _LATER_PANEL_GAP, _LATER = 0.5, 1.0, 5.0

Bundle = dict[str, Any]


class Notebook:
    """Shows replies in a front end that takes display messages."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell: Any = shell

    def tell(self, answer: Markup) -> None:
        """Show a command's answer."""
        self._shell.display_pub.publish(markdown_bundle(answer))

    def show(
        self,
        chat: Chat,
        reply: Reply,
        *,
        panel: PanelMode,
        streamed: bool,
        alone: bool,
        notices: Sequence[str] = (),
        remote_images: bool = False,
    ) -> None:
        """Read the reply to its end and show it; leaves two outputs, the reply and the settled panel.

        Without `streamed` both appear once, whole. `alone` says that the cell shows nothing else, so that a waiting
        mark can be put up and, if no reply comes, be taken away again. `notices` are what the panel tells besides.
        Raises what ended the reply.
        """
        publisher = self._shell.display_pub  # as it is for this cell: %%capture puts another in its place
        text = _Text(_Output(publisher.publish), reply, remote_images)
        figures = _Panel(_Output(publisher.publish), chat, reply, panel, notices)
        try:
            if streamed:
                self._follow(reply, text, figures, alone)
            while reply.advance(timeout=_LONGEST_GAP):
                pass
            self._settle(reply, text, figures)
        except BaseException:
            try:
                self._break_off(publisher, reply, text, figures)
            except KeyboardInterrupt:  # an impatient reader presses twice
                self._break_off(publisher, reply, text, figures)
            raise

    def _break_off(self, publisher: Any, reply: Reply, text: _Text, figures: _Panel) -> None:
        reply.interrupt()  # which is nothing to a reply that has ended
        if reply.has_begun:
            self._settle(reply, text, figures)
        else:
            if text.shown:
                publisher.clear_output()
            figures.close()

    def _follow(self, reply: Reply, text: _Text, figures: _Panel, alone: bool) -> None:
        if alone:
            text.wait()
            figures.refresh()
        due, shown, size = 0.0, 0, 0
        while True:
            now = time.monotonic()
            patience = min(_LONGEST_GAP, max(0.0, figures.due - now)) if text.shown else _LONGEST_GAP
            # Before the next refresh is due, let more gather; after it, wait for something to show.
            linger, timeout = (min(due - now, patience), 0.0) if now < due else (0.0, patience)
            if not reply.advance(timeout, linger):
                return
            now = time.monotonic()
            # Before a tool runs, the user sees which: meanwhile nothing can be shown. Of a long page, the panel tells.
            before_a_call = reply.calling is not None and size <= _SMALL
            if reply.has_begun and reply.changes > shown and (now >= due or before_a_call):
                if shown == 0:
                    figures.due = now  # it has waited until now, and says so
                shown = reply.changes
                size = text.grow()
                gap = (_BYTES_AROUND + size) / _BYTES_A_SECOND
                due = now + min(_LONGEST_GAP, max(_SHORTEST_GAP, gap))
            if text.shown and (now >= figures.due or reply.calling is not None):
                figures.refresh()

    def _settle(self, reply: Reply, text: _Text, figures: _Panel) -> None:
        text.settle()
        figures.settle()


class _Output:
    """One output of a cell: shown first, then replaced in place."""

    def __init__(self, publish: Callable[..., None]) -> None:
        self._publish = publish
        self._transient = {"display_id": uuid4().hex}
        self.shown = False

    def show(self, bundle: Bundle, metadata: Bundle | None = None) -> None:
        self._publish(bundle, metadata or {}, transient=self._transient, update=self.shown)
        self.shown = True


class _Text:
    """What the reply says, as Markdown."""

    def __init__(self, output: _Output, reply: Reply, remote_images: bool) -> None:
        self._output = output
        self._reply = reply
        self._remote_images = remote_images

    @property
    def shown(self) -> bool:
        return self._output.shown

    def wait(self) -> None:
        """Put a mark where it will stand."""
        self._output.show(markdown_bundle(Markup("…")))

    def grow(self) -> int:
        """Show what has come so far; gives its size in bytes."""
        page = growing_page(self._reply, remote_images=self._remote_images)
        self._output.show(markdown_bundle(page, "…"))
        return len(page.rich.encode())

    def settle(self) -> None:
        """Show it as it stays."""
        page = final_page(self._reply, remote_images=self._remote_images)
        self._output.show(markdown_bundle(page, self._reply.words), _metadata(self._reply))


class _Panel:
    """The panel as a live widget, then as static HTML, so that a saved page needs no kernel to show it."""

    def __init__(self, output: _Output, chat: Chat, reply: Reply, mode: PanelMode, notices: Sequence[str]) -> None:
        self._output = output
        self._notices = notices
        self._chat = chat
        self._reply = reply
        self._mode = mode
        self._widget: LiveHTML | None = None
        self.due = 0.0 if mode != "off" else float("inf")

    def refresh(self) -> None:
        """Show the figures of this moment."""
        if self._mode != "off":
            now = time.monotonic()
            self.due = now + (_PANEL_GAP if now - self._reply.started < _LATER else _LATER_PANEL_GAP)
            self._draw(live=True)

    def settle(self) -> None:
        """Show the last figures: as static HTML, or in a widget that stays where the reader wants one."""
        figures = Figures.of(self._chat, self._reply, self._notices)
        if self._mode == "live":
            self._draw(live=False)
        elif self._mode == "settle":
            self._output.show(html_bundle(panel_html(figures), panel_text(figures)))
        elif figures.notes:
            self._output.show(html_bundle(note_html(figures), "\n".join(figures.notes)))
        if self._mode != "live":
            self.close()

    def close(self) -> None:
        if self._widget is not None:
            self._widget.close()

    def _draw(self, *, live: bool) -> None:
        self._widget = self._widget or LiveHTML()
        figures = Figures.of(self._chat, self._reply, self._notices)
        bundle = self._widget.bundle(panel_html(figures, live=live), panel_text(figures))
        # Once shown, the widget changes by itself; the last time, so do the fallbacks that a saved page keeps.
        if not self._output.shown or not live:
            self._output.show(bundle)


def _metadata(reply: Reply) -> Bundle:
    about = {
        "model": reply.model,
        "request_id": reply.request_id,
        "finish_reason": reply.finish_reason,
        "usage": reply.body().get("usage"),
    }
    return {"zhipu_magic": {**about, "replayed": True} if reply.replayed else about}

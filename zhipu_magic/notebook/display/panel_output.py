"""The panel of a reply on the page: a live widget, then static HTML, which a saved page shows without a kernel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...chat.undisturbed import undisturbed
from ...text.languages.joined import in_lines
from ...text.markup import Markup, html_bundle
from .figures import Figures
from .output import NOTHING, Output
from .panel import PanelMode, left_behind, note_html, panel_html, panel_text
from .widget import LiveHTML


class PanelOutput:
    """The panel, below all other outputs of its reply. With the mode "live" it stays a widget.

    A page that was saved or reloaded before the reply was whole still has the widget when the reply has long been
    settled elsewhere. `keep` takes it over then, with a content that says so. Whether it `changes_later` decides who
    says how to go on from a reply that was cut short: it, or an error below, which would say so for ever.
    """

    def __init__(
        self,
        new_output: Callable[[], Output],
        figures: Callable[[], Figures],
        mode: PanelMode,
        keep: Callable[[LiveHTML], None],
        *,
        changes_later: bool = False,
    ) -> None:
        self._new_output = new_output
        self._output = new_output()
        self._figures = figures
        self._mode = mode
        self._keep = keep
        self._changes_later = changes_later and mode != "off"
        self._widget: LiveHTML | None = None
        self._final: Figures | None = None

    @property
    def shown(self) -> bool:
        return self._output.shown

    def draw(self) -> None:
        """Show the current figures."""
        if self._mode != "off":
            self._draw(self._figures(), live=True)

    def hold_place(self) -> None:
        """Show the current figures where they cannot change until a later cell runs."""
        if self._mode != "off":
            figures = self._figures()
            self._output.show(html_bundle(panel_html(figures, live=True), panel_text(figures)))

    def move(self) -> Output:
        """Return a new output in the panel's place, and show the panel below it from now on."""
        place, self._output = self._output, self._new_output()
        if place.shown:
            self._draw(self._figures(), live=True)
        return place

    def forget(self) -> None:
        """Note that the cell was cleared, so that the panel must be shown again."""
        self._output = self._new_output()

    def settle(self, *, told: bool = False) -> None:
        """Show the final figures; why it ended, an error below may have `told`."""
        figures = self._figures()
        self._show_final(figures.told_below(except_advice=self._changes_later) if told else figures)

    @property
    def advises(self) -> bool:
        """Whether it says how to go on from its reply, until another one does."""
        return self._changes_later and self._final is not None and bool(self._final.ending)

    def goes_on(self, note: str) -> None:
        """Replace the note on why the reply ended: another reply now continues it."""
        if self._final is not None and self._output.shown:
            self._show_final(replace(self._final, ending=note))

    def _show_final(self, figures: Figures) -> None:
        self._final = figures
        if self._mode == "live":
            self._draw(figures, live=False)
            return
        if self._mode == "settle":
            self._output.show(html_bundle(panel_html(figures), panel_text(figures)))
        elif figures.notes:
            self._output.show(html_bundle(note_html(figures), in_lines(figures.notes)))
        self._leave(left_behind(figures) + panel_html(figures))

    def give_up(self, *, cleared: bool) -> None:
        """Take the figures away, unless the cell was `cleared`: no reply has come."""
        if self._output.shown and not cleared:
            self._output.show(NOTHING)
        self._leave(left_behind(None))

    def _leave(self, html: Markup) -> None:
        if self._widget is not None:
            self._widget.set(html)
            self._keep(self._widget)
            self._widget = None

    def _make_widget(self) -> None:
        self._widget = LiveHTML()

    def _draw(self, figures: Figures, *, live: bool) -> None:
        if self._widget is None:
            undisturbed(self._make_widget)  # a widget that is made but not stored would never be closed
        assert self._widget is not None
        bundle = self._widget.bundle(panel_html(figures, live=live), panel_text(figures))
        # Once shown, the widget changes by itself; the last time, so do the fallbacks that a saved page keeps.
        if not self._output.shown or not live:
            self._output.show(bundle)

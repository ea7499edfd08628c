"""One picture that is being drawn: a separate thread asks, fetches and keeps it, and whoever wants it waits."""

from __future__ import annotations

import time
from collections.abc import Callable

from ...history.events.drawn_event import DrawnEvent
from ...history.turn import Anchor
from ...service.exchange import Exchange
from ...text.errors import GLMError, Interrupted
from ...text.languages.messages import _
from ..budget_check import Held
from .draw_request import DrawRequest
from .drawing import Drawing

#: Seconds between two looks of who waits.
_TICK = 0.1


class Draw:
    """A picture that was asked for. `ask` does all that there is to do, in the exchange's thread, and gives its event.

    Of one that the journal has, the `recorded` event is there from the beginning.
    """

    def __init__(
        self,
        request: DrawRequest,
        ask: Callable[[Exchange, Draw], DrawnEvent | None],
        recorded: DrawnEvent | None = None,
    ) -> None:
        self.request = request
        self.anchor: Anchor = request.anchor
        self.event = recorded
        self.started = time.monotonic()
        self.doing: str = _("drawing")
        """What is under way."""
        self.exchange = Exchange(lambda exchange: self._run(ask, exchange))

    def _run(self, ask: Callable[[Exchange, Draw], DrawnEvent | None], exchange: Exchange) -> None:
        self.event = ask(exchange, self)

    @property
    def held(self) -> Held:
        """What a budget counts of it meanwhile: nothing, as no price of a picture is known."""
        return Held()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self.started

    def refused(self, why: str) -> None:
        """The service has no room for it, and is asked again."""
        self.doing = _("{why}, trying again", why=why)

    def wait(self, seconds: float) -> bool:
        """Wait up to so many seconds for its end. Returns whether it has come."""
        if self.event is None and not self.exchange.is_over:
            self.exchange.wait(linger=seconds)
        return self.event is not None or self.exchange.is_over

    def stop(self, error: GLMError | None = None) -> None:
        """Hang up. The service may draw it all the same."""
        self.exchange.close()

    def result(self) -> Drawing:
        """Wait for the drawing. Raises GLMError; an interrupt hangs up."""
        try:
            while not self.wait(_TICK):
                pass
        except BaseException:  # an interrupt
            self.stop()
            raise
        return self.drawing()

    def drawing(self) -> Drawing:
        """The drawing, once its end has come. Raises what has ended it."""
        if self.event is None:
            self.exchange.take()
        if self.event is None:
            raise stopped(self.request.model)
        return Drawing.of(self.event)


def stopped(model: str) -> GLMError:
    """The error of a drawing that was stopped elsewhere."""
    return Interrupted(
        "{model} was stopped while it was drawing.",
        hint="The service may draw the picture all the same, and bill it.",
        reason="drawing.stopped",
        model=model,
    )

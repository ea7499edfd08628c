"""The drawings of a chat: answered from the journal, or asked for if the budget allows it; and committed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...history.events.drawn_event import DrawnEvent
from ...history.history import History
from ...history.journal.checks import images_of
from ...history.journal.journal import now
from ...service.connection import Service
from ...service.drawing.models import drawing_model
from ...service.endpoint import Endpoint
from ...service.exchange import Exchange
from ...text.addresses import host_of
from ...text.characters import class_name, each_text
from ...text.errors import NOTHING_SENT, ConnectionFailed, GLMError, ReplyBroken
from ...text.languages.messages import _
from ...text.languages.notice import Notice
from ..committing import committed, repeated
from ..dispatch import Dispatch
from ..over_budget import unknown_price
from ..replies.in_tool import check_not_in_tool
from ..scheduler import Scheduler
from .draw import Draw
from .draw_request import DrawRequest

if TYPE_CHECKING:
    from ...values.images.image import Image


class Drawings:
    """Begins the drawings of a chat."""

    def __init__(
        self,
        service: Service,
        history: History,
        scheduler: Scheduler,
        *,
        dispatch: Dispatch,
        warn: Callable[[str], None],
    ) -> None:
        self._service = service
        self._history = history
        self._scheduler = scheduler
        self._dispatch = dispatch
        self._warn = warn

    def begin(self, request: DrawRequest) -> Draw:
        """Have a picture drawn. Raises OverBudget, NotRecorded or SettingsError where nothing can be sent."""
        check_not_in_tool(self._scheduler)
        replay = self._dispatch.replayed
        with self._scheduler.admitting:
            if replay.mode == "only":
                self._check_budget(request)  # as in the recorded run: what that refused is not an occurrence
            index, recorded = replay.look_up_drawing(request.key, request.anchor, fresh=request.fresh)
            if recorded is None:
                self._check_budget(request)
                endpoint = self._service.endpoint()
                draw = Draw(request, lambda exchange, draw: self._ask(exchange, draw, endpoint, index))
                self._scheduler.add_map(draw)
        if recorded is not None:
            return Draw(request, lambda exchange, draw: None, self._repeated(request, recorded))
        try:
            self._scheduler.start(draw.exchange, lambda exchange: self._scheduler.remove_map(draw))
        except BaseException:  # an interrupt
            draw.stop()
            self._scheduler.remove_map(draw)
            raise
        return draw

    def check(self, request: DrawRequest) -> None:
        """Raise what stands against sending this request, as far as it can be told without it. It is not sent."""
        self._check_budget(request, warn=lambda notice: None)
        self._service.endpoint()

    def _check_budget(self, request: DrawRequest, warn: Callable[[str], None] | None = None) -> None:
        """Raise OverBudget where a budget in yuan cannot be enforced. One in tokens counts no pictures, and says so."""
        budget = self._history.state.budget
        if budget is None:
            return
        if budget.unit == "tokens":
            (warn or self._warn)(
                Notice("The budget counts tokens, and a drawing takes none of it.", reason="drawing.not_in_budget")
            )
            return
        priced = self._dispatch.mode == "only" or self._service.priced
        if not self._service.practising and (_price(request.model) is None or not priced):
            error = unknown_price(request.model)
            error.outcomes = [NOTHING_SENT]
            raise error

    # In the exchange's thread

    def _ask(self, exchange: Exchange, draw: Draw, endpoint: Endpoint, index: int) -> DrawnEvent:
        from ...service.drawing.fetching import Fetch
        from ...service.drawing.generation import generate
        from ...values.images.drawn import drawn

        request, cancelled, response = draw.request, exchange.cancelled, None
        try:
            with self._service.client(endpoint) as client, exchange.waiting_on(client):
                tries = self._service.max_retries + 1
                found = generate(client, request.body, tries=tries, cancelled=cancelled, refused=draw.refused)
            response, data = each_text(found.response, self._service.hide), found.data
            draw.doing = _("fetching")
            if found.url:
                fetch = Fetch(found.url, endpoint, cancelled, self._service.hide)
                with exchange.waiting_on(fetch):
                    data = fetch.data()
            picture = self._put_down(drawn(data))
        except BaseException as error:  # whatever it is: what may be billed is in the journal
            if response is not None or not isinstance(error, GLMError) or _may_be_billed(error):
                failed = error.happened if isinstance(error, GLMError) else class_name(error)
                self._commit(draw, endpoint, response=response, failed=failed)
            raise
        event = self._commit(draw, endpoint, response=response, images=(picture,))
        self._dispatch.replayed.add_drawing(index, event)
        return event

    def _put_down(self, picture: Image) -> Image:
        """The picture as it is kept beside the journal, so that memory need not hold it; itself where it cannot be."""
        from ...history.journal.file import keep_images
        from ...values.images.drawn import kept

        path = self._history.journal.path
        if path is None:
            return picture
        folder = images_of(path)
        try:
            keep_images([picture], folder)
        except OSError:  # such as a full disk: the journal tells of it, and tries again
            return picture
        return kept(picture.to_json(), folder)

    def _commit(self, draw: Draw, endpoint: Endpoint, **found: Any) -> DrawnEvent:
        """Commit what has come of it, or why nothing has that may be billed."""
        history, request = self._history, draw.request

        def event() -> DrawnEvent:
            return DrawnEvent(
                id=history.next_id(),
                key=request.key,
                model=request.model,
                prompt=request.prompt,
                time=now(),
                thread=history.state.conversation.current,
                cell=request.anchor.cell,
                run=history.run(request.anchor.run) if request.anchor.cell else None,
                execution_count=request.anchor.execution_count,
                written=request.written or None,
                members=dict(request.members) or None,
                host=host_of(endpoint.base_url) or None,
                practice=endpoint.practice or None,
                seconds=round(draw.seconds, 3),
                cost=_price(request.model) if endpoint.profile.priced else None,
                forked=history.journal.forked,
                **found,
            )

        return committed(history, self._scheduler, event)

    def _repeated(self, request: DrawRequest, recorded: DrawnEvent) -> DrawnEvent:
        """Commit a drawing that the journal has."""
        history = self._history
        return committed(history, self._scheduler, lambda: repeated(history, recorded, request.anchor))


def _may_be_billed(error: GLMError) -> bool:
    """Whether a picture may have been drawn: no answer has come, or one that nobody can read."""
    if isinstance(error, ConnectionFailed):
        return error.may_have_arrived
    return isinstance(error, ReplyBroken) or error.reason == "service.not_a_reply"


def _price(model: str) -> float | None:
    """What a picture of this model costs, in yuan; None where that is not known."""
    known = drawing_model(model)
    return known.price if known else None

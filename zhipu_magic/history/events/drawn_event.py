"""The event of a drawing: a picture that a model has drawn. It is no turn of a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ...service.wire import Usage
from ...text.languages.messages import _
from ..ledger import Entry
from .event import Event, State, event_class, made
from .members import Amount, Count, Flag, Id, Members, Name, Picture, PictureResponse, Text


@event_class
class DrawnEvent(Event):
    """A picture was drawn.

    `key` identifies the request, whose members beyond model and prompt are the `members`; `written` is the prompt as
    the cell holds it, `cut` what of the values in it was not sent. `images` has the one picture, and `response` what
    the service has answered. Where it was asked for and never came, `failed` says why: it may be billed.
    `cost` is in yuan, absent where it is not known. `of` is the id of the event that this one repeats.
    """

    event: Text = "drawn"
    key: Id
    model: Name
    prompt: Text
    time: Text | None = None
    thread: Name | None = None
    cell: Id | None = None
    run: Id | None = None
    execution_count: Count | None = None
    written: Text | None = None
    members: Members | None = None
    images: Picture | None = None
    response: PictureResponse | None = None
    host: Text | None = None
    practice: Flag | None = None
    seconds: Amount | None = None
    cost: Amount | None = None
    failed: Text | None = None
    of: Id | None = None

    null_is_absent: ClassVar[bool] = True

    @property
    def holds_picture(self) -> bool:
        """Whether it has a picture of its own."""
        return self.of is None and bool(self.images)

    def with_fields(self, fields: Mapping[str, Any]) -> DrawnEvent:
        """The same event with these fields."""
        return made(DrawnEvent, {**vars(self), **fields})

    def apply(self, state: State) -> None:
        state.ledger = state.ledger.add(self.entry)

    @property
    def entry(self) -> Entry:
        """What it has cost. It takes no tokens."""
        return Entry(
            model=self.model,
            prompt=self.written or self.prompt,
            usage=Usage(),
            cost=self.cost,
            seconds=self.seconds or 0.0,
            note=_("a drawing that did not come") if self.failed else _("a drawing"),
            replayed=self.of is not None,
            practice=self.practice is not None,
            thread=self.thread or "",
        )

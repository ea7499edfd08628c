"""The event of a document: it was read for a prompt."""

from __future__ import annotations

from typing import ClassVar

from ...service.wire import Usage
from ...text.languages.messages import _
from ..ledger import Entry
from .event import Event, State, event_class
from .members import Amount, Count, Flag, Hash, Id, ReaderName, Text

#: Who a reading's tokens were asked of.
_OCR = "glm-ocr"


@event_class
class ReadEvent(Event):
    """A document was read: the file whose bytes have the hash `sha256`, or what was at the `source`, an address.

    `source` is what the cell calls it, `name` what the model is told. `pages` are those that were wanted, if not all,
    and `chosen` those that were found of a `total`, each a `unit`. `text` is the hash of what was read, which is kept
    beside the journal. It was read by a `reader`: "local" on this machine, "parser", "ocr" or "reader" at the service,
    the `host`, which counts the tokens of "ocr" alone and names no price. `of` is the id of an earlier event whose text
    was taken again.
    """

    event: Text = "read"
    source: Text
    name: Text
    sha256: Hash
    text: Hash
    reader: ReaderName
    time: Text | None = None
    cell: Id | None = None
    run: Id | None = None
    execution_count: Count | None = None
    pages: Id | None = None
    unit: Id | None = None
    chosen: Text | None = None
    total: Count | None = None
    host: Text | None = None
    practice: Flag | None = None
    seconds: Amount | None = None
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    of: Id | None = None

    null_is_absent: ClassVar[bool] = True

    @property
    def was_sent(self) -> bool:
        """Whether the document, or its address, went to the service this time."""
        return self.reader != "local" and self.of is None

    def apply(self, state: State) -> None:
        prompt, completion = self.prompt_tokens or 0, self.completion_tokens or 0
        if not (prompt or completion):
            return
        usage = Usage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion)
        state.ledger = state.ledger.add(
            Entry(
                model=_OCR,
                prompt=self.name,
                usage=usage,
                cost=None,
                seconds=self.seconds or 0.0,
                note=_("a document"),
                replayed=self.of is not None,
                practice=self.practice is not None,
            )
        )

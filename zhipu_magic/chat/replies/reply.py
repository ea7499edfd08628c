"""The model's answer: to read, to iterate over or to await."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ...history.events.turn_event import Timing
from ...history.rounds import Called, Round
from ...service.connection import build_completion
from ...service.wire import Usage
from .aio import completed, read_on
from .progress import Progress
from .reading import TICK, Reading
from .stream import Calling, Source

if TYPE_CHECKING:
    from ...service.connection import Completion


#: Names of a reply that are others in its progress.
_EARLIER_NAMES = {"has_words": "has_text", "counted": "usage", "last_counted": "last_usage"}


class Reply(Reading):
    """The model's answer, to iterate over while it comes and to read when it is whole.

    Iterating gives the text of all rounds as it comes, and so does `async for`. A loop takes up where the last one was
    left; of several at once, each piece goes to one. The attributes `text`, `reasoning`, `completion`, `usage` and
    `value` first read the reply to its end; so does `await`, which gives the reply itself. They raise the `GLMError`
    that ended it, if one did. `progress` is what there is so far.

    Somebody has to read a reply whose model calls tools: they run in a thread that reads.
    """

    def __init__(
        self,
        progress: Progress,
        source: Source,
        *,
        commit: Callable[[Reading], None],
        owner: object,
    ) -> None:
        super().__init__(progress, source, commit=commit, owner=owner)
        self._completion: Completion | None = None

    # While it comes

    def __iter__(self) -> Iterator[str]:
        """The text of the answer, as it comes."""
        more, error = True, None
        while more:
            try:
                more = self.advance(timeout=TICK)
            except Exception as failure:
                more, error = False, failure
            yield from self._new_text()
        if error is not None:
            raise error

    async def __aiter__(self) -> AsyncIterator[str]:
        """The text of the answer, as it comes, while the event loop does other things."""
        async for _ in read_on(self):
            for text in self._new_text():
                yield text

    def __await__(self) -> Generator[Any, None, Reply]:
        """The reply, once it is complete, while the event loop does other things. Cancelling the task interrupts it."""
        return completed(self).__await__()

    def _new_text(self) -> Iterator[str]:
        with suppress(IndexError):  # several threads may read
            while self._deltas:
                yield self._deltas.popleft()

    # When it is whole

    @property
    def text(self) -> str:
        """The text of the answer."""
        return self.read().progress.text

    @property
    def reasoning(self) -> str:
        """The reasoning before the answer; empty where the model gave none."""
        return self.read().progress.reasoning

    @property
    def usage(self) -> Usage | None:
        """The service's count of tokens; None where it gave none."""
        return self.read().progress.usage

    @property
    def value(self) -> Any:
        """The answer as a value of the type that was asked for; without one, its text. Raises InvalidAnswer."""
        return self.read().progress.value

    @property
    def completion(self) -> Completion:
        """The whole reply as the SDK's `Completion`, as if it had come unstreamed."""
        return self.read().so_far()

    def read(self) -> Reply:
        """Read it to its end. Raises the `GLMError` that ended it."""
        while self.advance(timeout=TICK):
            pass
        return self

    # As it is at this moment

    def so_far(self) -> Completion:
        """What has come, in the form of a `Completion`; of a whole reply always the same object."""
        if self._completion is not None:
            return self._completion
        ended = self.ended is not None
        completion = build_completion(self.progress.body())
        if ended:
            self._completion = completion
        return completion

    @property
    def model(self) -> str:
        """The model that was asked."""
        return self.progress.model

    @property
    def words(self) -> str:
        """The text so far."""
        return self.progress.text

    @property
    def thoughts(self) -> str:
        """The reasoning so far."""
        return self.progress.reasoning

    @property
    def rounds(self) -> list[Round]:
        """The rounds before the last."""
        return self.progress.rounds

    @property
    def calls(self) -> list[Called]:
        """The calls of tools that have come back in this round."""
        return self.progress.calls

    @property
    def calling(self) -> Calling | None:
        """The call of a tool that runs."""
        return self.progress.calling

    @property
    def timing(self) -> Timing:
        """Its times so far, or those that were recorded."""
        return self.progress.timing

    @property
    def finish_reason(self) -> str | None:
        """Why it ended: the service's word, or `interrupted`."""
        return self.progress.finish_reason

    @property
    def request_id(self) -> str | None:
        """The caller's own, else the service's."""
        return self.progress.request_id

    @property
    def replayed(self) -> bool:
        """Whether the journal gave it."""
        return self.progress.replayed

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What a reply had itself before its `progress` did, such as `retry` or `left_out`."""
            if name.startswith("_") or "progress" not in vars(self):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return getattr(self.progress, _EARLIER_NAMES.get(name, name))

    def body(self) -> dict[str, Any]:
        """What has come, as the service would have sent it unstreamed."""
        return self.progress.body()

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Reply {self.state}, {self.model}, {len(self.progress.text)} characters>"

    def _repr_markdown_(self) -> str:
        from ...text.sanitize.pages import page_of

        return page_of([self.text]).rich

"""Replies in coroutines: an event loop reads them as threads do, and is never blocked."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from ...text.errors import InvalidRequest
from .tool_loop import RunCoroutine


class Readable(Protocol):
    """A reply, as an event loop reads it."""

    error: Exception | None
    run_coroutine: RunCoroutine | None
    loop: asyncio.AbstractEventLoop | None
    on_interrupt: list[Callable[[], object]]

    @property
    def ended(self) -> float | None: ...

    @property
    def runs_tools(self) -> bool: ...

    def notify(self, call: Callable[[], None]) -> None: ...

    def step(self, patience: float = 0.0) -> None: ...

    def advance(self) -> bool: ...

    def interrupt(self) -> None: ...


Reply = TypeVar("Reply", bound=Readable)


async def completed(reply: Reply) -> Reply:
    """The reply, once it is complete. Raises the `GLMError` that ended it."""
    async for _ in read_on(reply):
        pass
    return reply


async def read_on(reply: Readable) -> AsyncIterator[None]:
    """Read the reply to its end, in at least one step. Raises the `GLMError` that ended it.

    Cancelling it interrupts the reply.
    """
    loop = asyncio.get_running_loop()
    more, error = True, None
    while more:
        try:
            if reply.ended is None:
                await _something_to_do(reply, loop)
                if reply.runs_tools:
                    await _in_a_thread(lambda: _run_tool(reply, loop), reply, loop)
                else:
                    reply.step()
            more = reply.ended is None or reply.advance()
        except asyncio.CancelledError:
            reply.interrupt()
            raise
        except Exception as failure:
            more, error = False, failure
        yield
    if error is not None:
        raise error


def check_loop(reply: Readable) -> None:
    """Raise InvalidRequest where to wait for the reply would stop the event loop that runs its tool."""
    with suppress(RuntimeError):  # there is no loop here
        if reply.loop is not None and reply.loop is asyncio.get_running_loop():
            raise InvalidRequest(
                "The turn before is still running a tool on this event loop.",
                hint="Await its reply first; or ask with once=True, or in another thread of the conversation.",
                reason="turn.needs_this_loop",
            )


async def _something_to_do(reply: Readable, loop: asyncio.AbstractEventLoop) -> None:
    news = asyncio.Event()

    def call() -> None:
        with suppress(RuntimeError):  # the loop was closed
            loop.call_soon_threadsafe(news.set)

    reply.notify(call)
    await news.wait()


def _run_tool(reply: Readable, loop: asyncio.AbstractEventLoop) -> None:
    """Run the next tool of the reply: in this thread if it is a plain function, on the loop if it is a coroutine."""

    def run_coroutine(coroutine: Coroutine[Any, Any, Any]) -> Any:
        future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        reply.on_interrupt.append(future.cancel)
        try:
            return future.result()
        finally:
            reply.on_interrupt.remove(future.cancel)

    reply.run_coroutine, reply.loop = run_coroutine, loop
    try:
        reply.step(_PATIENCE)
    finally:
        reply.run_coroutine = reply.loop = None


#: Seconds for which a tool that another thread runs is waited for at once.
_PATIENCE = 0.25


async def _in_a_thread(do: Callable[[], None], reply: Readable, loop: asyncio.AbstractEventLoop) -> None:
    """Do it in a thread of its own, until the reply is interrupted: the loop's pool has few threads."""
    done: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, done, None)

    def run() -> None:
        failure: BaseException | None = None
        try:
            do()
        except BaseException as error:
            failure = error
        with suppress(RuntimeError):  # the loop was closed
            loop.call_soon_threadsafe(_settle, done, failure)

    context = contextvars.copy_context()
    reply.on_interrupt.append(stop)
    try:
        threading.Thread(target=context.run, args=(run,), name="zhipu_magic tool", daemon=True).start()
        await done
    finally:
        reply.on_interrupt.remove(stop)


def _settle(done: asyncio.Future[None], failure: BaseException | None) -> None:
    if done.done():  # cancelled
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)

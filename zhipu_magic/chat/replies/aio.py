"""Replies in coroutines: an event loop reads them as threads do, and is not blocked while it waits."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import wait
from contextlib import suppress
from typing import Any, TypeVar

from .in_tool import check_not_in_tool
from .reading import TICK, Reading

R = TypeVar("R", bound=Reading)


async def completed(reply: R) -> R:
    """The reply, once it is complete. Raises the `GLMError` that ended it."""
    async for _ in read_on(reply):
        pass
    return reply


async def read_on(reply: Reading) -> AsyncIterator[None]:
    """Read the reply to its end, in at least one step. Raises the `GLMError` that ended it.

    Cancelling it interrupts the reply.
    """
    loop = asyncio.get_running_loop()
    if reply.ended is None:
        check_not_in_tool(reply)
    more, error = True, None
    while more:
        try:
            if reply.ended is None:
                await _something_to_do(reply, loop)
            # Its end is committed in a thread: that waits for the disk, and for others that commit.
            while not reply.is_settled and not reply.take_soon():
                await _in_a_thread(lambda: _step(reply, loop), reply, loop)
            more = not reply.is_settled or reply.advance()
        except asyncio.CancelledError:
            reply.interrupt()
            raise
        except Exception as failure:
            more, error = False, failure
            reply.error_was_raised = reply.error is not None
        yield
    if error is not None:
        raise error


async def _something_to_do(reply: Reading, loop: asyncio.AbstractEventLoop) -> None:
    news = asyncio.Event()

    def call() -> None:
        with suppress(RuntimeError):  # the loop was closed
            loop.call_soon_threadsafe(news.set)

    ticking = loop.call_later(0.0, lambda: None)

    def tick() -> None:
        nonlocal ticking
        ticking = loop.call_later(TICK, tick)

    reply.notify(call)
    tick()
    try:
        await news.wait()
    finally:
        ticking.cancel()


def _step(reply: Reading, loop: asyncio.AbstractEventLoop) -> None:
    """Read on in this thread. A tool runs here too, if it is a plain function; on the loop, if it is a coroutine."""

    def run_coroutine(coroutine: Coroutine[Any, Any, Any]) -> Any:
        reply.loop = loop
        future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        reply.on_interrupt.append(future.cancel)
        try:
            while not wait([future], TICK).done:
                if loop.is_closed():
                    reply.interrupt()
                    raise RuntimeError("the event loop was closed while the tool ran on it")
            return future.result()
        finally:
            reply.on_interrupt.remove(future.cancel)
            reply.loop = None

    reply.run_coroutine = run_coroutine
    try:
        reply.step(TICK)
    finally:
        if reply.run_coroutine is run_coroutine:  # and not that of another task that reads the reply
            reply.run_coroutine = None


async def _in_a_thread(do: Callable[[], None], reply: Reading, loop: asyncio.AbstractEventLoop) -> None:
    """Do it in a thread of its own, until the reply is interrupted: the loop's pool has few threads."""
    done: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_finish, done, None)

    def run() -> None:
        failure: BaseException | None = None
        try:
            do()
        except BaseException as error:
            failure = error
        with suppress(RuntimeError):  # the loop was closed
            loop.call_soon_threadsafe(_finish, done, failure)

    context = contextvars.copy_context()
    reply.on_interrupt.append(stop)
    try:
        threading.Thread(target=context.run, args=(run,), name="zhipu_magic tool", daemon=True).start()
        await done
    finally:
        reply.on_interrupt.remove(stop)


def _finish(done: asyncio.Future[None], failure: BaseException | None) -> None:
    if done.done():  # cancelled
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)

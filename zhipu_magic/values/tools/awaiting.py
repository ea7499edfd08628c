"""The whole result of a tool: a coroutine is awaited, an iterator is collected."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from ...text.languages.messages import for_model

#: Runs a coroutine to its end, and returns its result or raises what it raised.
RunCoroutine = Callable[[Coroutine[Any, Any, Any]], Any]

#: Items that are taken from an iterator.
_ITEMS = 1000
#: Seconds between two checks for an interrupt, and for a cancelled coroutine to clean up.
_LOOK, _TIDY = 0.05, 2.0


def whole(result: Any, run_coroutine: RunCoroutine | None = None) -> tuple[Any, str]:
    """The complete result, and a note about what was left out."""
    run = run_coroutine or run_in_thread
    if inspect.isawaitable(result):
        result = run(_result_of(result))
    if isinstance(result, AsyncIterator):
        items = run(_first(result))
    elif isinstance(result, Iterator):
        items = list(islice(result, _ITEMS + 1))
    else:
        return result, ""
    if len(items) <= _ITEMS:
        return items, ""
    return items[:_ITEMS], for_model("\n\n[the first {count:,} items: there are more]", count=_ITEMS)


async def _result_of(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


async def _first(items: AsyncIterator[Any]) -> list[Any]:
    taken: list[Any] = []
    async for item in items:
        taken.append(item)
        if len(taken) > _ITEMS:
            break
    return taken


def run_in_thread(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run the coroutine in a thread with its own event loop: in a notebook, this thread's loop is already running.

    An interrupt of this thread cancels it, and is raised once it has ended or its time to clean up is over.
    """
    running = _Running(coroutine)
    try:
        running.start()
        # Short waits: on Windows, or for an interrupt that is not a signal, one long wait could not be interrupted.
        while not running.over.wait(_LOOK):
            pass
    except BaseException:
        running.cancel()
        running.over.wait(_TIDY)
        raise
    if running.failure is not None:
        raise running.failure
    return running.result


class _Running:
    """A coroutine that runs in its own thread, with the context variables of the thread that started it."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine
        self._cancelled = False
        self._task: asyncio.Task[None] | None = None
        self.over = threading.Event()
        self.result: Any = None
        self.failure: BaseException | None = None

    def start(self) -> None:
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._run,), name="zhipu_magic tool", daemon=True).start()

    def cancel(self) -> None:
        self._cancelled = True
        if self._task is not None:
            with suppress(RuntimeError):  # it has just ended
                self._task.get_loop().call_soon_threadsafe(self._task.cancel)

    def _run(self) -> None:
        try:
            asyncio.run(self._await())
        except asyncio.CancelledError:
            self.failure = RuntimeError(for_model("the call was cancelled"))
        except BaseException as failure:
            self.failure = failure
        finally:
            self.over.set()

    async def _await(self) -> None:
        self._task = asyncio.current_task()
        if self._cancelled:
            self._coroutine.close()
            raise asyncio.CancelledError
        self.result = await self._coroutine

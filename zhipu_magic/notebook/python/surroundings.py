"""What code of the model's finds around it while it runs, where that is not as in a cell.

What it shows is kept, and shown by the reply. Errors are no outputs of the cell. It cannot ask the user anything, since
the user would take it for a question of the notebook's; and `exit` ends the run, not the kernel.
"""

from __future__ import annotations

import builtins
import getpass
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from traitlets import HasTraits

from ...chat.undisturbed import undisturbed
from ...text.languages.messages import _, sent
from ...values.tools.awaiting import run_in_thread
from .recorder import Recorder

if TYPE_CHECKING:
    from ..shell import Shell

_NO_INPUT = _("input() is not possible in code that a model runs: let the model ask in its answer")
_NO_EXIT = _("exit() ends this run, and not the kernel")


@contextmanager
def surroundings(shell: Shell, recorder: Recorder) -> Iterator[None]:
    """Run the code in this block with them, and put back afterwards what was there before."""
    streams = [recorder.stream(name, getattr(sys, name)) for name in ("stdout", "stderr")]
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    process, stack = os.getpid(), ExitStack()

    def put_in_place() -> None:
        for stream, name in zip(streams, ("stdout", "stderr"), strict=True):
            stack.enter_context(_replaced(sys, name, stream))
        begin = recorder.threads.starting(threading.Thread.start)
        stack.enter_context(_replaced(threading.Thread, "start", begin))
        stack.enter_context(_replaced(sys, "displayhook", recorder.result))
        stack.enter_context(_replaced(shell, "display_pub", recorder.publisher))
        for name in ("showtraceback", "showsyntaxerror", "showindentationerror"):
            stack.enter_context(_replaced(shell, name, _shows_nothing))
        stack.enter_context(_replaced(shell, "ask_exit", _refusing(SystemExit, _NO_EXIT)))
        stack.enter_context(_replaced(shell, "loop_runner", run_in_thread))
        stack.enter_context(_replaced(builtins, "input", _refusing(EOFError, _NO_INPUT)))
        stack.enter_context(_replaced(getpass, "getpass", _refusing(EOFError, _NO_INPUT)))

    def put_back() -> None:
        recorder.threads.are_over = True
        for stream in streams:
            stream.is_over = True
        stack.close()

    with _interruptible():
        try:
            undisturbed(put_in_place)
            yield
        finally:
            if os.getpid() != process:  # the code was forked, and the notebook goes on in the parent
                os._exit(0)
            undisturbed(put_back)


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    is_own = name in vars(owner) or (isinstance(owner, HasTraits) and owner.has_trait(name))
    before = getattr(owner, name) if is_own else None
    setattr(owner, name, value)
    try:
        yield
    finally:
        if is_own:
            setattr(owner, name, before)
        else:
            with suppress(AttributeError):  # the code may have put it back
                delattr(owner, name)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Have an interrupt raise KeyboardInterrupt, whatever the front end or the code makes of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.default_int_handler)


def _shows_nothing(*given: Any, **named: Any) -> None:
    """An error is in the result of the run."""


def _refusing(error: type[BaseException], message: str) -> Callable[..., Any]:
    def refuse(*given: Any, **named: Any) -> Any:
        raise error(sent(message))

    return refuse

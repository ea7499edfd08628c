"""Repairs objects in memory after a fork. On Linux, `multiprocessing` forks by default before Python 3.14.

The child has a copy of all objects, but only the thread that forked. It shares every open socket with the parent, and a
lock that another thread held stays locked for ever.
"""

from __future__ import annotations

import logging  # noqa: F401  # before us: the last to register is the first to wait, and it holds a lock that imports take
import os
import threading
from typing import Protocol
from weakref import WeakValueDictionary

#: Held by our threads while they import: a module that is half imported at a fork stays so in the child.
importing = threading.RLock()
#: Seconds that a fork waits for this lock.
_LONGEST_IMPORT = 5.0


class Forked(Protocol):
    def after_fork(self, *, in_child: bool) -> None:
        """Repair the object. Must not raise or wait for a lock."""


#: By their ids, since a set of them could not be looked through while another thread adds one.
_living: WeakValueDictionary[int, Forked] = WeakValueDictionary()


def register_at_fork(living: Forked) -> None:
    """Call the `after_fork` of this object at every fork, for as long as it lives."""
    _living[id(living)] = living


class _Fork:
    """The hooks that Python calls around each fork."""

    waited = False

    def before(self) -> None:
        self.waited = importing.acquire(timeout=_LONGEST_IMPORT)

    def in_parent(self) -> None:
        self._after(in_child=False)

    def in_child(self) -> None:
        self._after(in_child=True)

    def _after(self, *, in_child: bool) -> None:
        if self.waited:
            importing.release()
        for reference in _living.valuerefs():  # a copy, made in one go
            one = reference()
            if one is not None:  # pragma: no branch  # it ended meanwhile
                one.after_fork(in_child=in_child)


if hasattr(os, "register_at_fork"):  # pragma: no branch  # Windows cannot fork
    _fork = _Fork()
    os.register_at_fork(before=_fork.before, after_in_parent=_fork.in_parent, after_in_child=_fork.in_child)

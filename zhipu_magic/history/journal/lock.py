"""The lock on a journal: several kernels write to one file, one at a time.

The journal itself is locked, by its open file, and not by a file beside it. So no lock file is left where users would
commit it, a read-only folder is no obstacle, kernels on other machines and of other users take part as far as their
disk passes locks on, the system frees the lock of a kernel that was killed, and the file that is locked is the one that
`regular_files` opened, behind no link. That is why this is not `filelock`: it locks a path of its own, which it
creates, empties and deletes, and only exclusively; and an earlier version of this package, which locks the journal,
would not notice.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ...text.languages.messages import _

fcntl: Any
msvcrt: Any
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
try:
    import msvcrt
except ImportError:
    msvcrt = None

#: Without locks, one kernel at a time may write to a journal, and a torn line stays in it.
CAN_LOCK = fcntl is not None or msvcrt is not None
#: What the system says of a file that another program has locked.
_IS_LOCKED = {errno.EAGAIN, errno.EWOULDBLOCK} if fcntl is not None else {errno.EACCES, errno.EDEADLK}

#: Seconds to wait for another program that has locked the file, and between two attempts.
PATIENCE, _PAUSE = 1.0, 0.01
#: The byte that is locked on Windows, where nobody else can read or write locked bytes: far beyond any journal's end.
_LOCKED_BYTE = 1 << 40


@contextmanager
def locked(descriptor: int, *, shared: bool = False, patience: float = PATIENCE) -> Iterator[None]:
    """Lock the file against other kernels, exclusively or shared with those that read.

    Raises BlockingIOError if another program keeps it locked for longer than `patience` seconds. On a disk without
    locks nothing is locked.
    """
    is_locked = CAN_LOCK and _wait(descriptor, shared, patience)
    try:
        yield
    finally:
        if is_locked:
            with suppress(OSError):
                _unlock(descriptor)


def _wait(descriptor: int, shared: bool, patience: float) -> bool:
    """Wait for the lock. Returns whether it is held: some network disks have no locks."""
    until = time.monotonic() + patience
    while True:
        try:
            _lock(descriptor, shared)
            return True
        except OSError as error:
            if error.errno not in _IS_LOCKED:
                return False
            if time.monotonic() >= until:
                raise BlockingIOError(errno.EWOULDBLOCK, _("another program has locked it")) from None
        time.sleep(_PAUSE)


def _lock(descriptor: int, shared: bool) -> None:
    if fcntl is not None:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    else:
        _lock_byte(descriptor, msvcrt.LK_NBLCK)


def _unlock(descriptor: int) -> None:
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    else:
        _lock_byte(descriptor, msvcrt.LK_UNLCK)


def _lock_byte(descriptor: int, how: int) -> None:
    """Windows locks from where the file stands, and knows no sharing."""
    place = os.lseek(descriptor, 0, os.SEEK_CUR)
    os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, how, 1)
    finally:
        os.lseek(descriptor, place, os.SEEK_SET)

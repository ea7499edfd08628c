"""What has gone out of a prompt before its request does: documents that the service reads. An error says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableSequence, Sequence
from contextlib import contextmanager
from typing import Final

from ...text.errors import NOTHING_MORE_SENT, NOTHING_SENT, GLMError
from ...text.languages.messages import _
from ...text.languages.notice import Notice

#: Notices of what went out.
UPLOADS: Final = ("document.uploaded", "document.address_read")


class Uploads:
    """The notices of the documents of one prompt that have gone out; each is told to the user at once (`warn`)."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self.notices: list[Notice] = []

    def tell(self, notice: Notice) -> None:
        """Tell that a document goes out."""
        self.notices.append(notice)
        self._warn(notice)

    @contextmanager
    def told_by_errors(self) -> Iterator[None]:
        """An error that ends this block says what has gone out."""
        try:
            yield
        except GLMError as error:
            say_what_was_sent(error, self.notices)
            raise


def sent(name: str, host: str, *, by_address: bool, practice: bool) -> Notice:
    """Says that a document went to the service at this host."""
    host = _("the practice server") if practice else host or _("the service")
    if by_address:
        return Notice(
            "{name} was read by {host}; what that costs is billed separately.",
            reason="document.address_read",
            name=name,
            host=host,
        )
    return Notice(
        "{name} was uploaded to {host} to be read; what that costs is billed separately.",
        reason="document.uploaded",
        name=name,
        host=host,
    )


def say_what_was_sent(error: GLMError, notices: Sequence[str]) -> None:
    """Have an error say what has gone out, where it says that nothing has."""
    everything = (error, *error.also)
    new = [notice for notice in notices if notice not in error.outcomes]
    if not new:
        return
    says_nothing = False
    for one in everything:
        says_nothing = _without(one.outcomes, NOTHING_SENT) or says_nothing
    error.outcomes[:0] = [*new, *[NOTHING_MORE_SENT] * says_nothing]


def _without(outcomes: MutableSequence[str], outcome: str) -> bool:
    """Take this outcome out. Returns whether it was there."""
    before = len(outcomes)
    outcomes[:] = [one for one in outcomes if one != outcome]
    return len(outcomes) < before

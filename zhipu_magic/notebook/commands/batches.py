"""The commands for rows that were given to the Batch API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...text.languages.messages import _
from .command import Command

if TYPE_CHECKING:
    from ..session import Session

_USAGE = "%glm collect [--wait]"


def _collect(session: Session, text: str) -> None:
    from ..batch_cell import collect

    if text not in ("", "--wait"):
        raise UsageError(_("Usage: {usage}", usage=_USAGE))
    collect(session, wait=bool(text))


def _cancel(session: Session, text: str) -> None:
    from ..batch_cell import cancel

    cancel(session)


COMMANDS = (
    Command(
        "collect",
        _USAGE,
        "fetch the answers of batches",
        _collect,
        completes="--wait",
        details="Fetches what came of the tables that were submitted with --batch, also after a restart: the answers "
        "are kept, and each table is bound as its cell would have bound it. Of the others it shows how far they are, "
        "and it fails at the end if one of them could not be looked at.",
        arguments={"--wait": "wait until all batches are done; an interrupt ends the wait, and no batch"},
        examples=("%glm collect", "%glm collect --wait"),
    ),
    Command(
        "cancel",
        "%glm cancel",
        "end all batches early",
        _cancel,
        details="Ends all batches of this notebook early. What was answered until then is billed, and %glm collect "
        "fetches it.",
        examples=("%glm cancel",),
    ),
)

"""Why a document cannot be read on this machine, by the word that its reader says for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ...text.characters import printable, shortened
from ...text.errors import NOTHING_SENT, InvalidRequest
from ...text.languages.joined import comma
from ...text.languages.messages import N_, _
from ...text.languages.numbers import plural
from .reading import counted, named
from .source import Source

#: The word for a reader that ended without one.
CRASHED: Final = "crashed"
#: Seconds that reading may take, and bytes of memory.
SECONDS: Final = 60
MEMORY: Final = 3 << 30
_LONGEST_DETAIL: Final = 200
_LONGEST_PAGES: Final = 60


class _Cause(NamedTuple):
    """What a reader's word means. The facts are `name` and `kind` of the document, the pages that are `wanted` and
    those that are `there`, what such are called (`units`), and what it may take: `time` and `memory`.
    """

    message: str
    hint: str
    reason: str


_DAMAGED: Final = _Cause(
    "{name} cannot be read: it is not a sound {kind} document.",
    "Open it in the program that it is from, and save it again.",
    reason="document.damaged",
)
_CAUSES: Final[Mapping[str, _Cause]] = {
    "missing": _Cause(
        "{name} has no {wanted}.",
        "It has {there}. Leave the {units} out to have all of it read.",
        reason="document.no_such_page",
    ),
    "no_pages": _Cause(
        "{kind} documents have no pages to choose: {name} is read as a whole.",
        "A budget says how much of it is sent: | 6000.",
        reason="document.no_pages",
    ),
    "encrypted": _Cause(
        "{name} is protected by a password.", "Save a copy of it without one.", reason="document.encrypted"
    ),
    "slow": _Cause("{name} was not read within {time}.", "Choose pages: | pages 1-20.", reason="document.slow"),
    "too_large": _Cause(
        "{name} needs more than the {memory} of memory allowed.",
        "Choose pages, or take out of it what the model is to read.",
        reason="document.memory",
    ),
    "damaged": _DAMAGED,
}
_UNITS: Final = {"page": N_("pages"), "slide": N_("slides"), "sheet": N_("sheets")}


def unreadable(source: Source, found: Mapping[str, Any]) -> InvalidRequest:
    """The error that says why a document cannot be read, from what its reader has said."""
    why, detail = str(found["why"]), str(found.get("detail") or "")
    if why == "library":
        return no_library(source)
    cause, said = _CAUSES.get(why, _DAMAGED), shortened(printable(detail), _LONGEST_DETAIL)
    return InvalidRequest(
        cause.message,
        hint=cause.hint,
        reason=cause.reason,
        detail=_("its reader has crashed") if why == CRASHED else said if cause is _DAMAGED else "",
        outcomes=[NOTHING_SENT],
        name=source.name,
        kind=_(source.kind.name),
        units=_(_UNITS.get(source.kind.unit, "")),
        wanted=named(source.kind.unit, shortened(printable(detail), _LONGEST_PAGES)),
        there=_there(source.kind.unit, found) if why == "missing" else "",
        time=plural(SECONDS, "second"),
        memory=f"{MEMORY >> 30} GB",
    )


def _there(unit: str, found: Mapping[str, Any]) -> str:
    """How many pages there are, and how they are called if they have names."""
    total, names = int(found.get("total") or 0), [str(name) for name in found.get("names") or ()]
    listed = [*(shortened(printable(name), _LONGEST_PAGES) for name in names), *(["…"] if total > len(names) else [])]
    count = counted(unit, total)
    return _("{pages}: {names}", pages=count, names=comma(listed)) if names else count


def no_library(source: Source) -> InvalidRequest:
    """The error that says what reads such a document."""
    if not source.kind.module:
        return InvalidRequest(
            "Nothing on this machine reads {kind} documents, such as {name}.",
            hint='Save it in a newer format; or chat.documents = "auto" has the service read it.',
            reason="document.old_format",
            outcomes=[NOTHING_SENT],
            name=source.name,
            kind=_(source.kind.name),
        )
    return InvalidRequest(
        "Nothing that is installed here reads {kind} documents, such as {name}.",
        hint='Run pip install {package}; or chat.documents = "auto" has the service read it.',
        reason="document.no_library",
        outcomes=[NOTHING_SENT],
        name=source.name,
        package=source.kind.package,
        kind=_(source.kind.name),
    )


def no_text(source: Source, *, by_service: bool = True) -> InvalidRequest:
    """The error for a document that shows pictures of text only; `by_service` says whether this service reads those."""
    if not by_service:
        return InvalidRequest(
            "{name} has no text: it is a scan, perhaps, and this service reads none.",
            hint="Give its pages as pictures to a model that sees.",
            reason="document.no_text_elsewhere",
            outcomes=[NOTHING_SENT],
            name=source.name,
        )
    return InvalidRequest(
        "{name} has no text: it is a scan, perhaps.",
        hint='chat.documents = "auto" has the service read its pictures.',
        reason="document.no_text",
        outcomes=[NOTHING_SENT],
        name=source.name,
    )

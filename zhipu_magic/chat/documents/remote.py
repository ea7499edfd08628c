"""Has the service read a document, which is uploaded for that. What it costs is billed at a price that is not known."""

from __future__ import annotations

from typing import Final, NamedTuple

from ...service.connection import Service
from ...service.wire import Usage, total
from ...text.errors import NOTHING_SENT, InvalidRequest
from ...text.languages.messages import _
from ...text.languages.numbers import plural
from ...values.documents import local
from ...values.documents.kinds import PDF
from ...values.documents.reading import Reading, cleaned
from ...values.documents.source import Source

#: Ranges of pages, each of which is a request.
_MOST_RANGES: Final = 10


class Came(NamedTuple):
    """What came from the service, and the tokens that it counted, if it did."""

    reading: Reading
    usage: Usage | None = None


def read(service: Service, source: Source, *, scanned: bool) -> Came:
    """What the service reads in a document, or at an address. A PDF that is `scanned` has pictures of its text alone.

    Raises GLMError.
    """
    check(service, source)
    by_pages = source.kind is PDF and (scanned or bool(source.pages.parts))
    with service.client(service.endpoint()) as client:
        from ...service.documents.endpoints import DocumentEndpoints

        endpoints = DocumentEndpoints(client)
        if source.url:
            texts, reader = [endpoints.read(source.url)], "reader"
        elif by_pages:
            wanted: list[tuple[int | None, int | None]] = [*source.pages.ranges] or [(None, None)]
            texts, reader = [endpoints.recognise(source.data, first, last) for first, last in wanted], "ocr"
        else:
            texts, reader = [endpoints.parse(source.data, source.name, source.kind.ending)], "parser"
    text = cleaned("\n\n".join(one.text for one in texts))
    if not text:
        raise InvalidRequest(
            "The service found no text in {name}.",
            hint="Give its pages as pictures: images=[…], to a model that sees.",
            reason="document.nothing_found",
            name=source.name,
        )
    chosen = source.pages.written.replace("-", "–").replace(",", ", ") if by_pages else ""
    usage = total([one.usage for one in texts]) if by_pages else None
    unit = source.kind.unit if by_pages else ""
    return Came(Reading(name=source.name, text=text, reader=reader, unit=unit, chosen=chosen), usage)


def check(service: Service, source: Source) -> None:
    """Raise InvalidRequest for what this service cannot read."""
    if not service.profile.is_glm:
        raise InvalidRequest(
            "{name} would have to be read by the service, which only ZhiPu AI's own does.",
            hint="Fetch it in Python, and give the file.",
            reason="document.elsewhere",
            outcomes=[NOTHING_SENT],
            name=source.name,
        )
    pages = source.pages
    if pages.parts and (source.kind is not PDF or len(pages.ranges) < len(pages.parts)):
        raise InvalidRequest(
            "The service reads {name} as a whole: no pages of it can be chosen.",
            hint="{instead}",
            reason="document.whole_at_service",
            outcomes=[NOTHING_SENT],
            name=source.name,
            instead=_instead(source),
        )
    if len(pages.ranges) > _MOST_RANGES:
        raise InvalidRequest(
            "The service is asked once for each range of pages, and {ranges} are too many.",
            hint="Name at most {most}.",
            reason="document.many_ranges",
            outcomes=[NOTHING_SENT],
            ranges=plural(len(pages.ranges), "range"),
            most=_MOST_RANGES,
        )


def _instead(source: Source) -> str:
    """How parts of a document can be chosen that the service reads as a whole."""
    kind = source.kind
    if not kind.package:
        return _("Leave the pages out.")
    if local.can_read(kind):
        return _('chat.documents = "local" has it read on this machine, where they can be.')
    return _("pip install {package} has it read on this machine, where they can be.", package=kind.package)

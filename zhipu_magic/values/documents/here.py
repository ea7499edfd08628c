"""Reads documents on this machine, where there is nobody else to."""

from __future__ import annotations

from . import errors, local
from .reading import Reading
from .source import Source


def read(source: Source) -> Reading:
    """What is in a document. Raises InvalidRequest where nothing here reads it."""
    if source.url or not local.can_read(source.kind):
        raise errors.no_library(source)
    found = local.read(source)
    if found is None:
        raise errors.no_text(source)
    return found

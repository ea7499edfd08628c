"""A page without a key: what its journal knows is answered from that, and each reply says so.

So a notebook that was cloned together with its journal runs, and shows what it showed. Anything else is the error that
it was: there is no key.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ...text import regular_files
from ...text.errors import SettingsError
from ...text.languages.messages import _

if TYPE_CHECKING:
    from pathlib import Path

    from ...service.connection import Service
    from ..settings import Settings


class Keyless:
    """Sets `replay` to `auto` while there is no key, and back to `off` once there is one or the page practises."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._falls_back = False
        self._is_settled = False  # there was a key, or the user has said whether to replay

    def follow(self, service: Service, journal: Path | None) -> str:
        """Before a cell asks. Returns a notice while there is no key and a journal answers; else nothing.

        Where the user has said whether to replay, here or in the environment, that holds.
        """
        if self._falls_back and self._settings.replay != "auto":
            self._falls_back, self._is_settled = False, True
        if self._is_settled or not (self._falls_back or self._may_begin(journal)):
            return ""
        if _has_key(service):
            if self._falls_back:
                self._settings.replay = "off"
            self._falls_back, self._is_settled = False, not service.practising
            return ""
        self._falls_back, self._settings.replay = True, "auto"
        return _("There is no API key: replies come from the journal. %glm login has the service asked.")

    def _may_begin(self, journal: Path | None) -> bool:
        from ...chat.environment import REPLAY_VARIABLE

        if self._settings.replay != "off" or os.environ.get(REPLAY_VARIABLE, "").strip():
            return False
        try:
            return journal is not None and regular_files.status(journal) is not None
        except (OSError, ValueError):  # no file that a journal can be: whoever opens it says so
            return False


def _has_key(service: Service) -> bool:
    """Whether the service can be asked. A key that cannot be read or sent is one: the error is told when it is used."""
    try:
        return service.practising or service.key_source is not None
    except SettingsError:
        return True

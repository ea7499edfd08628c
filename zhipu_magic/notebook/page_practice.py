"""The practice server of a page, which answers in place of the service while the page practises."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..text.languages.messages import _

if TYPE_CHECKING:
    from ..practice import PracticeServer
    from ..service.connection import Service


class PagePractice:
    """Starts and stops the server, and has the service use it."""

    def __init__(self) -> None:
        self.server: PracticeServer | None = None
        self._script: Path | None = None

    def begin(self, service: Service, script: Path | None, *, replays: bool) -> None:
        """Use a server in this process from now on. Where everything is replayed, none is started for it.

        Raises ValueError if something is wrong with a file of scripts (see `practice.script_file`).
        """
        from ..practice import PracticeServer
        from ..service.api_key import ApiKey
        from ..service.endpoint import Endpoint

        address, key = "http://127.0.0.1/practice", "practice"
        if self.server is not None or not replays:
            server = self.server or PracticeServer()
            server.read_script(script)
            self.server = server.start()
            address, key = server.base_url, server.api_key
        self._script = script
        service.use(Endpoint(address, ApiKey(key), _("the practice server's own"), practice=True))

    def follow_replay(self, service: Service, *, replays: bool) -> None:
        """Start the server if the page practises without one: it needed none while everything was replayed."""
        if service.practising and self.server is None:
            self.begin(service, self._script, replays=replays)

    def end(self, service: Service | None) -> None:
        """Stop the server, if it is running, and go back to the service."""
        server, self.server = self.server, None
        if service is not None and service.practising:
            service.use(None)
        if server is not None:
            server.stop()

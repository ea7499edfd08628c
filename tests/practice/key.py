"""The key of a practice server, as a client sends it."""

from __future__ import annotations

from zhipu_magic.practice import PracticeServer


def key_of(server: PracticeServer) -> dict[str, str]:
    """The header that opens this server."""
    return {"Authorization": f"Bearer {server.api_key}"}

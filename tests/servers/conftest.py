"""Servers that others wrote, each started once, when the first test asks for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache

import pytest
from environments import NAMES, why_not
from real_servers import RealServer, start

from zhipu_magic import Chat

#: Set by `make test-servers`. All other runs leave these tests out: they take minutes, and an environment each.
ASKED_FOR = "ZHIPU_MAGIC_TEST_SERVERS"


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], RealServer]]:
    """Gives the server of a name, which runs until all tests have ended."""
    with ExitStack() as running:

        @cache
        def server(name: str) -> RealServer:
            if not os.environ.get(ASKED_FOR):
                pytest.skip("make test-servers runs it")
            if reason := why_not(name):
                pytest.skip(f"{name}: {reason}")
            return running.enter_context(start(name, tmp_path_factory.mktemp(name)))

        yield server


@pytest.fixture(params=NAMES)
def real(request: pytest.FixtureRequest, servers: Callable[[str], RealServer]) -> Iterator[RealServer]:
    """Each of the servers in turn, or the one that the module names."""
    server = servers(request.param)
    with server.behind() as upstream:
        yield replace(server, upstream=upstream)


@pytest.fixture
def chat(real: RealServer) -> Iterator[Chat]:
    asking = Chat(model=real.model, base_url=real.base_url, api_key=real.key)
    yield asking
    asking.close()

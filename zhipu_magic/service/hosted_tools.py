"""The tools that the service runs itself: it searches the web, calls MCP servers and looks into knowledge bases.

Each has the `member` of a request's `tools` that asks for it (docs/protocol.md, "Chat request").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..text.addresses import is_web_address, parts_of
from ..text.characters import is_name, shortened
from ..text.errors import InvalidRequest
from ..text.languages.joined import comma
from ..text.languages.messages import _
from ..text.suggestions import nearest

#: The engines of a search, also by a short name. z.ai has the last one alone, the mainland service the others.
ENGINES: Final[Mapping[str, str]] = {
    "std": "search_std",
    "pro": "search_pro",
    "sogou": "search_pro_sogou",
    "quark": "search_pro_quark",
    "jina": "search_pro_jina",
}
RECENCIES: Final[Mapping[str, str]] = {
    "day": "oneDay",
    "week": "oneWeek",
    "month": "oneMonth",
    "year": "oneYear",
    "any": "noLimit",
}
SIZES: Final[Mapping[str, str]] = {"medium": "medium", "high": "high"}

_MOST_RESULTS: Final = 50
_DOMAIN: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True)
class Search:
    """A web search by the service, for `query` or, without one, for what the prompt asks.

    `engine` is "std", "pro", "sogou" or "quark", at z.ai "jina"; `recency` leaves out pages older than a "day", "week",
    "month" or "year". The service's own names for both are accepted too: "search_pro", "oneWeek". `count` is how many
    pages it looks at (1 to 50; by default 10), `domain` the only site that it searches, as in "www.example.com", and
    `size` how much it reads of each page: "medium" or "high". Raises InvalidRequest for any other value.
    """

    query: str | None = None
    engine: str | None = None
    recency: str | None = None
    count: int | None = None
    domain: str | None = None
    size: str | None = None

    def __post_init__(self) -> None:
        for name, values in (("engine", ENGINES), ("recency", RECENCIES), ("size", SIZES)):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, _value(name, given, values))
        if self.query is not None and not isinstance(self.query, str):
            raise _not_valid("query", self.query, _("any text"))
        if self.domain is not None and not (isinstance(self.domain, str) and _DOMAIN.fullmatch(self.domain)):
            raise _not_valid("domain", self.domain, _("the name of a site, as in www.example.com"))
        if self.count is not None and not (type(self.count) is int and 1 <= self.count <= _MOST_RESULTS):
            raise _not_valid("count", self.count, _("a number from 1 to {most}", most=_MOST_RESULTS))
        if self.count is not None and self.count % 10 and self.engine == ENGINES["sogou"]:
            raise _not_valid("count", self.count, _("10, 20, 30, 40 or 50 with this engine"))
        for name in ("count", "domain"):
            if self.engine == ENGINES["quark"] and getattr(self, name) is not None:
                raise InvalidRequest(
                    "The engine {engine} has no {name}.",
                    hint="Leave it out, or choose another engine.",
                    reason="search.not_of_engine",
                    engine=self.engine,
                    name=name,
                )

    @property
    def member(self) -> dict[str, Any]:
        """The member of a request's `tools`. The service names its sources only if asked to."""
        given = {key: getattr(self, name) for name, key in _OF_A_SEARCH.items() if getattr(self, name) is not None}
        return {"type": "web_search", "web_search": {"enable": True, **given, "search_result": True}}


_OF_A_SEARCH: Final = {
    "query": "search_query",
    "engine": "search_engine",
    "recency": "search_recency_filter",
    "count": "count",
    "domain": "search_domain_filter",
    "size": "content_size",
}
#: What a search can be given by name.
SEARCH_SETTINGS: Final = tuple(_OF_A_SEARCH)


def _value(name: str, given: Any, values: Mapping[str, str]) -> str:
    """The service's own name for a value that is given by that or by a short name."""
    if isinstance(given, str) and (found := values.get(given.lower())):
        return found
    if given in values.values():
        return str(given)
    raise _not_valid(name, given, comma(values), nearest(str(given), [*values, *values.values()]))


def _not_valid(name: str, given: object, values: str, near: str = "") -> InvalidRequest:
    return InvalidRequest(
        "The {name} of a search cannot be {given!r}.",
        hint="It can be {values}.",
        reason="search.value",
        near=near,
        name=name,
        given=shortened(str(given), 60),
        values=values,
    )


@dataclass(frozen=True)
class McpServer:
    """An MCP server that the service calls: one of its own, by its code as `label`, or the one at this web address.

    The service alone talks to it; nothing of it runs here. Raises InvalidRequest for an address with a user name, a
    password or a key in it: it would be kept with the conversation.
    """

    label: str
    url: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.label, str) or not is_name(self.label):
            raise InvalidRequest(
                "An MCP server needs a label on one line, not {label!r}.",
                reason="mcp.label",
                label=shortened(str(self.label), 60),
            )
        if "/" in self.label:
            raise InvalidRequest(
                "An MCP server at an address needs a label before it: {label}.",
                hint="As in weather=https://mcp.example.com/sse.",
                reason="mcp.no_label",
                label=shortened(self.label.partition("?")[0], 60),
            )
        if not self.url:
            return
        if not isinstance(self.url, str) or not is_web_address(self.url):
            raise InvalidRequest(
                "The address of the MCP server {label} is not a valid one.",
                hint="It looks like https://mcp.example.com/sse.",
                reason="mcp.address",
                label=self.label,
            )
        parts = parts_of(self.url)
        if parts is None or "@" in parts.netloc or _SECRET.search(parts.query):
            raise InvalidRequest(
                "The address of the MCP server {label} contains a user name, a password or a key.",
                hint="Leave it out: the conversation would keep it. The service calls its own servers by their label "
                "alone.",
                reason="mcp.password",
                label=self.label,
            )

    @property
    def member(self) -> dict[str, Any]:
        """The member of a request's `tools`."""
        return {"type": "mcp", "mcp": {"server_label": self.label, **({"server_url": self.url} if self.url else {})}}


#: Names of what an address should not hold.
_SECRET = re.compile(r"(?:^|[&;])[^=&;]*(?:auth|key|token|secret|passw)[^=&;]*=", re.IGNORECASE)


@dataclass(frozen=True)
class Knowledge:
    """A knowledge base that the user has made at the service, by its `id`."""

    id: str

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not is_name(self.id):
            raise InvalidRequest(
                "A knowledge base has an id on one line, not {id!r}.",
                reason="knowledge.id",
                id=shortened(str(self.id), 60),
            )

    @property
    def member(self) -> dict[str, Any]:
        """The member of a request's `tools`."""
        return {"type": "retrieval", "retrieval": {"knowledge_id": self.id}}


HostedTool = Search | McpServer | Knowledge


def hosted_tool(member: Mapping[str, Any]) -> HostedTool | None:
    """The tool that has this member; None where none has exactly this one."""
    try:
        for kind, names in _MEMBERS.items():
            inside = member.get(kind)
            if isinstance(inside, Mapping):
                given = {name: inside[key] for name, key in names.items() if key in inside}
                made: HostedTool = _KINDS[kind](**given)
                return made if made.member == member else None
    except (InvalidRequest, TypeError):
        pass
    return None


_KINDS: Final[Mapping[str, Any]] = {"web_search": Search, "mcp": McpServer, "retrieval": Knowledge}
_MEMBERS: Final[Mapping[str, Mapping[str, str]]] = {
    "web_search": _OF_A_SEARCH,
    "mcp": {"label": "server_label", "url": "server_url"},
    "retrieval": {"id": "knowledge_id"},
}


def hosted_tools(search: object, knowledge: object, mcp: object) -> list[HostedTool]:
    """The tools that these options ask for, in the order in which they are sent. Raises InvalidRequest."""
    found: list[HostedTool] = []
    if isinstance(search, Search):
        found.append(search)
    elif search:
        found.append(Search() if search is True else Search(query=search))  # type: ignore[arg-type]  # it is checked
    found += [Knowledge(one) for one in _several(knowledge)]
    servers = [one if isinstance(one, McpServer) else McpServer(one) for one in _several(mcp)]
    return [*found, *_distinct(servers)]


def _distinct(servers: Iterable[McpServer]) -> Iterable[McpServer]:
    """The servers, each once. Raises InvalidRequest if two share a label: their tools could not be told apart."""
    by_label: dict[str, McpServer] = {}
    for server in servers:
        if by_label.setdefault(server.label, server) != server:
            raise InvalidRequest(
                "Two MCP servers have the label {label}.",
                hint="Give one of them another label.",
                reason="mcp.same_label",
                label=server.label,
            )
    return by_label.values()


def _several(given: Any) -> Iterable[Any]:
    return given if isinstance(given, Iterable) and not isinstance(given, str) else (given,)

"""How services differ, by address. Nothing else in the package distinguishes hosts.

What is asked is the same everywhere (see `chat.request`); a profile makes of it what its service takes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from ..text.addresses import host_of, is_this_machine, path_of

DEFAULT_BASE_URL: Final = "https://open.bigmodel.cn/api/paas/v4"
_PATH: Final = path_of(DEFAULT_BASE_URL)
_PLAN_PATH: Final = "/api/coding/paas/v4"

#: Seconds without a byte that a reply may take: usually; and unstreamed, or before one that thinks begins.
USUAL_TIMEOUT: Final = 60.0
LONG_TIMEOUT: Final = 300.0

#: Names for the service's addresses, to use in place of them.
NAMED_ADDRESSES: Final[Mapping[str, str]] = {
    "bigmodel": DEFAULT_BASE_URL,
    "coding": f"https://open.bigmodel.cn{_PLAN_PATH}",
    "z.ai": f"https://api.z.ai{_PATH}",
    "z.ai/coding": f"https://api.z.ai{_PLAN_PATH}",
}

_NULL_MEMBERS: Final[dict[str, Any]] = {"response_format": None, "thinking": None}
"""Members that the SDK sends with every request and that set nothing (docs/protocol.md, "Chat request")."""

#: Asks other servers to count the tokens of a stream, as the service does unasked.
_COUNTED: Final = {"include_usage": True}


@dataclass(frozen=True)
class Profile:
    """How one service differs from others that speak the same protocol."""

    is_glm: bool = False
    """Whether it is ZhiPu AI's own: it takes what the SDK sends, `thinking` and `search_engine` among it."""
    data_urls: bool = False
    """Whether images are sent as data URLs; the service itself takes their base64 alone."""
    priced: bool = False
    """Whether the price table is about it."""
    plan: bool = False
    """Whether it bills a subscription: nothing is paid by the token."""
    key_page: str = ""
    """Where its keys are created and its accounts are kept; empty for a server that is not ZhiPu AI's."""
    plan_name: str = "coding"
    """The name of the address of its subscription (see `NAMED_ADDRESSES`)."""
    search_engines: tuple[str, ...] = ()
    """The engines that search the web for it, if they are known; the first searches where the user names none."""

    @property
    def tool_choices(self) -> tuple[str, ...]:
        """The values of `tool_choice` that it takes; none where it takes any."""
        return ("auto",) if self.is_glm else ()

    def adapted(self, body: Mapping[str, Any], ours: Collection[str] = ()) -> dict[str, Any]:
        """The body of a request as this service takes it.

        `ours` are the members that the package has made of the user's options; others are sent as they are.
        """
        adapted = dict(body)
        if isinstance(adapted.get("stop"), str):
            adapted["stop"] = [adapted["stop"]]  # a list of one is what the specification has
        if self.is_glm:
            if "tools" in ours:
                adapted["tools"] = [self._with_engine(tool) for tool in adapted["tools"]]
            # In the SDK's order, so that what is sent is what its own call would send.
            first = {name: adapted[name] for name in ("model", "messages", "stream") if name in adapted}
            return first | _NULL_MEMBERS | adapted
        if "thinking" in ours:
            adapted["chat_template_kwargs"] = _for_template(adapted.pop("thinking"))
        if adapted.get("stream"):
            adapted.setdefault("stream_options", _COUNTED)
        return adapted

    @staticmethod
    def uncounted(body: Mapping[str, Any]) -> dict[str, Any]:
        """The same request, whose tokens a server need not count; what the user has asked for stays."""
        return {name: value for name, value in body.items() if value is not _COUNTED}

    @staticmethod
    def unstreamed(body: Mapping[str, Any]) -> dict[str, Any]:
        """The same request for a reply in one piece."""
        return {**{name: value for name, value in body.items() if name != "stream_options"}, "stream": False}

    def _with_engine(self, tool: Mapping[str, Any]) -> Mapping[str, Any]:
        if tool.get("type") != "web_search":
            return tool
        return {**tool, "web_search": {"search_engine": self.search_engines[0], **tool["web_search"]}}


def thinking(enabled: bool | None = None, *, keep: bool = False) -> dict[str, Any]:
    """The members of a request that turn the model's reasoning on or off, and have it `keep` that of earlier turns."""
    if enabled is None and not keep:
        return {}
    kept = {"clear_thinking": False} if keep else {}
    return {"thinking": {"type": "disabled" if enabled is False else "enabled", **kept}}


def _for_template(thinking: Mapping[str, Any]) -> dict[str, Any]:
    """The same for servers that run the model's own chat template (vLLM, SGLang, llama.cpp)."""
    members: dict[str, Any] = {"enable_thinking": thinking["type"] == "enabled"}
    return members | {name: thinking[name] for name in ("clear_thinking",) if name in thinking}


_MAINLAND: Final = Profile(
    is_glm=True,
    search_engines=("search_std", "search_pro", "search_pro_sogou", "search_pro_quark"),
    key_page="https://open.bigmodel.cn",
)
_INTERNATIONAL: Final = Profile(
    is_glm=True,
    search_engines=("search_pro_jina",),
    key_page="https://z.ai",
    plan_name="z.ai/coding",
)
PRACTICE: Final = _MAINLAND
_PRICED: Final = replace(_MAINLAND, priced=True)
_OTHER: Final = Profile(data_urls=True)
_GLM_HOSTS: Final = {"open.bigmodel.cn": _MAINLAND, "api.z.ai": _INTERNATIONAL}


@cache
def profile_of(base_url: str) -> Profile:
    """The profile of the service at this address. A server on this machine at the service's path stands in for it."""
    host, path = host_of(base_url), path_of(base_url)
    stands_in = is_this_machine(host) and path in (_PATH, _PLAN_PATH)
    profile = _MAINLAND if stands_in else _GLM_HOSTS.get(host, _OTHER)
    if profile.is_glm and path == _PLAN_PATH:
        return replace(profile, plan=True)
    return _PRICED if profile is _MAINLAND and path == _PATH else profile

"""The last turn of a thread as a script that asks it through the plain SDK."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...history.conversation import Thread
from ...history.link import Link
from ...history.turn import Anchor
from ...service.endpoint import BASE_URL_VARIABLE
from ...service.profile import DEFAULT_BASE_URL, profile_of
from ...text.languages.messages import _, told
from ..options import Options
from ..request import Request
from ..window import fit
from .python_source import source

#: Members that the SDK's `create` takes as arguments and sends as they are.
_ARGUMENTS = frozenset(
    {
        *("request_id", "user_id", "do_sample", "max_tokens", "seed", "stop", "sensitive_word_check"),
        *("tools", "tool_choice", "meta", "response_format", "thinking"),
    }
)

#: Members that the script names by itself.
_APART = frozenset({"model", "messages", "stream"})

_SCRIPT = '''\
"""{asks}

{needs}

    pip install zhipuai sniffio
"""

{imports}

messages = {messages}

{client}
stream = client.chat.completions.create(
{arguments}
)
for chunk in stream:
    for choice in chunk.choices:
        print(choice.delta.content or "", end="", flush=True)
print()
'''


_ASKS = _("Asks the last turn of a conversation once more, through the plain zhipuai SDK.")
_NEEDS = _(
    "The key comes from the environment: ZHIPUAI_API_KEY. The SDK needs a package that it does not install by itself:"
)


def script(thread: Thread, last: Link, address: str) -> str:
    """The request of the turn `last` after the turns that stand before it, as they stand now, to the service there."""
    turn = last.turn
    imports, client = "from zhipuai import ZhipuAI", "client = ZhipuAI()"
    if address != DEFAULT_BASE_URL:
        imports = f"import os\n\n{imports}"
        client = f'client = ZhipuAI(\n    base_url=os.environ.get("{BASE_URL_VARIABLE}") or {source(address, 4)},\n)'
    options = Options.of(turn.model, turn.members)
    before = replace(thread, last=last.before)
    request = fit(
        Request(
            prompt=turn.prompt,
            options=options,
            anchor=Anchor(),
            before=before,
            model=turn.model,
            system=thread.system,
            images=turn.images,
            instruction=turn.instruction,
        )
    )
    sent = request.to_send(profile_of(address))
    # The SDK adds nulls by itself.
    nulls = {name for name, value in sent.items() if value is None and name not in request.members}
    members = {name: value for name, value in sent.items() if name not in _APART | nulls}
    arguments = "\n".join(f"    {argument}," for argument in _arguments(turn.model, members))
    return _SCRIPT.format(
        asks=told(_ASKS),
        needs=told(_NEEDS),
        imports=imports,
        messages=source(sent["messages"]),
        client=client,
        arguments=arguments,
    )


def _arguments(model: str, members: dict[str, Any]) -> list[str]:
    """The arguments of `create` that make it send these members."""
    taken = {name: value for name, value in members.items() if _is_sent_as_it_is(name, value)}
    others = {name: value for name, value in members.items() if name not in taken}
    arguments = {"model": model, **taken, **({"extra_body": others} if others else {}), "stream": True}
    lines = [f"{name}={source(value, 4, before=len(name) + 1)}" for name, value in arguments.items()]
    lines.insert(1, "messages=messages")
    if others:
        apart = told(_("What create() does not know, or would send otherwise."))
        lines[-2] = f"# {apart}\n    {lines[-2]}"
    return lines


def _is_sent_as_it_is(name: str, value: Any) -> bool:
    if name in ("temperature", "top_p"):
        # The SDK sends 0.99 for 1, and 0.01 for 0.
        return isinstance(value, float) and 0 < value < 1
    return name in _ARGUMENTS

"""A request: what goes out, the part of the conversation that it was made from, and the key it is known by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from ..history.conversation import Thread
from ..history.link import back_from
from ..history.messages import as_sent
from ..history.turn import Anchor, Message, Turn
from ..service.api_key import Hide
from ..service.models import Model
from ..service.profile import Profile
from ..service.response_members import objects
from ..service.words import Marks
from ..text.characters import each_text
from .options import Options

if TYPE_CHECKING:
    from ..values.images.from_value import Image
    from ..values.references import Prompt
    from ..values.types.answer_type import Shape

#: The members that limit an answer, by the names that servers have for them.
LIMITS = ("max_tokens", "max_completion_tokens", "n_predict")
#: Members that do not decide the answer: how it is delivered, and who asked.
_BESIDE_THE_ANSWER = frozenset({"stream", "stream_options", "tool_stream", "request_id", "user_id"})


@dataclass(frozen=True)
class Request:
    """What is asked next, after the turns of `before`, and where its turn will stand.

    `known` is what is known of the model, if anything. `system` is the system text that is in force. `replaces` or
    `joins` is the id of a turn that it replaces, or goes on from. `written` is the prompt as the cell holds it,
    where references made another text of it; `images` go with it, `cut` says what of its values does not, and
    `above` which cells of the page do. Those that stand in earlier turns do not go again: the prompt `relies_on`
    these turns, by their ids, and `renew` gives the one for a request that holds only so many of them. An answer of
    a `shape` is asked for by an `instruction`, which is added to the system text for this request alone.
    `window.fit` fills in the rest: the `messages` that the context has room for, how many turns they leave out, how
    many images of earlier turns are `unseen` by the model, and how many of them for the first time, what stands
    before the prompt and all of it in tokens (estimates), and `scale`, how the service's counts compare with
    estimates. `hide` takes out of a text what must not be sent. `answer_limit` is the longest answer, in tokens,
    that the budget has room for, where it could be longer: it is no part of what is asked, and so not of the
    request's key. `comparison` names that of several models which it is part of, and it may take one part in so
    many (`share`) of what is left of the budget.
    """

    prompt: str
    options: Options
    anchor: Anchor
    before: Thread
    model: str
    system: str = ""
    known: Model | None = None
    replaces: str | None = None
    joins: str | None = None
    comparison: str = ""
    written: str = ""
    images: tuple[Image, ...] = ()
    cut: tuple[str, ...] = ()
    above: str = ""
    relies_on: frozenset[str] = frozenset()
    renew: Callable[[Collection[str]], Prompt] | None = field(default=None, repr=False, compare=False)
    shape: Shape | None = None
    instruction: str = ""
    hide: Hide = field(default_factory=Hide)
    messages: list[Message] = field(default_factory=list)
    left_out: int = 0
    unseen: int = 0
    first_unseen: int = 0
    tokens_before: int = 0
    tokens: int = 0
    scale: float = 1.0
    answer_limit: int | None = None
    share: int = 1

    @property
    def leaves_no_turn(self) -> bool:
        """Whether its reply is no turn: it is asked outside the conversation, or compared with others."""
        return self.options.once or bool(self.comparison)

    @cached_property
    def members(self) -> dict[str, Any]:
        """The members of the body that the user's options set."""
        return cast("dict[str, Any]", each_text(self.options.members(), self.hide))

    @property
    def body(self) -> dict[str, Any]:
        """What is asked; images in its messages stand for what is sent of them."""
        return {
            "model": self.model,
            "messages": self.messages,
            "stream": self.options.stream,
            **self.members,
        }

    def to_send(self, profile: Profile, more: Sequence[Message] = ()) -> dict[str, Any]:
        """The body as a service of this profile takes it, with `more` messages after its own."""
        ours = self.members.keys() - self.options.params.keys()
        body = {**self.body, "messages": as_sent([*self.messages, *more], data_urls=profile.data_urls)}
        if more and "tool_choice" in ours and body["tool_choice"] != "none":
            body["tool_choice"] = "auto"  # it has called what it had to, and would call it for ever
        if self.answer_limit is not None:
            body[self._limit_name or LIMITS[0]] = self.answer_limit
        return profile.adapted(body, ours)

    @property
    def thinks_unopened(self) -> bool:
        """Whether the reply will begin with reasoning that no tag opens."""
        return self.known is not None and self.known.thinks_unopened and self.options.think is not False

    @property
    def marks(self) -> Marks:
        """How the model's marks in the reply are read (see `Words`).

        What goes on from a reply without reasoning may begin in its middle, where a closing tag closes nothing.
        """
        if self.thinks_unopened:
            return "closing"
        return "opened" if self.joined is not None and not self.joined.reasoning else "meant"

    @cached_property
    def joined(self) -> Turn | None:
        """The turn that the reply goes on from, if it does."""
        if self.joins is None:
            return None
        return next((link.turn for link in back_from(self.before.last) if link.turn.id == self.joins), None)

    @property
    def takes_figures(self) -> bool:
        """Whether figures can follow the prompt: to a model that is known to see, and beside no document."""
        sees = self.known is not None and self.known.vision
        parts = (part for one in self.messages if isinstance(one["content"], list) for part in one["content"])
        return sees and not any(part.get("type") == "file_url" for part in parts)

    @property
    def searches(self) -> bool:
        """Whether the service may search the web for it, which it bills separately."""
        tools = objects(self.members.get("tools"))
        return any(tool.get("type") == "web_search" for tool in tools)

    @property
    def is_one_round(self) -> bool:
        """Whether the reply cannot have further rounds: no function of the user's is offered, and no type asked for."""
        return not self.options.tools and not self.instruction

    @property
    def keeps_thinking(self) -> bool:
        """Whether the reasoning of earlier turns goes along (docs/protocol.md, "Chat request")."""
        thinking = self.members.get("thinking")
        return isinstance(thinking, dict) and thinking.get("clear_thinking") is False

    @property
    def max_tokens(self) -> int | None:
        """The longest answer that the user has asked for."""
        found = self.members.get(self._limit_name or "")
        return found if isinstance(found, int) and found > 0 else None

    @property
    def _limit_name(self) -> str | None:
        """The member by which the user limits the answer."""
        return next((name for name in LIMITS if name in self.members), None)

    @property
    def longest_answer(self) -> int | None:
        """The most tokens that the answer may take; None where neither the user nor what is known of the model says."""
        longest = self.max_tokens or (self._longest_known if self.known else None)
        return longest if self.answer_limit is None else min(longest or self.answer_limit, self.answer_limit)

    @property
    def _longest_known(self) -> int | None:
        assert self.known is not None
        context = self.known.context
        return self.known.longest_answer or (max(1, context - self.tokens) if context else None)


def deciding(body: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a request's body that decide the answer."""
    return {name: value for name, value in body.items() if value is not None and name not in _BESIDE_THE_ANSWER}


def key_of(body: Mapping[str, Any]) -> str:
    """SHA-256 over canonical JSON of what decides the answer: the same for the same question, wherever it is asked."""
    return hashlib.sha256(canonical_of(body).encode()).hexdigest()


def canonical_of(body: Mapping[str, Any]) -> str:
    """What decides the answer as canonical JSON."""
    return json.dumps(deciding(body), ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_picture)


def _picture(image: Image) -> str:
    """What identifies an image, whatever encoder wrote it."""
    return image.sha256

"""What can happen to a chat, each event as the journal's line tells it, and what it makes of what the chat keeps.

The chat itself changes in no other way: an event is applied when it happens, and applied again when a journal is read.
So what a journal gives back is what was there.

    session                    a kernel's first line: the journal's version, and the settings it began with
    turn, partial              a reply that is whole, or was cut short (the turn it replaces is found by cell and run)
    replayed                   a reply that an earlier line gave, the one with the id `of`
    once                       a reply outside the conversation
    undo, redo, reset          in one thread
    aside, restore             turns of cells that are gone, and back again
    fork, switch               threads
    system, model              of one thread
    temperature, budget        of the chat
    resume                     goes on from what an earlier session left
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from ..service.response_members import objects
from ..service.wire import Usage, total
from .budget import Budget
from .conversation import Conversation, Thread
from .ledger import Entry, Ledger
from .rounds import Round, exchange_of
from .turn import Message, Turn

Event = Mapping[str, Any]
ANSWERS = frozenset({"turn", "partial", "replayed", "once"})


def is_whole(event: Event) -> bool:
    """Whether the line holds a reply that came to its end: only such a one is given again."""
    reason = event["completion"]["choices"][0].get("finish_reason")
    return event["event"] != "partial" and bool(reason != "interrupted")


def holds_answer(event: Event) -> bool:
    """Whether the line holds a request and its answer, rather than the id of the line that does."""
    return event["event"] in ANSWERS and "completion" in event and "prompt" in event and "model" in event


@dataclass(slots=True, eq=False)
class Kept:
    """All that the chat keeps, changed as one: an interrupt sees it before an event or after, never between.

    `event` is what made this of what was kept before.
    """

    conversation: Conversation = field(default_factory=Conversation)
    ledger: Ledger = field(default_factory=Ledger)
    temperature: float | None = None
    budget: Budget | None = None
    event: Event | None = None

    def has(self, thread: Thread) -> Kept:
        return replace(self, conversation=self.conversation.has(thread))


class _Earlier(NamedTuple):
    """What the rounds before a reply's last leave: what the service counted of each, and what a turn keeps of them."""

    usages: tuple[Usage | None, ...] = ()
    exchange: tuple[Message, ...] = ()

    @classmethod
    def read(cls, told: Any) -> _Earlier:
        if isinstance(told, cls):
            return told
        rounds = [Round.from_told(one) for one in told]
        return cls(tuple(one.usage for one in rounds), tuple(exchange_of(rounds)))


_NO_ROUNDS = _Earlier()
#: What is told of a page that the service has found.
_OF_A_SOURCE = ("title", "link", "media", "publish_date")
_UNTITLED: Mapping[str, str] = MappingProxyType({})


def _sources(found: Any) -> tuple[Mapping[str, str], ...]:
    """What the service has found, as far as it is shown."""
    if isinstance(found, tuple):
        return found
    told = (
        {name: str(one[name]) for name in _OF_A_SOURCE if isinstance(one.get(name), (str, int, float))}
        for one in objects(found)
    )
    return tuple(source or _UNTITLED for source in told)


def prepared(event: Event, names: Collection[str]) -> Event:
    """These members of a reply's event, read so far that many events can share them. Raises LookupError."""
    if not holds_answer(event):
        raise LookupError("no answer")
    found = {name: event[name] for name in names if name in event}
    completion = found["completion"]
    if "web_search" in completion:
        found["completion"] = {**completion, "web_search": _sources(completion["web_search"])}
    if "rounds" in found:
        found["rounds"] = _Earlier.read(found["rounds"])
    return found


def apply(kept: Kept, event: Event) -> Kept:
    """What is kept after the event. Raises LookupError, TypeError or ValueError for one that makes no sense."""
    return _APPLIED[event["event"]](kept, event)


def first(event: Event) -> Kept:
    """What a session begins with."""
    blank = Thread(system=event.get("system") or "", model=event.get("model"))
    return Kept(Conversation(blank), temperature=event.get("temperature"))


def _answer(kept: Kept, event: Event) -> Kept:
    given, completion = event.get, event["completion"]
    choice = completion["choices"][0]
    message = choice["message"]
    counted = completion.get("usage")
    usage = Usage.read(counted) if isinstance(counted, dict) else None
    words: str = message.get("content") or ""
    kind = event["event"]
    earlier = _NO_ROUNDS
    if "rounds" in event:
        earlier = _Earlier.read(event["rounds"])
        usage = total([*earlier.usages, usage])
    note = "once" if kind == "once" else "continued" if "joins" in event else "" if words else "no words"
    stands = bool(words) and kind != "once"
    if "invalid" in event:
        note, stands = "not of the type", False
    ledger = kept.ledger.add(
        Entry(
            event["model"],
            given("written") or event["prompt"],
            usage,
            given("cost"),
            given("seconds", 0.0),
            note,
            "of" in event,
            given("joins", event["id"]) if stands else "",
            given("estimated_tokens", 0),
            given("estimated_cost", 0.0),
            "practice" in event,
        )
    )
    conversation = kept.conversation
    if stands:
        turn = Turn(
            event["prompt"],
            words,
            event["model"],
            usage,
            choice.get("finish_reason"),
            event["id"],
            given("cell"),
            given("run", ""),
            given("tokens", 0),
            message.get("reasoning_content") or "",
            given("members") or {},
            given("execution_count"),
        )
        if (
            earlier.exchange
            or "web_search" in completion
            or "written" in event
            or "images" in event
            or "instruction" in event
        ):
            turn = turn._replace(
                written=given("written", ""),
                images=tuple(given("images", ())),
                instruction=given("instruction", ""),
                exchange=earlier.exchange,
                sources=_sources(completion.get("web_search")),
            )
        conversation = conversation.has(_with_turn(conversation.thread(event["thread"]), turn, event))
    return Kept(conversation, ledger, kept.temperature, kept.budget)


def _with_turn(thread: Thread, turn: Turn, event: Event) -> Thread:
    if "system" in event:
        thread = replace(thread, system=event["system"])
    changed = None
    if "joins" in event:
        changed = thread.exchange(
            event["joins"],
            lambda old: old.joined(turn)._replace(run=turn.run or old.run),
            what="a turn continued",
            asked_again=False,
        )
    elif "replaces" in event:
        changed = thread.exchange(
            event["replaces"],
            lambda old: turn._replace(cell=old.cell, run=turn.run or old.run),
            what="a turn asked again",
            asked_again=True,
        )
    return changed or thread.commit(turn, append=bool(event.get("append")), held=event.get("held"))


def _undo(kept: Kept, event: Event) -> Kept:
    return _repeated(kept, event, Thread.undo)


def _redo(kept: Kept, event: Event) -> Kept:
    return _repeated(kept, event, Thread.redo)


def _repeated(kept: Kept, event: Event, change: Callable[[Thread], Thread]) -> Kept:
    thread = kept.conversation.thread(event["thread"])
    for _ in range(event.get("count", 1)):
        before, thread = thread, change(thread)
        if thread is before:
            break
    return kept.has(thread)


def _reset(kept: Kept, event: Event) -> Kept:
    return kept.has(kept.conversation.thread(event["thread"]).reset())


def _aside(kept: Kept, event: Event) -> Kept:
    cells, spare = frozenset(event["cells"]), event.get("run")
    if "thread" in event:
        return kept.has(kept.conversation.thread(event["thread"]).set_aside(cells, spare))
    return replace(kept, conversation=kept.conversation.every(lambda thread: thread.set_aside(cells, spare)))


def _restore(kept: Kept, event: Event) -> Kept:
    return kept.has(kept.conversation.thread(event["thread"]).restore(event.get("number")))


def _fork(kept: Kept, event: Event) -> Kept:
    fork = kept.conversation.thread(event["thread"]).fork(event["name"], event.get("at"))
    return replace(kept, conversation=kept.conversation.has(fork).switched(fork.name))


def _switch(kept: Kept, event: Event) -> Kept:
    return replace(kept, conversation=kept.conversation.switched(event["thread"]))


def _system(kept: Kept, event: Event) -> Kept:
    return kept.has(replace(kept.conversation.thread(event["thread"]), system=event["text"]))


def _model(kept: Kept, event: Event) -> Kept:
    return kept.has(replace(kept.conversation.thread(event["thread"]), model=event["name"]))


def _temperature(kept: Kept, event: Event) -> Kept:
    return replace(kept, temperature=event["value"])


def _budget(kept: Kept, event: Event) -> Kept:
    return replace(kept, budget=Budget(event["limit"], event["unit"]) if "limit" in event else None)


_APPLIED: dict[str, Callable[[Kept, Event], Kept]] = {
    **dict.fromkeys(ANSWERS, _answer),
    "undo": _undo,
    "redo": _redo,
    "reset": _reset,
    "aside": _aside,
    "restore": _restore,
    "fork": _fork,
    "switch": _switch,
    "system": _system,
    "model": _model,
    "temperature": _temperature,
    "budget": _budget,
}

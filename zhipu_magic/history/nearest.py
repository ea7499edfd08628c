"""The recorded request that is most like one that the journal does not know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from heapq import nlargest
from typing import Any

from .conversation import Thread
from .events import Event, is_whole
from .journal_reader import Lines
from .sessions import rebuilt, session_of, whole
from .turn import Message, user_message

#: The latest requests among which the nearest is looked for; those of them whose words are compared in their order, and
#: the letters of each that are.
_MOST_COMPARED, _MOST_ORDERED, _LETTERS = 500, 20, 200


@dataclass(frozen=True)
class Nearest:
    """A recorded request: the number of its line, whether its reply is whole, and its body, as far as it decides."""

    line: int
    whole: bool
    body: Mapping[str, Any]


def nearest(lines: Lines, asked: Sequence[int], prompt: str) -> Nearest | None:
    """Of the requests at these places, the one with the same prompt, or the one most like it; of several, the last."""
    found: dict[int, str] = {}
    for place in reversed(asked[-_MOST_COMPARED:]):
        found[place] = lines.event_at(place)["prompt"]
    if not found:
        return None
    matcher = SequenceMatcher(None, b=prompt[:_LETTERS], autojunk=False)

    def likeness(place: int, measure: Callable[[], float]) -> float:
        if found[place] == prompt:
            return 2.0
        matcher.set_seq1(found[place][:_LETTERS])
        return measure()

    # To compare in order takes the longer the more a letter repeats, which a journal from elsewhere may do.
    likely = nlargest(_MOST_ORDERED, found, key=lambda place: likeness(place, matcher.quick_ratio))
    place = max(likely, key=lambda place: (likeness(place, matcher.ratio), place))
    event = whole(lines, lines.event_at(place))
    kept = rebuilt(lines, place).kept_by(session_of(event))
    thread = kept.conversation.thread(event.get("thread", ""))
    body = {"model": event["model"], "messages": messages_of(thread, event), **(event.get("members") or {})}
    return Nearest(lines.numbers[place], is_whole(event), body)


def messages_of(thread: Thread, event: Event) -> list[Message]:
    """The messages of a recorded request, from the thread as it stood before."""
    if event["event"] == "once":
        thread = Thread(system=event.get("system") or "")
    elif "replaces" in event:
        thread = thread.up_to(event["replaces"])
    elif not ("joins" in event or event.get("append")):
        thread = thread.before(event.get("cell"), event.get("run", ""))
    system = "\n\n".join(text for text in (event.get("system", thread.system), event.get("instruction")) if text)
    turns = thread.turns[event.get("left_out", 0) :]
    messages: list[Message] = [{"role": "system", "content": system}] if system else []
    seeing = "unseen" not in event
    messages += [message for turn in turns for message in turn.messages(seeing=seeing)]
    return [*messages, user_message(event["prompt"], event.get("images", ()))]

"""The event of a reply: what was asked, what was answered, and what it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from ...service.response_members import objects
from ...service.wire import Usage, total
from ...text.languages.messages import _
from ...values.tools.ran import Changed
from ..conversation import Conversation, Thread
from ..ledger import Entry
from ..link import back_from
from ..rounds import Round, changed_by, tool_messages
from ..turn import Message, SystemText, Turn
from .event import Event, State, event_class, made
from .members import Amount, CallList, Completion, Count, Flag, Id, ImageList, Members, Name, RoundList, Text, TextList

KINDS = frozenset({"turn", "partial", "replayed", "once", "compared"})
#: Those that leave no turn of themselves.
WITHOUT_TURN = frozenset({"once", "compared"})
#: How many models one cell may compare.
MOST_COMPARED = 6
#: How many comparisons a state knows the replies of.
_MOST_COMPARISONS = 4
_MOST_DIGITS = 10
#: The members of a request and of its answer: a line that repeats an answer leaves both out. If it cannot leave the
#: answer out, it has the members in this order.
_REQUEST = ("prompt", "written", "images", "cut", "above", "instruction")
_ANSWER = (
    *("model", "completion", "rounds", "calls", "invalid", "members", "host", "practice"),
    *("tokens", "left_out", "unseen", "first_unseen", "answer_limit", "cost", "estimated_tokens", "estimated_cost"),
    *("seconds", "first_token", "chunks"),
)


@dataclass(frozen=True)
class Timing:
    """How long a reply took, and until its first token came, in seconds; and in how many chunks it came.

    The time of its tools, and of the user who was asked about them, is not the model's, and does not count.
    """

    seconds: float
    first_token: float | None
    chunks: int


class EarlierRounds(NamedTuple):
    """The rounds before a reply's last: the service's count for each, the messages that a turn keeps of them, whether
    code `has_run` in them, and the names that it has changed.
    """

    usages: tuple[Usage | None, ...] = ()
    messages: tuple[Message, ...] = ()
    changed: Changed = Changed()
    has_run: bool = False

    @classmethod
    def from_json(cls, rounds: Any) -> EarlierRounds:
        if isinstance(rounds, cls):
            return rounds
        read = [Round.from_json(one) for one in rounds]
        has_run = any(one.has_run for one in read)
        return cls(tuple(one.usage for one in read), tuple(tool_messages(read)), changed_by(read), has_run)

    def and_stopped(self, last: Round) -> EarlierRounds:
        """With the last one, whose calls the reply has ended in."""
        return self._replace(
            messages=(*self.messages, *last.completed.messages),
            changed=changed_by([last], self.changed),
            has_run=self.has_run or last.has_run,
        )


_NO_ROUNDS, _NOTHING = EarlierRounds(), Changed()
_NO_MEMBERS: Mapping[str, Any] = MappingProxyType({})
#: What is shown of a page that the service found.
_OF_A_SOURCE = ("title", "link", "media", "publish_date", "refer")
_UNTITLED: Mapping[str, str] = MappingProxyType({})


def _sources(found: Any) -> tuple[Mapping[str, str], ...]:
    """What is shown of the pages that the service found."""
    if isinstance(found, tuple):
        return found
    sources = (
        {name: str(one[name]) for name in _OF_A_SOURCE if isinstance(one.get(name), (str, int, float))}
        for one in objects(found)
    )
    return tuple(source or _UNTITLED for source in sources)


@event_class
class TurnEvent(Event):
    """A reply: "turn" is whole, "partial" was cut short, "replayed" was given before, "once" leaves no turn.

    "compared" is one of several that a cell got from several models: it leaves no turn before it is kept (`KeepEvent`).
    Those of one `comparison` have its name.

    A turn replaces those that earlier runs of its `cell` made; `append` adds it whatever its cell asked before.
    `replaces` and `joins` are the ids of a turn that it replaces, or continues. `after` is the id of the turn before
    it, and `held` the checksum of the turns that its request held. `key` identifies the request for a replay.

    `prompt` is what was sent, `written` what the cell holds where that is another text, `instruction` what was added
    to the system text for this request. `rounds` are those before the last, whose body is `completion`. `calls` are
    those of the last, with their results, if the reply ended between them and code had run in one. `broken` says why a
    reply ended early whose code had run, unless the user stopped it. `invalid` marks an answer that is not of the type
    that was asked for. `members` are the request's beyond model and messages. Times are in seconds, costs in yuan;
    `left_out` counts turns that the request had no room for, `unseen` attachments of earlier turns that did not go
    along, `first_unseen` those of them that no turn before it left out; `answer_limit` is the longest answer, in
    tokens, that the budget had room for, `cut` says what of the values in the prompt was not sent, `above` which cells
    of the page went along. `of` is the id of the event whose answer this
    one repeats.

    `time` and `host` are for people who read a journal; no code reads them, and `after` only of a reply that is kept.
    """

    time: Text | None = None
    thread: Name | None = None
    cell: Id | None = None
    run: Id | None = None
    execution_count: Count | None = None
    append: Flag | None = None
    replaces: Id | None = None
    joins: Id | None = None
    comparison: Id | None = None
    after: Id | None = None
    held: Count | None = None
    prompt: Text | None = None
    written: Text | None = None
    images: ImageList | None = None
    cut: TextList | None = None
    above: Text | None = None
    system: Text | None = None
    instruction: Text | None = None
    key: Id | None = None
    completion: Completion | None = None
    rounds: RoundList | None = None
    calls: CallList | None = None
    broken: Text | None = None
    invalid: Flag | None = None
    model: Name | None = None
    members: Members | None = None
    host: Text | None = None
    practice: Flag | None = None
    seconds: Amount | None = None
    first_token: Amount | None = None
    chunks: Count | None = None
    tokens: Count | None = None
    left_out: Count | None = None
    unseen: Count | None = None
    first_unseen: Count | None = None
    answer_limit: Count | None = None
    cost: Amount | None = None
    estimated_tokens: Count | None = None
    estimated_cost: Amount | None = None
    of: Id | None = None

    null_is_absent: ClassVar[bool] = True

    @property
    def holds_answer(self) -> bool:
        """Whether it holds a request and its answer, rather than the id of the event that does."""
        return self.completion is not None and self.prompt is not None and self.model is not None

    @property
    def is_whole(self) -> bool:
        """Whether the reply came to its end: only such a reply is replayed."""
        assert self.completion is not None
        return self.event != "partial" and self.completion["choices"][0].get("finish_reason") != "interrupted"

    @property
    def all_rounds(self) -> list[Mapping[str, Any]]:
        """The members of its rounds that hold calls, as its line has them; the last one's among them."""
        last = [{"completion": self.completion, "calls": self.calls}] if self.calls is not None else []
        return [*(self.rounds or ()), *last]

    @property
    def is_stopped_run(self) -> bool:
        """Whether it ended early, after code of the model's had run: a replay shows that again."""
        if not self.holds_answer or self.is_whole:
            return False
        return any("ran" in call for one in self.all_rounds for call in one.get("calls", ()))

    @property
    def timing(self) -> Timing:
        """The times that were recorded."""
        return Timing(self.seconds or 0.0, self.first_token, self.chunks or 0)

    def answer(self) -> dict[str, Any]:
        """Its request and answer, parsed far enough for many events to share them. Raises LookupError."""
        if not self.holds_answer or self.completion is None:
            raise LookupError("no answer")
        mine = vars(self)
        found = {name: mine[name] for name in (*_REQUEST, *_ANSWER) if mine.get(name) is not None}
        if "web_search" in self.completion:
            found["completion"] = {**self.completion, "web_search": _sources(self.completion["web_search"])}
        if self.rounds is not None:
            found["rounds"] = EarlierRounds.from_json(self.rounds)
        return found

    def with_fields(self, fields: Mapping[str, Any]) -> TurnEvent:
        """The same event with these fields."""
        return made(TurnEvent, {**vars(self), **fields})

    def repeating(self, answer: TurnEvent) -> TurnEvent:
        """The same request with the answer of an earlier event.

        A tool that runs a whole notebook names no cells; the history then shows those that were recorded.
        """
        found = {name: getattr(answer, name) for name in _ANSWER}
        if self.cell is None:
            found |= {name: getattr(answer, name) for name in ("cell", "run", "execution_count")} | {"append": True}
        event = self.event if self.event in WITHOUT_TURN else "replayed"
        return self.with_fields({**found, "event": event, "of": answer.id})

    def without_answer(self) -> TurnEvent:
        """The same event; if it repeats an answer, without the members that an earlier line holds."""
        return self if self.of is None else self.with_fields(dict.fromkeys((*_REQUEST, *_ANSWER)))

    def written_fields(self) -> tuple[str, ...]:
        return _REPEATED if self.of is not None else super().written_fields()

    def work(self, conversation: Conversation, events_before: int) -> int:
        threads = conversation.threads
        looks = len(threads) // 2
        thread = threads.get(self.thread or "")
        if thread is None or thread.last is None or not self.goes_back(thread):
            return looks
        is_new = self.joins is None and self.replaces is None and self.cell not in thread.cells
        return looks + (thread.links_behind(self.cell) if is_new else thread.last.number)

    def goes_back(self, thread: Thread) -> bool:
        """Whether it may change earlier turns of its thread, rather than only add one at the end."""
        again = self.append is None and (self.cell in thread.cells or self.cell in thread.order)
        return again or self.joins is not None or self.replaces is not None

    def apply(self, state: State) -> None:
        completion, model, prompt = self.completion, self.model, self.prompt
        if completion is None or model is None or prompt is None:
            raise LookupError("no answer")
        usage, earlier = self._counted(completion)
        reply = self._words(completion)
        stands = (bool(reply) or earlier.has_run) and self.event not in WITHOUT_TURN and self.invalid is None
        # A call of the class by name would take twice as long, here and below, and a journal has many lines.
        entry = Entry.__new__(
            Entry,
            model=model,
            prompt=self.written or prompt,
            usage=usage,
            cost=self.cost,
            seconds=self.seconds or 0.0,
            note="" if stands and self.joins is None else self._note(reply),
            replayed=self.of is not None,
            turn=(self.id if self.joins is None else self.joins) if stands else "",
            estimated_tokens=self.estimated_tokens or 0,
            estimated_cost=self.estimated_cost or 0.0,
            practice=self.practice is not None,
            thread=self.thread or "",
        )
        if stands:
            if self.thread is None:
                raise LookupError("no thread")
            turn = self._turn(completion, usage, earlier)
            state.put(self._changed(state.conversation.thread(self.thread), turn))
        if self.comparison is not None:
            state.compared = with_compared(state.compared, self)
        state.ledger = state.ledger.add(entry)

    def _counted(self, completion: Mapping[str, Any]) -> tuple[Usage | None, EarlierRounds]:
        """The tokens of all its rounds, and those before the last."""
        counted = completion.get("usage")
        usage = Usage.read(counted) if isinstance(counted, dict) else None
        if self.rounds is None and self.calls is None:
            return usage, _NO_ROUNDS
        earlier = EarlierRounds.from_json(self.rounds or ())
        taken = total([*earlier.usages, usage])
        if self.calls is not None:
            earlier = earlier.and_stopped(Round.from_json({"completion": completion, "calls": self.calls}))
        return taken, earlier

    def _words(self, completion: Mapping[str, Any]) -> str:
        """The words of its answer. Those that stand with calls are no answer."""
        return "" if self.calls is not None else completion["choices"][0]["message"].get("content") or ""

    @property
    def may_be_kept(self) -> bool:
        """Whether it is a compared reply that can become a turn: it has words, and is of its type."""
        if self.comparison is None or not self.holds_answer or self.completion is None or self.thread is None:
            return False
        return bool(self.completion["choices"][0]["message"].get("content")) and self.invalid is None

    def kept_in(self, thread: Thread) -> Thread:
        """The thread with this compared reply as a turn, in the place of another of its comparison that is one.

        Raises LookupError if it cannot be one.
        """
        if not self.may_be_kept or self.completion is None:
            raise LookupError("no reply that can be kept")
        usage, earlier = self._counted(self.completion)
        turn = self._turn(self.completion, usage, earlier)
        turns = (link.turn for link in back_from(thread.last))
        kept = next((one.id for one in turns if one.comparison == self.comparison), None)
        changed = None
        if kept is not None:
            changed = thread.replace_turn(kept, lambda old: turn, what=_("another reply kept"), asked_again=False)
        if changed is not None:
            return changed
        if self.append is not None:
            return thread.commit(turn, append=True, asked_after=self.held)
        return thread.insert(turn, self.after, self.held)

    def _note(self, reply: str) -> str:
        if self.invalid is not None:
            return _NOT_OF_THE_TYPE
        if self.event in WITHOUT_TURN:
            return _WITHOUT_TURN[self.event]
        return _CONTINUED if self.joins is not None else "" if reply else _NO_WORDS

    def _turn(self, completion: Mapping[str, Any], usage: Usage | None, earlier: EarlierRounds) -> Turn:
        choice = completion["choices"][0]
        message = choice["message"]
        turn = Turn.__new__(
            Turn,
            prompt=self.prompt or "",
            reply=self._words(completion),
            model=self.model or "",
            usage=usage,
            finish_reason=choice.get("finish_reason"),
            id=self.id,
            cell=self.cell,
            run=self.run or "",
            tokens=self.tokens or 0,
            reasoning="" if self.calls is not None else message.get("reasoning_content") or "",
            members=self.members or _NO_MEMBERS,
            execution_count=self.execution_count,
            written=self.written or "",
            images=() if self.images is None else tuple(self.images),
            instruction=self.instruction or "",
            tool_messages=earlier.messages,
            cut=() if self.cut is None else tuple(self.cut),
            above=self.above or "",
            comparison=self.comparison or "",
            system_given=None if self.system is None else SystemText(self.system),
            changed=earlier.changed._replace(replayed=self.of is not None) if earlier.changed else _NOTHING,
        )
        return turn._replace(sources=_sources(completion["web_search"])) if "web_search" in completion else turn

    def _changed(self, thread: Thread, turn: Turn) -> Thread:
        """The thread with the turn of this event."""
        changed = None
        if self.joins is not None:
            changed = thread.replace_turn(
                self.joins,
                lambda old: old.joined(turn)._replace(run=turn.run or old.run),
                what=_("a turn continued"),
                asked_again=False,
            )
        elif self.replaces is not None:
            changed = thread.replace_turn(
                self.replaces,
                lambda old: turn._replace(
                    cell=old.cell,
                    run=turn.run or old.run,
                    system_given=old.system_given,
                    appended=old.appended,
                    comparison=old.comparison,
                ),
                what=_("a turn asked again"),
                asked_again=True,
            )
        return changed or thread.commit(turn, append=self.append is not None, asked_after=self.held)


def with_compared(compared: Sequence[Any], event: TurnEvent) -> tuple[TurnEvent, ...]:
    """The replies of the latest comparisons, with one more: several may be under way at once."""
    names = [*dict.fromkeys((*(one.comparison for one in compared), event.comparison))][-_MOST_COMPARISONS:]
    others = [one for one in compared if one.comparison in names and one.comparison != event.comparison]
    same = [one for one in compared if one.comparison == event.comparison and one.model != event.model]
    return (*others, *same[-(MOST_COMPARED - 1) :], event)


def newest_comparison(compared: Sequence[TurnEvent]) -> str:
    """The name of the comparison that was asked last, whenever its replies came; empty where there is none."""
    names = [*dict.fromkeys(one.comparison or "" for one in compared)]
    session = _session_and_number(names[-1])[0] if names else ""
    return max(names, key=lambda name: _when(name, session, names.index(name)), default="")


def _when(name: str, session: str, place: int) -> tuple[bool, int, int]:
    of, number = _session_and_number(name)
    return of == session, number, place


def _session_and_number(name: str) -> tuple[str, int]:
    """Of a comparison's name `SESSION-NUMBER~…`: it has the number of the event that was next when it was asked."""
    session, _, number = name.partition("~")[0].rpartition("-")
    return session, int(number) if number.isdecimal() and len(number) < _MOST_DIGITS else 0


#: What is told of a reply that leaves no turn, or no further one.
_NOT_OF_THE_TYPE, _CONTINUED, _NO_WORDS = _("not of the type"), _("continued"), _("no words")
_WITHOUT_TURN = {"once": _("once"), "compared": _("compared")}
_FIELDS = tuple(field.name for field in fields(TurnEvent) if field.name != "forked")
#: The order of the members of an event that repeats an answer.
_REPEATED = (*(name for name in _FIELDS if name not in _ANSWER and name != "of"), *_ANSWER, "of")

"""What the chat has cost: tokens and money, by turn and in all. Undoing a turn refunds nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from ..service.models import find
from ..service.wire import Usage


class Entry(NamedTuple):
    """One reply. `usage` is None where the service did not count it, as with many local servers, and with replies that
    were cut short; `estimated_tokens` and `estimated_cost` are what a budget then counts instead. `cost` is in yuan, by
    the price table; None where the price or the count is not known. `replayed` marks an answer from the journal, which
    cost nothing this time, and `practice` one of the practice server, which costs nothing. `turn` is the id of the turn
    that it made, and `thread` where it was asked. What was asked over a table is one entry, of so many `requests`.
    """

    model: str
    prompt: str
    usage: Usage | None
    cost: float | None
    seconds: float
    note: str = ""
    replayed: bool = False
    turn: str = ""
    estimated_tokens: int = 0
    estimated_cost: float = 0.0
    practice: bool = False
    thread: str = ""
    requests: int = 1


def cost_of(model: str, usage: Usage | None, *, priced: bool) -> float | None:
    """An estimate of yuan for one reply; `priced` says whether the price table applies to the service that answered."""
    known = find(model) if priced else None
    if known is None or usage is None:
        return None
    return known.cost(usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens)


class Sums(NamedTuple):
    """The sums of some entries: tokens, and money in yuan.

    `cost` is None if no price is known. It leaves out the entries without a price, of which there are `unpriced`;
    `uncounted` is the number of entries whose tokens the service did not count. `budget_tokens` and `budget_cost`
    are what a budget counts: the service's counts, or estimates where it gave none, which are `estimated_tokens`.
    `practice_tokens` are those of the practice server: a budget counts them only while that is asked (`for_budget`).
    `practice_uncounted` are the uncounted entries that cost nothing.
    """

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cost: float | None = None
    unpriced: int = 0
    uncounted: int = 0
    budget_tokens: int = 0
    budget_cost: float = 0.0
    estimated_tokens: int = 0
    practice_tokens: int = 0
    practice_uncounted: int = 0

    def for_budget(self, *, practising: bool) -> Sums:
        """The sums as a budget counts them: practice rehearses one, and takes nothing from it."""
        real = self.total_tokens + self.estimated_tokens - (0 if practising else self.practice_tokens)
        return self._replace(budget_tokens=real)

    def with_entry(self, entry: Entry) -> Sums:
        """The sums with one more entry."""
        return self.with_entries((entry,))

    def with_entries(self, entries: Iterable[Entry]) -> Sums:
        """The sums with these entries as well."""
        requests, prompt_tokens, completion_tokens, total_tokens, cost = self[:5]
        unpriced, uncounted, budget_tokens, budget_cost = self[5:9]
        estimated_tokens, practice_tokens, practice_uncounted = self[9:]
        for entry in entries:
            requests += entry.requests
            if entry.usage is None:
                uncounted += 1
                practice_uncounted += entry.practice
                tokens = entry.estimated_tokens
                estimated_tokens += tokens
            else:
                prompt_tokens += entry.usage.prompt_tokens
                completion_tokens += entry.usage.completion_tokens
                total_tokens += entry.usage.total_tokens
                tokens = entry.usage.total_tokens
                unpriced += entry.cost is None and not entry.practice
            budget_tokens += tokens
            practice_tokens += tokens if entry.practice else 0
            if entry.cost is None:
                budget_cost += entry.estimated_cost
            else:
                cost = (cost or 0.0) + entry.cost
                budget_cost += entry.cost
        return Sums(
            requests=requests,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            total_tokens=total_tokens,
            cost=cost,
            unpriced=unpriced,
            uncounted=uncounted,
            budget_tokens=budget_tokens,
            budget_cost=budget_cost,
            estimated_tokens=estimated_tokens,
            practice_tokens=practice_tokens,
            practice_uncounted=practice_uncounted,
        )

    def plus(self, other: Sums) -> Sums:
        """These sums and others together."""
        return Sums(
            requests=self.requests + other.requests,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            total_tokens=self.total_tokens + other.total_tokens,
            cost=other.cost if self.cost is None else self.cost + (other.cost or 0.0),
            unpriced=self.unpriced + other.unpriced,
            uncounted=self.uncounted + other.uncounted,
            budget_tokens=self.budget_tokens + other.budget_tokens,
            budget_cost=self.budget_cost + other.budget_cost,
            estimated_tokens=self.estimated_tokens + other.estimated_tokens,
            practice_tokens=self.practice_tokens + other.practice_tokens,
            practice_uncounted=self.practice_uncounted + other.practice_uncounted,
        )

    def minus(self, part: Sums) -> Sums:
        """These sums without those of a part of them."""
        return Sums(
            requests=self.requests - part.requests,
            prompt_tokens=self.prompt_tokens - part.prompt_tokens,
            completion_tokens=self.completion_tokens - part.completion_tokens,
            total_tokens=self.total_tokens - part.total_tokens,
            cost=None if self.cost is None else max(0.0, self.cost - (part.cost or 0.0)),
            unpriced=self.unpriced - part.unpriced,
            uncounted=self.uncounted - part.uncounted,
            budget_tokens=self.budget_tokens - part.budget_tokens,
            budget_cost=max(0.0, self.budget_cost - part.budget_cost),
            estimated_tokens=self.estimated_tokens - part.estimated_tokens,
            practice_tokens=self.practice_tokens - part.practice_tokens,
            practice_uncounted=self.practice_uncounted - part.practice_uncounted,
        )


_NOTHING = Sums()


@dataclass(slots=True, eq=False, repr=False)
class Ledger:
    """Every entry in order: those that were added last, together, and the ledger before them.

    Sums, and the entries of plain turns, are made when somebody asks for them, so that a long journal loads sooner.
    """

    _added: Sequence[Entry] = ()
    _before: Ledger | None = None
    _later: Callable[[], Sequence[Entry]] | None = None
    """Makes the entries that were added, if they are not at hand."""
    _sums: tuple[Sums, Sums] | None = None
    """What was spent, and what the journal answered, once somebody has asked."""
    _parts: dict[tuple[str, str, bool], Sums] | None = None
    """The sums by model, by thread, and by whether the journal answered, once somebody has asked."""

    def __repr__(self) -> str:
        return f"<Ledger, {self.everything.requests} entries>"

    def add(self, entry: Entry) -> Ledger:
        """The ledger with another entry; this one stays as it is."""
        return Ledger((entry,), self)

    def add_all(self, entries: Callable[[], Sequence[Entry]]) -> Ledger:
        """The ledger with the entries that this makes, at least one; this one stays as it is."""
        return Ledger(_before=self, _later=entries)

    @property
    def latest(self) -> Entry | None:
        """The entry that was added last."""
        added = self._newest()
        return added[-1] if added else None

    @property
    def spent(self) -> Sums:
        """What was asked of the service."""
        return self._summed_up()[0]

    @property
    def replayed(self) -> Sums:
        """What the journal answered."""
        return self._summed_up()[1]

    def _summed_up(self) -> tuple[Sums, Sums]:
        if self._sums is not None:
            return self._sums
        unsummed, ledger = [], self
        while ledger._sums is None and ledger._before is not None:
            unsummed.append(ledger)
            ledger = ledger._before
        spent, replayed = ledger._sums or (_NOTHING, _NOTHING)
        answered = []

        def asked() -> Iterator[Entry]:
            for entry in chain.from_iterable(ledger._newest() for ledger in reversed(unsummed)):
                if entry.replayed:
                    answered.append(entry)
                else:
                    yield entry

        self._sums = spent.with_entries(asked()), replayed.with_entries(answered)
        return self._sums

    def _newest(self) -> Sequence[Entry]:
        """What was added last. It is not kept: in a long journal it would take as much memory as the turns."""
        return self._added if self._later is None else self._later()

    @property
    def everything(self) -> Sums:
        """What was spent and what was replayed."""
        return self.spent.plus(self.replayed)

    def account(self, *, as_recorded: bool) -> Sums:
        """What was spent; or, if a page is shown as it was recorded, what was spent then."""
        return self.everything if as_recorded else self.spent

    def parts(self, *, as_recorded: bool) -> dict[tuple[str, str], Sums]:
        """What `account` counts, by model and thread, in the order in which they were first asked."""
        parts: dict[tuple[str, str], Sums] = {}
        for (model, thread, replayed), sums in self._parted().items():
            if as_recorded or not replayed:
                parts[model, thread] = parts.get((model, thread), _NOTHING).plus(sums)
        return parts

    def _parted(self) -> dict[tuple[str, str, bool], Sums]:
        if self._parts is None:
            newer: list[Ledger] = []
            ledger = self
            while ledger._parts is None and ledger._before is not None:
                newer.append(ledger)
                ledger = ledger._before
            added: dict[tuple[str, str, bool], list[Entry]] = {}
            for entry in chain.from_iterable(each._newest() for each in reversed(newer)):
                added.setdefault((entry.model, entry.thread, entry.replayed), []).append(entry)
            parts = dict(ledger._parts or {})
            for part, entries in added.items():
                parts[part] = parts.get(part, _NOTHING).with_entries(entries)
            ledger._parts = None  # it is asked of the newest ledger alone
            self._parts = parts
        return self._parts

    def newest_first(self) -> Iterator[Entry]:
        """The entries, the latest first."""
        ledger: Ledger | None = self
        while ledger is not None:
            yield from reversed(ledger._newest())
            ledger = ledger._before

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of them in order."""
        return tuple(self.newest_first())[::-1]

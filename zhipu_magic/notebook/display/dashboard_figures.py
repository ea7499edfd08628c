"""What the dashboard shows: totals, sums by model and thread, and the latest requests."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from ...history.events.event import State
from ...history.ledger import Entry, Ledger, Sums
from ...history.link import Link, back_from
from ...service.response_members import objects
from ...text.characters import shorten
from ...text.languages.joined import comma, dotted
from ...text.languages.messages import _, pgettext
from ...text.languages.numbers import money, plural
from .. import costs
from .panel_words import elapsed

if TYPE_CHECKING:
    from ...chat.chat import Chat

#: The header of a table, and its rows.
SumsTable = tuple[tuple[str, ...], list[tuple[str, ...]]]

HEADER = (*(_("request"), _("model"), pgettext("tokens", "prompt"), _("completion"), _("cost"), _("time"), _("asked")),)
_LONGEST_PROMPT = 40
#: Requests that are listed one by one; earlier ones count in the totals.
_LONGEST_LIST = 60


@dataclass(frozen=True)
class DashboardFigures:
    """What the dashboard shows. `as_recorded` leaves out what a replay would show differently from the recorded run.

    While the practice server is asked, `practising`, its tokens count for a budget.
    """

    state: State
    as_recorded: bool = False
    practising: bool = False

    @property
    def ledger(self) -> Ledger:
        return self.state.ledger

    @property
    def sums(self) -> Sums:
        return self.ledger.account(as_recorded=self.as_recorded).for_budget(practising=self.practising)

    def marks(self, listed: Collection[str]) -> dict[str, str]:
        """The marks of the turns with these ids; turns that are no longer in a thread are left out."""
        here = self.state.conversation.here
        others = (thread for thread in self.state.conversation.threads.values() if thread is not here)
        links = (link for thread in (*others, here) for link in back_from(thread.last) if link.turn.id in listed)
        return {link.turn.id: _marks(link) for link in links}

    @cached_property
    def newest(self) -> list[Entry]:
        """The requests that are listed, the latest first."""
        return list(islice(self.ledger.newest_first(), _LONGEST_LIST))

    @cached_property
    def rows(self) -> list[tuple[str, ...]]:
        """The rows of the table: the latest requests, the newest first, numbered from the very first.

        The requests of a map over a table are one row.
        """
        count = self.ledger.everything.requests
        marks = self.marks({entry.turn for entry in self.newest})
        rows: list[tuple[str, ...]] = []
        for entry in self.newest:
            replayed = _("replayed") if entry.replayed and not self.as_recorded else ""
            mark = marks.get(entry.turn, _("not in the thread")) if entry.turn else ""
            notes = [note for note in (entry.note, mark, replayed) if note]
            first = count - entry.requests + 1
            number = str(count) if first == count else f"{first}–{count}"
            rows.append((number, entry.model, *_figures(entry), _asked(entry, notes)))
            count -= entry.requests
        return rows

    @cached_property
    def left_out(self) -> str:
        """A sentence that says how many requests the table leaves out; empty if it has them all."""
        count, shown = self.ledger.everything.requests, sum(entry.requests for entry in self.newest)
        return _("The latest {shown:,} of {count:,} requests:", shown=shown, count=count) if shown < count else ""

    @property
    def as_of(self) -> str:
        """When these figures were taken: a page that was reloaded is not updated any more, and nobody tells us.

        A cell's number would differ where something else runs the notebook.
        """
        count = self.ledger.everything.requests
        if not count:
            return ""
        return _("As of request {count:,}; if there were more since, %glm usage shows them.", count=count)

    @cached_property
    def tables_of_sums(self) -> list[SumsTable]:
        """Sums by model and by thread, each with its header; only where there are several, the largest first."""
        parts = self.ledger.parts(as_recorded=self.as_recorded)
        tables: list[SumsTable] = []
        for place, name in enumerate((_("model"), _("thread"))):
            sums: dict[str, Sums] = {}
            for part, counted in parts.items():
                sums[part[place]] = sums.get(part[place], Sums()).plus(counted)
            if len(sums) > 1:
                ordered = sorted(sums.items(), key=lambda item: -item[1].total_tokens)
                tables.append(((name, *_SUMS), [(each, *_sums(counted)) for each, counted in ordered]))
        return tables


_SUMS = (_("requests"), pgettext("tokens", "prompt"), _("completion"), _("cost"))


def figures_of(chat: Chat, state: State | None = None) -> DashboardFigures:
    """What the dashboard shows of this chat, or of an earlier state of it."""
    return DashboardFigures(
        chat.state if state is None else state,
        as_recorded=chat.replay == "only",
        practising=chat.service.practising,
    )


def _sums(sums: Sums) -> tuple[str, ...]:
    cost = costs.in_all_with_estimate(sums)
    return f"{sums.requests:,}", f"{sums.prompt_tokens:,}", f"{sums.completion_tokens:,}", cost


def _marks(link: Link) -> str:
    marks = [_("set aside")] if link.aside else [_("stale")] if link.stale else []
    searches = any(tool.get("type") == "web_search" for tool in objects(link.turn.members.get("tools")))
    return comma([*marks, *([_("the web search is billed separately")] if searches else [])])


def _figures(entry: Entry) -> tuple[str, str, str, str]:
    if entry.usage is None:
        return costs.NOT_COUNTED, "", costs.OF_PRACTICE if entry.practice else "", elapsed(entry.seconds)
    cost = costs.OF_PRACTICE if entry.practice else costs.NOT_KNOWN if entry.cost is None else money(entry.cost)
    return f"{entry.usage.prompt_tokens:,}", f"{entry.usage.completion_tokens:,}", cost, elapsed(entry.seconds)


def totals(figures: DashboardFigures) -> str:
    """What was spent in all, on one line."""
    sums, replayed, budget = figures.sums, figures.ledger.replayed, figures.state.budget
    if not figures.ledger.everything.requests:
        return _("Nothing has been asked yet.")
    parts = [
        plural(sums.requests, "request"),
        _(
            "{prompt:,} prompt + {completion:,} completion tokens",
            prompt=sums.prompt_tokens,
            completion=sums.completion_tokens,
        ),
    ]
    if sums.cost is not None:
        parts.append(costs.with_date(sums.cost))
    if sums.unpriced:
        parts.append(_("{requests} whose price is not known", requests=plural(sums.unpriced, "request")))
    if sums.uncounted:
        uncounted = _("{count:,} not counted", count=sums.uncounted)
        if estimated := costs.estimated(sums):
            uncounted = _("{count:,} not counted ({estimated})", count=sums.uncounted, estimated=estimated)
        parts.append(uncounted)
    if replayed.requests and not figures.as_recorded:
        parts.append(
            _(
                "{count} replayed ({tokens:,} tokens): {cost}",
                count=replayed.requests,
                tokens=replayed.total_tokens,
                cost=money(0),
            )
        )
    if budget is not None:
        parts.append(_("budget left: {budget}", budget=budget.left_in_words(sums)))
    return dotted(parts)


def _asked(entry: Entry, notes: Sequence[str]) -> str:
    prompt = shorten(entry.prompt, _LONGEST_PROMPT)
    return _("{prompt} ({notes})", prompt=prompt, notes=comma(notes)) if notes else prompt

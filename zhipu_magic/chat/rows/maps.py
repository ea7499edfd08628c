"""Makes the maps of a chat: from a template and a table to the rows that are asked, and one event in the journal."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ...history.events.map_event import MapEvent
from ...history.history import History
from ...history.rows.row import Row
from ...history.rows.store import RowStore
from ...history.turn import Anchor
from ...service.connection import Service
from ...service.learned_limits import recall
from ...text.argument_types import check_prompt, check_types
from ...text.errors import NOTHING_SENT, InvalidRequest
from ...values.frames.answers import answer_columns
from ...values.frames.kinds import table_of
from ...values.frames.python_values import is_missing
from ...values.frames.table import Table
from ...values.references import Prompt
from ...values.row_template import row_template
from ..compose import Composer, check_sight
from ..option_check import check_options
from ..options import Options
from ..replies.tool_loop import ToolLimits
from ..request import Request
from ..token_counts import system_tokens
from ..undisturbed import undisturbed
from .claims import Claims
from .late_asking import LateAsking
from .map_preview import MapPreview, Survey
from .map_request import MapOptions, MapRequest
from .mapped import Mapped
from .part import Part, Seen, TableRows
from .record import key_of_batch, map_event_of
from .recorded import Recorded
from .requests import RowRequests
from .row_batches import RowBatches
from .run import Run
from .spending import RowSpending
from .submitted import Submitted

if TYPE_CHECKING:
    from ..dispatch import Dispatch
    from ..scheduler import Scheduler

#: Frames of a stream of them that are under way at once.
_AHEAD = 3


class Asked(NamedTuple):
    """What a map is asked with, as its user gives it (see `Chat.map`)."""

    template: str
    options: Options
    how: MapOptions
    names: Mapping[str, Any]
    images: Any
    anchor: Anchor


class _Begun(NamedTuple):
    """A map that has begun: its rows are being asked, or answered from what was `recorded`."""

    request: MapRequest
    run: Run
    asking: LateAsking
    recorded: Recorded | None


class Maps:
    """The maps of one chat. Those under way count in its budget."""

    def __init__(
        self,
        composer: Composer,
        service: Service,
        history: History,
        scheduler: Scheduler,
        *,
        dispatch: Dispatch,
        tool_limits: Callable[[], ToolLimits],
        value_tokens: Callable[[], int],
        warn: Callable[[str], None],
    ) -> None:
        self._composer = composer
        self._service = service
        self._history = history
        self._scheduler = scheduler
        self._dispatch = dispatch
        self._tool_limits = tool_limits
        self._value_tokens = value_tokens
        self._warn = warn
        self._claims = Claims()
        self._replayed: set[str] = set()

    def asked(
        self,
        template: str,
        options: Options | None,
        how: Mapping[str, Any],
        *,
        names: Mapping[str, Any] | None,
        images: Any,
        anchor: Anchor | None = None,
        **more: Any,
    ) -> Asked:
        """What a map is asked with. Raises InvalidRequest for what cannot be asked."""
        placed = self._composer.placed(options, {**more, "once": True, "stream": False})
        return Asked(
            template=template,
            options=placed,
            how=MapOptions(**how),
            names=names or {},
            images=images,
            anchor=anchor or Anchor(),
        )

    def begin(self, asked: Asked, rows: Any) -> Mapped:
        """Ask the rows of a table. Raises InvalidRequest, OverBudget, NotRecorded or SettingsError."""
        table = table_of(rows)
        if asked.how.first is not None:
            table = table.first(asked.how.first)
        request = self._request(asked, table)
        begun = self._begun(request)
        part, recorded = self._part(begun, table), begun.recorded
        if recorded is not None:
            try:
                recorded.prepare(part)
            except BaseException:  # an interrupt, too
                begun.run.stop()
                raise
        begun.run.is_complete = True
        if recorded is not None and recorded.was_stopped:
            begun.run.end_with(part, recorded.stopped)
        else:
            begun.run.add(part)
        return self._mapped(begun, table, part)

    def preview(self, asked: Asked, rows: Any) -> MapPreview:
        """What `begin` would ask. Nothing is sent. Raises InvalidRequest."""
        survey = Survey()
        request, part = self._prepared(asked, rows, self._find_by_now, survey.see)
        return MapPreview(
            request=request.request,
            rows=part.size,
            distinct=part.distinct,
            known=part.known,
            failures=[part.failures[index] for index in sorted(part.failures)],
            first=survey.first,
            prompt_tokens=survey.prompt_tokens + part.left * _around(request.request),
            answer_tokens=survey.answer_tokens,
            answer_seconds=survey.answer_seconds,
            limit=recall(self._service.base_url, request.request.model),
        )

    def _prepared(
        self, asked: Asked, rows: Any, find: Callable[..., Row | None], see: Seen | None = None
    ) -> tuple[MapRequest, Part]:
        """The rows of a table, each looked at, and none asked."""
        table = table_of(rows)
        if asked.how.first is not None:
            table = table.first(asked.how.first)
        request = self._request(asked, table)
        self._rows.refresh()
        part = Part(
            TableRows(table, request.template),
            request.requests,
            find=partial(find, fresh=request.request.options.fresh),
            read=lambda row: row.text,
            retry=asked.how.retry,
            changed=lambda: None,
        )
        part.prepare(lambda: False, see)
        return request, part

    def submit(self, asked: Asked, rows: Any, note: Mapping[str, Any]) -> Submitted:
        """Give the rows that have no answer to the Batch API. Raises GLMError."""
        if self._replays:
            return self.submitted(asked, rows) or Submitted()
        request, part = self._prepared(asked, rows, self._find)
        asking = LateAsking(request, self._service, self._tool_limits, lambda: run)
        run = Run(
            self._spending(request, lambda: run),
            self._claims,
            asks=asking,
            store=self._rows,
            ended=lambda late: None,
            anchor=asked.anchor,
        )
        return self.batches.submit(request, part, run.spending, {**note, "template": asked.template})

    def submitted(self, asked: Asked, rows: Any) -> Submitted | None:
        """What was submitted of these rows when their cell was recorded, if that is the last that it has done."""
        request, part = self._prepared(asked, rows, self._find)
        anchor = request.request.anchor
        event = self._dispatch.recorded_map(lambda counts: [key_of_batch(part.key), part.key], anchor, peek=True)
        if event is None or event.submitted is None:
            return None
        return Submitted(
            rows=event.rows,
            new=event.submitted,
            earlier=event.earlier or 0,
            known=event.known or 0,
            failed=event.failed or 0,
        )

    @cached_property
    def batches(self) -> RowBatches:
        """The batches of this chat's tables."""
        return RowBatches(self._service, self._history, self._scheduler.admitting)

    def stream(self, asked: Asked, frames: Iterable[Any]) -> Iterator[Any]:
        """Ask the rows of these tables, and yield each with its answers, in order, a few of them under way at once.

        Raises what `begin` raises, and what stopped it.
        """
        tables = map(table_of, frames)
        first = next(tables, None)
        if first is None:
            return
        request = self._request(asked, first)
        begun = self._begun(request)
        run = begun.run
        waiting: deque[tuple[Part, Mapped]] = deque()
        try:
            for table in _with(first, tables):
                part = self._part(begun._replace(request=self._for_table(request, asked, table)), table)
                run.add(part)
                waiting.append((part, self._mapped(begun, table, part)))
                if len(waiting) >= _AHEAD:
                    yield self._finished(run, *waiting.popleft())
            while waiting:
                yield self._finished(run, *waiting.popleft())
            run.complete()
        finally:  # also where the caller takes no more
            run.stop()

    # What all rows share

    def _request(self, asked: Asked, table: Table) -> MapRequest:
        check_prompt(asked.template)
        check_types({"names": asked.names})
        columns = answer_columns(asked.options.as_type)
        images = asked.images if isinstance(asked.images, (list, tuple)) else [asked.images]
        template = row_template(
            asked.template,
            table.columns,
            asked.names,
            self._value_tokens(),
            images=images,
            is_missing=is_missing,
            hide=self._service.hiding(),
        )
        for note in template.notes:
            self._warn(note)
        request = self._composer.asking(Prompt(asked.template, cut=template.cut), asked.options, asked.anchor)
        check_sight(request, has_images=template.has_images)
        if self._dispatch.mode == "off":
            check_options(request, self._service.profile, self._warn)
        for tool in request.options.tools:
            if tool.asks_first:
                raise InvalidRequest(
                    "{tool} asks before each call, and the rows of a table are asked many at once.",
                    hint="Pass the function itself, if it may run without asking.",
                    reason="rows.consent",
                    outcomes=[NOTHING_SENT],
                    tool=tool.name,
                )
        return MapRequest(
            request=request,
            table_columns=table.columns,
            requests=RowRequests(request),
            template=template,
            written=asked.template,
            options=asked.how,
            columns=columns,
        )

    def _for_table(self, request: MapRequest, asked: Asked, table: Table) -> MapRequest:
        """The same for a further table, whose columns may stand in another order."""
        return request if table.columns == request.table_columns else self._request(asked, table)

    def _part(self, begun: _Begun, table: Table) -> Part:
        request = begun.request
        recorded = begun.recorded
        return Part(
            TableRows(table, request.template),
            request.requests,
            find=partial(self._find, fresh=request.request.options.fresh)
            if recorded is None
            else partial(self._replay_row, recorded),
            read=begun.asking.value,
            retry=request.options.retry and recorded is None,
            ask=request.options.ask,
            changed=begun.run.more,
        )

    def _find(self, key: str, *, fresh: bool) -> Row | None:
        """The answer that is kept under this key. Rows that have failed are asked again."""
        row = None if fresh else self._rows.find(key)
        return None if row is None or row.error is not None else row

    def _find_by_now(self, key: str, *, fresh: bool) -> Row | None:
        """The same for a preview: in a replay, what later cells will have asked is not known yet."""
        return None if self._replays and key not in self._replayed else self._find(key, fresh=fresh)

    def _replay_row(self, recorded: Recorded, key: str) -> Row | None:
        self._replayed.add(key)
        return recorded.row(key)

    @property
    def _rows(self) -> RowStore:
        return self._history.records.rows

    @property
    def _replays(self) -> bool:
        return self._dispatch.mode == "only"

    # Asking the service, or answering from what was recorded

    def _begun(self, request: MapRequest) -> _Begun:
        anchor, asking = request.request.anchor, LateAsking(request, self._service, self._tool_limits, lambda: run)
        recorded = None
        if self._replays:
            look_up = partial(self._dispatch.recorded_map, anchor=anchor)
            recorded = Recorded(request, look_up, rows=self._rows.rows, read=asking.value)
        run = Run(
            self._spending(request, lambda: run),
            self._claims,
            asks=recorded or asking,
            store=self._rows,
            ended=lambda late: self._record(begun, late=late),
            anchor=anchor,
        )
        begun = _Begun(request, run, asking, recorded)
        self._rows.refresh()
        self._scheduler.add_map(run)
        return begun

    def _spending(self, request: MapRequest, run: Callable[[], Run]) -> RowSpending:
        service, budget = self._service, self._history.state.budget
        if budget is not None and (self._replays or (service.practising and budget.unit == "yuan")):
            budget = None
        return RowSpending(
            request.request,
            budget,
            lambda: 0.0 if budget is None else self._dispatch.taken(budget, but=run()),
            priced=service.priced,
            practice=service.practising,
        )

    def _mapped(self, begun: _Begun, table: Table, part: Part) -> Mapped:
        return Mapped(
            table,
            part,
            begun.run,
            begun.request.columns,
            state=begun.asking.state,
            recorded=begun.recorded,
            plan=self._service.profile.plan,
            practice=self._service.practising,
        )

    def _finished(self, run: Run, part: Part, mapped: Mapped) -> Any:
        """The table with its answers, once they are there. Raises what stopped the run."""
        mapped.wait_for_rows()
        run.close(part)
        return mapped.so_far()

    def _record(self, begun: _Begun, *, late: bool) -> None:
        """The one commit point of a map. Called again when what was in flight has landed."""
        if not late or begun.run.spending.has_unrecorded:
            self._commit(begun, late=late)
        if begun.run.has_landed:  # not before that: what it has taken would count nowhere
            self._scheduler.remove_map(begun.run)

    def _commit(self, begun: _Begun, *, late: bool) -> None:
        history, run = self._history, begun.run

        def commit() -> None:
            event = self._event(begun, late=late)
            if event is not None:
                history.commit(event)
                run.event_id = run.event_id or event.of or event.id

        if threading.current_thread() is not threading.main_thread():  # who stops it does not wait for the disk
            self._rows.flush()
        with self._scheduler.admitting, history.changing:
            undisturbed(commit)
        history.write_down()

    def _event(self, begun: _Begun, *, late: bool) -> MapEvent | None:
        history, run, anchor = self._history, begun.run, begun.run.anchor
        if begun.recorded is None:
            return map_event_of(run, begun.request, history, self._service, late=late)
        found = begun.recorded.find(run.tally.key(list(run.parts)))
        return None if found is None else found.repeated(history.next_id(), anchor, history.run(anchor.run))


def _around(request: Request) -> int:
    """The tokens of a request beside its row's prompt."""
    return system_tokens(request.system) + system_tokens(request.instruction)


def _with(first: Table, others: Iterator[Table]) -> Iterator[Table]:
    yield first
    yield from others

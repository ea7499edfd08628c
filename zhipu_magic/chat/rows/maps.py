"""Makes the maps of a chat: from a template and a table to the rows that are asked, and one event in the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from ...history.history import History
from ...history.rows.row import Row
from ...history.rows.store import RowStore
from ...history.turn import Anchor
from ...service.connection import Service
from ...service.places import known_limit
from ...values.frames.kinds import table_of
from ...values.frames.table import Table
from ...values.row_prompt import RowPrompt, tokens_of
from ..budget_check import Others
from ..compose import Composer
from ..options import Options
from ..replies.tool_loop import ToolLimits
from ..request import Request
from ..token_counts import system_tokens
from ..undisturbed import undisturbed
from .claims import Claims
from .collected import Collected
from .late_asking import LateAsking
from .map_preview import MapPreview, Survey
from .map_request import MapRequest
from .map_requests import Asked, MapRequests
from .mapped import Mapped
from .mapped_frames import MappedFrames, Stream
from .part import Part, Seen
from .record import key_of_batch
from .recorded import Recorded
from .recording import Begun, Recording
from .row_batches import RowBatches
from .run import Run
from .spending import RowSpending
from .submitted import Submitted
from .table_rows import TableRows

if TYPE_CHECKING:
    from ..batches.intent import Intent
    from ..dispatch import Dispatch
    from ..scheduler import Scheduler


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
        self._requests = MapRequests(
            composer,
            service,
            is_live=lambda: dispatch.mode == "off",
            value_tokens=value_tokens,
            check=dispatch.check,
            warn=warn,
        )
        self._warn = warn
        self._recording = Recording(history, service, scheduler)
        self._service = service
        self._history = history
        self._scheduler = scheduler
        self._dispatch = dispatch
        self._tool_limits = tool_limits
        self._claims = Claims()
        self._replayed: set[str] = set()
        self._latest: Mapped | None = None

    def asked(self, template: str, options: Options | None, how: Mapping[str, Any], **given: Any) -> Asked:
        """What a map is asked with (see `MapRequests.asked`). Raises InvalidRequest."""
        return self._requests.asked(template, options, how, **given)

    def begin(self, asked: Asked, rows: Any) -> Mapped:
        """Ask the rows of a table. Raises InvalidRequest, OverBudget, NotRecorded or SettingsError."""
        table = table_of(rows)
        if asked.how.first is not None:
            table = table.first(asked.how.first)
        begun = self._begun(self._requests.of(asked, table))
        part, recorded, run = self._part(begun, table), begun.recorded, begun.run
        mapped = self._mapped(begun, table, part)

        def start() -> None:
            if asked.anchor != Anchor():
                self._latest = mapped
            run.is_complete = True
            if recorded is not None and recorded.was_stopped:
                run.end_with(part, recorded.stopped)
            else:
                run.add(part)

        try:
            self._scheduler.add_map(run)
            if recorded is not None:
                recorded.prepare(part)
            undisturbed(start)
        except BaseException:  # an interrupt, too: nobody would be there to stop it
            run.stop()
            raise
        return mapped

    def begun_by(self, anchor: Anchor) -> Mapped | None:
        """The latest map of a cell, if this execution has begun it: also where `begin` itself was interrupted."""
        latest = self._latest
        return latest if latest is not None and latest.anchor == anchor else None

    def preview(self, asked: Asked, rows: Any) -> MapPreview:
        """What `begin` would ask. Nothing is sent. Raises InvalidRequest."""
        survey = Survey()
        request, part = self._prepared(asked, rows, self._find_by_now, survey.see, preview=True)
        # In a replay none is told: another machine knows another.
        limit = None if self._replays else known_limit(self._service.base_url, request.request.model)
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
            limit=limit if limit is None else min(limit, asked.how.in_flight or limit),
        )

    def _prepared(
        self,
        asked: Asked,
        rows: Any,
        find: Callable[..., Row | None],
        see: Seen | None = None,
        *,
        preview: bool = False,
    ) -> tuple[MapRequest, Part]:
        """The rows of a table, each looked at, and none asked."""
        table = table_of(rows)
        if asked.how.first is not None:
            table = table.first(asked.how.first)
        request = self._requests.of(asked, table, preview=preview)
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
        prompt_tokens: list[int] = []

        def see(index: int, prompt: RowPrompt, known: Row | None) -> None:
            if known is None:
                prompt_tokens.append(tokens_of(prompt))

        request, part = self._prepared(asked, rows, self._find, see)
        spending, about = self._spending(request, lambda: None), {**note, "template": asked.template}
        return self.batches.submit(request, part, spending, prompt_tokens=prompt_tokens, note=about)

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

    def collect(self, found: Callable[[Collected], None], *, send: bool) -> list[Collected]:
        """Keep what came of the batches that are over (see `RowBatches.collect`). In a replay, none is looked at."""
        return [] if self._replays else self.batches.collect(found, send=send)

    def cancel(self, ended: Callable[[Intent], None]) -> None:
        """End all batches early (see `RowBatches.cancel`). In a replay, none is."""
        if not self._replays:
            self.batches.cancel(ended)

    @cached_property
    def batches(self) -> RowBatches:
        """The batches of this chat's tables."""
        return RowBatches(self._service, self._history, self._scheduler)

    def stream(self, asked: Asked, frames: Iterable[Any]) -> MappedFrames:
        """Ask the rows of these tables. Taking them raises what `begin` raises."""

        def begin(table: Table) -> Begun:
            begun = self._begun(self._requests.of(asked, table))
            self._scheduler.add_map(begun.run)
            return begun

        def add(begun: Begun, table: Table) -> Mapped:
            request = self._requests.for_table(begun.request, asked, table)
            part = self._part(begun._replace(request=request), table)
            begun.run.add(part)
            return self._mapped(begun, table, part)

        return MappedFrames(Stream(_first_of(frames, asked.how.first), begin, add, warn=self._warn))

    def _part(self, begun: Begun, table: Table) -> Part:
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

    def _begun(self, request: MapRequest) -> Begun:
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
            ended=lambda late: self._recording.record(begun, late=late),
            anchor=anchor,
        )
        begun = Begun(request, run, asking, recorded)
        self._rows.refresh()
        return begun

    def _spending(self, request: MapRequest, run: Callable[[], Run | None]) -> RowSpending:
        service, budget = self._service, self._history.state.budget
        if budget is not None and (self._replays or (service.practising and budget.unit == "yuan")):
            budget = None
        return RowSpending(
            request.request,
            budget,
            lambda: Others() if budget is None else self._dispatch.others(budget, but=run()),
            admitting=self._scheduler.admitting,
            priced=service.priced,
            practice=service.practising,
        )

    def _mapped(self, begun: Begun, table: Table, part: Part) -> Mapped:
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


def _around(request: Request) -> int:
    """The tokens of a request beside its row's prompt."""
    return system_tokens(request.system) + system_tokens(request.instruction)


def _first_of(frames: Iterable[Any], rows: int | None) -> Iterator[Table]:
    """These tables, or as many of their first rows."""
    for table in map(table_of, frames):
        if rows is not None and table.size >= rows:
            yield table.first(rows)
            return
        yield table
        if rows is not None:
            rows -= table.size

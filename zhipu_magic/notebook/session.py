"""What one page holds: its chat, settings and display, the cells that run, and the notices to show.

Cells, commands and completion work on a session. It needs a shell and settings but no magics, so that another front
end can have one: `Session(shell, Settings(model="glm-4"))`.

The chat follows the settings. Whatever else changes the chat (`-s`, another thread, a resumed journal) reaches the
settings through `reflect_chat` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..chat.rows import loops
from ..text.errors import Interrupted
from ..text.languages.messages import _
from . import front_ends, hints, page_chat
from .asides import Asides
from .cell_tracker import CellTracker
from .display.cell_outputs import CellOutputs
from .jobs import Jobs
from .page.defaults import PageDefaults
from .page.extension import PageExtension
from .page.going import GoingOn
from .page.identity import CellIdentity
from .page.journal import PageJournal
from .page.keyless import Keyless
from .page.language import PageLanguage
from .page.order import PageOrder
from .page_outputs import PageOutputs
from .page_practice import PagePractice
from .settings import Settings
from .shell import is_coloured, is_terminal
from .variables import Variables

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult

    from ..chat.chat import Chat
    from ..chat.rows.collected import Collected
    from ..history.events.event import State
    from ..history.turn import Anchor, Turn
    from ..text.markup import Markup
    from .display.dashboard import Dashboard
    from .display.dashboard_figures import DashboardFigures
    from .display.display import Display
    from .line.cell_line import CellOptions
    from .missing_names import MissingNames
    from .page.looked_at import LookedAt
    from .shell import Shell


class Session:
    """A page's chat, settings, display and notices."""

    def __init__(self, shell: Shell, settings: Settings) -> None:
        self.shell, self.settings = shell, settings
        self.cells = CellTracker(shell)
        self.jobs = Jobs()
        self._asides = Asides(self.jobs, lambda: self._chat, self.notify, self.withdraw)
        self.variables = Variables(
            shell,
            lambda: self.cells.failure,
            shown=lambda: self.outputs.shown,
            above=lambda: self.outputs.above(),
        )
        self.page_journal = PageJournal(shell, settings)
        self.outputs = PageOutputs(
            shell,
            self.cells,
            settings,
            chat=lambda: self.chat,
            anchor=self.anchor,
            notebook=self.page_journal.notebook,
        )
        self._identity = CellIdentity()
        self._cell_outputs = CellOutputs(shell, lambda *told: self.outputs.recorder.look(*told))
        self._chat: Chat | None = None
        self._dashboard: Dashboard | None = None
        self._shown_usage: State | None = None  # the chat's state when the dashboard was shown last
        self._practice = PagePractice()
        self._notices: list[str] = []
        self.last_each: tuple[str, CellOptions] | None = None
        """The template and the options of the latest cell that asked over a table."""
        self.submitted: dict[tuple[str, str], None] = {}
        """The templates and lines of the cells that have submitted a batch in a replay, until it is collected."""
        self.unshown: dict[str, Collected] = {}
        """Batches that a cell with --batch has found to be over: `%glm collect` shows them."""
        self.missing_names: MissingNames | None = None
        """The names that replayed code has bound, once some has."""
        self.show_run: Callable[[str], bool] | None = None
        """Shows what the model's code has printed so far, where the reply that runs it is painted."""
        #: The running cell, if it has asked before. If it does not ask this time, its earlier turns are set aside.
        self._rerun: str | None = None
        self._earlier_turn = (0, False)  # a run, and whether its cell had an earlier turn when this run first asked
        self.extension = PageExtension(
            self.cells,
            self._identity,
            going=GoingOn(self.jobs, self._identity),
            order=PageOrder(
                settings,
                self._identity,
                jobs=self.jobs,
                asides=self._asides,
                chat=lambda: self._chat,
                set_aside=self.set_aside_deleted,
            ),
            defaults=PageDefaults(settings, self.page_journal.path, self.notify),
            journal=self.page_journal,
            chat=lambda: self._chat,
            notify=self.notify,
        )
        self._keyless, self._keyless_said = Keyless(settings), ""
        self.language = PageLanguage(settings)
        self.language.recorded = self.page_journal.language
        self.language.follow_page(self.cells.page)
        settings.observe(self._follow_setting, (*page_chat.OF_THE_CHAT, *page_chat.OF_THE_SERVICE, "journal"))

    # The chat

    @property
    def chat(self) -> Chat:
        """The chat, made from the settings when it is first needed."""
        if self._chat is None:
            self._chat = page_chat.new_chat(
                self.settings, self.page_journal.path(), lambda notice: self.notify(hints.in_cell(notice))
            )
            self._chat.asked_below = lambda turn: self.page_journal.asks_below(self.cells.source, turn)
            if self.settings.journal == "auto" and front_ends.has_no_folder(self.shell.user_ns):
                self.notify(_("The working directory was deleted; %glm journal shows where the journal is now."))
        return self._chat

    def change(self, setting: str, value: object) -> None:
        """Change a setting of the chat; a model or a system text only in the current thread.

        Raises BadSetting.
        """
        chat = self.chat  # until it exists, a setting applies to all threads
        setattr(self.settings, setting, value)
        if setting == "system" and chat.thread().own_system != value:  # it was a cell's, and would go with that
            chat.system = self.settings.system

    @hints.door()
    def _follow_setting(self, change: Any) -> None:
        """Apply a changed setting to the chat."""
        chat, name, value = self._chat, change["name"], change["new"]
        if chat is None:
            return
        if name == "journal":
            chat.history.records.move(self.page_journal.path())
        else:
            page_chat.change(chat, name, value)
        if name == "replay":
            self._practice.follow_replay(chat.service, replays=self._replays)

    def reflect_chat(self) -> None:
        """Copy the chat's current state to the settings, the dashboard and the notes below earlier comparisons."""
        chat, settings = self._chat, self.settings
        if chat is None:
            return
        settings.system = chat.state.conversation.here.system
        settings.model = chat.model
        settings.temperature = chat.temperature
        self._update_dashboard()
        if "display" in vars(self):  # else it has not been needed
            self.display.follow()
        self.extension.changed()

    def thread_names(self) -> list[str]:
        """The threads that have begun."""
        return list(self._chat.state.conversation.threads) if self._chat is not None else []

    def tool_names(self) -> list[str]:
        """The functions that the model may call in every turn."""
        return [tool.name for tool in self._chat.tools] if self._chat is not None else []

    def close(self) -> None:
        """Release all that outlives a cell: connections, the practice server, the journal, widgets."""
        self.cells.idle.set()  # so that the warm-up ends
        self.language.close()
        self.jobs.close()
        self.extension.close()
        self.end_practice()
        if self._chat is not None:
            self._chat.close()
        if self._dashboard is not None:
            self._dashboard.close()
        if "display" in vars(self):  # else it has not been needed
            self.display.close()
        self._cell_outputs.close()

    def follow_notebook(self) -> None:
        """Before a cell asks: let the journal follow a notebook that was renamed, and speak of what may be resumed.

        Without a key, the journal answers what it knows.
        """
        cell = self.cells.cell
        renamed, offered = self.page_journal.follow(self.chat.history, cell), self.page_journal.offer_at(cell)
        self._keyless_said = self._keyless.follow(self.chat.service, self.chat.history.journal.path)
        for notice in (renamed, offered, self._keyless_said):
            if notice and notice not in self._notices:
                self.notify(notice)

    def renew_tools(self) -> None:
        """Make the chat's tools what their names stand for by now."""
        from . import autoreloaded

        own = self.variables.own
        for tool in self.chat.known_tools:
            autoreloaded.complete(tool.function)
            autoreloaded.complete(own.get(tool.name))
        self.chat.renew_tools(own)

    def look(self) -> LookedAt:
        """The conversation as the running cell sees it: that of now, or that of a page which is replayed."""
        from .page import looked_at

        cells = self.cells
        found = looked_at.looked_at(self.chat, lambda: self.page_journal.ran_as(cells.source, cells.cell))
        if not found.is_sure and looked_at.UNSURE not in self._notices:
            self.notify(looked_at.UNSURE)
        return found

    # The running cell

    def anchor(self) -> Anchor:
        """The running cell, as the conversation knows it, and its execution."""
        from ..history.turn import Anchor

        cells = self.cells
        cell = self._identity.of_run(cells.run, cells.cell)
        return Anchor(cell, cells.run, cells.execution_count, append=self.settings.rerun == "append")

    def identify_cell(self, text: str, thread: str | None = None) -> str:
        """Find out which cell of the conversation the running one is, where its id is a position (see `page.identity`).

        `text` is what it asks in the thread. Returns a notice where its turn will replace one that had other words.
        """
        if self.cells.cell is None or self.settings.rerun == "append":
            return ""
        found = self._identity.identify(self.cells.cell, text, self.chat.thread(thread), self.cells.run)
        if self._rerun is not None:
            self._rerun = found.cell
        self.extension.follow()  # where ids are positions, the cell is known only now
        return found.notice

    def has_earlier_turn(self, thread: str | None = None) -> bool:
        """Whether the thread has a turn from an earlier run of this cell."""
        return self.chat.history.holds_earlier(self.anchor(), thread)

    def had_earlier_turn(self, thread: str | None = None) -> bool:
        """Whether the thread had such a turn when this run of the cell first asked."""
        if self._earlier_turn[0] != self.cells.run:
            self._earlier_turn = (self.cells.run, self.has_earlier_turn(thread))
        return self._earlier_turn[1]

    def keep_earlier_turns(self) -> None:
        """Keep the turns of earlier runs of this cell, although this run does not ask."""
        self._rerun = None

    def begin_cell(self, info: ExecutionInfo) -> None:
        """Before each cell (IPython's `pre_run_cell`): set aside the turns of deleted cells."""
        if not self.cells.begin(info):
            return
        self.language.follow_page(self.cells.page)
        self.outputs.begin()
        self.page_journal.begin_cell(self.cells.cell)
        cell = self._identity.known(self.cells.cell)
        self.jobs.begin_cell(cell if self.settings.rerun == "replace" else None, self.cells.run)
        self._asides.catch_up()
        self._rerun = cell if self._chat is not None and self._chat.history.has_asked(cell) else None
        self.extension.begin_cell()
        self.set_aside_deleted(self.cells.just_deleted)

    def end_cell(self, result: ExecutionResult | None) -> None:
        """After each cell (IPython's `post_run_cell`): if this run did not ask, set aside its earlier turns.

        If it was interrupted, stop the maps that it went through in loops, in whose bodies the interrupt may have come.
        """
        if not self.cells.end(result):
            return
        self.outputs.end(result)
        self._tell_of_missing_names(result)
        looped = loops.taken()
        if result is not None and isinstance(result.error_in_exec, (KeyboardInterrupt, Interrupted)):
            for one in looped:
                one.stop()
        self.jobs.step()
        self.withdraw(self._keyless_said)  # a cell that failed shows no reply of which it would be true
        cell, self._rerun = self._rerun, None
        if cell is not None and result is not None and result.success and self.settings.rerun == "replace":
            self._set_aside([cell], _("run again and did not ask it"), except_run=self.cells.run)
        self.extension.end_cell()

    def _tell_of_missing_names(self, result: ExecutionResult | None) -> None:
        if self.missing_names is not None and result is not None:
            note = self.missing_names.note_on(result.error_before_exec or result.error_in_exec)
            if note:
                self.display.show_text(note)

    def set_aside_deleted(self, cells: Iterable[str]) -> None:
        """Set aside the turns of these cells of the page, which were deleted."""
        self._set_aside(map(self._identity.known, sorted(cells)), _("deleted"))

    def _set_aside(self, cells: Iterable[str | None], why: str, *, except_run: int | None = None) -> None:
        self._asides.set_aside(cells, why, except_run=except_run)
        self.reflect_chat()

    def reply_has_ended(self, cell: str | None) -> None:
        """Note that the reply of a job has ended, which this cell asked for and did not wait for."""
        if cell is not None and cell in map(self._identity.known, self.cells.deleted):
            self._asides.set_aside([cell], _("deleted"))
        self._asides.catch_up()
        self.reflect_chat()

    # The display

    @cached_property
    def display(self) -> Display:
        """What shows replies and answers in this kind of shell."""
        from .display.notebook import Notebook
        from .display.terminal import Terminal

        if is_terminal(self.shell):
            return Terminal(coloured=lambda: is_coloured(self.shell))
        return Notebook(self.shell, self._cell_outputs)

    @property
    def notices(self) -> Sequence[str]:
        """Notices that have not been shown yet; the list grows as `notify` is called."""
        return self._notices

    def notify(self, text: str) -> None:
        """Add a notice; it is shown with the next reply or answer."""
        self._notices.append(text)

    def withdraw(self, text: str) -> None:
        """Take back a notice, the very object, if it has not been shown."""
        self._notices[:] = [notice for notice in self._notices if notice is not text]

    def take_notices(self) -> list[str]:
        """Return the notices so far, and clear them."""
        notices, self._notices[:] = [*self._notices], []
        return notices

    def answer(self, text: Markup | str) -> None:
        """Show the answer to a command, below the notices. A `str` is text from outside, shown as it is."""
        from ..text.markup import Markup

        self.display.show_text(Markup("\n\n").join([*self.take_notices(), text]))

    def show_turn(self, turn: Turn, page: Markup, *, reasoning: bool) -> None:
        """Show a reply that was kept, below the notices; `page` has it for a notebook."""
        self.display.show_turn(turn, page, self.take_notices(), reasoning=reasoning)

    def show_usage(self) -> None:
        """Show the dashboard here, or its text in a terminal."""
        from .display.dashboard import Dashboard, dashboard_text

        if is_terminal(self.shell):
            self.answer(dashboard_text(self._spending(self.look().state)))
            return
        if self._dashboard is None:
            self._dashboard = Dashboard(self.shell, live=self.settings.panel == "live")
        self._dashboard.show(self._spending(self.look().state))
        self._shown_usage = self.chat.state

    def _update_dashboard(self) -> None:
        if self._dashboard is not None and self.chat.state is not self._shown_usage:
            self._dashboard.update(self._spending())

    def _spending(self, state: State | None = None) -> DashboardFigures:
        from .display.dashboard_figures import figures_of

        return figures_of(self.chat, state)

    # Practice

    def begin_practice(self, script: Path | None = None) -> None:
        """Use a practice server in this process from now on; a replay does not start it.

        Raises ValueError if something is wrong with a file of scripts (see `practice.script_file`).
        """
        self._practice.begin(self.chat.service, script, replays=self._replays)

    def end_practice(self) -> None:
        """Stop the practice server, if it is running, and go back to the service."""
        self._practice.end(self._chat.service if self._chat is not None else None)

    @property
    def _replays(self) -> bool:
        """Whether nothing goes out: all is answered from the journal."""
        return self.settings.replay == "only"

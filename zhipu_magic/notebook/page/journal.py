"""Which journal is this page's: it follows the notebook's file, and what an earlier session left is found again.

A kernel learns its notebook's name when it starts, and seldom a later one. So a notebook that was renamed is known by
its cells: those in its file, and those that run. Only the notebook's folder and its `.glm` are searched, and a bounded
part of what is there; and nothing that is found is used before the user asks for it.

What nobody tells a kernel: that JupyterLab has saved its notebook under another name as well, where the first one goes
on to exist; and where a notebook went that was moved to another folder.
"""

from __future__ import annotations

import shlex
from collections.abc import Set
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ...text import regular_files
from ...text.characters import printable
from ...text.languages.joined import sentences
from ...text.languages.language import language_named
from ...text.languages.messages import _
from ...text.open_folder import BESIDE_ENDINGS
from .. import front_ends
from ..shell import is_terminal, request_metadata
from .identity import is_position

if TYPE_CHECKING:
    from ...chat.replies.recording import Ran
    from ...history.conversation import Conversation
    from ...history.history import History
    from ...history.journal.glance import Asked
    from ...history.journal.resuming import IsMine
    from ...history.records import Records
    from ...history.turn import Turn
    from ...text.languages.language import Language
    from ..shell import Shell
    from .file import NotebookFile

#: Of the files in a folder, so many of the newest are looked at.
_MOST = 12
_JOURNAL, _NOTEBOOK = ".jsonl", ".ipynb"
#: Of a conversation's turns, so many of the newest are compared by their texts.
_MOST_TEXTS = 10


class JournalSettings(Protocol):
    """The settings that say where the journal is, and whether it answers."""

    journal: str
    replay: str


class PageJournal:
    """Finds the page's journal. `offer` speaks of a conversation that could be resumed, once."""

    def __init__(self, shell: Shell, settings: JournalSettings) -> None:
        self._shell = shell
        self._settings = settings
        #: What the front end has called the notebook, and its file.
        self._name: str | None = None  # of the notebook, as the front end last said it
        self._notebook: Path | None = None
        self._ran: set[str] = set()
        #: Journals that may be this page's, by the cells that have asked in them.
        self._possible: dict[str, Path] = {}
        self._offered = False
        self.resumes = ""
        """The command that continues what was offered, until something was resumed; empty if nothing was."""

    def path(self) -> Path | None:
        """The journal's file, according to the settings and what the front end tells now."""
        self._locate()
        return self._own()

    def language(self) -> Language | None:
        """The language in which the newest session of the journal showed things, if it was not English."""
        from ...history.journal.glance import language_in

        path = self.path()
        return None if path is None else language_named(language_in(path))

    def _own(self) -> Path | None:
        place = self._settings.journal
        if place in ("auto", "off"):
            return None if place == "off" else self._beside()
        return Path(place)

    def _beside(self) -> Path:
        notebook = self._notebook
        return front_ends.journal_path(self._shell.user_ns) if notebook is None else front_ends.journal_of(notebook)

    def _locate(self) -> None:
        """Find the notebook's file: it may have been renamed before the kernel started again."""
        names, before = self._shell.user_ns, self._name
        self._name, path = front_ends.notebook_name(names), front_ends.notebook_path(names)
        if self._name == before and self._notebook is not None and _is_there(self._notebook):
            return
        self._notebook = path
        cell = self._running_cell()
        if path is not None and cell is not None and not _is_there(path):
            self._notebook = _sibling(path, _asked_by(cell)) or path

    def _running_cell(self) -> str | None:
        """The cell that runs, also the one that loads the extension."""
        return front_ends.running_cell(request_metadata(self._shell), None)

    def asks_below(self, running: str, turn: Turn) -> bool:
        """Whether the notebook's file asks the turn further down than in the cell with the source `running`."""
        from .below import asked_below

        self._locate()
        return self._notebook is not None and asked_below(self._notebook, running, turn)

    def ran_as(self, running: str, cell: str | None) -> Ran | None:
        """What the notebook's file says of when the running cell was run, with this source and this id."""
        from .ran import ran_as

        self._locate()
        return None if self._notebook is None else ran_as(self._notebook, running, cell)

    def notebook(self) -> Path | None:
        """The notebook's file, where it is known."""
        self._locate()
        return self._notebook

    def begin_cell(self, cell: str | None) -> None:
        """Note that a cell runs."""
        if cell is not None and not is_position(cell):
            self._ran.add(cell)

    # What an earlier session left

    def offer(self) -> str:
        """A notice about a conversation of this page that an earlier session left; empty if there is none."""
        own = self.path() if self._settings.replay == "off" else None
        notebook, names = self._notebook, self._shell.user_ns
        if own is None or not _is_there(own.parent):
            return ""
        from ...history.journal.glance import BRIEFLY, asked_in  # where there is no journal, nothing more is imported

        asked = asked_in(own)
        if self._settings.journal != "auto" or (notebook is None and is_terminal(self._shell)):
            return self._offer(own) if asked else ""
        if notebook is None:
            return ""
        if asked and not _is_there(notebook) and front_ends.has_been_saved(names):
            return self._offer(own)  # it has another name by now, and no other notebook can have this one
        page = _read(notebook)
        if self._is_mine(page, asked, own):
            return self._offer(own)
        if self._running_cell() is None:  # what runs notebooks sends no ids, and the line would be in its outputs
            return ""
        for journal in regular_files.newest(own.parent, _JOURNAL, _MOST, but=BESIDE_ENDINGS):
            if journal != own and self._is_mine(page, asked_in(journal, BRIEFLY), journal):
                return self._offer(journal)
        return ""

    def offer_at(self, cell: str | None) -> str:
        """The same, as soon as a cell runs that has asked in it: until then, the page's file may not have shown it."""
        journal = self._possible.get(cell or "")
        return "" if journal is None or self._offered else self._offer(journal)

    def settle(self) -> None:
        """Offer nothing any more: the user has resumed a conversation."""
        self._offered, self.resumes = True, ""

    def _offer(self, journal: Path) -> str:
        self._offered = True
        if journal == self._own():
            self.resumes = "%glm resume"
            return _(
                "The journal {journal} has an earlier conversation: {command} continues it.",
                journal=printable(journal.name),
                command=self.resumes,
            )
        name = printable(journal.stem)
        self.resumes = f"%glm resume {shlex.quote(name)}"
        return _(
            "The journal of {notebook} has this notebook's conversation: {command} continues it.",
            notebook=f"{name}{_NOTEBOOK}",
            command=self.resumes,
        )

    def _is_mine(self, page: NotebookFile | None, asked: Asked, journal: Path) -> bool:
        if page is not None and page.has_asked(asked, self._ran):
            return True
        self._possible |= {cell: journal for cell in asked.cells if not is_position(cell)}
        return False

    def named(self, name: str) -> Path | None:
        """The journal of the notebook with this name in this folder, or at this path; None if it names something else.

        The conversation of such a journal is copied: it may still be another notebook's.
        """
        path = Path(name)
        if path.suffix == _NOTEBOOK and path.name != name:
            with suppress(OSError):
                return front_ends.journal_of(regular_files.absolute(path))
        if self._settings.journal not in ("auto", "off") or path.name != name or name.endswith(_JOURNAL):
            return None
        found = self._beside().with_name(f"{name.removesuffix(_NOTEBOOK)}{_JOURNAL}")
        return found if path.suffix == _NOTEBOOK or _is_there(found) or not _is_there(path) else None

    def is_mine(self) -> IsMine:
        """A function that says whether a conversation is this page's, as far as its file shows."""
        page = _read(self._notebook) if self._notebook is not None else None
        return lambda conversation: page is not None and page.has_asked(_asked(conversation), self._ran)

    # A notebook that gets another name while its kernel runs

    def follow(self, history: History, cell: str | None) -> str:
        """Let the journal follow a notebook that was renamed, or saved as another. Returns a notice if it was."""
        if self._settings.journal != "auto" or self._settings.replay == "only" or self._notebook is None:
            return ""
        old, names = self._notebook, self._shell.user_ns
        before, self._name = self._name, front_ends.notebook_name(names)
        new = front_ends.notebook_path(names) if self._name != before else self._renamed(old, history, cell)
        if new is None or new == old:
            return ""
        self._notebook = new
        if history.journal.path != front_ends.journal_of(old):
            return ""  # the user has chosen another
        return _carry(history, old, new)

    def _renamed(self, old: Path, history: History, cell: str | None) -> Path | None:
        """The notebook beside an old one that is gone, if exactly one has had this conversation."""
        if _is_there(old):
            return None
        asked = _asked(history.state.conversation)
        return _sibling(old, asked._replace(cells=asked.cells | ({cell} if cell else set())))


def _sibling(gone: Path, asked: Asked) -> Path | None:
    """The notebook beside one that is gone, if exactly one has had this conversation."""
    from .file import NotebookFile

    siblings = regular_files.newest(gone.parent, _NOTEBOOK, _MOST)
    pages = [(path, NotebookFile.read(path)) for path in siblings]
    found = [path for path, page in pages if page is not None and page.has_asked(asked)]
    return found[0] if len(found) == 1 else None


def _carry(history: History, old: Path, new: Path) -> str:
    """Rename the journal of a notebook that was renamed; copy it for one that exists under both names.

    Where the new name has a journal already, the conversation goes on in that, and the old one stays.
    """
    records, before, wanted = history.records, front_ends.journal_of(old), front_ends.journal_of(new)
    name = printable(new.name)
    if _is_there(old):
        records.move(wanted)
        return _("This is now {name}, and its journal is a copy of that of {old}.", name=name, old=printable(old.name))
    journal = printable(wanted.name)
    if _renamed_to(wanted, records, before):
        return _("The notebook is now {name}, and so is its journal: {journal}.", name=name, journal=journal)
    existed = _is_there(wanted)
    records.move(wanted)
    said = (
        _(
            "The notebook is now {name}, and the conversation goes on in {journal}, which was there already.",
            name=name,
            journal=journal,
        )
        if existed
        else _("The notebook is now {name}, and the conversation goes on in {journal}.", name=name, journal=journal)
    )
    if not _is_there(before):
        return said
    stays = _("The earlier journal, {journal}, stays as it is.", journal=printable(_within(before, wanted)))
    return sentences(said, stays)


def _renamed_to(wanted: Path, records: Records, before: Path) -> bool:
    """Give the journal the name of the new notebook beside it, if nothing has that. Returns whether it has it now."""
    if wanted.parent != before.parent or _is_there(wanted) or not _is_there(before):
        return False
    with suppress(OSError):
        records.rename(wanted.name)
        return True
    return False


def _within(path: Path, other: Path) -> str:
    """The path's name, with its folder if that is not the other's."""
    return path.name if path.parent == other.parent else str(path)


def _asked(conversation: Conversation) -> Asked:
    """What has been asked in a conversation."""
    from ...history.journal.glance import Asked

    threads = conversation.threads.values()
    cells: Set[str] = frozenset[str]().union(*(thread.cells for thread in threads))
    links = [link for thread in threads for link in thread.links[-_MOST_TEXTS:]]
    return Asked(frozenset(cells), tuple(link.turn.written or link.turn.prompt for link in links))


def _asked_by(cell: str) -> Asked:
    from ...history.journal.glance import Asked

    return Asked(frozenset({cell}))


def _read(notebook: Path) -> NotebookFile | None:
    """The page's own notebook, as it was last saved."""
    from .file import NotebookFile

    return NotebookFile.read(notebook, of_the_page=True)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # no possible name
        return False

"""Resuming what an earlier session left in a journal, and saving a conversation as a journal."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...text import regular_files
from ...text.characters import shorten
from ...text.errors import JournalError
from ...text.languages.joined import comma
from ...text.languages.notice import Notice
from ...text.languages.numbers import plural
from ...text.languages.system_words import why
from ...text.open_folder import BESIDE_ENDINGS, JOURNALS
from ..conversation import Conversation, Thread
from ..events.changes import ResumeEvent
from ..events.event import State
from . import sessions
from .behind import lines_behind
from .checks import ENDING, documents_of, images_of, is_there
from .documents import copy_documents, keep_document
from .file import copy_images, keep_images, write
from .journal import Journal, images_in
from .reader import JournalReader, read

#: Whether a session had the conversation that is to be resumed.
IsMine = Callable[[Conversation], bool]
#: Journals that are named where another one is missing, and characters of each.
_MOST_NAMED, _LONGEST_NAME = 10, 60


@dataclass(frozen=True)
class Found:
    """The session to go on from, what it left, and what the one before it left, if there is another.

    `mine` are the sessions that are the user's, if that is known of any.
    """

    reader: JournalReader
    session: str
    state: State
    other: State | None
    mine: Collection[str] = ()

    @property
    def lines(self) -> Mapping[str, bytes]:
        """The journal's lines, by the ids of their events, without those of conversations that are somebody else's."""
        return lines_behind(self.reader, self.mine) if self.mine else self.reader.by_id()


def find(journal: Journal, file: Path, *, earlier: bool, is_mine: IsMine | None = None) -> Found:
    """What the session of `journal` can go on from in this file: the last conversation, or an `earlier` one.

    If some are the user's by `is_mine`, it is one of those. Raises JournalError where there is none.
    """
    if not os.path.lexists(file):
        raise _missing(file)
    reader, found = sessions.reopen(file, but=journal.session)
    mine = {name: state for name, state in found.items() if is_mine(state.conversation)} if is_mine else {}
    found = mine or found
    resumed = next((event.from_ for event in reversed(journal.events) if isinstance(event, ResumeEvent)), None)
    # This session builds on the sessions that it was forked from already.
    names = [name for name in found if name not in journal.forked_from]
    if earlier:
        names = names[: names.index(resumed) if resumed in names else -1]
    if not names:
        if earlier:
            raise JournalError(
                "There is nothing earlier to resume in {journal}.",
                reason="resume.nothing_earlier",
                journal=file.name,
            )
        raise JournalError("There is nothing to resume in {journal}.", reason="resume.nothing", journal=file.name)
    if resumed == names[-1]:
        raise JournalError("This conversation has already been resumed.", reason="resume.done")
    other = found[names[-2]] if len(names) > 1 else None
    return Found(reader, session=names[-1], state=found[names[-1]], other=other, mine=mine)


def _missing(file: Path) -> JournalError:
    """The error that says what journals there are instead."""
    folder = file.parent if file.parent.name == JOURNALS else file.parent / JOURNALS
    names = [path.stem for path in regular_files.newest(folder, ENDING, _MOST_NAMED + 1, but=BESIDE_ENDINGS)]
    if not names:
        return JournalError(
            "There is nothing to resume: there is no journal {journal} yet.",
            hint="Check the path.",
            reason="resume.not_begun",
            journal=file.name,
        )
    named = [shorten(name, _LONGEST_NAME) for name in names[:_MOST_NAMED]]
    return JournalError(
        "There is no journal {journal}. Those that are there, the newest first: {names}.",
        hint="Pass the path of one of them, in {folder}.",
        reason="resume.others",
        journal=file.name,
        names=comma([*named, "…"] if len(names) > _MOST_NAMED else named),
        folder=folder.name,
    )


def note_on(other: State) -> Notice:
    """A note that the journal holds another conversation before the one that was resumed."""
    thread = other.conversation.here
    return Notice(
        "There is also an earlier conversation in the journal ({turns}, the last “{prompt}”).",
        hint="chat.history.resume(earlier=True) resumes that one.",
        reason="resume.earlier",
        turns=plural(thread.size, "turn"),
        prompt=shorten(thread.newest.turn.prompt, 60) if thread.newest else "",
    )


def save(journal: Journal, threads: Iterable[Thread], file: Path) -> None:
    """Write all events of this journal to another file, with their images. Raises JournalError."""
    own = journal.path
    earlier = {**journal.earlier, **(read(own).by_id() if own is not None and is_there(own) else {})}
    written = {event.id: line for event, line in zip(journal.events, journal.lines(), strict=True)}
    lines = [line for line in {**earlier, **written}.values() if line]
    write(file, lines)
    images = {image for event in journal.events for image in images_in(event)}
    images |= {image for thread in threads for turn in thread.turns for image in turn.images}
    try:
        keep_images(images, images_of(file))
        for sha256, text in journal.documents.items():
            keep_document(sha256, text, documents_of(file))
        for old in (own, *journal.earlier_paths):
            if old is not None:  # also those of turns that were undone or set aside
                copy_images(lines, images_of(old), images_of(file))
                copy_documents(lines, documents_of(old), documents_of(file))
    except OSError as error:
        raise JournalError(
            "What belongs to {journal}, images and documents, cannot be written: {why}.",
            reason="journal.images_unwritable",
            journal=file.name,
            why=why(error),
        ) from None

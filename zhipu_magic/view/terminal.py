"""A reply in the IPython terminal: the words as they come, then one line of figures."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from ..chat import Chat
from ..reply import Reply
from .document import Document, without_controls
from .panel import Figures, PanelMode, line_text

_CLOCK = 0.25
_ERASE = "\r\x1b[K"


class Terminal:
    """Shows replies on standard output."""

    def tell(self, document: Document) -> None:
        """Show a command's answer."""
        print(document.text(shutil.get_terminal_size().columns - 1))

    def show(
        self, chat: Chat, reply: Reply, *, panel: PanelMode, streamed: bool, alone: bool, notices: Sequence[str] = ()
    ) -> None:
        """Read the reply to its end and print it. Raises what ended the reply."""
        printed = 0
        try:
            _status(Figures.of(chat, reply))
            while True:
                more = reply.advance(timeout=_CLOCK)
                if streamed or not more:
                    printed += _print_on(reply, printed)
                if not printed:
                    _status(Figures.of(chat, reply))
                if not more:
                    break
        except BaseException as ending:
            reply.interrupt()
            _print_on(reply, printed)
            # A terminal shows ^C where the line stands.
            self._close(chat, reply, panel, open_line=_stands_open(reply) or isinstance(ending, KeyboardInterrupt))
            raise
        notes = Figures.of(chat, reply, notices).notes
        self._close(chat, reply, panel, open_line=_stands_open(reply), notes=notes)

    def _close(self, chat: Chat, reply: Reply, panel: PanelMode, *, open_line: bool, notes: Sequence[str] = ()) -> None:
        """End the line that stands open, be it the words or the status, and give the figures."""
        if sys.stdout.isatty() and not reply.has_words:
            sys.stdout.write(_ERASE)
        if not reply.has_begun:
            return
        if open_line:
            print()
        for note in notes:
            print(note)
        if panel != "off":
            print(f"[{line_text(Figures.of(chat, reply))}]")


def _stands_open(reply: Reply) -> bool:
    return reply.has_words and not reply.words.endswith("\n")


def _print_on(reply: Reply, printed: int) -> int:
    """Print the words that are new; gives their number."""
    words = reply.words[printed:]
    if not words:
        return 0
    if not printed and sys.stdout.isatty():
        sys.stdout.write(_ERASE)
    # Some models begin with an empty line, which a terminal would show.
    sys.stdout.write(without_controls(words if printed else words.lstrip("\n")))
    sys.stdout.flush()
    return len(words)


def _status(figures: Figures) -> None:
    """Something to look at until the first words, on a line that they replace."""
    if sys.stdout.isatty():
        # A longer line would wrap, and only its last row could be erased.
        columns = shutil.get_terminal_size().columns
        sys.stdout.write(_ERASE + line_text(figures)[: columns - 1])
        sys.stdout.flush()

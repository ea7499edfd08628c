"""A reply in the IPython terminal: the words as they come, then one line of figures.

All of it is written by `_write`, so that nothing from outside reaches the terminal as a command to it.
"""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Sequence

from ...chat.chat import Chat
from ...chat.reply import Reply
from ...history.markdown import call_text, sources
from ...service.wire import objects
from ...text.characters import shorten, without_controls
from ...text.markup import Markup
from .panel import Figures, PanelMode, line_text

_CLOCK = 0.25
_ERASE = "\r\x1b[K"
_LONGEST_RESULT = 60


class Terminal:
    """Shows replies on standard output."""

    def tell(self, answer: Markup) -> None:
        """Show a command's answer."""
        _write(_wrapped(answer.bare, shutil.get_terminal_size().columns - 1) + "\n")

    def show(
        self,
        chat: Chat,
        reply: Reply,
        *,
        panel: PanelMode,
        streamed: bool,
        alone: bool,
        notices: Sequence[str] = (),
        remote_images: bool = False,
    ) -> None:
        """Read the reply to its end and print it. Raises what ended the reply."""
        printed = told = rounds = 0
        try:
            _status(Figures.of(chat, reply))
            while True:
                more = reply.advance(timeout=_CLOCK)
                if len(reply.rounds) > rounds:
                    rounds, printed, told = len(reply.rounds), 0, 0
                if streamed or not more:
                    printed += _print_on(reply, printed)
                told += _print_calls(reply, told)
                if reply.calling is not None:
                    _announce(reply)
                elif not printed:
                    _status(Figures.of(chat, reply))
                if not more:
                    break
            has_sources = _print_sources(reply)
        except BaseException as ending:
            reply.interrupt()
            _print_on(reply, printed)
            # A terminal shows ^C where the line stands.
            self._close(chat, reply, panel, open_line=_stands_open(reply) or isinstance(ending, KeyboardInterrupt))
            raise
        notes = Figures.of(chat, reply, notices).notes
        self._close(chat, reply, panel, open_line=_stands_open(reply) and not has_sources, notes=notes)

    def _close(self, chat: Chat, reply: Reply, panel: PanelMode, *, open_line: bool, notes: Sequence[str] = ()) -> None:
        """End the line that stands open, be it the words or the status, and give the figures."""
        if not reply.has_words:
            _erase()
        if not reply.has_begun:
            return
        if open_line:
            _write("\n")
        for note in notes:
            _write(f"{note}\n")
        if panel != "off":
            _write(f"[{line_text(Figures.of(chat, reply))}]\n")


def _write(text: str) -> None:
    sys.stdout.write(without_controls(text))
    sys.stdout.flush()


def _erase() -> None:
    """Take back the line of figures that stands there."""
    if sys.stdout.isatty():
        sys.stdout.write(_ERASE)


def _wrapped(text: str, columns: int) -> str:
    """Broken between words; tables and fenced texts as they are."""
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        opening = _FENCE.match(line)
        if fence or line.startswith("|") or opening:
            lines.append(line)
            fence = "" if line == fence else fence or (opening[0] if opening else "")
        else:
            lines += textwrap.wrap(line, columns) or [""]
    return "\n".join(lines)


#: With which `fenced` begins and ends a text that nothing in it can end.
_FENCE = re.compile("`{3,}")


def _stands_open(reply: Reply) -> bool:
    return reply.has_words and not reply.words.endswith("\n")


def _print_on(reply: Reply, printed: int) -> int:
    """Print the words that are new; gives their number."""
    words = reply.words[printed:]
    if not words:
        return 0
    if not printed:
        _erase()
    # Some models begin with an empty line, which a terminal would show.
    _write(words if printed else words.lstrip("\n"))
    return len(words)


def _print_calls(reply: Reply, told: int) -> int:
    """Print a line for each call of a tool that is new; gives their number."""
    for call in reply.calls[told:]:
        _erase()
        result = shorten(call.text, _LONGEST_RESULT)
        seconds = "" if call.seconds is None else f" · {call.seconds:.1f} s"
        _write(f"[{call_text(call.name, call.arguments)}{seconds} → {result}]\n")
    return len(reply.calls) - told


def _announce(reply: Reply) -> None:
    """Say which tool runs, and leave the line to it: it may print, or ask."""
    if sys.stdout.isatty() and reply.calling is not None:
        if _stands_open(reply) and not reply.calls:
            _write("\n")
        _erase()
        _write(f"[{call_text(reply.calling.name, reply.calling.arguments)} …]\n")


def _print_sources(reply: Reply) -> bool:
    """Print what the service found on the web; whether there was anything."""
    found = sources(objects(reply.body().get("web_search")))
    if found:
        _write(f"{chr(10) * (1 + _stands_open(reply))}{found.bare}\n")
    return bool(found)


def _status(figures: Figures) -> None:
    """Something to look at until the first words, on a line that they replace."""
    if sys.stdout.isatty():
        _erase()
        # A longer line would wrap, and only its last row could be erased.
        _write(shorten(line_text(figures), shutil.get_terminal_size().columns - 1))

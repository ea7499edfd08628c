"""An exception as a traceback of the user's own frames, the innermost last.

Traceback (most recent call last):
  cell, line 2, in <module>
        1 | prices = load()
    --> 2 | total(prices)
  cell, line 8, in total
    …
  3 frames of pandas left out
KeyError: 'price'
"""

from __future__ import annotations

import builtins
import linecache
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from ...text.characters import message_of, shortened, without_addresses
from ...text.languages.joined import comma
from ...text.languages.messages import _, for_model, ngettext
from ...text.languages.numbers import plural
from ...text.left_out import collecting_cuts, note_cut
from ...text.tokens import INLINE, and_more, cut, fenced_within, weight
from .registry import render
from .stack_frames import HIDDEN, Frame, frames, own_frames, place

_AROUND: Final = 2
"""Lines shown before and after the one that failed."""
_LONGEST_LINE: Final = 160
_MACHINERY: Final = ("IPython", "ipykernel", "zhipu_magic")
"""The packages that run a cell; their frames before the user's first are of no interest."""
_MOST_IN_GROUP: Final = 10
_DEEPEST_GROUP: Final = 3
#: Python's own words, as it writes them in any language.
_BETWEEN_CAUSE: Final = "The above exception was the direct cause of the following exception:"
_BETWEEN_CONTEXT: Final = "During handling of the above exception, another exception occurred:"
_GROUPS: Final = getattr(builtins, "BaseExceptionGroup", ())
_HEADING: Final = "Traceback (most recent call last):"
_MESSAGE_SHARE: Final = 0.6
_SHORTENED: Final = _("not all of its traceback sent")
_LEAST: Final = 40
"""Tokens: with fewer, an error cannot be shown."""


@render.register
def _failure(value: BaseException, tokens: int) -> str:
    """The error and its causes. For one that was never raised, only its last line."""
    with collecting_cuts() as left_out:
        text = _chain(value, tokens - weight("```text\n\n```") - 4, 0)
        shown = text if "\n" not in text and len(text) <= INLINE else fenced_within(text, "text", tokens)
    if left_out:
        note_cut(_SHORTENED)
    return shown


def _chain(error: BaseException, tokens: float, depth: int) -> str:
    """The error last, with half of the budget, after its causes, each with half of what is left."""
    texts: list[str] = []
    left, chain = tokens, [*_behind(error), (error, "")][::-1]
    for number, (current, between) in enumerate(chain, 1):
        if left < _LEAST and texts:
            texts.append(f"({_are_left_out(plural(len(chain) - number + 1, 'earlier error'))})")
            note_cut(_SHORTENED)
            break
        text = _single(current, left if number == len(chain) else left / 2, depth)
        texts.append(f"{text}\n\n{between}" if between else text)
        left -= weight(f"{texts[-1]}\n\n")
    return "\n\n".join(reversed(texts))


def _behind(error: BaseException) -> list[tuple[BaseException, str]]:
    """An error's causes, the earliest first, each with the line that leads to the next.

    A cause from within a library is skipped if it says the same as the next.
    """
    behind: list[tuple[BaseException, str]] = []
    met, current, later = {id(error)}, error, error
    while True:
        cause, between = current.__cause__, _BETWEEN_CAUSE
        if cause is None and not current.__suppress_context__:
            cause, between = current.__context__, _BETWEEN_CONTEXT
        if cause is None or id(cause) in met:
            return behind[::-1]
        if own_frames(cause) or list(_last_lines(cause)) != list(_last_lines(later)):
            behind.append((cause, between))
            later = cause
        met.add(id(cause))
        current = cause


def _single(error: BaseException, tokens: float, depth: int) -> str:
    """One error: as many of its innermost frames as there is room for, and its message."""
    last = cut("\n".join(_last_lines(error)), max(_LEAST, tokens * _MESSAGE_SHARE))
    inner = _group(error, tokens - weight(last), depth)
    blocks = _blocks(error)
    if not blocks:
        return "\n".join([last, *inner])
    longest = f"  {_are_left_out(plural(1_000, 'earlier place'))}"
    left = tokens - weight("\n".join([_HEADING, longest, last, *inner]))
    shown: list[str] = []
    for block in reversed(blocks):
        left -= weight(f"{block}\n")
        if left < 0:
            break
        shown.insert(0, block)
    dropped = len(blocks) - len(shown)
    places = plural(dropped, "earlier place") if shown else plural(dropped, "place")
    earlier = [f"  {_are_left_out(places)}"] if dropped else []
    if dropped:
        note_cut(_SHORTENED)
    return "\n".join([_HEADING, *earlier, *shown, last, *inner])


def _blocks(error: BaseException) -> list[str]:
    """The frames, the innermost last: the user's own with their source; others are counted."""
    found = list(frames(error))
    while found and found[0].owner in _MACHINERY:
        del found[0]
    if isinstance(error, SyntaxError) and all(frame.owner for frame in found):
        return []
    blocks: list[str] = []
    for is_own, run in groupby(found, key=lambda frame: not frame.owner):
        together = list(run)
        blocks += _places(together) if is_own else [_left_out(together)]
    return blocks


def _left_out(run: list[Frame]) -> str:
    (owner, count), *others = Counter(frame.owner for frame in run).items()
    first = ngettext("{count:,} frame of {owner}", "{count:,} frames of {owner}", count, owner=_named(owner))
    more = (_("{count:,} of {owner}", count=count, owner=_named(owner)) for owner, count in others)
    return f"  {_are_left_out(comma([first, *more]))}"


def _named(owner: str) -> str:
    """The library that frames belong to, or what they are in."""
    return HIDDEN if owner == HIDDEN else owner


def _are_left_out(what: str) -> str:
    return for_model("{what} left out", what=what)


def _places(run: list[Frame]) -> Iterator[str]:
    """Each place with its source, and how often it repeats in a row."""
    for _place, same in groupby(run, key=lambda frame: (frame.filename, frame.lineno, frame.name)):
        frame, *again = same
        yield "\n".join([f"  {frame.where}, line {frame.lineno}, in {frame.name}", *_source(frame)])
        if again:
            yield f"  {for_model('the same {times}', times=plural(len(again), 'more time'))}"


def _source(frame: Frame) -> Iterator[str]:
    """The lines around the one that failed, which has an arrow."""
    lines = linecache.getlines(frame.filename, frame.frame.f_globals)
    first, last = max(1, frame.lineno - _AROUND), min(len(lines), frame.lineno + _AROUND)
    for number in range(first, last + 1):
        text = shortened(lines[number - 1].rstrip(), _LONGEST_LINE)
        yield f"    {'-->' if number == frame.lineno else '   '} {number:{len(str(last))}} | {text}".rstrip()


def _last_lines(error: BaseException) -> Iterator[str]:
    """Type and message, after the line of a syntax error and before any notes."""
    module, name = type(error).__module__, type(error).__qualname__
    name = name if module in ("builtins", "__main__") else f"{module}.{name}"
    message = message_of(error)
    if isinstance(error, SyntaxError) and error.msg:
        message = error.msg
        yield from _line_at_fault(error)
    yield f"{name}: {without_addresses(message)}" if message else name
    notes = getattr(error, "__notes__", ())
    yield from (note for note in notes if isinstance(note, str)) if isinstance(notes, (list, tuple)) else ()


def _line_at_fault(error: SyntaxError) -> Iterator[str]:
    if error.filename and error.lineno:
        yield f"  {place(error.filename)}, line {error.lineno}"
    if error.text:
        text = error.text.rstrip()
        yield f"    {text.lstrip()}"
        if error.offset:
            yield f"    {' ' * max(0, error.offset - 1 - len(text) + len(text.lstrip()))}^"


def _group(error: BaseException, tokens: float, depth: int) -> list[str]:
    """The errors of a group, each with its own traceback, indented."""
    if not isinstance(error, _GROUPS):
        return []
    inner: tuple[BaseException, ...] = error.exceptions
    if depth == _DEEPEST_GROUP:
        return [f"  {for_model('with {errors}', errors=plural(len(inner), 'error'))}"]
    shown = inner[:_MOST_IN_GROUP]
    if len(shown) < len(inner):
        note_cut(_SHORTENED)
    lines = []
    for number, one in enumerate(shown, 1):
        text = _chain(one, tokens / 2 / len(shown), depth + 1)
        which = for_model("{number} of {count}:", number=number, count=len(inner))
        lines += [f"  {which}", *(f"    {line}" for line in text.split("\n"))]
    return [*lines, f"  {and_more(len(inner) - len(shown))}"] if len(inner) > len(shown) else lines

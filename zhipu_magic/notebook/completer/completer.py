"""Completion on `%%glm` and `%glm` lines and inside `{{ … }}`, as a matcher of IPython's.

place       where the cursor stands, and what may be written there
words       a line as it is typed, with its last word still open
kinds       what there is of each kind: models, threads, files, functions, …
names       the reader's names, and what their values hold

In the prose of a cell, and everywhere else, completion is as it was. The rooms are imported at the first key press that
wants them: `%load_ext` costs a notebook next to nothing.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext

    from .words import Desk


def install(shell: Any, desk: Desk) -> None:
    """Go before IPython's own matchers."""
    from IPython.core.completer import context_matcher

    def complete(context: CompletionContext) -> dict[str, Any]:
        return _matches(desk, context)

    uninstall(shell)
    shell.Completer.custom_matchers.append(context_matcher(identifier=_IDENTIFIER, priority=_FIRST)(complete))


def uninstall(shell: Any) -> None:
    matchers = shell.Completer.custom_matchers
    matchers[:] = [each for each in matchers if getattr(each, "matcher_identifier", "") != _IDENTIFIER]


_IDENTIFIER, _FIRST = "zhipu_magic", 1_000


class _NoneAtAll(list[Any]):
    """No completions, nor any of others': IPython lets only those suppress who count some of their own."""

    def __len__(self) -> int:
        return 1


def _matches(desk: Desk, context: CompletionContext) -> dict[str, Any]:
    from IPython.core.completer import SimpleCompletion

    try:
        from .place import offer

        offered = offer(desk, context.full_text, context.cursor_line, context.cursor_position)
    except Exception:  # a key press is no place for an error
        offered = None
    if offered is None:
        return {"completions": [], "suppress": False}
    found = [SimpleCompletion(text=text, type=kind) for text, kind in islice(offered.found, context.limit)]
    return {
        "completions": found or _NoneAtAll(),
        "matched_fragment": offered.fragment if found else "",
        "suppress": True,
        "ordered": True,
    }

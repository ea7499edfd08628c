"""Completion on `%%glm` and `%glm` lines and inside `{{ … }}`, as an IPython matcher.

place       where the cursor is, and what may be written there
words       the words of a line being typed, the last one still open
kinds       the candidates of each kind: models, threads, files, functions, …
names       the user's variables, with their attributes and keys
tables      which of them are tables, and their columns

In the text of a prompt, and everywhere else, completion is left to IPython. The modules are imported at the first key
press that needs them, so that `%load_ext` stays fast.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext
    from IPython.core.interactiveshell import InteractiveShell

    from ..session import Session


def install(shell: InteractiveShell, session: Session) -> None:
    """Add a matcher that goes before IPython's own."""
    from IPython.core.completer import context_matcher

    def complete(context: CompletionContext) -> dict[str, Any]:
        return _matches(session, context)

    uninstall(shell)
    shell.Completer.custom_matchers.append(context_matcher(identifier=_IDENTIFIER, priority=_FIRST)(complete))


def uninstall(shell: InteractiveShell) -> None:
    matchers = shell.Completer.custom_matchers
    matchers[:] = [each for each in matchers if getattr(each, "matcher_identifier", "") != _IDENTIFIER]


_IDENTIFIER, _FIRST = "zhipu_magic", 1_000


class _Empty(list[Any]):
    """An empty list that claims one item: IPython lets a matcher suppress the others only if its list is not empty."""

    def __len__(self) -> int:
        return 1


def _matches(session: Session, context: CompletionContext) -> dict[str, Any]:
    from IPython.core.completer import SimpleCompletion

    from .words import kind_in_words

    try:
        from .place import offer

        offered = offer(session, context.full_text, context.cursor_line, context.cursor_position)
    except Exception:  # a key press must never show an error
        offered = None
    if offered is None:
        return {"completions": [], "suppress": False}
    found = [
        SimpleCompletion(text=text, type=kind_in_words(kind)) for text, kind in islice(offered.found, context.limit)
    ]
    return {
        "completions": found or _Empty(),
        "matched_fragment": offered.fragment if found else "",
        "suppress": True,
        "ordered": True,
    }

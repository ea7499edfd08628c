"""The question before a call of a tool that `confirm` made."""

from __future__ import annotations

import builtins
import io
import sys

from ..values.tools.consent import CannotAsk

_YES = ("y", "yes", "是")


def ask_user(name: str, call: str) -> bool:
    """Show the call, and ask whether to run it. Raises CannotAsk, or what `input` raises."""
    if sys.stdout is None or isinstance(sys.stdout, io.StringIO):  # %%capture, for one: the question would stand alone
        raise CannotAsk(
            "This call did not run: what is printed is hidden here, and so the user cannot see what to agree to."
        )
    # A kernel knows beforehand, and a page that nobody sees need not show what was not asked.
    if getattr(getattr(builtins.input, "__self__", None), "_allow_stdin", None) is False:
        raise CannotAsk
    print(call, flush=True)
    return builtins.input(f"Run {name}? [y/N] ").strip().casefold() in _YES

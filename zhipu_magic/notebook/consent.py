"""Asks the user before a call of a tool that was made with `confirm`."""

from __future__ import annotations

import builtins
import io
import sys

from ..values.tools.consent import CannotAsk

_YES = ("y", "yes", "是")


def ask_user(name: str, call: str) -> bool:
    """Show the call, and ask whether to run it. Raises CannotAsk, or what `input` raises."""
    # As under %%capture, where the question would appear without the call.
    if sys.stdout is None or isinstance(sys.stdout, io.StringIO):
        raise CannotAsk(
            "This call did not run: output is hidden here, so the user could not have seen what to agree to."
        )
    # A kernel knows beforehand that it cannot ask, and then the call need not be printed either.
    if getattr(getattr(builtins.input, "__self__", None), "_allow_stdin", None) is False:
        raise CannotAsk
    print(call, flush=True)
    return builtins.input(f"Run {name}? [y/N] ").strip().casefold() in _YES

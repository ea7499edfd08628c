"""Asks the user before a call of a tool that was made with `confirm`."""

from __future__ import annotations

import builtins
import io
import sys
from typing import TYPE_CHECKING

from ..text.languages.messages import _, told
from ..values.tools.consent import CannotAsk

if TYPE_CHECKING:
    from .shell import Shell

YES = ("y", "yes", "是")


def ask_user(name: str, call: str) -> bool:
    """Show the call, and ask whether to run it. Raises CannotAsk, or what `input` raises."""
    check_can_ask()
    print(call, flush=True)
    return builtins.input(told(_("Run {name}? [y/N] ", name=name))).strip().casefold() in YES


def check_can_ask(shell: Shell | None = None) -> None:
    """Raise CannotAsk where nobody would see what they are asked, in what is printed or in this `shell`'s displays."""
    # As under %%capture, where the question would appear without the call.
    is_hidden = sys.stdout is None or isinstance(sys.stdout, io.StringIO)
    if not is_hidden and shell is not None:
        from IPython.core.displaypub import CapturingDisplayPublisher

        is_hidden = isinstance(shell.display_pub, CapturingDisplayPublisher)
    if is_hidden:
        raise CannotAsk(
            _("This call did not run: output is hidden here, so the user could not have seen what to agree to.")
        )
    # A kernel knows beforehand that it cannot ask, and then the call need not be printed either.
    if getattr(getattr(builtins.input, "__self__", None), "_allow_stdin", None) is False:
        raise CannotAsk

"""Asks the user before code of the model's runs: they are shown all of it, highlighted, and nothing in it is hidden."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from ...text.html import fence
from ...text.languages.messages import ngettext, told
from ..consent import YES, check_can_ask

if TYPE_CHECKING:
    from ..session import Session


class AskAboutCode:
    """Shows the code where the reply is shown, and asks whether to run it (see `values.tools.consent.Ask`)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, name: str, code: str) -> bool:
        """Whether to run it. Raises CannotAsk, or what `input` raises."""
        check_can_ask(self._session.shell)
        lines = code.count("\n") + 1
        question = ngettext("Run this line of Python? [y/N] ", "Run these {count:,} lines of Python? [y/N] ", lines)
        take_away = self._session.display.show_question(fence(code, "python"))
        try:
            answer = builtins.input(told(question))
        finally:
            take_away()
        return answer.strip().casefold() in YES

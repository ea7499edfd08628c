"""The command for the language of what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from ...text.languages.language import CHOICES, reader
from ...text.languages.messages import _
from ...text.markup import Markup
from .command import Command

if TYPE_CHECKING:
    from ..session import Session


def _language(session: Session, text: str) -> None:
    name = text.lower()
    if name:
        if name not in CHOICES:
            raise UsageError(_("%glm language takes zh, en or auto, not {name}.", name=text))
        session.settings.language = name
    said = _NOW[reader.language]
    session.answer(said if session.settings.language != "auto" else Markup.sentences(said, _FOUND))


#: In which language messages are shown.
_NOW = {"en": Markup("Messages are shown in English."), "zh": Markup("Messages are shown in Chinese.")}
_FOUND = Markup("`auto` has found that out; `%glm language zh` and `%glm language en` choose.")

COMMANDS = (
    Command(
        "language",
        "%glm language [zh/en/auto]",
        "show or choose the language of messages",
        _language,
        completes="zh en auto",
        details="Without an argument, tells which language is used. auto takes that of the front end (JupyterLab's own "
        "setting), else that of the system. What is sent to a model goes in the language of the prompt, whatever is "
        "chosen here. ZHIPU_MAGIC_LANGUAGE sets it for all notebooks.",
        arguments={
            "zh": "Chinese",
            "en": "English",
            "auto": "the language of the front end, else that of the system, else English",
        },
        examples=("%glm language zh", "%glm language auto"),
    ),
)

"""What users set on a chat, and may change between its turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..history.budget import Budget
from ..history.conversation import Thread
from ..history.history import History
from ..text.argument_types import check_types
from ..text.errors import SettingsError
from .environment import default_model
from .toolbox import Toolbox

if TYPE_CHECKING:
    from ..values.tools.tool import Tool
    from .documents.documents import DocumentsMode


class ChatSettings:
    """The settings of a chat. Looking at one never waits; those that the history keeps are written to the journal."""

    def __init__(self, history: History, toolbox: Toolbox, *, stream: bool) -> None:
        self.history = history
        self.stream = stream
        """Whether replies come piece by piece, where a turn's options do not say."""
        self.value_tokens = 4_000
        """Tokens that the value of a reference, or the result of a tool, may take."""
        self.tool_rounds = 10
        """How often the model may call tools in one turn before it has to answer."""
        self.tool_calls = 50
        """How many tools the model may call in one turn. Calls beyond that do not run, and the model is told so."""
        self._toolbox = toolbox
        self._documents: DocumentsMode = "auto"

    @property
    def documents(self) -> DocumentsMode:
        """Who reads documents: this machine ("local"), the service, to which they are uploaded ("service"), or this
        machine where it can, and else the service ("auto").
        """
        return self._documents

    @documents.setter
    def documents(self, mode: DocumentsMode) -> None:
        if mode not in ("auto", "local", "service"):
            raise SettingsError(
                "documents must be auto, local or service, not {mode!r}.", reason="documents.mode", mode=mode
            )
        self._documents = mode

    @property
    def system(self) -> str:
        """The system text that stands before all turns of the current thread; empty where there is none."""
        return self.history.thread().system

    @system.setter
    def system(self, text: str) -> None:
        check_types({"system": text})
        self.history.do("system", thread=self.history.thread().name, text=text)

    @property
    def model(self) -> str:
        """The model that the current thread asks."""
        return model_of(self.history.state.conversation.here)

    @model.setter
    def model(self, name: str) -> None:
        check_types({"model": name})
        self.history.do("model", thread=self.history.thread().name, name=name)

    @property
    def temperature(self) -> float | None:
        """The sampling temperature, from 0 to 2; None leaves it to the model."""
        return self.history.state.temperature

    @temperature.setter
    def temperature(self, value: float | None) -> None:
        check_types({"temperature": value})
        self.history.do("temperature", value=value)

    @property
    def budget(self) -> Budget | None:
        """What may be spent in all; None if there is no limit. It is set as text: "5 yuan", "200k tokens"."""
        return self.history.state.budget

    @budget.setter
    def budget(self, budget: Budget | str | None) -> None:
        if not isinstance(budget, Budget):
            check_types({"budget": budget})
            budget = None if budget is None else Budget.read(budget)
        self.history.do("budget", **({"limit": budget.limit, "unit": budget.unit} if budget else {}))

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What the model may call in every turn: Python functions, each of which becomes a `Tool`."""
        return self._toolbox.tools

    @tools.setter
    def tools(self, functions: Iterable[Callable[..., Any] | Tool]) -> None:
        check_types({"tools": functions})
        self._toolbox.fill(functions)

    @property
    def known_tools(self) -> tuple[Tool, ...]:
        """The chat's tools, and those that any of its turns has had: a retry needs them again."""
        return self._toolbox.known

    def remove_tools(self, *names: str) -> None:
        """Forget these tools, and whether one asks before each call: the model can no longer call them.

        Raises InvalidRequest, and removes none, where one is not known.
        """
        self._toolbox.remove(names)

    def renew_tools(self, names: Mapping[str, Any]) -> None:
        """Use what these names stand for now, where a tool's function was defined again."""
        self._toolbox.renew(names)


def model_of(thread: Thread) -> str:
    """The model that a thread asks."""
    return thread.model or default_model()

"""What users set on a chat, and may change between its turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, get_args

from ..history.budget import Budget
from ..history.history import History
from ..text.errors import SettingsError
from .compose import model_of
from .dispatch import Dispatch
from .environment import REPLAY_VARIABLE, ReplayMode
from .scheduler import Scheduler
from .toolbox import Toolbox

if TYPE_CHECKING:
    from ..values.tools.tool import Tool


class ChatSettings:
    """The settings of a chat. To look at one waits for no reply; those that the history keeps are written down."""

    def __init__(self, history: History, dispatch: Dispatch, scheduler: Scheduler, toolbox: Toolbox) -> None:
        self.history = history
        self._dispatch = dispatch
        self._scheduler = scheduler
        self._toolbox = toolbox

    @property
    def system(self) -> str:
        """The system text that stands before all turns of the current thread; empty where there is none."""
        return self.history.thread().system

    @system.setter
    def system(self, text: str) -> None:
        self.history.do("system", thread=self.history.thread().name, text=text)

    @property
    def model(self) -> str:
        """The model that the current thread asks."""
        return model_of(self.history.state.conversation.here)

    @model.setter
    def model(self, name: str) -> None:
        self.history.do("model", thread=self.history.thread().name, name=name)

    @property
    def temperature(self) -> float | None:
        """How freely the model chooses its words, from 0 to 2; None leaves it to the model."""
        return self.history.state.temperature

    @temperature.setter
    def temperature(self, value: float | None) -> None:
        self.history.do("temperature", value=value)

    @property
    def budget(self) -> Budget | None:
        """What may be spent in all; None where there is no limit."""
        return self.history.state.budget

    @budget.setter
    def budget(self, budget: Budget | None) -> None:
        self.history.do("budget", **({"limit": budget.limit, "unit": budget.unit} if budget else {}))

    @property
    def replay(self) -> ReplayMode:
        """Whether known requests are answered from the journal: "off", "auto", or "only", which sends nothing."""
        return self._dispatch.mode

    @replay.setter
    def replay(self, mode: ReplayMode) -> None:
        if mode not in get_args(ReplayMode):
            raise SettingsError(
                "replay must be off, auto or only, not {mode!r}.",
                hint="{variable} sets it too.",
                reason="replay.mode",
                mode=mode,
                variable=REPLAY_VARIABLE,
            )
        self._dispatch.mode = mode

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What the model may call in every turn: Python functions, each of which becomes a `Tool`."""
        return self._toolbox.tools

    @tools.setter
    def tools(self, functions: Iterable[Callable[..., Any] | Tool]) -> None:
        self._toolbox.fill(functions)

    def remove_tools(self, *names: str) -> None:
        """Forget these tools, including that one asks before each call: the model can no longer call them.

        Raises InvalidRequest, and removes none, where one is not known.
        """
        self._toolbox.remove(names)

    def renew_tools(self, names: Mapping[str, Any]) -> None:
        """Use what these names stand for now, where a tool's function was defined again."""
        self._toolbox.renew(names)

    @property
    def value_tokens(self) -> int:
        """Tokens that the value of a reference, or the result of a tool, may take."""
        return self._dispatch.value_tokens

    @value_tokens.setter
    def value_tokens(self, tokens: int) -> None:
        self._dispatch.value_tokens = tokens

    @property
    def tool_rounds(self) -> int:
        """How often the model may call tools in one turn before it has to answer."""
        return self._dispatch.tool_rounds

    @tool_rounds.setter
    def tool_rounds(self, count: int) -> None:
        self._dispatch.tool_rounds = count

    @property
    def tool_calls(self) -> int:
        """How many tools the model may call in one turn. Calls beyond that do not run, and the model is told so."""
        return self._dispatch.tool_calls

    @tool_calls.setter
    def tool_calls(self, count: int) -> None:
        self._dispatch.tool_calls = count

    @property
    def limit(self) -> int:
        """How many requests are under way at once."""
        return self._scheduler.limit

    @limit.setter
    def limit(self, count: int) -> None:
        self._scheduler.limit = count

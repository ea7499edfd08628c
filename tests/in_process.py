"""The fast layer: a notebook page without a kernel, whose display messages are caught and folded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from zhipu_magic.magics import GLMMagics


@dataclass
class Cell:
    """What a cell left on the page: its outputs after all updates, and how it ended."""

    outputs: list[dict[str, Any]]
    error: BaseException | None
    messages: list[dict[str, Any]]
    """Every display message in order, updates among them."""

    @property
    def success(self) -> bool:
        return self.error is None

    def html(self, index: int) -> str:
        return str(self.outputs[index]["data"]["text/html"])

    def markdown(self, index: int = 0) -> str:
        return str(self.outputs[index]["data"]["text/markdown"])

    def plain(self, index: int = 0) -> str:
        return str(self.outputs[index]["data"]["text/plain"])


class Page:
    """A notebook without a kernel: an in-process shell whose display messages are caught."""

    def __init__(self) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        self.shell = InteractiveShell(config=config)
        self.publisher = CapturingDisplayPublisher()
        self.shell.display_pub = self.publisher

    def run(self, cell: str) -> Cell:
        """Run a cell as a front end would."""
        result = self.shell.run_cell(cell)
        messages, self.publisher.outputs = list(self.publisher.outputs), []
        return Cell(_folded(messages), result.error_before_exec or result.error_in_exec, messages)

    @property
    def names(self) -> dict[str, Any]:
        """The reader's namespace."""
        return self.shell.user_ns

    @property
    def magics(self) -> GLMMagics:
        magics = self.shell.magics_manager.registry["GLMMagics"]
        assert isinstance(magics, GLMMagics)
        return magics


def _folded(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The outputs that stand on the page after all updates, as a front end folds them."""
    outputs: list[dict[str, Any]] = []
    places: dict[str, int] = {}
    for message in messages:
        display_id = (message["transient"] or {}).get("display_id")
        output = {"data": message["data"], "metadata": message["metadata"] or {}}
        if not message["update"]:
            places[display_id] = len(outputs)
            outputs.append(output)
        elif display_id in places:
            outputs[places[display_id]] = output
    return outputs

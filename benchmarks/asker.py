"""A script and a page that ask, to be killed or interrupted at random moments (see `soak`)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from zhipu_magic import Chat
from zhipu_magic.practice.dialogue import answer
from zhipu_magic.practice.request import ChatRequest

Address = dict[str, str]
"""What points a client at a practice server: `Practice.environment()`."""


def prompt(name: str, words: int) -> str:
    """A prompt with a known reply, in which a missing or repeated word is noticed."""
    return f"```python\n{name} {' '.join(f'{word:04}' for word in range(words))}\n```"


def whole_reply(asked: str) -> str:
    """The practice server's reply to this prompt, after any conversation."""
    return answer(ChatRequest({"messages": [{"role": "user", "content": asked}]})).content


class Asker(Protocol):
    """Asks in threads of a chat with a journal."""

    chat: Chat

    def ask(self, asked: str, thread: str) -> str:
        """Ask, and return the whole reply."""
        ...


class Script:
    """Asks as a Python script does."""

    def __init__(self, address: Address, journal: Path) -> None:
        self.chat = Chat(
            "glm-4",
            base_url=address["ZHIPUAI_BASE_URL"],
            api_key=address["ZHIPUAI_API_KEY"],
            journal=journal,
        )

    def ask(self, asked: str, thread: str) -> str:
        return self.chat.ask(asked, thread=thread).text


class Page:
    """Asks from cells, in a shell without a kernel. Its output is discarded."""

    def __init__(self, address: Address, journal: Path) -> None:
        from IPython.core.displaypub import CapturingDisplayPublisher
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        class Silent(InteractiveShell):
            def _showtraceback(self, *_: Any) -> None:
                """Print nothing: errors are read from the result of a cell."""

        class Nowhere(CapturingDisplayPublisher):
            def clear_output(self, wait: bool = False) -> None:
                self.outputs.clear()

        os.environ.update(address)
        config = Config()
        config.HistoryManager.enabled = False
        self._shell = Silent(config=config)
        self._shell.display_pub = Nowhere()
        for line in ("%load_ext zhipu_magic", f"%config GLMMagics.journal = {str(journal)!r}", "%glm model glm-4"):
            self._run(line)
        self.chat: Chat = self._shell.magics_manager.registry["GLMMagics"].chat

    def ask(self, asked: str, thread: str) -> str:
        self._shell.user_ns.pop("_glm", None)
        self._run(f"%%glm -t {thread}\n{asked}")
        completion = self._shell.user_ns.get("_glm")
        return str(completion.choices[0].message.content) if completion else ""

    def _run(self, cell: str) -> None:
        self._shell.display_pub.outputs.clear()
        result = self._shell.run_cell(cell)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            from zhipu_magic.text.errors import Interrupted

            raise KeyboardInterrupt if isinstance(error, Interrupted) else error


ASKERS = (Script, Page)


def let_go(asker: Asker) -> None:
    """Close the connections, whatever state the asker is in."""
    with suppress(Exception):
        asker.chat.close()

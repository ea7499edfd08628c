"""What a session asks of a display, whatever the front end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ...chat.chat import Chat
from ...chat.replies.reply import Reply
from ...text.markup import Markup
from .panel import PanelMode


class ShowOptions(NamedTuple):
    """How a reply is shown.

    `streamed` shows it while it grows, otherwise once, when it is complete. `alone` says that the cell shows nothing
    else, so that a waiting mark can be put up and, if no reply comes, be taken away again. `notices` are shown with the
    panel.
    """

    panel: PanelMode
    streamed: bool
    alone: bool
    notices: Sequence[str] = ()
    remote_images: bool = False


class Display(Protocol):
    """Shows replies and the answers to commands."""

    def show_text(self, text: Markup) -> None:
        """Show a command's answer."""

    def show_reply(self, chat: Chat, reply: Reply, options: ShowOptions) -> None:
        """Read the reply to its end and show it. Raises what ended the reply."""

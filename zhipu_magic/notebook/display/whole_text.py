"""The text of a reply in one output, sent as a whole with every refresh: where tools or others may show things too."""

from __future__ import annotations

from collections.abc import Callable

from ...chat.replies.progress import Progress
from ...text.markup import markdown_bundle
from .cell_outputs import CellOutputs
from .markdown import UNFINISHED, UNFINISHED_PLAIN, final_page, growing_page
from .output import NOTHING, Bundle, Output


class WholeText:
    """The text of the reply, as Markdown."""

    def __init__(self, new_output: Callable[[], Output], cell: CellOutputs, *, remote_images: bool) -> None:
        self._output = new_output()
        self._cell = cell
        self._remote_images = remote_images

    @property
    def shown(self) -> bool:
        return self._output.shown

    def wait(self) -> None:
        self._output.show(waiting())

    def grow(self, progress: Progress) -> int:
        page = growing_page(progress, remote_images=self._remote_images)
        self._output.show(markdown_bundle(page, UNFINISHED_PLAIN))
        return len(page.rich.encode())

    def settle(self, progress: Progress) -> None:
        self._output.show(*settled(progress, remote_images=self._remote_images))

    def give_up(self) -> bool:
        if not self.shown or self._cell.clear():
            return True
        self._output.show(NOTHING)
        return False


def waiting() -> Bundle:
    """What stands in the place of the text before it begins."""
    return markdown_bundle(UNFINISHED, UNFINISHED_PLAIN)


def settled(progress: Progress, *, remote_images: bool) -> tuple[Bundle, Bundle]:
    """The complete text, and what the page keeps about it."""
    about = {
        "model": progress.model,
        "request_id": progress.request_id,
        "finish_reason": progress.finish_reason,
        "usage": progress.body().get("usage"),
    }
    page = final_page(progress, remote_images=remote_images)
    metadata = {"zhipu_magic": {**about, "replayed": True} if progress.replayed else about}
    return markdown_bundle(page, progress.joined_text), metadata

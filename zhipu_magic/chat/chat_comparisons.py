"""Several models asked the same, as a part of a chat. Nothing of it is imported before that is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..history.turn import Anchor
from ..text.errors import GLMError
from .compose import Along
from .options import Options

if TYPE_CHECKING:
    from ..values.outputs.above import Above
    from .comparisons import Comparisons, Kept
    from .replies.reply import Reply
    from .request import Request


class ChatComparisons:
    """What a chat has for asking several models at once."""

    def compare(
        self,
        prompt: str,
        models: Iterable[str],
        options: Options | None = None,
        *,
        names: Mapping[str, Any] | None = None,
        images: Any = (),
        files: Any = (),
        anchor: Anchor | None = None,
        above: Above | None = None,
        **more: Any,
    ) -> dict[str, Reply]:
        """Ask two to six models the same, after the turns of the thread. Returns their replies, by model.

        All are under way at once, as far as `limit` lets them. None is a turn of the conversation before `keep` makes
        it one, but each is paid for. What stands against asking one of the models, such as a budget, is raised where
        its reply is read, and costs no other. The rest is as in `ask`. Raises InvalidRequest where none can be asked.
        """
        along = Along(names=names, images=images, files=files, anchor=anchor or Anchor(), above=above, several=True)
        return self._comparisons.ask(prompt, models, options, along, **more)

    def compare_requests(
        self,
        prompt: str,
        models: Iterable[str],
        options: Options | None = None,
        *,
        names: Mapping[str, Any] | None = None,
        images: Any = (),
        files: Any = (),
        anchor: Anchor | None = None,
        above: Above | None = None,
        **more: Any,
    ) -> dict[str, Request | GLMError]:
        """What `compare` would send to each model, or what stands against asking it. Nothing is sent."""
        return self._comparisons.requests(
            prompt,
            models,
            options,
            along=Along(names=names, images=images, files=files, anchor=anchor or Anchor(), above=above, several=True),
            preview=True,
            **more,
        )

    def keep(self, model: str) -> Kept:
        """Make the reply of this model in the newest comparison a turn, in place of one of them that was kept before.

        It is a turn of the thread in which it was asked. The beginning of the model's name will do, if it is that of no
        other. Returns the whole name and the thread. Raises InvalidRequest for a model that has no reply there.
        """
        return self._comparisons.keep(model)

    @property
    def compared(self) -> list[str]:
        """The models whose reply of the newest comparison can be kept."""
        return self._comparisons.models

    @cached_property
    def _comparisons(self) -> Comparisons:
        return self._new_comparisons()

    def _new_comparisons(self) -> Comparisons:
        raise NotImplementedError

"""Having pictures drawn, as a part of a chat. Nothing of it is imported before the first is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..history.history import History
from ..history.turn import Anchor
from ..service.connection import Service
from ..text.errors import NOTHING_SENT, InvalidRequest
from ..text.languages.messages import _
from .compose import Along, Composer
from .dispatch import Dispatch
from .documents.uploads import Uploads
from .options import Options
from .scheduler import Scheduler

if TYPE_CHECKING:
    from ..values.references import Prompt
    from .drawing.draw import Draw
    from .drawing.draw_request import DrawRequest
    from .drawing.drawing import Drawing
    from .drawing.drawings import Drawings


class ChatDrawings:
    """What a chat has for pictures."""

    service: Service
    history: History
    _composer: Composer
    _dispatch: Dispatch
    _scheduler: Scheduler
    _warn: Callable[[str], None]

    def draw(
        self,
        prompt: str,
        *,
        size: str | None = None,
        model: str | None = None,
        quality: str | None = None,
        **more: Any,
    ) -> Drawing:
        """Have a picture drawn, and wait for it. Returns the `Drawing`: `.image` is a PIL image, `.data` its bytes.

        `size` is width and height in pixels, such as "1024x1024"; `quality` is "standard" or "hd". The `model` is by
        default cogview-3-flash, which is free; glm-image and cogview-4 draw better, and are billed for each picture.
        `names`, `anchor` and `fresh` are those of `ask`, and `params` any other members of the request, by name.

        A drawing is no turn of the conversation. It counts in the ledger, and the journal keeps it, so that a replay
        has it without asking. The service's address of it is asked at once, and without the key.

        Raises InvalidRequest, OverBudget, NotRecorded or SettingsError where nothing can be sent, else GLMError. An
        interrupt stops the waiting at once; the service may draw the picture all the same, and bill it.
        """
        return self.begin_drawing(prompt, size=size, model=model, quality=quality, **more).result()

    def begin_drawing(self, prompt: str, **how: Any) -> Draw:
        """Have a picture drawn, without waiting for it. What may be given is as in `draw`."""
        uploads = Uploads(self._warn)
        with uploads.told_by_errors():
            return self._drawings.begin(self._draw_request(prompt, uploads, **how))

    def draw_request(self, prompt: str, **how: Any) -> DrawRequest:
        """The request that `draw` would send. Nothing is sent. Raises InvalidRequest for one that cannot be."""
        return self._draw_request(prompt, None, **how)

    def _draw_request(  # noqa: PLR0913  # what may be given, by name
        self,
        prompt: str,
        uploads: Uploads | None,
        *,
        size: str | None = None,
        model: str | None = None,
        quality: str | None = None,
        names: Mapping[str, Any] | None = None,
        anchor: Anchor | None = None,
        fresh: bool = False,
        params: Mapping[str, Any] | None = None,
    ) -> DrawRequest:
        """The request. Documents in it are read at the service only where there are `uploads`, which tell of that."""
        from ..service.drawing.models import DEFAULT_DRAWING_MODEL, check_draws, check_quality, check_size
        from .drawing.draw_request import DrawRequest

        name = model or DEFAULT_DRAWING_MODEL
        check_draws(name)
        members = dict(params or {})
        if size is not None:
            members["size"] = check_size(name, size)
        if quality is not None:
            members["quality"] = check_quality(name, quality)

        def request(found: Prompt) -> DrawRequest:
            if found.images:
                raise InvalidRequest(
                    "A picture is drawn from text alone, and the prompt has an image in it.",
                    hint="Describe it in words.",
                    reason="drawing.from_image",
                    outcomes=[NOTHING_SENT],
                )
            return DrawRequest(
                prompt=found.text,
                model=name,
                members=members,
                written=found.written,
                cut=(*found.cut, _("above: {cells}", cells=found.above)) if found.above else found.cut,
                anchor=anchor or Anchor(),
                fresh=fresh,
            )

        options = self._composer.placed(Options(model=model, once=True, fresh=fresh, params=dict(params or {})), {})
        along = Along(names, (), (), anchor or Anchor(), several=True, uploads=uploads)
        found = self._composer.resolved(
            prompt,
            options,
            along,
            preview=uploads is None,
            sees=False,
            check=lambda found: self._drawings.check(request(found)),
        )
        return request(found)

    @cached_property
    def _drawings(self) -> Drawings:
        from .drawing.drawings import Drawings

        return Drawings(self.service, self.history, self._scheduler, dispatch=self._dispatch, warn=self._warn)

"""A prompt becomes a request: after the turns before it, and within the model's context."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ..history.conversation import Thread
from ..history.turn import Anchor
from ..service.api_key import Hide
from ..values.references import Prompt
from .environment import default_model
from .options import Options
from .request import Request
from .window import check_sight, fit

if TYPE_CHECKING:
    from ..values.types.answer_type import Shape


class Place(NamedTuple):
    """Where a turn will stand: after the turns of `before`, for the cell of the `anchor`.

    `replaces` or `joins` is the id of a turn that it replaces or continues.
    """

    before: Thread
    anchor: Anchor
    replaces: str | None = None
    joins: str | None = None


class Wanted(NamedTuple):
    """The type that the answer is to have; or the `instruction` of a turn that is asked again."""

    shape: Shape | None = None
    instruction: str = ""


def composed(prompt: Prompt, options: Options, place: Place, wanted: Wanted, *, hide: Hide) -> Request:
    """The request that asks `prompt` there, without what `hide` takes out.

    Raises InvalidRequest for a prompt that does not fit, or images that the model cannot see.
    """
    before = place.before
    model = options.model or model_of(before)
    if options.once:
        before = Thread(before.name, system=options.system or "")
    elif options.system is not None:
        before = replace(before, system=options.system)
    request = fit(
        Request(
            prompt=prompt.text,
            options=options,
            anchor=place.anchor,
            before=before,
            model=model,
            replaces=place.replaces,
            joins=place.joins,
            written=prompt.written,
            images=prompt.images,
            shape=wanted.shape,
            instruction=wanted.shape.instruction if wanted.shape else wanted.instruction,
            hide=hide,
        )
    )
    check_sight(request)
    return request


def model_of(thread: Thread) -> str:
    """The model that a thread asks."""
    return thread.model or default_model()

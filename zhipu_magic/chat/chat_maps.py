"""Asking over tables, as a part of a chat. Nothing of it is imported before the first table is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..history.turn import Anchor
from .options import Options

if TYPE_CHECKING:
    from .batches.intent import Intent
    from .rows.collected import Collected
    from .rows.map_preview import MapPreview
    from .rows.mapped import Mapped
    from .rows.mapped_frames import MappedFrames
    from .rows.maps import Maps
    from .rows.submitted import Submitted


class ChatMaps:
    """What a chat has for tables."""

    def map(  # noqa: PLR0913  # its options, by name
        self,
        template: str,
        rows: Any,
        options: Options | None = None,
        *,
        names: Mapping[str, Any] | None = None,
        images: Any = (),
        anchor: Anchor | None = None,
        first: int | None = None,
        in_flight: int | None = None,
        retry: bool = False,
        ask: bool = True,
        **more: Any,
    ) -> Mapped:
        """Ask over a table: the template once for each row. Returns the `Mapped`, to iterate over, to read or to await.

        In the template, `{{ column }}` stands for the row's value; a missing one fails its row, unless the template
        says what stands for it: `{{ column | default("…") }}`. `{{ name }}` is one of `names`, the same for all rows.
        `rows` is a DataFrame or a Series of any library, a list of texts or of dicts, or a dict of lists. `images` are
        those of `ask`, or a text `{{ column }}`: the row's own.

        Every row is asked outside the conversation, equal ones once, and as many at the same time as the service takes:
        that is found out; `in_flight` is a ceiling. Rows that were answered before are not asked again; with `retry`,
        those are whose answer was not of the type, and with `fresh=True` all are. `first` asks so many rows only.
        Without `ask`, none is asked, and rows that have no answer yet fail.
        `as_type` is the type of an answer: the table gets a column for each of its fields, else one named `answer`.
        A row that fails costs no other; `Mapped.errors` lists them.

        Raises InvalidRequest, OverBudget, NotRecorded or SettingsError where nothing can be sent; reading the answers
        raises what stopped the map before its end.
        """
        how = {"first": first, "in_flight": in_flight, "retry": retry, "ask": ask}
        asked = self._maps.asked(template, options, how, names=names, images=images, anchor=anchor, **more)
        return self._maps.begin(asked, rows)

    def mapped_by(self, anchor: Anchor) -> Mapped | None:
        """The latest map, if this execution of a cell has begun it: also where `map` itself was interrupted."""
        return self._maps.begun_by(anchor)

    def map_preview(  # noqa: PLR0913  # its options, by name
        self,
        template: str,
        rows: Any,
        options: Options | None = None,
        *,
        names: Mapping[str, Any] | None = None,
        images: Any = (),
        anchor: Anchor | None = None,
        first: int | None = None,
        in_flight: int | None = None,
        retry: bool = False,
        **more: Any,
    ) -> MapPreview:
        """What `map` would ask. Nothing is sent."""
        how = {"first": first, "in_flight": in_flight, "retry": retry}
        asked = self._maps.asked(template, options, how, names=names, images=images, anchor=anchor, **more)
        return self._maps.preview(asked, rows)

    def map_batches(  # noqa: PLR0913  # its options, by name
        self,
        template: str,
        frames: Iterable[Any],
        options: Options | None = None,
        *,
        names: Mapping[str, Any] | None = None,
        images: Any = (),
        first: int | None = None,
        in_flight: int | None = None,
        retry: bool = False,
        ask: bool = True,
        **more: Any,
    ) -> MappedFrames:
        """Ask over a stream of tables, such as Arrow's record batches: each comes back with its answers, in order.

        As many are under way at once as keep the service busy, and nothing of those that were given back is kept in
        memory but which rows have failed: `.errors` lists them. `first` counts rows over all tables. The rest is as in
        `map`.
        """
        how = {"first": first, "in_flight": in_flight, "retry": retry, "ask": ask}
        asked = self._maps.asked(template, options, how, names=names, images=images, **more)
        return self._maps.stream(asked, frames)

    def batch(  # noqa: PLR0913  # its options, by name
        self,
        template: str,
        rows: Any,
        options: Options | None = None,
        *,
        names: Mapping[str, Any] | None = None,
        images: Any = (),
        anchor: Anchor | None = None,
        first: int | None = None,
        retry: bool = False,
        note: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Submitted:
        """Give the rows of a table that have no answer yet to the Batch API: half the price, and up to a day.

        Once they are done, `collect` keeps the answers, also in another process with the same journal; then `map` with
        the same template and table has them, and asks nothing. `note` is kept beside, as JSON. The rest is as in `map`.
        Where nothing goes out, it returns what was submitted then; nothing, if the cell had its answers later.
        Raises GLMError.
        """
        how = {"first": first, "retry": retry}
        asked = self._maps.asked(template, options, how, names=names, images=images, anchor=anchor, **more)
        return self._maps.submit(asked, rows, note or {})

    def collect(
        self, found: Callable[[Collected], None] = lambda collected: None, *, send: bool = True
    ) -> list[Collected]:
        """Keep the answers of all batches that are over, and say how far the others are.

        `found` is called with each at once. What stands against one of them is its `error`, and costs no other. What
        could not be sent before is sent now; without `send`, such batches are left out. Raises GLMError where none can
        be looked at.
        """
        return self._maps.collect(found, send=send)

    def cancel_batches(self, ended: Callable[[Intent], None] = lambda intent: None) -> None:
        """End all batches early; what was answered until then is collected as ever. `ended` is called with each.

        Raises GLMError for one that cannot be ended, after all others were.
        """
        self._maps.cancel(ended)

    @cached_property
    def _maps(self) -> Maps:
        return self._new_maps()

    def _new_maps(self) -> Maps:
        raise NotImplementedError

"""What a run of Python has shown, and which names it has changed: for the page, the journal and a replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from ..images.image import Image
from ..images.stored import from_json as image_from_json

Kind = Literal["text", "error", "image", "table", "markdown"]
KINDS: Final[frozenset[str]] = frozenset({"text", "error", "image", "table", "markdown"})

MOST_SHOWN: Final = 40
"""Outputs that are kept of a run: texts in a row are one."""
MOST_NAMES: Final = 200
"""Names that are kept of those that a run has bound, and of those that it has deleted."""
LONGEST: Final = 100
"""Characters of such a name."""
MOST_TEXT: Final = 20_000
"""Characters of an output that are kept."""
MOST_SOURCE: Final = 500_000
"""Characters of a table's HTML, or of Markdown, that are kept."""


class Shown(NamedTuple):
    """An output of a run. `text` is what stands for it where it cannot be shown; `source` is the HTML of a table, or
    Markdown; `image` a figure.
    """

    kind: Kind
    text: str = ""
    source: str = ""
    image: Image | None = None

    @property
    def is_apart(self) -> bool:
        """Whether it is an output of its own on a page, since it is more than text."""
        return self.kind in ("image", "table", "markdown")

    def to_json(self) -> dict[str, Any]:
        """Its entry in a journal's line. The image stands in it until the line is written."""
        members = {"kind": self.kind, "text": self.text, "source": self.source or None, "image": self.image}
        return {name: value for name, value in members.items() if value is not None}

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Shown:
        """Read it from a line that has been checked."""
        image = entry.get("image")
        if image is not None and not isinstance(image, Image):
            image = image_from_json(image, Path())
        return cls(entry["kind"], entry["text"], entry.get("source", ""), image)


@dataclass(frozen=True)
class Ran:
    """What a run has shown, in order, and the names that it has `bound` (anew, or to another value) and `deleted`.

    With `seen`, the model was sent its figures.
    """

    shown: tuple[Shown, ...] = ()
    bound: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    seen: bool = False

    @property
    def images(self) -> tuple[Image, ...]:
        """Its figures."""
        return tuple(one.image for one in self.shown if one.image is not None)

    @property
    def sent(self) -> tuple[Image, ...]:
        """The figures that the model was sent."""
        return self.images if self.seen else ()

    def to_json(self) -> dict[str, Any]:
        """The member `ran` of a call in a journal's line."""
        members: dict[str, Any] = {
            "shown": [one.to_json() for one in self.shown],
            "bound": list(self.bound),
            "deleted": list(self.deleted),
            "seen": self.seen,
        }
        return {name: value for name, value in members.items() if value}

    @classmethod
    def from_json(cls, members: Mapping[str, Any]) -> Ran:
        """Read it from a line that has been checked."""
        return cls(
            shown=tuple(map(Shown.from_json, members.get("shown", ()))),
            bound=tuple(members.get("bound", ())),
            deleted=tuple(members.get("deleted", ())),
            seen=members.get("seen", False),
        )


class Changed(NamedTuple):
    """The names that code of the model's has changed in the notebook; one that was `replayed` has not run."""

    bound: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    replayed: bool = False

    def __bool__(self) -> bool:
        return bool(self.bound or self.deleted)

    def after(self, ran: Ran) -> Changed:
        """What has changed once this has run as well."""
        bound = [name for name in (*self.bound, *ran.bound) if name not in ran.deleted]
        deleted = [name for name in (*self.deleted, *ran.deleted) if name not in ran.bound]
        return self._replace(bound=tuple(dict.fromkeys(bound)), deleted=tuple(dict.fromkeys(deleted)))

    def joined(self, more: Changed) -> Changed:
        """What has changed by this, and by what went on from it."""
        return self._replace(bound=(*self.bound, *more.bound), deleted=(*self.deleted, *more.deleted))


def entries_of_images(rounds: Any) -> Iterator[Any]:
    """The images in the rounds of a journal's line, each as it stands there."""
    for entry in _entries(rounds):
        if entry.get("image") is not None:
            yield entry["image"]


def with_images(rounds: Any, folder: Path) -> Any:
    """The rounds of a journal's line, with the images in them from its folder."""
    if not any(True for _ in entries_of_images(rounds)):
        return rounds

    def entry(one: Mapping[str, Any]) -> Mapping[str, Any]:
        image = one.get("image")
        return one if image is None or isinstance(image, Image) else {**one, "image": image_from_json(image, folder)}

    def call(one: Mapping[str, Any]) -> Mapping[str, Any]:
        ran = one.get("ran")
        return {**one, "ran": {**ran, "shown": list(map(entry, ran.get("shown", ())))}} if ran else one

    return [{**one, "calls": list(map(call, one["calls"]))} if "calls" in one else one for one in rounds]


def _entries(rounds: Any) -> Iterator[Mapping[str, Any]]:
    for one in rounds or ():
        for call in one.get("calls", ()):
            yield from (call.get("ran") or {}).get("shown", ())


def hidden(ran: Ran, hide: Callable[[str], str]) -> Ran:
    """The same without what must never be shown, such as the key."""
    shown = tuple(one._replace(text=hide(one.text), source=hide(one.source)) for one in ran.shown)
    bound, deleted = tuple(map(hide, ran.bound)), tuple(map(hide, ran.deleted))
    return replace(ran, shown=shown, bound=bound, deleted=deleted)

"""The registry itself, and the way from a value to its text: `rendered`.

value ──▶ LATE: types of the libraries that the notebook has imported are registered
  ▼
render(value, tokens) ──▶ text ──▶ cut to the budget ──▶ Rendered
  ▲                       ├─ Illustrated ──▶ its text ─▶ Rendered, with its images
  ▲                       └─ an Image, or several ─────▶ Rendered
  └─────────────────────────── any other value
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Final

from ...text.characters import class_name, library_of, message_of, whole_characters
from ...text.errors import NOTHING_SENT, GLMError, InvalidRequest
from ...text.languages.joined import Joined, distinct_notes
from ...text.languages.messages import _, for_model, ngettext
from ...text.left_out import collecting_cuts
from ...text.tokens import cut
from ..images.from_value import Image
from .instead import told_ways
from .reprs import without_credentials

_MOST_STEPS: Final = 10
"""The most steps from a value to its text: more than anybody needs."""

_FEWEST: Final = 40
"""The fewest tokens that a text is cut to: with fewer, only the note about the cut would be left."""

LATE: Final[dict[str, Callable[[ModuleType], None]]] = {}
"""Functions that register a library's types, by module name. Called with the module once it is in `sys.modules`.

The module may be half imported: `add` registers what is there.
"""


PICTURE: Final = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands in a `Rendered` text for one of its images, in order."""


def image_mark(number: object, name: str) -> str:
    """What stands in a prompt for an image that goes along with it."""
    return for_model("[image {number}: {name}]", number=number, name=name)


def not_sent(pictures: int) -> str:
    """What the user is told of so many pictures that are not sent."""
    return ngettext(
        "{count:,} picture not sent, which the model cannot see",
        "{count:,} pictures not sent, which the model cannot see",
        pictures,
    )


def unseen(image: Image) -> str:
    """What stands in a text for a picture, for a model that cannot see."""
    return for_model(
        "[a picture of {width} × {height} pixels, which this model cannot see]", width=image.width, height=image.height
    )


@dataclass(frozen=True)
class Illustrated:
    """What a render function returns for a text with images in it: its pieces, in order.

    One that `is_whole` is within its budget as far as it can be, and is not cut.
    """

    pieces: tuple[str | Image, ...]
    is_whole: bool = False


_PYTHONS_OWN: Final = ("_io", "io", "xml.etree.ElementTree")
"""The modules whose values hold the user's own text."""

_LOOKED_THROUGH: Final[dict[str, tuple[ModuleType, int]]] = {}
"""Modules whose types are registered, with how many names they had: one that has more by now is looked at again."""


@dataclass(frozen=True)
class AsRepr:
    """A value that is wanted as its `repr`, whatever that says."""

    value: Any


class SaysNothing(Exception):
    """Raised by a render function for a value whose text would say nothing, or only at a price.

    `ways` are expressions of what can be referred to instead, with `{}` for the value: `{}.text`, `{}.summary()`.
    """

    def __init__(self, value: Any, *ways: str) -> None:
        super().__init__(class_name(value))
        self.value = value
        self.ways = ways


class Secret(SaysNothing):
    """Raised by a render function for a value that nobody is told."""


@dataclass(frozen=True)
class Rendered:
    """How a value reads to a model.

    Images alone are what is asked about, and a model has to see them. Where they stand in a `text`, as `PICTURE`, a
    model that cannot see is told in words what is there.
    """

    text: str
    """Within the budget plus a few tokens; it says so if it was cut."""
    block: bool = False
    """Whether it has several lines and needs a block of its own. A str never does: it is inserted as it is."""
    images: tuple[Image, ...] = ()
    left_out: str = ""
    """What of the value is sent, where it is not all of it."""

    @property
    def illustrated(self) -> bool:
        """Whether the images stand within the text."""
        return bool(self.images and self.text)

    @property
    def parts(self) -> list[str | Image]:
        """The text with the images in their places."""
        if not self.illustrated:
            return [*([self.text] if self.text else []), *self.images]
        first, *others = self.text.split(PICTURE)
        found: list[str | Image] = [first]
        for image, text in zip(self.images, others, strict=False):
            found += [image, text]
        return [part for part in found if part != ""]


@functools.singledispatch
def render(value: Any, tokens: int) -> Any:
    """How a value reads to a model: text, an `Image` or a list of them, or another value, which is rendered in turn.

    An `Illustrated` is text with images in it.

    `tokens` is its budget; longer text is cut at the end. Register a type of your own with::

        @render.register
        def order_text(order: Order, tokens: int) -> str:
            return f"order {order.number} of {order.customer}, {order.total} yuan"
    """
    raise NotImplementedError  # `fallback.py` registers `object`


def rendered(value: Any, tokens: int, *, called: str = "value") -> Rendered:
    """The text of a value, cut to about `tokens` tokens, or its images.

    `called` is how the notebook refers to it. Raises InvalidRequest if its text would say nothing, and if its own code
    fails, or a function that was registered for it.
    """
    with collecting_cuts() as left_out:
        try:
            shown = _rendered(value, max(1, tokens))
        except SaysNothing as nothing:
            raise InvalidRequest(
                "A value of type {type} has no text that tells a model anything.",
                hint="{ways}{{{{ {name} | repr }}}} sends its repr all the same.",
                reason="render.says_nothing",
                outcomes=[NOTHING_SENT],
                type=class_name(nothing.value),
                ways=told_ways(nothing.ways, called),
                name=called,
            ) from None
    return replace(shown, left_out=distinct_notes(left_out)) if left_out else shown


def _rendered(value: Any, tokens: int) -> Rendered:
    reads_as = [value]
    while True:
        look_for_libraries()
        result = _step(reads_as[-1], tokens)
        if isinstance(result, str):
            text = whole_characters(cut(str.__str__(result), max(tokens, _FEWEST)))
            return Rendered(text, block="\n" in text and not isinstance(value, str))
        if isinstance(result, Illustrated):
            return _illustrated(result, tokens)
        images = result if isinstance(result, (list, tuple)) else [result]
        if images and all(isinstance(one, Image) for one in images):
            return Rendered("", images=tuple(images))
        reads_as.append(result)
        if len(reads_as) > _MOST_STEPS:
            raise _no_text(reads_as)


def _illustrated(result: Illustrated, tokens: int) -> Rendered:
    """The pieces as one text; of the images, those whose places in it are not cut."""
    pieces = [PICTURE if isinstance(one, Image) else one.replace(PICTURE, "") for one in result.pieces]
    joined = "".join(pieces)
    text = whole_characters(joined if result.is_whole else cut(joined, max(tokens, _FEWEST)))
    images = [one for one in result.pieces if isinstance(one, Image)]
    return Rendered(text, block="\n" in text, images=tuple(images[: text.count(PICTURE)]))


def look_for_libraries() -> None:
    """Register the types of the libraries that have been imported so far."""
    for name, register in LATE.items():
        module = sys.modules.get(name)
        if module is None:
            continue
        known = module, len(object.__getattribute__(module, "__dict__"))
        if _LOOKED_THROUGH.get(name) != known:
            register(module)
            _LOOKED_THROUGH[name] = known


def add(module: ModuleType, name: str, function: Callable[[Any, int], Any]) -> None:
    """Register a library's type, unless it is missing or registered: the user's own function takes precedence."""
    # Not by getattr: many libraries import a module when one of its names is first used.
    kind = object.__getattribute__(module, "__dict__").get(name)
    if isinstance(kind, type) and kind not in render.registry:
        render.register(kind, function)


def is_ours(function: Callable[..., Any]) -> bool:
    """Whether a registered function is from this package rather than the user's."""
    return getattr(function, "__module__", "").startswith(__package__)


def is_of_a_library(function: Callable[..., Any]) -> bool:
    """Whether a registered function is one of ours for a library's values."""
    return is_ours(function) and ".libraries." in function.__module__


def asked(function: Callable[[Any, int], Any], value: Any, tokens: int) -> Any:
    """What a registered function returns for a value. Raises InvalidRequest if one of the user's fails."""
    if is_ours(function):
        result = function(value, tokens)
        is_text = isinstance(result, str) and is_of_a_library(function) and type(value).__module__ not in _PYTHONS_OWN
        return without_credentials(result) if is_text else result
    kind = class_name(value)
    try:
        result = function(value, tokens)
    except (GLMError, SaysNothing):
        raise
    except Exception as error:
        if isinstance(error, TypeError) and not _takes_both(function):
            raise InvalidRequest(
                "The function that renders {type} must take (value, tokens).",
                hint="Give it a second parameter: tokens is the budget of the text.",
                reason="render.parameters",
                detail=_description(error),
                type=kind,
            ) from error
        raise InvalidRequest(
            "The function that renders {type} failed.",
            hint="Correct it, and register it again.",
            reason="render.failed",
            detail=_description(error),
            type=kind,
        ) from error
    if result is None:
        raise InvalidRequest(
            "The function that renders {type} returned None.",
            hint="It must return text, an image, or another value.",
            reason="render.none",
            type=kind,
        )
    return result


def kind_of(value: Any) -> str:
    """The library and class of a value: `pandas DataFrame`. A subclass counts as the library's."""
    known = next((kind for kind in type(value).__mro__ if kind in render.registry and kind is not object), type(value))
    return f"{library_of(known)} {type(value).__name__}"


def _step(value: Any, tokens: int) -> Any:
    try:
        return asked(render.dispatch(_class_of(value)), value, tokens)
    except (GLMError, SaysNothing):
        raise
    except Exception as error:
        raise _own_code(value.value if type(value) is AsRepr else value, error) from error


def check_class(value: Any) -> None:
    """Raise InvalidRequest for a value that cannot even say what it is."""
    try:
        isinstance(value, AsRepr)  # asks the value for its class
    except Exception as error:
        raise _own_code(value, error) from error


def _own_code(value: Any, error: Exception) -> InvalidRequest:
    return InvalidRequest(
        "A value of type {type} cannot be read: its own code failed.",
        hint="Refer to a part of it, or define how it reads: from zhipu_magic import render; @render.register.",
        reason="render.own_code",
        detail=_description(error),
        type=class_name(value),
    )


def _class_of(value: Any) -> type:
    """The class that a value says it is of: a stand-in's is that of what it stands for."""
    kind = value.__class__
    return kind if isinstance(kind, type) else type(value)


def _takes_both(function: Callable[..., Any]) -> bool:
    """Whether a function can be called with a value and its budget, as far as Python knows its signature."""
    try:
        inspect.signature(function).bind(None, 0)
    except TypeError:
        return False
    except ValueError:
        return True
    return True


def _description(error: Exception) -> str:
    return f"{type(error).__name__}: {message_of(error)}".removesuffix(": ")


def _no_text(reads_as: list[Any]) -> InvalidRequest:
    names = [class_name(value) for value in reads_as]
    way = Joined(_(", which reads as "), names[1:4])
    return InvalidRequest(
        "A value of type {type} never becomes text: it reads as {way}, and so on.",
        hint="A function registered with @render.register must return text, an image, or a simpler value.",
        reason="render.endless",
        type=names[0],
        way=way,
    )

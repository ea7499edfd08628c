"""The prompt of a row, made from its values where they are, which may be in another process."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ..text.characters import whole_characters
from ..text.errors import NOTHING_SENT, InvalidRequest
from ..text.languages.language import Language, language_of_prompt, prompted
from ..text.tokens import estimate
from .expressions import look_up
from .forms import LARGEST_BUDGET
from .references import with_images

if TYPE_CHECKING:
    from .images.from_value import Image

#: The name of the whole row in a template, unless a column has it; a value of the notebook's does not.
ROW = "row"


class RowPrompt(NamedTuple):
    """The prompt of one row, its images, and whether a value was cut to the budget that the template gives it."""

    text: str
    images: tuple[Image, ...] = ()
    cut: bool = False


@dataclass(frozen=True)
class OwnPrompt:
    """Makes the prompt of a row from its values of these columns, with its own images, of which `before` are shared.

    `sees` says whether the model does, and in which `language` it is asked.

    It may be sent to where the rows are: it has no key in it, and nothing of the notebook but what a prompt shows.
    """

    columns: tuple[str, ...]
    parts: tuple[str | Slot, ...]
    images: tuple[Slot, ...]
    before: int
    is_missing: Callable[[Any], bool]
    sees: bool = True
    language: Language = "en"

    def __call__(self, row: Sequence[Any]) -> RowPrompt:
        """The prompt of this row. Raises InvalidRequest for one that has none."""
        if language_of_prompt() == self.language:  # of many rows, most are
            return self._made(row)
        with prompted(self.language):
            return self._made(row)

    def _made(self, row: Sequence[Any]) -> RowPrompt:
        pieces: list[str] = []
        images: list[Image] = []
        is_cut = False
        for part in self.parts:
            if type(part) is str:
                pieces.append(part)
                continue
            assert isinstance(part, Slot)
            value = part.value(row, self.columns, self.is_missing)
            if type(value) is str and part.tokens is None and not part.as_repr:
                pieces.append(value)
                continue
            shown, found, was_cut = part.rendered(value, self.before + len(images), sees=self.sees)
            pieces.append(shown)
            images += found
            is_cut = is_cut or was_cut
        for slot in self.images:
            images += pictures_of(slot.value(row, self.columns, self.is_missing))
        return RowPrompt("".join(pieces), tuple(images), is_cut)


@dataclass(frozen=True)
class Slot:
    """A reference to a row's own value: of the column at `place`, by the expression `tree` where it is more than that.

    `default` stands for a missing value, `tokens` is the budget that the template gives it, and `as_repr` is whether
    the value is sent as its `repr`.
    """

    written: str
    place: int
    tree: ast.expr | None
    default: str | None
    tokens: int | None
    as_repr: bool = False

    def value(self, row: Sequence[Any], columns: Sequence[str], is_missing: Callable[[Any], bool]) -> Any:
        """The value in this row. Raises InvalidRequest where it is missing."""
        if self.tree is None:
            value = row[self.place]
            if type(value) is str:
                return value
        else:
            names = dict(zip(columns, row, strict=True))
            value = look_up(self.tree, {ROW: names, **names})
        if not is_missing(value):
            return value
        if self.default is not None:
            return self.default
        raise InvalidRequest(
            "{{{{ {reference} }}}} is missing in this row.",
            hint='{{{{ {reference} | default("…") }}}} stands for a missing value.',
            reason="row.missing",
            outcomes=[NOTHING_SENT],
            reference=self.written,
        )

    def rendered(self, value: Any, images_before: int, *, sees: bool) -> tuple[str, Sequence[Image], bool]:
        """How the value reads to a model, its images, and whether it was cut to its budget.

        Raises InvalidRequest for one that would be cut, and that no budget says how far.
        """
        from .rendering.renderers import AsRepr, rendered

        tokens = LARGEST_BUDGET if self.tokens is None else self.tokens
        shown = rendered(AsRepr(value) if self.as_repr else value, tokens, called=self.written)
        if shown.left_out and self.tokens is None:
            raise InvalidRequest(
                "{{{{ {reference} }}}} does not go whole into this row's prompt: {left_out}.",
                hint="{{{{ {reference} | 4000 }}}} says how many tokens of it are sent.",
                reason="row.cut",
                outcomes=[NOTHING_SENT],
                reference=self.written,
                left_out=shown.left_out,
            )
        if not shown.images:
            return shown.text, (), bool(shown.left_out)
        text, images, unseen = with_images(shown, self.written, images_before, sees=sees)
        return text, images, bool(shown.left_out or unseen)


def pictures_of(value: Any) -> list[Image]:
    """The pictures that a value is: one, or several in a list."""
    from .images.from_value import image_of

    return [image_of(one) for one in value] if isinstance(value, (list, tuple)) else [image_of(value)]


def tokens_of(prompt: RowPrompt) -> int:
    """An estimate of the tokens of a row's prompt."""
    return round(estimate(prompt.text)) + sum(image.tokens for image in prompt.images)


def checked(prompt: RowPrompt) -> RowPrompt:
    """The prompt. Raises InvalidRequest for one that cannot be sent: empty, or with half a character."""
    text = prompt.text
    if not text or text.isspace():
        raise InvalidRequest("This row's prompt is empty.", reason="row.empty", outcomes=[NOTHING_SENT])
    return prompt if text.isascii() else prompt._replace(text=whole_characters(text))

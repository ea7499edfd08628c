"""A prompt as it is sent: its references resolved, and its images in order.

A reference is `{{ name }}`, with attributes, items and slices, and perhaps a budget: `{{ df.columns | 500 }}`; or a
file, `{{ Path("report.pdf") | pages 2-5 }}`. Code, mathematics and everything else between braces is left as it stands,
and so are the values: nothing is expanded twice.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..text.characters import shortened
from ..text.errors import NOTHING_SENT, InvalidRequest
from ..text.language import is_chinese
from ..text.notice import Notice
from ..text.numbers import plural
from .braces import Found, between_braces
from .expressions import LARGEST_BUDGET, look_up, names_a_value, parsed, path_in, split_budget, split_pages
from .problems import Problems

if TYPE_CHECKING:
    from .documents.reading import OpenDocuments
    from .given import Given
    from .images.from_value import Image
    from .rendering.registry import Rendered

#: In one text: references, and notes about those that look like one.
_MOST_REFERENCES, _MOST_NOTES = 1_000, 10
#: Characters of a reference, where it is told what of its value is sent.
_LONGEST_NAME = 40


@dataclass(frozen=True)
class Prompt:
    """A prompt as it is sent, the text as it was `written`, and `notes` for the user about how the two differ.

    `cut` says of each value that is not sent as a whole what is: `cars: 406 × 9, 60 rows sent`.
    """

    text: str
    written: str = ""
    images: tuple[Image, ...] = ()
    notes: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()


def resolved(
    text: str,
    names: Mapping[str, Any] | None,
    tokens: int,
    images: Any = (),
    *,
    files: Sequence[Given] = (),
    documents: OpenDocuments | None = None,
    sees: bool = True,
) -> Prompt:
    """The text with its references resolved, each value within so many `tokens`, and with `images` after its own.

    `images` is one picture or several; `files` stand below the text. `documents` reads what is no text; without it, it
    is read on this machine. A model that does not see (`sees`) is told in words of the pictures in what a cell showed.
    Without `names` there are no references. Raises InvalidRequest for references that cannot be resolved, all of them
    with their lines, and for an image that is not one.
    """
    has_images = not (isinstance(images, (list, tuple)) and not images)
    expansion = _Expansion(names, tokens, sees, documents, chinese=is_chinese(text), has_images=has_images)
    sent = expansion.expanded(text, files) if (names is not None and "{{" in text) or files else text
    if has_images:
        from .images.from_value import image_of

        more = images if isinstance(images, (list, tuple)) else [images]
        shown = {image.sha256 for image in expansion.images}
        expansion.images += [image for image in map(image_of, more) if image.sha256 not in shown]
    return Prompt(
        text=sent,
        written="" if sent == text else text,
        images=tuple(expansion.images),
        notes=tuple(expansion.first_notes()),
        cut=tuple(dict.fromkeys(expansion.cut)),
    )


def has_references(text: str) -> bool:
    """Whether anything in the text would be resolved."""
    return "{{" in text and any(parsed(found.inside) for found in between_braces(text))


class _Reference(NamedTuple):
    """A reference in a text: the expression that is `wanted`, the tokens for its value, and the pages of a document."""

    wanted: str
    tokens: int
    pages: str
    tree: ast.expr
    place: Found

    @property
    def name(self) -> str:
        """How the text speaks of it."""
        name = path_in(self.tree) or self.wanted
        return f"{name}, pages {self.pages}" if self.pages else name


@dataclass
class _Expansion:
    """A text being expanded: its images, its notes, and the values that go below it."""

    names: Mapping[str, Any] | None
    tokens: int
    sees: bool
    documents: OpenDocuments | None
    chinese: bool
    has_images: bool
    images: list[Image] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    below: dict[str, str] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)

    def expanded(self, text: str, files: Sequence[Given] = ()) -> str:
        references = list(self._references(text)) if self.names is not None else []
        if len(references) > _MOST_REFERENCES:
            raise InvalidRequest(
                "The text has {count:,} references; at most {most:,} are allowed.",
                hint="Put the values into one, such as a list or a table.",
                reason="references.too_many",
                outcomes=[NOTHING_SENT],
                count=len(references),
                most=_MOST_REFERENCES,
            )
        # A value below the text stands there once, with the largest budget of all its references.
        room: dict[str, int] = {}
        for one in references:
            room[one.name] = max(one.tokens, room.get(one.name, 0))
        pieces, problems, end = list[str](), Problems(), 0
        for one in references:
            with problems.looking_at(one.place.line):
                shown = self._shown(one, room[one.name], alone=_is_alone(text, one.place))
                pieces += [text[end : one.place.start], shown]
            end = one.place.end
        for given in files:
            with problems.looking_at(None):
                self._add(given)
        problems.check()
        expanded = "".join([*pieces, text[end:]])
        below = "\n\n".join(self.below.values())
        return f"{expanded.rstrip()}\n\n{below}" if below else expanded

    def first_notes(self) -> list[str]:
        """The notes, each once, and at most the first ten."""
        notes = list(dict.fromkeys(self.notes))
        more = len(notes) - _MOST_NOTES
        return (
            notes
            if more <= 0
            else [*notes[:_MOST_NOTES], Notice("So were {count:,} more.", reason="reference.more_sent", count=more)]
        )

    def _references(self, text: str) -> Iterator[_Reference]:
        for place in between_braces(text):
            inside, pages = split_pages(place.inside)
            wanted, tokens = split_budget(inside, self.tokens)
            tree = parsed(wanted)
            if tree is not None:
                yield _Reference(wanted=wanted, tokens=tokens, pages=pages, tree=tree, place=place)
            elif names_a_value(wanted, self.names or {}):
                written = shortened(text[place.start : place.end], 100)
                self.notes.append(
                    Notice(
                        "{written} was sent as it stands: a reference is a name, with attributes, items and slices, "
                        "and no calls.",
                        hint="Give the value a name first.",
                        reason="reference.sent_as_it_stands",
                        written=written,
                    )
                )

    def _shown(self, reference: _Reference, room: int, *, alone: bool) -> str:
        """The text that replaces the reference.

        A value of several lines goes below the text, within `room` tokens, unless the reference stands `alone` on its
        line.
        """
        from .given import Given

        wanted, tokens, name = reference.wanted, reference.tokens, reference.name
        if tokens > LARGEST_BUDGET:
            raise InvalidRequest(
                "The budget of {{{{ {reference} }}}} is too large.",
                hint="It is a number of tokens, at most {most:,}.",
                reason="reference.budget",
                outcomes=[NOTHING_SENT],
                reference=wanted,
                most=LARGEST_BUDGET,
            )
        value = look_up(reference.tree, self.names or {})
        given = Given(value, path_in(reference.tree) or wanted, reference.pages, tokens if alone else room)
        try:
            shown = given.shown(self.documents, chinese=self.chinese)
        except InvalidRequest as error:
            error.context.append(
                Notice("{{{{ {reference} }}}} cannot be shown.", reason="reference.not_shown", reference=wanted)
            )
            raise
        below = shown.block and not alone
        if below and name in self.below:
            return f"`{name}`"
        text = self._taken(shown, name)
        if not below:
            return text
        self.below[name] = f"`{name}`:\n\n{text}"
        return f"`{name}`"

    def _add(self, given: Given) -> None:
        """Put what a file holds below the text, or have the model get what is at an address itself."""
        beside_images = self.has_images or any(image.part == "image_url" for image in self.images)
        if (passed := given.passed(self.documents, beside_images=beside_images)) is not None:
            self.images.append(passed)
            self.below[given.written] = f"[{passed.part.removesuffix('_url')}: {given.written}]"
            return
        shown = given._replace(tokens=given.tokens or self.tokens).shown(self.documents, chinese=self.chinese)
        text = self._taken(shown, given.written)
        has_name = given.has_title or (shown.images and not shown.illustrated)
        self.below[f"file {given.written}, pages {given.pages}"] = text if has_name else f"`{given.written}`:\n\n{text}"

    def _taken(self, shown: Rendered, name: str) -> str:
        """The text of a value whose images go along, and of which is said what is left out."""
        text, images, unseen = with_images(shown, name, len(self.images), sees=self.sees)
        self.images += images
        left_out = "; ".join(filter(None, [shown.left_out, unseen]))
        if left_out:
            self.cut.append(f"{shortened(name, _LONGEST_NAME)}: {left_out}")
        return text


def with_images(shown: Rendered, wanted: str, before: int, *, sees: bool) -> tuple[str, tuple[Image, ...], str]:
    """What stands in a text for a value, the images that go with it, and what of them does not.

    They are numbered from the one after `before` on. Where they stand within the value's text, a model that does not
    see (`sees`) gets none of them, and reads what is there.
    """
    numbers = range(before + 1, before + 1 + len(shown.images))
    if not shown.illustrated:
        return shown.text or " ".join(f"[image {number}: {wanted}]" for number in numbers), shown.images, ""
    from .rendering.registry import PICTURE

    if sees:
        marks, images, unseen = [f"[image {number}: {wanted}]" for number in numbers], shown.images, ""
    else:
        marks = [
            f"[a picture of {one.width} × {one.height} pixels, which this model cannot see]" for one in shown.images
        ]
        images, unseen = (), f"{plural(len(marks), 'picture')} not sent, which the model cannot see"
    first, *others = shown.text.split(PICTURE)
    return "".join([first, *(f"{mark}{text}" for mark, text in zip(marks, others, strict=True))]), images, unseen


def _is_alone(text: str, place: Found) -> bool:
    """Whether the reference stands alone on its line."""
    before, after = place.start - 1, place.end
    while before >= 0 and text[before] != "\n" and text[before].isspace():
        before -= 1
    while after < len(text) and text[after] != "\n" and text[after].isspace():
        after += 1
    return (before < 0 or text[before] == "\n") and (after == len(text) or text[after] == "\n")

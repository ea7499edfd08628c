"""A prompt as it is sent: its references resolved, and its images in order.

A reference is `{{ name }}`, with attributes, items and slices, and perhaps a budget: `{{ df.columns | 500 }}`; or a
file: `{{ Path("report.pdf") | pages 2-5 }}`. Code
that names a value, such as `{{ df.describe() }}`, is refused: it is never run. Mathematics and everything else between
braces is left as it stands, and so are the values: nothing is expanded twice.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from ..text.characters import shortened
from ..text.errors import NOTHING_SENT, InvalidRequest
from ..text.languages.joined import distinct_notes
from ..text.languages.language import language_of, prompted
from ..text.languages.messages import N_, _, for_model
from ..text.languages.notice import Notice
from ..text.markdown import fenced
from .braces import Found, between_braces
from .expressions import code_error, look_up, names_a_value, parsed, path_in, slip_in, tree_of
from .forms import LARGEST_BUDGET, split
from .problems import Problems, before_sending

if TYPE_CHECKING:
    from .documents.reading import OpenDocuments
    from .given import Given
    from .images.from_value import Image
    from .outputs.above import Above
    from .rendering.registry import Rendered

#: In one text: references, and what looks like one.
_MOST_REFERENCES = 1_000
#: What stands below a prompt for what the model gets by its address.
_BY_ADDRESS = {
    "image_url": N_("[image: {address}]"),
    "video_url": N_("[video: {address}]"),
    "file_url": N_("[file: {address}]"),
}
#: Characters of a reference, where it is told what of its value is sent.
_LONGEST_NAME = 40
_ENDS_A_LINE = re.compile(r"[^\S\n]*(?:\n|\Z)")
#: What a line of Markdown begins with whose text ends with the line.
_BEGINS_A_BLOCK = re.compile(r"[>|]|(?:[-*+]|\d{1,9}[.)]|#{1,6})(?:\s|\Z)")


@dataclass(frozen=True)
class Prompt:
    """A prompt as it is sent, the text as it was `written`, and `notes` for the user about how the two differ.

    `cut` says of each value that is not sent as a whole what is: `cars: 406 × 9, 60 rows sent`. `above` says which of
    the cells above go along. What of those stands in earlier turns does not go again: the text `relies_on` these turns,
    by their ids, and `renew` gives the prompt for a request that holds none but some of them.
    """

    text: str
    written: str = ""
    images: tuple[Image, ...] = ()
    notes: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    above: str = ""
    relies_on: frozenset[str] = frozenset()
    renew: Callable[[Collection[str]], Prompt] | None = field(default=None, repr=False, compare=False)


class Reader(NamedTuple):
    """The model that a prompt is for: whether it `sees`, and which `turns` the request holds, by their ids.

    Without them, all turns that are known may be in it.
    """

    sees: bool = True
    turns: Collection[str] | None = None


def resolved(
    text: str,
    names: Mapping[str, Any] | None,
    tokens: int,
    images: Any = (),
    *,
    files: Sequence[Given] = (),
    documents: OpenDocuments | None = None,
    above: Above | None = None,
    reader: Reader | None = None,
) -> Prompt:
    """The text with its references resolved, each value within so many `tokens`, and with `images` after its own.

    `images` is one picture or several; `files` stand below the text. `documents` reads what is no text; without it, it
    is read on this machine. A `reader` that does not see is told in words of the pictures in what a cell showed.
    What `above` stands for goes before the text, whatever the names are. Without `names` there are no references.
    Raises InvalidRequest for references that cannot be resolved, all of them with their lines, and for an image that is
    not one.
    """
    reader = reader or Reader()
    has_images = not (isinstance(images, (list, tuple)) and not images)
    expansion = _Expansion(
        names=names,
        tokens=tokens,
        sees=reader.sees,
        documents=documents,
        has_images=has_images,
        turns=reader.turns,
    )
    with before_sending(), prompted(language_of(text)):
        head = "" if above is None else expansion.above(above)
        sent = expansion.expanded(text, files) if (names is not None and "{{" in text) or files else text
        if has_images:
            expansion.add_images(images if isinstance(images, (list, tuple)) else [images])
    sent = f"{head}\n\n{sent}" if head else sent
    return Prompt(
        text=sent,
        written="" if sent == text else text,
        images=tuple(expansion.images),
        notes=tuple(expansion.notes),
        cut=tuple(dict.fromkeys(expansion.cut)),
        above=distinct_notes(expansion.page_above),
        relies_on=frozenset(expansion.relies_on),
    )


def has_references(text: str) -> bool:
    """Whether anything in the text would be resolved, or refused where its names are known."""
    return "{{" in text and any(
        parsed(found.inside) is not None or slip_in(found.inside) is not None for found in between_braces(text)
    )


class _Reference(NamedTuple):
    """A reference in a text: the expression that is `wanted`, the tokens for its value, and whether as its `repr`.

    `tree` is None where it is code, which is never run. `pages` are those of a document that are wanted, by the `unit`
    that is written before them.
    """

    wanted: str
    tokens: int
    tree: ast.expr | None
    place: Found
    as_repr: bool
    pages: str
    unit: str
    alone: bool
    """Whether nothing else is on its line."""
    ends: bool
    """Whether lines can follow in its place: its own line ends there, and is no item, heading, quotation or row."""

    @property
    def label(self) -> str:
        """What a text calls the value."""
        label = f"repr({self.wanted})" if self.as_repr else self.written
        return f"{label}, {self.unit} {self.pages}" if self.pages else label

    @property
    def written(self) -> str:
        """The expression, or the path of a file that it names."""
        return (self.tree and path_in(self.tree)) or self.wanted


@dataclass
class _Expansion:
    """A text being expanded: its images, its notes, and the values that go below it."""

    names: Mapping[str, Any] | None
    tokens: int
    sees: bool
    documents: OpenDocuments | None
    has_images: bool
    turns: Collection[str] | None = None
    images: list[Image] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    below: dict[str, str] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)
    page_above: list[str] = field(default_factory=list)
    relies_on: set[str] = field(default_factory=set)

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
            room[one.label] = max(one.tokens, room.get(one.label, 0))
        problems = Problems()
        values: list[tuple[_Reference, Rendered]] = []
        for one in references:
            with problems.looking_at(one.place.line):
                values.append((one, self._value(one, one.tokens if one.alone else room[one.label])))
        read: list[tuple[Given, Rendered]] = []
        for given in files:
            with problems.looking_at(None):
                if not self._pass(given):
                    tokens = self.tokens if given.tokens is None else given.tokens
                    read.append((given, given._replace(tokens=tokens).shown(self.documents)))
        problems.check()
        texts = Counter(one.place.line for one, shown in values if _has_lines(shown))
        pieces, end = [""], 0
        for one, shown in values:
            glued = _has_lines(shown) and (texts[one.place.line] > 1 or not one.ends)
            piece = self._shown(one, shown, in_place=one.alone or not (shown.block or glued))
            for part in (text[end : one.place.start], piece):
                pieces += [_apart(pieces[-1], part), part] if part else []
            end = one.place.end
        for given, shown in read:
            self._add(given, shown)
        rest = text[end:]
        expanded = "".join([*pieces, _apart(pieces[-1], rest), rest])
        below = "\n\n".join(self.below.values())
        return f"{expanded.rstrip()}\n\n{below}" if below else expanded

    def _references(self, text: str) -> Iterator[_Reference]:
        for place in between_braces(text):
            shape = split(place.inside)
            tree = tree_of(shape.wanted)
            if tree is not None or names_a_value(place.inside, self.names or {}):
                before = text[text.rfind("\n", 0, place.start) + 1 : place.start].strip()
                last = _ENDS_A_LINE.match(text, place.end) is not None
                yield _Reference(
                    wanted=shape.wanted,
                    tokens=self._default_budget(tree) if shape.tokens is None else shape.tokens,
                    tree=tree,
                    place=place,
                    as_repr=shape.as_repr,
                    pages=shape.pages,
                    unit=shape.unit,
                    alone=last and not before,
                    ends=last and not _BEGINS_A_BLOCK.match(before),
                )

    def _default_budget(self, tree: ast.expr | None) -> int:
        """The tokens of a value where none are named: the page above has its own."""
        above = self._page_above(tree)
        return self.tokens if above is None else above.tokens

    def _page_above(self, tree: ast.expr | None) -> Above | None:
        """The page above, where that is what the expression stands for, and not a variable of that name."""
        if isinstance(tree, ast.Name) and tree.id == "above":
            from .outputs.above import Above

            with suppress(Exception):  # an error is raised where the reference is resolved
                value = (self.names or {})[tree.id]
                return value if isinstance(value, Above) else None
        return None

    def _after_turns(self, above: Above) -> Above:
        """The page above, for a request that holds these turns."""
        above = replace(above if self.turns is None else above.after(self.turns), sees=self.sees)
        self.relies_on |= {one.turn for one in above.sent}
        return above

    def _value(self, reference: _Reference, tokens: int) -> Rendered:
        """How the value reads, within so many tokens."""
        from .given import Given

        wanted = reference.wanted
        if reference.tree is None:
            raise code_error(reference.place.inside, self.names or {})
        if reference.tokens > LARGEST_BUDGET:
            raise InvalidRequest(
                "The budget of {{{{ {reference} }}}} is too large.",
                hint="It is a number of tokens, at most {most:,}.",
                reason="reference.budget",
                outcomes=[NOTHING_SENT],
                reference=wanted,
                most=LARGEST_BUDGET,
            )
        above = self._page_above(reference.tree)
        value = look_up(reference.tree, self.names or {}) if above is None else self._after_turns(above)
        try:
            given = Given(
                value=value,
                written=reference.written,
                pages=reference.pages,
                tokens=tokens,
                as_repr=reference.as_repr,
            )
            return given.shown(self.documents)
        except InvalidRequest as error:
            error.context.append(
                Notice("{{{{ {reference} }}}} cannot be shown.", reason="reference.not_shown", reference=wanted)
            )
            raise

    def _shown(self, reference: _Reference, shown: Rendered, *, in_place: bool) -> str:
        """The text that replaces the reference. A value that does not stand `in_place` goes below the text."""
        wanted = reference.label
        if not in_place and wanted in self.below:
            return _Label(f"`{wanted}`")
        text = self._taken(shown, wanted, of_page=self._page_above(reference.tree) is not None)
        if in_place:
            return text
        # A text of its own lines has none of ours around it: where it ends, only a fence says.
        from .given import labelled

        path = path_in(reference.tree) if reference.tree else None
        self.below[wanted] = labelled(wanted, text if shown.block else fenced(text), path)
        return _Label(f"`{wanted}`")

    def above(self, above: Above) -> str:
        """The text of the page above, which needs no reference."""
        from .rendering.renderers import rendered

        return self._taken(rendered(self._after_turns(above), above.tokens, called="above"), "above", of_page=True)

    def add_images(self, images: Sequence[Any]) -> None:
        """Have these pictures go along, those that do already but once. Raises InvalidRequest."""
        from .images.from_value import image_of

        shown = {image.sha256 for image in self.images}
        self.images += [image for image in map(image_of, images) if image.sha256 not in shown]

    def _pass(self, given: Given) -> bool:
        """Whether the model gets what is at an address itself, which then stands below the text."""
        beside_images = self.has_images or any(image.part != "file_url" for image in self.images)
        passed = given.passed(self.documents, beside_images=beside_images)
        if passed is not None:
            self.images.append(passed)
            self.below[given.written] = for_model(_BY_ADDRESS[passed.part], address=given.written)
        return passed is not None

    def _add(self, given: Given, shown: Rendered) -> None:
        """Put what a file holds below the text."""
        text = self._taken(shown, given.written)
        has_name = given.has_title or (shown.images and not shown.illustrated)
        if not has_name:
            text = f"`{given.written}`:\n\n{fenced(text) if _has_lines(shown) else text}"
        self.below[f"file\n{given.written}\n{given.pages}"] = text

    def _taken(self, shown: Rendered, name: str, *, of_page: bool = False) -> str:
        """The text of a value, or of the page above, whose images go along, and of which is said what is left out."""
        text, images, not_sent = with_images(shown, name, len(self.images), sees=self.sees)
        self.images += images
        if of_page:  # it says itself what of its pictures is not sent
            self.page_above.append(shown.left_out)
        elif left_out := distinct_notes([shown.left_out, not_sent]):
            self.cut.append(_("{name}: {left_out}", name=shortened(name, _LONGEST_NAME), left_out=left_out))
        return text


def with_images(shown: Rendered, wanted: str, before: int, *, sees: bool) -> tuple[str, tuple[Image, ...], str]:
    """What stands in a text for a value, the images that go with it, and what of them does not.

    They are numbered from the one after `before` on. Where they stand within the value's text, a model that does not
    see (`sees`) gets none of them, and reads what is there.
    """
    if not shown.images:
        return shown.text, (), ""
    from .rendering.registry import PICTURE, image_mark, not_sent, unseen

    marks = [image_mark(before + number, wanted) for number in range(1, 1 + len(shown.images))]
    images, note = shown.images, ""
    if not shown.illustrated:
        return shown.text or " ".join(marks), images, ""
    if not sees:
        marks, images, note = [unseen(one) for one in images], (), not_sent(len(images))
    first, *others = shown.text.split(PICTURE)
    return "".join([first, *(f"{mark}{text}" for mark, text in zip(marks, others, strict=True))]), images, note


def _has_lines(shown: Rendered) -> bool:
    """Whether a value is a str of several lines."""
    return not shown.block and not shown.images and "\n" in shown.text.strip()


class _Label(str):
    """The name, in backticks, of a value that stands below a text."""

    __slots__ = ()


def _apart(before: str, after: str) -> str:
    """What keeps a label apart from other backticks, which side by side would be one piece of code."""
    is_label = isinstance(before, _Label) or isinstance(after, _Label)
    return " " if is_label and before.endswith("`") and after.startswith("`") else ""

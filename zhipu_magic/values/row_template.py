"""The prompt of each row of a table: the values of its columns in place, and all other values once, before them.

    把评论分类，依据 {{ guide }}：        guide   a name of the notebook: rendered once; a long one stands first
    {{ text }}                            text    a column: each row's own value, whole
    {{ note | default("none") }}          what stands for a missing value; without it, the row fails
    {{ meta["lang"] }}, {{ row.text }}    parts of a value; `row` is all of the row, by column

What all rows share stands first, so that a service that caches the beginnings of prompts bills it as cached.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from ..text.characters import shortened
from ..text.errors import NOTHING_SENT, InvalidRequest
from ..text.languages.joined import comma, distinct_notes
from ..text.languages.language import language_of, prompted
from ..text.languages.messages import _
from ..text.suggestions import nearest
from .braces import Found, between_braces
from .expressions import code_error, first_word, look_up, names_a_value, names_in, parsed, path_in, root_of, tree_of
from .forms import LARGEST_BUDGET, Inside, before_bar, near_form, slip_of, split
from .given import Given, labelled
from .outputs.above import Above
from .problems import Problems, before_sending
from .references import with_images
from .row_prompt import ROW, OwnPrompt, RowPrompt, Slot, pictures_of

if TYPE_CHECKING:
    from .documents.reading import OpenDocuments
    from .images.from_value import Image

#: Characters of a shared value that stays in place after the first column; a longer one moves to the top.
_SHORT = 80
#: Characters of what stands in braces, in an error.
_LONGEST_INSIDE = 100
_DEFAULT = re.compile(r"\s*default\(\s*(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|-?[\d.]+)\s*\)\s*")


@dataclass(frozen=True)
class RowTemplate:
    """A template whose shared values are rendered. `columns` are those that a row's prompt needs, in this order.

    `own` makes a row's prompt but for the `shared` images, which are those of shared values. `notes` is what the user
    should know, and `cut` says what of the shared values is not sent.
    """

    columns: tuple[str, ...]
    own: OwnPrompt
    shared: tuple[Image, ...]
    notes: tuple[str, ...]
    cut: tuple[str, ...]

    @property
    def has_images(self) -> bool:
        """Whether a row's prompt may have images."""
        return bool(self.own.images or self.shared)

    def prompt(self, row: Sequence[Any]) -> RowPrompt:
        """The prompt of the row with these values of the `columns`. Raises InvalidRequest for one that has none."""
        return self.whole(self.own(row))

    def whole(self, own: RowPrompt) -> RowPrompt:
        """What `own` has made, with the shared images."""
        return own._replace(images=(*self.shared, *own.images)) if self.shared else own


def row_template(  # noqa: PLR0913  # what all rows share, by name
    text: str,
    columns: Sequence[str],
    names: Mapping[str, Any],
    tokens: int,
    *,
    images: Sequence[Any] = (),
    documents: OpenDocuments | None = None,
    is_missing: Callable[[Any], bool],
    hide: Callable[[str], str] = str,
    sees: bool = True,
) -> RowTemplate:
    """The template that this text is, over these columns of a table.

    `names` are the notebook's; a column goes before a name. Shared values get at most `tokens` tokens, and `documents`
    reads those that are no text. `images` go with each prompt: a text `{{ column }}` is the picture of that column, any
    other value the same picture for all.
    `hide` takes out what no prompt should have, wherever it is made; `sees` says whether the model does. Raises
    InvalidRequest for a reference to nothing, and for a text that names no column.
    """
    reading = _Reading(
        columns=tuple(columns),
        names=names,
        tokens=tokens,
        sees=sees,
        documents=documents,
    )
    language = language_of(text)
    with before_sending(), prompted(language):
        reading.read(hide(text))
        slots = [reading.picture(image) for image in images]
    if not reading.used:
        raise InvalidRequest(
            "The template names no column of the table, so that all rows would be asked the same.",
            hint="Write a column in double braces. The columns are: {columns}.",
            reason="rows.only_shared",
            outcomes=[NOTHING_SENT],
            columns=_listed(columns),
        )
    used = tuple(columns) if reading.whole_row else tuple(reading.used)
    places = {column: place for place, column in enumerate(used)}

    return RowTemplate(
        columns=used,
        own=OwnPrompt(
            columns=used,
            parts=tuple(_placed(reading.parts(), places, hide)),
            images=tuple(slot.slot(places) for slot in slots if slot is not None),
            before=len(reading.images),
            is_missing=is_missing,
            sees=sees,
            language=language,
        ),
        shared=tuple(reading.images),
        notes=tuple(dict.fromkeys(reading.notes)),
        cut=tuple(map(hide, dict.fromkeys(reading.cut))),
    )


def _placed(
    parts: Iterable[str | _Draft], places: Mapping[str, int], hide: Callable[[str], str]
) -> Iterator[str | Slot]:
    for is_text, some in groupby(parts, lambda part: isinstance(part, str)):
        if is_text:
            yield hide("".join(map(str, some)))  # together: what is to be hidden may begin in one and end in another
        else:
            yield from (part.slot(places) for part in some if not isinstance(part, str))


class _Draft(NamedTuple):
    """A slot whose column has no place yet."""

    written: str
    column: str
    tree: ast.expr | None
    default: str | None
    tokens: int | None
    as_repr: bool

    def slot(self, places: Mapping[str, int]) -> Slot:
        return Slot(
            written=self.written,
            place=places.get(self.column, 0),
            tree=self.tree,
            default=self.default,
            tokens=self.tokens,
            as_repr=self.as_repr,
        )


@dataclass
class _Reading:
    """A template being read: the columns that it has used, and what its shared values bring."""

    columns: tuple[str, ...]
    names: Mapping[str, Any]
    tokens: int
    sees: bool
    documents: OpenDocuments | None
    used: dict[str, None] = field(default_factory=dict)
    whole_row: bool = False
    images: list[Image] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    _above: dict[str, str] = field(default_factory=dict)
    _text: list[str | _Draft] = field(default_factory=list)

    def parts(self) -> list[str | _Draft]:
        """The parts of a row's prompt; what all rows share, and is long, is the first."""
        above = "".join(f"{text}\n\n" for text in self._above.values())
        return [above, *self._text] if above else self._text

    def read(self, text: str) -> None:
        problems, end = Problems(), 0
        for place in between_braces(text):
            part = None
            with problems.looking_at(place.line):
                part = self._part(text, place)
            if part is not None:
                self._text += [text[end : place.start], part]
                end = place.end
        problems.check()
        self._text.append(text[end:])

    def picture(self, image: Any) -> _Draft | None:
        """The slot that this picture of a row is; None for one that goes with all rows."""
        if isinstance(image, str) and image.strip().startswith("{{"):
            found = next(between_braces(image.strip()), None)
            draft = self._draft(found.inside) if found is not None else None
            if draft is not None:
                return draft
            if found is not None:
                image = self._looked_up(found.inside)
        self.images += pictures_of(image)
        return None

    def _part(self, text: str, place: Found) -> str | _Draft | None:
        """What stands for a reference; None for braces that are none."""
        draft = self._draft(place.inside)
        if draft is not None:
            return draft
        shape = split(place.inside)
        if tree_of(shape.wanted) is None:
            if self._is_of_a_row(place.inside):
                raise self._no_reference(place.inside)
            if names_a_value(place.inside, self.names):
                raise code_error(place.inside, self.names)
            return None
        return self._shared(shape)

    def _is_of_a_row(self, inside: str) -> bool:
        """Whether braces that are no reference are surely meant as a row's value.

        A column occurs in them, or they begin with one. Words that begin with another name are not Python, and may be
        anything.
        """
        own = {ROW, *self.columns}
        found = names_in(inside)
        if inside.partition("|")[0].strip() in own or not own.isdisjoint(found):
            return True
        if not found and first_word(inside) in self.columns:
            return True
        value = before_bar(inside)
        return value is not None and self._is_rows(value.strip())

    def _no_reference(self, inside: str) -> InvalidRequest:
        value = before_bar(inside)
        return InvalidRequest(
            "{{{{ {inside} }}}} is no reference to a value.",
            hint="A reference is {{{{ column }}}} or {{{{ name }}}}, with attributes, items and slices, and no calls; "
            "{{{{ column | 4000 }}}} with at most so many tokens, {{{{ column | repr }}}} as its repr, "
            '{{{{ column | default("…") }}}} with what stands for a missing value. Anything else must be a column '
            "first. Braces in `code` are sent as they stand.",
            reason="row.no_reference",
            outcomes=[NOTHING_SENT],
            near="" if value is None else near_form(slip_of(inside[len(value) + 1 :])),
            inside=shortened(inside, _LONGEST_INSIDE),
        )

    def _draft(self, inside: str) -> _Draft | None:
        """The slot of a reference to a row's own value; None for any other."""
        wanted, default, tokens, as_repr, pages = _filters(inside)
        if pages and self._is_rows(wanted):
            raise InvalidRequest(
                "{{{{ {inside} }}}}: a row's own document is read as a whole.",
                hint="Leave the pages out; {{{{ column | 4000 }}}} says how many tokens of it are sent.",
                reason="row.pages",
                outcomes=[NOTHING_SENT],
                inside=shortened(wanted, _LONGEST_INSIDE),
            )
        draft = _Draft(wanted, column=wanted, tree=None, default=default, tokens=tokens, as_repr=as_repr)
        if wanted in self.columns:
            self.used[wanted] = None
            return draft
        tree = tree_of(wanted)
        root = root_of(tree) if tree is not None else ""
        if root in self.columns:
            self.used[root] = None
            return draft._replace(column=root, tree=tree)
        if root == ROW:
            self.used |= dict.fromkeys(self.columns)
            self.whole_row = True
            of_row = _Items().visit(tree) if tree is not None else None
            return draft._replace(column="", tree=of_row)
        return None

    def _is_rows(self, wanted: str) -> bool:
        """Whether this is a row's own value."""
        tree = tree_of(wanted)
        return wanted in self.columns or (tree is not None and root_of(tree) in (ROW, *self.columns))

    def _looked_up(self, wanted: str) -> Any:
        tree = parsed(wanted)
        if tree is None:
            raise self._no_reference(wanted)
        if path_in(tree) is None and root_of(tree) not in self.names:
            raise self._undefined(root_of(tree))
        return look_up(tree, self.names)

    def _shared(self, shape: Inside) -> str:
        value, tree = self._looked_up(shape.wanted), parsed(shape.wanted)
        wanted = (tree and path_in(tree)) or shape.wanted
        label = f"repr({wanted})" if shape.as_repr else wanted
        label = f"{label}, {shape.unit} {shape.pages}" if shape.pages else label
        tokens = min(self.tokens if shape.tokens is None else shape.tokens, LARGEST_BUDGET)
        of_page = isinstance(value, Above)
        value = replace(value, sees=self.sees) if isinstance(value, Above) else value
        given = Given(value=value, written=wanted, pages=shape.pages, tokens=tokens, as_repr=shape.as_repr)
        shown = given.shown(self.documents)
        if shown.illustrated and label in self._above:
            return f"`{label}`"
        text, images, not_sent = with_images(shown, label, len(self.images), sees=self.sees)
        self.images += images
        if left_out := distinct_notes([shown.left_out, "" if of_page else not_sent]):
            self.cut.append(_("{name}: {left_out}", name=label, left_out=left_out))
        if (not self.used and not shown.block) or ("\n" not in text and len(text) <= _SHORT):
            return text
        if shown.images and not shown.illustrated:
            return text
        self._above[label] = labelled(label, text, path_in(tree) if tree else None)
        return f"`{label}`"

    def _undefined(self, name: str) -> InvalidRequest:
        known = [*self.columns, *(name for name in self.names if not name.startswith("_"))]
        return InvalidRequest(
            "There is neither a column nor a value named {name}.",
            hint="The columns are: {columns}.",
            reason="row.undefined",
            outcomes=[NOTHING_SENT],
            near=nearest(name, known),
            name=name,
            columns=_listed(self.columns),
        )


def without_default(inside: str) -> str:
    """The reference without what stands for a missing value."""
    wanted, bar, last = inside.rpartition("|")
    return wanted if bar and _DEFAULT.fullmatch(last) else inside


def _filters(inside: str) -> tuple[str, str | None, int | None, bool, str]:
    """The expression of a reference, what stands for a missing value, its budget, whether its `repr` is meant, and the
    pages that are wanted.
    """
    default: str | None = None
    tokens: int | None = None
    as_repr, pages = False, ""
    while True:
        wanted, bar, last = inside.rpartition("|")
        found = _DEFAULT.fullmatch(last) if bar else None
        if found is not None and default is None:
            default, inside = str(ast.literal_eval(found["text"])), wanted
            continue
        shorter, budget, is_repr, chosen, _ = split(inside)
        again = (budget is not None and tokens is not None) or (is_repr and as_repr) or (chosen and pages)
        if shorter == inside or again:
            return inside.strip(), default, tokens, as_repr, pages
        inside, as_repr, pages = shorter, as_repr or is_repr, pages or chosen
        tokens = tokens if budget is None else min(budget, LARGEST_BUDGET)


class _Items(ast.NodeTransformer):
    """Reads `row.text` as `row["text"]`: a row has its columns as items."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == ROW:
            return ast.Subscript(node.value, ast.Constant(node.attr), ast.Load())
        return node


def _listed(columns: Sequence[str], most: int = 20) -> str:
    more = len(columns) - most
    return comma([*columns[:most], *([_("and {count} more", count=more)] if more > 0 else [])])

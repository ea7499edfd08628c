"""What the front-end extension asks about the references of a prompt, by way of completion: are they names?

After `{{ ` the page writes what stands between the braces of each reference, with `ENQUIRY` before each. It gets one
candidate for each: its number and perhaps the nearest name, with what it is as the candidate's type. So nothing of the
user's is run, and a kernel that does not know the question offers nothing.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..variables import OF_THE_PAGE
from . import names

if TYPE_CHECKING:
    from ..session import Session

#: The control character of this name, which nobody types.
ENQUIRY = "\x05"
_MOST_ASKED = 200


def answers(session: Session, asked: str, row: Mapping[str, Any], *, any_column: bool) -> Iterator[tuple[str, str]]:
    """What each of the asked references is: `known`, `unknown`, `code` that is refused, or `text`, sent as it stands.

    The columns of a `row` are known; `any_column` is for a table whose columns cannot be told.
    """
    from ...text.suggestions import nearest
    from ...values.expressions import names_a_value, parsed, path_in, root_of
    from ...values.row_template import without_default

    known = session.variables.everything
    near = list(dict.fromkeys((*row, *(name for name, _ in names.own(session)), *OF_THE_PAGE)))
    named: Mapping[str, Any] = ChainMap(dict(row), known)  # type: ignore[arg-type]  # it is only read
    for number, inside in enumerate(islice(asked.split(ENQUIRY)[1:], _MOST_ASKED)):
        tree = parsed(without_default(inside) if row or any_column else inside)
        root = "" if tree is None else root_of(tree)
        if tree is None:
            yield str(number), "code" if names_a_value(inside, named) else "text"
        elif path_in(tree) is not None or any_column or root in row or root in known or root == "error":
            yield str(number), "known"
        else:
            yield f"{number} {nearest(root, near)}".strip(), "unknown"

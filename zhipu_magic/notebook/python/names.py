"""Which names of the notebook code has changed: bound, bound to another value, or deleted.

What it changes within a value, as a list that grows, cannot be seen from the names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ...text.characters import printable, shortened
from ...values.tools.ran import LONGEST, MOST_NAMES

#: Names that IPython and Python themselves bind while a cell runs.
_NOT_THE_CODES = re.compile(r"_+|_\d+|_i+|_i\d+|_[iod]h|In|Out|_glm|_exit_code|__\w+__")


class Names(NamedTuple):
    """The names that code has `bound`, in the order of the namespace, and those that it has `deleted`."""

    bound: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Names:
    """What has become of the names of a namespace."""
    absent = object()
    bound = (name for name, value in after.items() if before.get(name, absent) is not value)
    return Names(_listed(bound), _listed(name for name in before if name not in after))


def _listed(names: Iterable[Any]) -> tuple[str, ...]:
    own = (name for name in names if type(name) is str and not _NOT_THE_CODES.fullmatch(name))
    return tuple(dict.fromkeys(shortened(printable(name), LONGEST) for name in own))[:MOST_NAMES]

"""What stands between the braces of a reference: an expression, and perhaps a budget of tokens, and a form.

An expression is a name, with attributes, items and slices. It is parsed and looked up step by step, with no calls.
`Path("report.pdf")` names a file, and is no call either: whatever `Path` is in the notebook, nothing of it runs.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ..text.characters import shortened
from ..text.errors import NOTHING_SENT, GLMError, InvalidRequest
from ..text.suggestions import nearest
from .outputs.output import Whole

#: Tokens: more than any context holds.
LARGEST_BUDGET = 10_000_000
_FORM = re.compile(r"\s*(?P<repr>repr\b)?\s*(?P<budget>\d[\d_,]*)?\s*")
_PAGES = re.compile(r"\s*(?:page|slide|sheet)s?\s+([^\[\]()]*\S)\s*", re.IGNORECASE)
#: Characters of an expression, where an error repeats it.
_LONGEST_WRITTEN = 100
#: Of an expression: its characters, and the names and items in it.
_LONGEST, _MOST_PARTS = 1_000, 200
_ALLOWED = (ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Constant, ast.UnaryOp, ast.USub, ast.Tuple, ast.List)
_CONTEXTS = (ast.Load, ast.Expression)


def value_of(expression: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression. Raises InvalidRequest if it is not one, or has no value."""
    tree = parsed(expression)
    if tree is None:
        raise InvalidRequest(
            "{expression} is not a name, nor an attribute or item of one.",
            reason="reference.not_a_name",
            expression=expression,
        )
    return look_up(tree, names)


def is_name(expression: str, names: Mapping[str, Any]) -> bool:
    """Whether the expression begins with one of these names."""
    tree = parsed(expression)
    return tree is not None and root_of(tree) in names


class Inside(NamedTuple):
    """What stands between the braces of a reference, in parts."""

    wanted: str
    """The expression."""
    tokens: int | None = None
    """The budget of its value; None where it names none."""
    as_repr: bool = False
    """Whether the value is wanted as its `repr`."""
    pages: str = ""
    """Which pages of a document are wanted; empty for all."""


def split(inside: str) -> Inside:
    """The expression, and what the formats after it say, in any order: `| 500`, `| repr`, `| repr 500`, `| pages 2`."""
    tokens: int | None = None
    as_repr, pages = False, ""
    while True:
        wanted, bar, last = inside.rpartition("|")
        chosen = _PAGES.fullmatch(last) if bar and not pages else None
        if chosen is not None and all(chosen[1].count(quote) % 2 == 0 for quote in "\"'"):
            inside, pages = wanted.rstrip(), chosen[1]
            continue
        form = _FORM.fullmatch(last) if bar and last.strip() else None
        if form is None or (form["repr"] and as_repr) or (form["budget"] and tokens is not None):
            return Inside(inside, tokens, as_repr, pages)
        inside, as_repr = wanted.rstrip(), as_repr or bool(form["repr"])
        if form["budget"]:
            digits = re.sub("[_,]", "", form["budget"])
            tokens = int(digits) if len(digits) <= len(str(LARGEST_BUDGET)) else LARGEST_BUDGET + 1


def parsed(inside: str) -> ast.expr | None:
    """The expression as a syntax tree, without its budget and pages; None if it is not one."""
    inside = split(inside).wanted
    if len(inside) > _LONGEST:
        return None
    try:
        tree = ast.parse(inside.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if path_in(tree) is not None:
        return tree
    nodes = list(islice(ast.walk(tree), _MOST_PARTS + 1))
    if len(nodes) > _MOST_PARTS or not all(isinstance(node, (*_ALLOWED, *_CONTEXTS)) for node in nodes):
        return None
    return tree if root_of(tree) else None


def path_in(tree: ast.expr) -> str | None:
    """The path in `Path("…")`; None for any other expression."""
    match tree:
        case ast.Call(func=ast.Name(id="Path"), args=[ast.Constant(value=str(path))], keywords=[]):
            return path
    return None


def names_a_value(inside: str, names: Mapping[str, Any]) -> bool:
    """Whether any of these names occurs in what is not an expression here, but may be meant as one: `f(x)`, `x + 1`.

    Names that are there without the notebook's doing do not count, nor does that of a template's filter: `{{ _("Sign
    in") }}`, `{{ title | upper }}`.
    """
    return any(name in names and not _is_given(name, names) for name in names_in(_before_filter(inside)))


#: What IPython puts among the names: the results and the source of cells, and its own functions.
_OF_IPYTHON = re.compile(r"_+|_\d+|_i+|_i\d+|_[iod]h|In|Out|exit|quit|open|get_ipython")
#: What a template's filter looks like.
_FILTER = re.compile(r"\s*[A-Za-z_][\w.]*\s*(?:\(.*\))?\s*")
_OF_THE_PAGE = ("out", "cell", "above")


def _is_given(name: str, names: Mapping[str, Any]) -> bool:
    """Whether a name is not one that the notebook's author has chosen."""
    if name in _OF_THE_PAGE:
        return name not in set(names)  # the page's own are not gone through
    return _OF_IPYTHON.fullmatch(name) is not None


def _before_filter(inside: str) -> str:
    before, bar, last = inside.rpartition("|")
    return before if bar and _FILTER.fullmatch(last) and parsed(before) is not None else inside


def names_in(inside: str) -> list[str]:
    """The names in what may be meant as an expression; of a very long one, the first. None where it is not Python."""
    if len(inside) > _LONGEST:
        begun = first_word(inside)
        return [begun] if begun else []
    try:
        tree = ast.parse(inside.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


def first_word(inside: str) -> str:
    """The name that this begins with; empty if it begins with none."""
    begun = re.match(r"\s*([^\W\d]\w*)", inside)
    return "" if begun is None else begun[1]


def code_error(inside: str, names: Mapping[str, Any]) -> InvalidRequest:
    """The error for code between braces that is more than a reference: it is never run, so it would be sent as words.

    Its hint gives the value a name first, one that is not among `names`. What looks like a filter is no such code.
    """
    wanted, tokens, as_repr, pages = split(inside)
    value, bar, form = wanted.rpartition("|")
    if bar and parsed(value) is not None and (_FILTER.fullmatch(form) or form.strip() not in names):
        return InvalidRequest(
            "{{{{ {inside} }}}} has no value: {form} is no way to send one.",
            hint="Write a number of tokens, as in {{{{ {value} | 500 }}}}, or repr. " + _AS_CODE,
            reason="reference.form",
            outcomes=[NOTHING_SENT],
            inside=shortened(inside, _LONGEST_WRITTEN),
            form=shortened(form.strip(), _LONGEST_WRITTEN),
            value=shortened(value.strip(), _LONGEST_WRITTEN),
        )
    code = shortened(" ".join(wanted.split()), _LONGEST_WRITTEN)
    name = _free_name(wanted, names)
    forms = (
        " | repr" if as_repr else "",
        f" | pages {pages}" if pages else "",
        "" if tokens is None else f" | {tokens}",
    )
    form = "".join(forms)
    return InvalidRequest(
        "{{{{ {inside} }}}} is code, which is not run from a prompt. Run {name} = {source} first, then write "
        "{{{{ {name}{form} }}}}.",
        hint=_AS_CODE,
        reason="reference.code",
        outcomes=[NOTHING_SENT],
        inside=shortened(inside, _LONGEST_WRITTEN),
        source=code,
        name=name,
        form=form,
    )


def _free_name(code: str, names: Mapping[str, Any]) -> str:
    """A name for the value of some code: by what is called last, such as `d` of `df.describe()`."""
    called = re.findall(r"([^\W\d_]\w*)\s*\(", code)
    begins = [called[-1][0].lower(), called[-1]] if called and len(called[-1]) < _LONGEST_WRITTEN else []
    return next(
        (name for name in [*begins, "value", "result"] if name not in names and not hasattr(builtins, name)), "result_2"
    )


def root_of(tree: ast.expr) -> str:
    """The name that an expression begins with."""
    while isinstance(tree, (ast.Attribute, ast.Subscript)):
        tree = tree.value
    return tree.id if isinstance(tree, ast.Name) else ""


def look_up(tree: ast.expr, names: Mapping[str, Any]) -> Any:
    """The value of a parsed expression. Raises InvalidRequest if it has none."""
    if (path := path_in(tree)) is not None:
        return Path(path)
    if isinstance(tree, ast.Name):
        if tree.id not in names:
            raise _undefined(tree.id, names)
        return names[tree.id]
    if isinstance(tree, ast.Attribute):
        value = look_up(tree.value, names)
        if isinstance(value, Whole):
            raise InvalidRequest(
                "{{{{ {reference} }}}} has no value: {owner} is sent as a whole.",
                hint="Write {{{{ {owner} }}}}, perhaps with a number of tokens: {{{{ {owner} | 500 }}}}.{parts}",
                reason="reference.whole",
                outcomes=[NOTHING_SENT],
                reference=ast.unparse(tree),
                owner=ast.unparse(tree.value),
                parts=_parts_of_cell(tree.value),
            )
        if isinstance(value, Mapping) and tree.attr in value and not hasattr(type(value), tree.attr):
            raise InvalidRequest(
                "{{{{ {reference} }}}} has no value: {key} is a key.",
                hint='Write {owner}["{key}"]. ' + _AS_THEY_STAND,
                reason="reference.key",
                outcomes=[NOTHING_SENT],
                reference=ast.unparse(tree),
                owner=ast.unparse(tree.value),
                key=tree.attr,
            )
        return _tried(lambda: getattr(value, tree.attr), tree, lambda: dir(value), tree.attr)
    if isinstance(tree, ast.Subscript):
        value, item = look_up(tree.value, names), look_up(tree.slice, names)
        return _tried(lambda: value[item], tree, lambda: map(str, value), str(item))
    if isinstance(tree, ast.Slice):
        return slice(*(part and look_up(part, names) for part in (tree.lower, tree.upper, tree.step)))
    if isinstance(tree, ast.Tuple):
        return tuple(look_up(item, names) for item in tree.elts)
    if isinstance(tree, ast.List):
        return [look_up(item, names) for item in tree.elts]
    if isinstance(tree, ast.UnaryOp):
        value = look_up(tree.operand, names)
        return _tried(lambda: -value, tree)
    assert isinstance(tree, ast.Constant)
    return tree.value


def _parts_of_cell(tree: ast.expr) -> str:
    """What gives the source alone, or the output, of a cell that is referred to by its number."""
    match tree:
        case ast.Subscript(value=ast.Name(id="cell"), slice=ast.Constant(value=int(number))):
            return (
                f" {{{{ In[{number}] }}}} is its source alone, and {{{{ Out[{number}] }}}} its value or what it showed."
            )
    return ""


def _tried(
    look: Callable[[], Any], tree: ast.expr, others: Callable[[], Iterable[str]] = list, wanted: str = ""
) -> Any:
    """What `look` returns. The user's own code may run in it, so whatever it raises becomes an InvalidRequest."""
    try:
        return look()
    except GLMError:  # of a value of ours, which says more
        raise
    except Exception as error:
        try:
            near = nearest(wanted, others())
        except Exception:  # a value that cannot be looked through has no near names
            near = ""
        raise InvalidRequest(
            "{{{{ {reference} }}}} has no value ({error}).",
            hint=_AS_THEY_STAND,
            reason="reference.no_value",
            outcomes=[NOTHING_SENT],
            near=near,
            reference=ast.unparse(tree),
            error=f"{type(error).__name__}: {error}".removesuffix(": "),
        ) from None


_AS_CODE = "Braces within `backticks` are sent as they stand."
_AS_THEY_STAND = "Without names, braces are sent as they stand."


def _undefined(name: str, names: Mapping[str, Any]) -> InvalidRequest:
    if name == "error":
        return InvalidRequest(
            "There has been no exception yet for {{ error }} to show.", reason="reference.no_exception"
        )
    near = nearest(name, (known for known in names if not known.startswith("_")))
    return InvalidRequest(
        "There is no value named {name}.",
        hint=_AS_THEY_STAND,
        reason="reference.undefined",
        outcomes=[NOTHING_SENT],
        near=near,
        name=name,
    )

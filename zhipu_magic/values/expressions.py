"""What stands between the braces of a reference before the bar: an expression (after it: see `forms`).

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
from typing import Any

from ..text.characters import shortened
from ..text.errors import NOTHING_SENT, GLMError, InvalidRequest
from ..text.languages.messages import N_, _
from ..text.suggestions import nearest
from .forms import before_bar, near_form, slip_of, split
from .outputs.output import Whole

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


def parsed(inside: str) -> ast.expr | None:
    """The expression as a syntax tree, without its budget and pages; None if it is not one."""
    return tree_of(split(inside).wanted)


def tree_of(inside: str) -> ast.expr | None:
    """The expression as a syntax tree; None if it is not one, or something stands after it."""
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
    """Whether what is not a reference is meant as one: code with one of these names, or a slip after the bar of one.

    `f(x)`, `x + 1`, `x | 5oo`. Names that are there without the notebook's doing do not count, nor does that of a
    template's filter: `{{ _("Sign in") }}`, `{{ title | upper }}`.
    """
    if (slip := slip_in(inside)) is not None:
        value, form = slip
        tree = tree_of(value)
        assert tree is not None
        root, is_filter = root_of(tree), _FILTER.fullmatch(form) is not None
        # A name of the notebook's or the page's has nothing else after it; an unknown one may be a template's.
        if path_in(tree) is not None or (root in names and not (is_filter and _OF_IPYTHON.fullmatch(root))):
            return True
        if not is_filter and (root in names or _COUNTS.fullmatch(form)):
            return True
    return any(name in names and not _is_given(name, names) for name in names_in(_before_filter(split(inside).wanted)))


def slip_in(inside: str) -> tuple[str, str] | None:
    """The expression before the bar, and what stands after it and can stand there not, or not again."""
    value = before_bar(inside)
    return None if value is None or tree_of(value) is None else (value, slip_of(inside[len(value) + 1 :]))


#: What IPython puts among the names: the results and the source of cells, and its own functions.
_OF_IPYTHON = re.compile(r"_+|_\d+|_i+|_i\d+|_[iod]h|In|Out|exit|quit|open|get_ipython")
#: What no template has after a bar: `5oo`, `pgaes 2`.
_COUNTS = re.compile(r"\s*(?:[^\W\d]\w*\s+)?\d[\w,.-]*\s*")
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
    """The error for what `names_a_value`: it is sent neither as a value nor as words.

    Code is never run; its hint gives the value a name first, one that is not among `names`.
    """
    slip = slip_in(inside)
    if slip is not None and (tree := tree_of(slip[0])) is not None:
        root = root_of(tree)
        return _undefined(root, names) if root and root not in names else _form_error(inside, *slip)
    shape = split(inside)
    code = shortened(" ".join(shape.wanted.split()), _LONGEST_WRITTEN)
    name = _free_name(shape.wanted, names)
    return InvalidRequest(
        "{{{{ {inside} }}}} is code, which is not run from a prompt. Run {name} = {source} first, then write "
        "{{{{ {name}{form} }}}}.",
        hint=_AS_CODE,
        reason="reference.code",
        outcomes=[NOTHING_SENT],
        inside=shortened(inside, _LONGEST_WRITTEN),
        source=code,
        name=name,
        form=shape.forms,
    )


def _form_error(inside: str, value: str, form: str) -> InvalidRequest:
    if form.strip() and not split(f"|{form}").wanted:
        return InvalidRequest(
            "{{{{ {inside} }}}} says twice what is sent of its value.",
            hint="Leave out {form}, or what stands for it. Braces within `backticks` are sent as they stand.",
            reason="reference.form_twice",
            outcomes=[NOTHING_SENT],
            inside=shortened(inside, _LONGEST_WRITTEN),
            form=shortened(form.strip(), _LONGEST_WRITTEN),
        )
    return InvalidRequest(
        "{{{{ {inside} }}}} has no value: {form} is no way to send one.",
        hint="After the bar stands a number of tokens, {{{{ {value} | 500 }}}}, or repr, or of a document pages 2-5, "
        "slides 2-5 or sheets NAME. Braces within `backticks` are sent as they stand.",
        reason="reference.form",
        outcomes=[NOTHING_SENT],
        near=near_form(form),
        inside=shortened(inside, _LONGEST_WRITTEN),
        form=shortened(form.strip(), _LONGEST_WRITTEN) or _("nothing after a bar"),
        value=shortened(value.strip(), _LONGEST_WRITTEN),
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
                hint='Write {owner}["{key}"]. Without names, braces are sent as they stand.',
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
            return _(
                " {{{{ In[{number}] }}}} is its source alone, and {{{{ Out[{number}] }}}} its value or what it showed.",
                number=number,
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


_AS_CODE = N_("Braces within `backticks` are sent as they stand.")
_AS_THEY_STAND = N_("Without names, braces are sent as they stand.")


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

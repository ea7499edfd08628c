"""The catalogue of messages: found in the code, kept in one .po file for each language, and compiled.

    python tools/catalog.py update     bring the .po files up to date with the code, and say what is not translated
    python tools/catalog.py compile    make the .mo files that the package reads

What is a message is told by where a literal stands: the names below take messages. Babel does the rest.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # a script has only its own folder there

from hatch_build import compile_catalogues, po_files  # noqa: E402  # it stands in no package

PACKAGE = ROOT / "zhipu_magic"
LOCALES = PACKAGE / "text" / "locale"
DOMAIN = "zhipu_magic"
LANGUAGES = ("zh_CN",)

#: The arguments of a call that are messages, by the last part of its name: their places and their keywords.
ARGUMENTS: dict[str, tuple[int | str, ...]] = {
    "_": (0,),
    "N_": (0,),
    "Message": (0,),
    "for_model": (0,),
    "Markup": (0,),
    "Notice": (0, "hint"),
    "Command": (2, "summary", "details", "arguments"),
    "refused": (1,),
    "_wrong": (0,),
    "_help": (0,),
    "_needs": (0,),
    "ScriptFileError": (0,),
    "Unread": (0,),
    "_mistake": (0,),
    "_option": ("help",),
    "_group": (0,),
    "Cause": (1, 2, "message", "hint"),
    "_Cause": (0, 1, "message", "hint"),
    "_Failure": (1, 2, "message", "hint"),
    **dict.fromkeys(("Unicode", "Int", "Float", "Bool", "Enum", "List"), ("help",)),
}
#: Calls that take a text for one and a text for many.
PLURALS = ("ngettext", "Counted")
#: Calls that take a context and a text.
CONTEXTUAL = ("pgettext", "Contextual")
#: Of an error, which any call with a `reason` makes.
OF_ERRORS = (0, "hint")
#: Tables all of whose values are messages.
TABLES = ("HINTS", "NOTES")


class Found(NamedTuple):
    """A message in the code. `many` is its form for other numbers than one, `context` what tells it from another."""

    text: str
    many: str
    path: str
    line: int
    context: str = ""


def messages() -> Iterator[Found]:
    """All messages of the package, in the order of its files."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield from messages_in(path.read_text("utf-8"), path.relative_to(ROOT).as_posix())


def messages_in(source: str, path: str) -> Iterator[Found]:
    """The messages in the source of a module."""
    nodes = sorted(ast.walk(ast.parse(source)), key=lambda node: (getattr(node, "lineno", 0), _column(node)))
    for node in nodes:
        if isinstance(node, ast.Call) and _name(node.func) in CONTEXTUAL and len(node.args) > 1:
            for context, text in zip(_literals(node.args[0]), _literals(node.args[1]), strict=True):
                yield Found(text.value, "", path, text.lineno, context.value)
        for text, many, line in _of(node):
            yield Found(text, many, path, line)


def _column(node: ast.AST) -> int:
    return int(getattr(node, "col_offset", 0))


def _of(node: ast.AST) -> Iterator[tuple[str, str, int]]:
    if isinstance(node, ast.Call):
        name = _name(node.func)
        if name in PLURALS and len(node.args) > 1:
            for one, many in zip(_literals(node.args[0]), _literals(node.args[1]), strict=False):
                yield one.value, many.value, one.lineno
        elif name == "plural" and len(node.args) > 1:
            for what in _literals(node.args[1]):
                yield f"{{count:,}} {what.value}", f"{{count:,}} {what.value}s", what.lineno
        else:
            marked = name in ("_", "N_", "for_model")
            for argument in _arguments(node, name):
                for literal in _literals(argument):
                    if marked or has_words(literal.value):
                        yield literal.value, "", literal.lineno
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id.lstrip("_") in TABLES for target in targets):
            for literal in _literals(node.value):
                yield literal.value, "", literal.lineno


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _arguments(call: ast.Call, name: str) -> Iterator[ast.expr]:
    keywords = {one.arg: one.value for one in call.keywords if one.arg}
    wanted: Sequence[int | str] = ARGUMENTS.get(name, OF_ERRORS if "reason" in keywords else ())
    for place in wanted:
        if isinstance(place, str):
            if place in keywords:
                yield keywords[place]
        elif place < len(call.args):
            yield call.args[place]


class _Literal(NamedTuple):
    value: str
    lineno: int


def _literals(node: ast.expr) -> Iterator[_Literal]:
    """The literals that an expression may be: of a choice, either; of a table, its values."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and node.value:
            yield _Literal(node.value, node.lineno)
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)
    elif isinstance(node, (ast.BoolOp, ast.Dict)):
        for value in node.values:
            yield from _literals(value)
    elif isinstance(node, (ast.Tuple, ast.List)):
        for value in node.elts:
            yield from _literals(value)


#: What in a template is no word of ours: facts, tags, entities, code.
_NO_WORDS = re.compile(r"""\{[^{}]*\}|<[^<>]*>|&#?\w+;|`[^`]*`|\b[\w-]+="[^"]*\"""")
_WORD = re.compile(r"[^\W\d_]{2,}")
#: The name of a reason.
_REASON = re.compile(r"[a-z_]+(?:\.[a-z_]+)+")
#: What is a style sheet, or a part of one.
_STYLE = re.compile(r"<style>|(?:\{\w+\};)?[a-z-]+(?::\S|\(--)")


def has_words(template: str) -> bool:
    """Whether there are words in a template that a reader reads."""
    return (
        _STYLE.match(template) is None
        and _REASON.fullmatch(template) is None
        and _WORD.search(_NO_WORDS.sub(" ", template)) is not None
    )


def found() -> Catalog:
    """The messages of the package as Babel has them, each with the files that it is in."""
    catalog = Catalog(project="zhipu_magic", fuzzy=False)
    for one in messages():
        id = (one.text, one.many) if one.many else one.text
        catalog.add(id, locations=[(one.path, one.line)], context=one.context or None)
    return catalog


def po_path(language: str) -> Path:
    """The file with the translations into a language."""
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """The translations into a language; none, if its file is not there yet."""
    return po_files.read(po_path(language), language)


def update(language: str) -> list[str]:
    """Bring the translations up to date with the code. Returns what is not translated, or marked as fuzzy: that is
    compiled into nothing."""
    catalog = read(language)
    catalog.update(found(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    write(catalog, po_path(language))
    return [
        str(message.id) for message in catalog if message.id and (message.fuzzy or not _is_translated(message.string))
    ]


def write(catalog: Catalog, path: Path) -> None:
    po_files.write(catalog, path, width=110)


def _is_translated(string: object) -> bool:
    return all(string) if isinstance(string, (list, tuple)) else bool(string)


def main(words: Sequence[str]) -> int:
    """Run one of the commands. Returns the exit status."""
    if words not in (["update"], ["compile"]):
        print(__doc__)
        return 2
    try:
        for language in LANGUAGES if words == ["update"] else ():
            missing = update(language)
            print(f"{language}: {len(missing)} not translated", *missing, sep="\n  ")
        compile_catalogues(PACKAGE)
    except ValueError as damaged:  # told by whoever reads a catalogue
        print(damaged, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

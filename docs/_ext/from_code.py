"""The pages that the code itself knows: options, commands, settings, errors and the command line, as Markdown.

Nothing here imports Sphinx, so that the tests read the same text as the pages show. All of the package's own sentences
pass `told`, which is where another language comes in.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import zhipu_magic
from zhipu_magic import __main__ as command_line
from zhipu_magic.notebook.commands.registry import COMMANDS
from zhipu_magic.notebook.hints import HINTS
from zhipu_magic.notebook.line import options as cell_options
from zhipu_magic.notebook.settings import Settings
from zhipu_magic.service.error_causes import CAUSES, Cause
from zhipu_magic.text.languages.catalogue import translated
from zhipu_magic.text.languages.language import Language
from zhipu_magic.text.languages.messages import Tellable

PACKAGE = Path(zhipu_magic.__file__).parent


#: The words of these tables that the package itself does not have.
HEADS = {
    "option": "选项",
    "what it does": "作用",
    "example": "示例",
    "argument": "参数",
    "what it is": "说明",
    "command": "命令",
    "setting": "设置",
    "default": "默认值",
    "reason": "原因",
    "what it says": "内容",
    "what to do": "建议",
    "in Python:": "在 Python 中：",
    "code": "错误码",
    "tried again": "自动重试",
    "show the current state": "显示当前状态",
}


def told(message: object, language: str) -> str:
    """A message of the package in this language: the one place where the package's own catalogue comes in."""
    known: Language = "zh" if language.startswith("zh") else "en"
    if isinstance(message, Tellable):
        return message.in_language(known)
    text = str(message)
    return HEADS[text] if known == "zh" and text in HEADS else translated(text, known)


def page(name: str, language: str = "en") -> str:
    """The Markdown of one page. Raises KeyError for a name that is none of `PAGES`."""
    return PAGES[name](lambda message: told(message, language))


Tell = Callable[[object], str]


def _options(tell: Tell) -> str:
    parts = []
    for group in cell_options.GROUPS:
        rows = []
        for action in group._group_actions:
            help_text, _, example = tell(action.help or "").replace("%%", "%").rpartition("\n")
            rows.append((_code(_usage(action)), _prose(help_text), _code(example)))
        parts.append(f"## {tell(group.title)}\n\n{_table(map(tell, ('option', 'what it does', 'example')), rows)}")
    return "\n\n".join(parts)


def _usage(action: argparse.Action) -> str:
    """How an option is written, as in `-b NAME, --bind NAME`."""
    value = str(action.metavar or ("" if action.nargs == 0 or not action.option_strings else action.dest.upper()))
    if value and action.nargs in ("?", "*"):
        value = f"[{value}]"
    return ", ".join(f"{name} {value}".strip() for name in action.option_strings)


def _commands(tell: Tell) -> str:
    parts = []
    for command in COMMANDS.values():
        parts.append(f"({_anchor('command', command.name)})=\n## `{command.usage}`")
        parts.append(f"{_sentence(_prose(tell(command.summary)))} {_prose(tell(command.details))}")
        if command.arguments:
            rows = [(_code(name), _prose(tell(meaning))) for name, meaning in command.arguments.items()]
            parts.append(_table(map(tell, ("argument", "what it is")), rows))
        parts.append("```text\n" + "\n".join(map(tell, command.examples)) + "\n```")
    return "\n\n".join(parts)


def _command_list(tell: Tell) -> str:
    rows = [
        (f"[`{_bars(command.usage)}`](#{_anchor('command', command.name)})", _prose(tell(command.summary)))
        for command in COMMANDS.values()
    ]
    return _table(map(tell, ("command", "what it does")), [("`%glm`", tell("show the current state")), *rows])


def _settings(tell: Tell) -> str:
    rows, defaults = [], defaults_of_settings()
    for name, trait in Settings.class_own_traits(config=True).items():
        shown = _code(repr(defaults[name])) if defaults[name] != "" else ""
        values = " ".join(_code(repr(value)) for value in getattr(trait, "values", None) or ())
        rows.append((_code(name), shown, _prose(tell(trait.help)) + (f"<br>{values}" if values else "")))
    return _table(map(tell, ("setting", "default", "what it is")), rows)


def defaults_of_settings() -> dict[str, object]:
    """The defaults, whatever the environment of this process says."""
    aside = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("ZHIPU")}
    try:
        return {name: getattr(Settings(), name) for name in Settings.class_own_traits(config=True)}
    finally:
        os.environ.update(aside)


def _command_line(tell: Tell) -> str:
    parts = []
    for name, parser in _subcommands(command_line).items():
        rows = []
        for action in parser._actions:
            if not isinstance(action, argparse._HelpAction):
                names = _usage(action) or f"{action.metavar or action.dest}…"
                rows.append((_code(names), _prose(tell(action.help or ""))))
        about = next(one.help for one in _choices(command_line) if one.dest == name)
        parts.append(f"## `python -m zhipu_magic {name}`\n\n{_sentence(_prose(tell(about or '')))}")
        parts.append(_table(map(tell, ("argument", "what it is")), rows))
    return "\n\n".join(parts)


def _subcommands(module: Any) -> Mapping[str, argparse.ArgumentParser]:
    subparsers = _subparsers(module)
    return subparsers.choices  # type: ignore[return-value]  # argparse types it as any container


def _choices(module: Any) -> Iterable[argparse.Action]:
    return _subparsers(module)._choices_actions


def _subparsers(module: Any) -> argparse._SubParsersAction[Any]:
    """What `python -m zhipu_magic` has after its name. Its `main` makes the parser, and is stopped before it parses."""

    class Parser(module._Parser):  # type: ignore[misc]  # a class that is only known here
        def parse_args(self, *_: Any, **__: Any) -> Any:
            raise _Made(self)

    original, module._Parser = module._Parser, Parser
    try:
        module.main([])
    except _Made as made:
        return next(one for one in made.parser._actions if isinstance(one, argparse._SubParsersAction))
    finally:
        module._Parser = original
    raise AssertionError("main() parses its arguments")


class _Made(Exception):
    def __init__(self, parser: argparse.ArgumentParser) -> None:
        super().__init__()
        self.parser = parser


class Said(NamedTuple):
    """A sentence with a reason, as the code has it: templates, if it has facts, which stand in braces."""

    reason: str
    kind: str
    message: str
    hint: str
    has_facts: bool


@cache
def sentences() -> list[Said]:
    """All errors and notices whose reason, message and hint stand literally in the code, in order of their reasons."""
    found: dict[str, Said] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            for said in _said(call) if isinstance(call, ast.Call) else ():
                found.setdefault(said.reason, said)
    return [found[reason] for reason in sorted(found)]


#: Records of a reason, a message and a hint, from which an error is made where it happens.
_RECORDS = {"Cause": "ServiceError", "_Failure": "ConnectionFailed"}


def _said(call: ast.Call) -> Iterator[Said]:
    named = {word.arg: word.value for word in call.keywords}
    kind = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if kind in _RECORDS:
        reason, message, hint = [*map(_literal, call.args[:3]), "", "", ""][:3]
        if reason and message:
            kind = "ReplyBroken" if reason.startswith("reply.") else _RECORDS[kind]
            yield Said(reason, kind, message, hint, True)
        return
    reasons, messages = _either(named.get("reason")), _either(call.args[0] if call.args else None)
    facts = named.keys() - {"hint", "detail", "reason", "outcomes", "near"}
    for reason, message in zip(reasons, messages * (len(reasons) // len(messages) or 1), strict=False):
        if _literal(reason) and _literal(message):
            yield Said(_literal(reason), kind, _literal(message), _literal(named.get("hint")), bool(facts))


def _either(node: ast.expr | None) -> list[ast.expr | None]:
    """Both of `a if … else b`."""
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def _literal(node: ast.expr | None) -> str:
    """A text, also one that is marked for translation; empty for anything else."""
    if isinstance(node, ast.Call) and len(node.args) == 1:
        node = node.args[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _reasons(tell: Tell) -> str:
    rooms: dict[str, list[tuple[str, ...]]] = {}
    for said in sentences():
        there = HINTS.get(said.reason, "")
        texts = (said.message, there or said.hint, said.hint if there else "")
        cells = [tell(text) if text else "" for text in texts]
        if said.has_facts:  # braces are doubled in a template
            cells = [text.replace("{{", "{").replace("}}", "}") for text in cells]
        message, hint, in_python = map(_prose, cells)
        hint += f"<br>*{tell('in Python:')}* {in_python}" if in_python else ""
        rooms.setdefault(said.reason.split(".")[0], []).append((f"{_code(said.reason)}<br>{said.kind}", message, hint))
    head = [tell(text) for text in ("reason", "what it says", "what to do")]
    return "\n\n".join(f"### {room}\n\n{_table(head, rows)}" for room, rows in rooms.items())


def _codes(tell: Tell) -> str:
    by_cause: dict[Cause, list[str]] = {}
    for code, cause in CAUSES.items():
        by_cause.setdefault(cause, []).append(code)
    rows = [
        (" ".join(map(_code, codes)), _code(cause.reason), _prose(tell(cause.message)), "✓" if cause.retryable else "")
        for cause, codes in by_cause.items()
    ]
    return _table(map(tell, ("code", "reason", "what it says", "tried again")), rows)


PAGES: Mapping[str, Callable[[Tell], str]] = {
    "options": _options,
    "command-list": _command_list,
    "commands": _commands,
    "settings": _settings,
    "command-line": _command_line,
    "reasons": _reasons,
    "codes": _codes,
}


def _table(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _anchor(kind: str, name: str) -> str:
    return f"{kind}-{name}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _bars(text: str) -> str:
    """A bar within a table's cell."""
    return text.replace("|", r"\|")


def _code(text: str) -> str:
    """A text as code, whatever marks are in it."""
    if not text.strip():
        return ""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{_bars(text)}{space}{fence}"


_NAMES = "|".join(sorted(COMMANDS, key=len, reverse=True))
#: What reads as code in a sentence of the package, which is plain text.
_AS_CODE = re.compile(
    r"`[^`]+`"
    r"|\{\{ .*? \}\}"
    r"|%config GLMMagics(?:\.\w+(?: = '[^']*'| = \[[^\]]*\]| = [\w{}:]+)?)?"
    rf"|%%?glm(?: (?:{_NAMES})\b)?(?: (?:[A-Z]+|--[a-z]+)\b)*"
    r"|%pip install \S+[^\s.;,]"
    r"|# glm: \w+"
    r"|(?<![\w-])--?[a-z][a-z-]*(?: [A-Z]+\b)?"
    r"|\bchat(?:\.\w+)+(?:\([^)]*\))?"
    r"|\bZHIPU\w+(?:=\w+)?"
    r"|\bpython -m zhipu_magic \w+(?: [A-Z]+)?"
)
_MARKS = re.compile(r"([\\*_\[\]{}<>$#|])")


def _prose(text: str) -> str:
    """A sentence of the package as Markdown: names and commands as code, and nothing else marked."""
    parts, at = [], 0
    for found in _AS_CODE.finditer(text):
        parts += [_MARKS.sub(r"\\\1", text[at : found.start()]), _code(found.group().strip("`"))]
        at = found.end()
    return "".join([*parts, _MARKS.sub(r"\\\1", text[at:])]).replace("\n", " ")

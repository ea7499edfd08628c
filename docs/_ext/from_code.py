"""The pages that the code itself knows: options, commands, settings, errors and the command line, as Markdown.

Nothing here imports Sphinx, so that the tests read the same text as the pages show. All of the package's own sentences
pass `told`, which is where another language comes in.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping

from code_markdown import bars, code, prose, sentence, table
from code_sentences import sentences

from zhipu_magic import __main__ as command_line
from zhipu_magic.notebook.commands.registry import COMMANDS
from zhipu_magic.notebook.hints import HINTS
from zhipu_magic.notebook.line import options as cell_options
from zhipu_magic.notebook.settings import Settings
from zhipu_magic.service.error_causes import CAUSES, Cause
from zhipu_magic.text.languages.catalogue import translated
from zhipu_magic.text.languages.language import Language
from zhipu_magic.text.languages.messages import Tellable

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
            rows.append((code(_usage(action)), prose(help_text), code(example)))
        parts.append(f"## {tell(group.title)}\n\n{table(map(tell, ('option', 'what it does', 'example')), rows)}")
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
        parts.append(f"{sentence(prose(tell(command.summary)))} {prose(tell(command.details))}")
        if command.arguments:
            rows = [(code(name), prose(tell(meaning))) for name, meaning in command.arguments.items()]
            parts.append(table(map(tell, ("argument", "what it is")), rows))
        parts.append("```text\n" + "\n".join(map(tell, command.examples)) + "\n```")
    return "\n\n".join(parts)


def _command_list(tell: Tell) -> str:
    rows = [
        (f"[`{bars(command.usage)}`](#{_anchor('command', command.name)})", prose(tell(command.summary)))
        for command in COMMANDS.values()
    ]
    return table(map(tell, ("command", "what it does")), [("`%glm`", tell("show the current state")), *rows])


def _settings(tell: Tell) -> str:
    rows, defaults = [], defaults_of_settings()
    for name, trait in Settings.class_own_traits(config=True).items():
        shown = code(repr(defaults[name])) if defaults[name] != "" else ""
        values = " ".join(code(repr(value)) for value in getattr(trait, "values", None) or ())
        rows.append((code(name), shown, prose(tell(trait.help)) + (f"<br>{values}" if values else "")))
    return table(map(tell, ("setting", "default", "what it is")), rows)


def defaults_of_settings() -> dict[str, object]:
    """The defaults, whatever the environment of this process says."""
    aside = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("ZHIPU")}
    try:
        return {name: getattr(Settings(), name) for name in Settings.class_own_traits(config=True)}
    finally:
        os.environ.update(aside)


def _command_line(tell: Tell) -> str:
    parser = command_line._parser()
    commands = next(one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    parts = []
    for about in commands._choices_actions:
        rows = []
        for action in commands.choices[about.dest]._actions:
            if not isinstance(action, argparse._HelpAction):
                names = _usage(action) or f"{action.metavar or action.dest}…"
                rows.append((code(names), prose(tell(action.help or ""))))
        parts.append(f"## `python -m zhipu_magic {about.dest}`\n\n{sentence(prose(tell(about.help or '')))}")
        parts.append(table(map(tell, ("argument", "what it is")), rows))
    return "\n\n".join(parts)


def _reasons(tell: Tell) -> str:
    rooms: dict[str, list[tuple[str, ...]]] = {}
    for said in sentences():
        there = HINTS.get(said.reason, "")
        texts = (said.message, there or said.hint, said.hint if there else "")
        cells = [tell(text) if text else "" for text in texts]
        if said.has_facts:  # braces are doubled in a template
            cells = [text.replace("{{", "{").replace("}}", "}") for text in cells]
        message, hint, in_python = map(prose, cells)
        hint += f"<br>*{tell('in Python:')}* {in_python}" if in_python else ""
        rooms.setdefault(said.reason.split(".")[0], []).append((f"{code(said.reason)}<br>{said.kind}", message, hint))
    head = [tell(text) for text in ("reason", "what it says", "what to do")]
    return "\n\n".join(f"### {room}\n\n{table(head, rows)}" for room, rows in rooms.items())


def _codes(tell: Tell) -> str:
    by_cause: dict[Cause, list[str]] = {}
    for number, cause in CAUSES.items():
        by_cause.setdefault(cause, []).append(number)
    rows = [
        (" ".join(map(code, numbers)), code(cause.reason), prose(tell(cause.message)), "✓" if cause.retryable else "")
        for cause, numbers in by_cause.items()
    ]
    return table(map(tell, ("code", "reason", "what it says", "tried again")), rows)


PAGES: Mapping[str, Callable[[Tell], str]] = {
    "options": _options,
    "command-list": _command_list,
    "commands": _commands,
    "settings": _settings,
    "command-line": _command_line,
    "reasons": _reasons,
    "codes": _codes,
}


def _anchor(kind: str, name: str) -> str:
    return f"{kind}-{name}"

"""A thread as a fresh notebook: a `%%glm` cell for each turn that stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..conversation import Thread
from ..errors import InvalidRequest
from ..images import Image
from ..options import searched
from ..prompt import has_references

#: Values of `thinking` that have an option.
_THINKING = {"enabled": "--think", "disabled": "--no-think"}
_BARE = re.compile(r"[\w@%+=:,./-]+")


def notebook(thread: Thread, model: str) -> str:
    """The notebook as JSON (nbformat 4.5). Run in order, its last cell asks what the last turn would ask now."""
    setup = ["%load_ext zhipu_magic", f"%config GLMMagics.model = {_inert(model)}"]
    options = [_options(turn.model, turn.members, model) for turn in thread.turns]
    if _is_one_line(thread.system):
        options[0] = [_option("-s", "--system", thread.system), *options[0]]
    elif thread.system:
        setup.append(f"%config GLMMagics.system = {_inert(thread.system)}")
    cells = [_cell("setup", "\n".join(setup))]
    for number, (turn, words) in enumerate(zip(thread.turns, options, strict=True), 1):
        # IPython ends every cell with a newline unless it has one, and the last is not sent.
        end = "\n" if turn.prompt.endswith("\n") else ""
        prompt = "\n\n".join([turn.prompt, *([turn.instruction] if turn.instruction else [])])
        cells += [_cell(f"image-{number}", _images(number, turn.images))] if turn.images else []
        words = [*words, *(f"--image image_{number}_{place}" for place in range(1, len(turn.images) + 1))]
        words += ["--raw"] if has_references(prompt) else []
        cells.append(_cell(f"turn-{number}", f"{' '.join(['%%glm', *words])}\n{prompt}{end}"))
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _cell(name: str, text: str) -> dict[str, Any]:
    lines = re.findall(r".*\n|.+", text)
    return {"cell_type": "code", "execution_count": None, "id": name, "metadata": {}, "outputs": [], "source": lines}


def _options(model: str, members: Mapping[str, Any], usual_model: str) -> list[str]:
    """The words on a `%%glm` line that ask this model with these members."""
    words = [] if model == usual_model else [_option("-m", "--model", model)]
    for name, value in members.items():
        option = f"--{name.replace('_', '-')}"
        if name == "thinking" and value in ({"type": kind} for kind in _THINKING):
            words.append(_THINKING[value["type"]])
        elif name == "tools" and isinstance(value, list) and all(map(_is_tool, value)):
            words += map(_tool, value)
        elif _has_option(name, value):
            words.append(_option(option, option, str(value)))
        else:
            words.append(_param(name, value))
    return words


def _is_tool(tool: Any) -> bool:
    kind = tool.get("type") if isinstance(tool, dict) else None
    query = searched(tool) if kind == "web_search" else False
    return kind == "function" or query is True or (isinstance(query, str) and _is_one_line(query))


def _tool(tool: Mapping[str, Any]) -> str:
    """A function by its name, which the reader's notebook must give a meaning; or the service's search."""
    if tool["type"] == "function":
        return _option("--tool", "--tool", tool["function"]["name"])
    query = tool["web_search"].get("search_query")
    return _option("--search", "--search", query) if query else "--search"


def _images(number: int, images: Sequence[Image]) -> str:
    """A cell that holds the images of a turn."""
    lines = ["from base64 import b64decode", ""]
    for place, image in enumerate(images, 1):
        value = repr(image.url) if image.url else f'b64decode("{image.base64()}")'
        lines.append(f"image_{number}_{place} = {value}")
    return "\n".join(lines)


def _has_option(name: str, value: Any) -> bool:
    if name == "stop":
        return isinstance(value, str) and _is_one_line(value)
    if isinstance(value, bool):
        return False
    if name in ("temperature", "top_p"):
        return isinstance(value, (int, float))
    return isinstance(value, int) and (name == "seed" or (name == "max_tokens" and value > 0))


def _param(name: str, value: Any) -> str:
    if not _is_one_line(name) or "=" in name:
        raise InvalidRequest(
            f"The parameter {name!r} cannot stand on a %%glm line.", hint="Export to .py, or to .json, instead."
        )
    text = json.dumps(value, ensure_ascii=False)
    # JSON may hold these line ends as they are; a line of a cell may not.
    text = "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)
    return _option("--param", "--param", f"{name}={text}")


def _option(short: str, long: str, value: str) -> str:
    """The option, as its line is read back. A value that begins like an option must hang on to its own."""
    return f"{long}={_word(value)}" if value.startswith("-") else f"{short} {_word(value)}"


def _word(text: str) -> str:
    """One word to POSIX quoting, with as few backslashes as it takes."""
    if _BARE.fullmatch(text):
        return text
    if ('"' in text or "\\" in text) and "'" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _is_one_line(text: str) -> bool:
    return text.splitlines() == [text]


def _inert(text: str) -> str:
    """The text as a Python literal in which IPython finds no variable to put in."""
    return "".join(f"\\x{ord(letter):x}" if letter in "{}$" else letter for letter in repr(text))

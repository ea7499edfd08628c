"""A thread as a fresh notebook: a `%%glm` cell for each turn that stands.

A thread may come out of a journal from elsewhere. So nothing that it holds is ever more in the notebook than a literal,
a prompt, or the value of an option; and no option that it brings about runs, reads or binds anything: a function is
only named where the user's notebook must give the name a meaning.
"""

from __future__ import annotations

import builtins
import json
import keyword
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...history.conversation import Thread
from ...text.addresses import is_web_address
from ...text.characters import shortened
from ...text.errors import InvalidRequest
from ...values.images.from_value import Image
from ...values.references import has_references
from ..options import function_name, searched

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
        elif name == "tools" and isinstance(value, list) and value and all(map(_is_tool, value)):
            words += map(_tool, value)
        elif _has_option(name, value):
            words.append(_option(option, option, str(value)))
        else:
            words.append(_param(name, value))
    return words


def _is_tool(tool: Any) -> bool:
    """Whether there is an option that offers this; else the request's member is given as it is, and nothing called."""
    if not isinstance(tool, dict):
        return False
    query = searched(tool) if tool.get("type") == "web_search" else False
    return query is True or (isinstance(query, str) and _is_one_line(query)) or _is_own(function_name(tool) or "")


def _is_own(name: str) -> bool:
    """Whether this can be the name of a function that a notebook has defined, and that Python does not have already."""
    if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
        return False
    return not hasattr(builtins, name) and name not in ("get_ipython", "display", "In", "Out")


def _tool(tool: Mapping[str, Any]) -> str:
    """A function by its name, which the user's notebook must give a meaning; or the service's search."""
    name = function_name(tool)
    if name is not None:
        return _option("--tool", "--tool", name)
    query = tool["web_search"].get("search_query")
    return _option("--search", "--search", query) if query else "--search"


def _images(number: int, images: Sequence[Image]) -> str:
    """A cell that holds the images of a turn."""
    lines = ["from base64 import b64decode", ""]
    for place, image in enumerate(images, 1):
        if image.url and not is_web_address(image.url):  # when the notebook runs, it could be that of a file
            raise InvalidRequest(
                "An image of this conversation has no web address: {address!r}.",
                reason="export.image_address",
                address=shortened(image.url, 60),
            )
        value = repr(image.url) if image.url else f'b64decode("{image.base64()}")'
        lines.append(f"image_{number}_{place} = {value}")
    return "\n".join(lines)


def _has_option(name: str, value: Any) -> bool:
    if name == "stop":
        return isinstance(value, str) and _is_one_line(value)
    if isinstance(value, bool):
        return False
    if name in ("temperature", "top_p"):
        return isinstance(value, (int, float)) and math.isfinite(value)
    return isinstance(value, int) and (name == "seed" or (name == "max_tokens" and value > 0))


def _param(name: str, value: Any) -> str:
    if not name or "=" in name:
        raise _cannot_stand(name)
    text = json.dumps(value, ensure_ascii=False)
    # JSON may hold these line ends as they are; a line of a cell may not.
    text = "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)
    return _option("--param", "--param", f"{name}={text}")


def _option(short: str, long: str, value: str) -> str:
    """The option, as its line is read back. A value that begins like an option must hang on to its own.

    Raises InvalidRequest for a value that would end the line.
    """
    if value and not _is_one_line(value):
        raise _cannot_stand(value)
    return f"{long}={_word(value)}" if value.startswith("-") else f"{short} {_word(value)}"


def _cannot_stand(text: str) -> InvalidRequest:
    return InvalidRequest(
        "{text!r} cannot be written on the first line of a cell.",
        hint="Export to .py or .json instead.",
        reason="export.not_on_a_line",
        text=shortened(text, 60),
    )


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

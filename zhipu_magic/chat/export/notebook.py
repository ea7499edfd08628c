"""A thread as a fresh notebook: a `%%glm` cell for each turn that stands, with its reply as the cell's output.

A thread may come out of a journal from elsewhere. So nothing that it holds is ever more in the notebook than a literal,
a prompt, the value of an option, or a reply that is as harmless as on any page; and no option that it brings about
runs, reads or binds anything: a function is only named where the user's notebook must give the name a meaning.
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
from ...history.link import Link
from ...history.markdown import turn_page
from ...service.hosted_tools import SEARCH_SETTINGS, HostedTool, Knowledge, McpServer, hosted_tools
from ...text.addresses import is_web_address
from ...text.cell_options import below_options
from ...text.characters import is_word, plain_name, shortened
from ...text.errors import InvalidRequest
from ...text.markup import Markup, markdown_bundle
from ...values.images.from_value import Image
from ...values.images.image import PARTS
from ...values.references import has_references
from ..options import TOOL_CHOICES, Options, function_name
from .transcript import marks

#: What ends the options of a line, also in the place of a value.
_END = "--"
_BARE = re.compile(r"[\w@%+=:,./-]+")


def notebook(thread: Thread, model: str) -> str:
    """The notebook as JSON (nbformat 4.5). Run in order, its last cell asks what the last turn would ask now.

    Until they run, its cells show the replies as they stood.
    """
    setup = ["%load_ext zhipu_magic", f"%config GLMMagics.model = {_inert(model)}"]
    options = [_options(turn.model, turn.members, model) for turn in thread.turns]
    if _is_a_value(thread.system):
        options[0] = [_option("-s", "--system", thread.system), *options[0]]
    elif thread.system:
        setup.append(f"%config GLMMagics.system = {_inert(thread.system)}")
    cells = [_cell("setup", "\n".join(setup))]
    links = [link for link in thread.links if not link.aside]
    for number, (link, words) in enumerate(zip(links, options, strict=True), 1):
        turn = link.turn
        # IPython ends every cell with a newline unless it has one, and the last is not sent.
        end = "\n" if turn.prompt.endswith("\n") else ""
        prompt = "\n\n".join([turn.prompt, *([turn.instruction] if turn.instruction else [])])
        cells += [_cell(f"image-{number}", _images(number, turn.images))] if turn.images else []
        for place, image in enumerate(turn.images, 1):
            words = [*words, f"--{'image' if image.part == PARTS[0] else 'file'} image_{number}_{place}"]
        words += ["--raw"] if has_references(prompt) else []
        line = " ".join(["%%glm", *words])
        cells.append(_cell(f"turn-{number}", f"{line}\n{below_options(prompt)}{end}", _outputs(link)))
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _cell(name: str, text: str, outputs: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {},
        "outputs": list(outputs),
        "source": _lines(text),
    }


def _outputs(link: Link) -> list[dict[str, Any]]:
    """The reply as its cell showed it, without its reasoning, and what has to be said of it."""
    pages = [turn_page(link.turn._replace(reasoning="")), *(Markup("*{mark}*", mark=mark) for mark in marks(link))]
    bundles = [markdown_bundle(page) for page in pages if page]
    return [
        {
            "output_type": "display_data",
            "data": {kind: _lines(text) for kind, text in bundle.items()},
            "metadata": {},
        }
        for bundle in bundles
    ]


def _lines(text: str) -> list[str]:
    """A text as a notebook's file has it."""
    return re.findall(r".*\n|.+", text)


def _options(model: str, members: Mapping[str, Any], usual_model: str) -> list[str]:
    """The words on a `%%glm` line that ask this model with these members."""
    if not is_word(model) or plain_name(model) != model:  # no cell takes such a name, or not as it is
        raise _cannot_stand(model)
    words = [] if model == usual_model else [_option("-m", "--model", model)]
    restored = Options.of(model, members)
    for name, value in members.items():
        option = f"--{name.replace('_', '-')}"
        if name in restored.params:
            words.append(_param(name, value))
        elif name == "thinking":
            words += _thinking(restored)
        elif name == "reasoning_effort":
            words.append(f"--effort {restored.effort}")
        elif name == "tool_choice":
            words += _tool_choice(restored, value)
        elif name == "tools":
            words += _tools(restored, value)
        elif _has_option(name, value):
            words.append(_option(option, option, str(value)))
        else:
            words.append(_param(name, value))
    return words


def _thinking(restored: Options) -> list[str]:
    think = [] if restored.think is None else ["--think" if restored.think else "--no-think"]
    return [*think, *(["--keep-thinking"] if restored.keep_thinking else [])]


def _tool_choice(restored: Options, member: Any) -> list[str]:
    choice = restored.tool_choice or ""
    return [f"--tool-choice {choice}" if choice in TOOL_CHOICES or _is_own(choice) else _param("tool_choice", member)]


def _tools(restored: Options, member: list[Any]) -> list[str]:
    """The options that offer these tools; if there are none for one of them, the member as it is, and nothing called.

    A function stands there by its name, which the user's notebook must give a meaning.
    """
    names = [function_name(tool.member) or "" for tool in restored.tools]
    hosted = hosted_tools(restored.search, restored.knowledge, restored.mcp)
    # With an option of its own, a label ends at its first "=".
    if not all(map(_is_own, names)) or any(isinstance(one, McpServer) and "=" in one.label for one in hosted):
        return [_param("tools", member)]
    words = [_option("--tool", "--tool", name) for name in names]
    try:
        return words + [word for one in hosted for word in _hosted(one)]
    except InvalidRequest:  # a text of several lines
        return [_param("tools", member)]


def _hosted(tool: HostedTool) -> list[str]:
    if isinstance(tool, Knowledge):
        return [_option("--knowledge", "--knowledge", tool.id)]
    if isinstance(tool, McpServer):
        return [_option("--mcp", "--mcp", f"{tool.label}={tool.url}" if tool.url else tool.label)]
    given = {name: value for name in SEARCH_SETTINGS if (value := getattr(tool, name)) is not None}
    query = given.pop("query", "")
    # What looks like an option or a setting is named.
    words = [f"query={query}" if "=" in query or query.startswith("-") else query] if query else []
    words += [f"{name}={value}" for name, value in given.items()]
    return ["--search", *map(_line_word, words)]


def _is_own(name: str) -> bool:
    """Whether this can be the name of a function that a notebook has defined, and that Python does not have already."""
    if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
        return False
    return not hasattr(builtins, name) and name not in ("get_ipython", "display", "In", "Out")


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
        return isinstance(value, str) and _is_a_value(value)
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
    if value and not _is_a_value(value):
        raise _cannot_stand(value)
    word = _word(value)
    return f"{long}={word}" if value.startswith("-") else f"{short} {word}"


def _line_word(text: str) -> str:
    if text and not _is_one_line(text):
        raise _cannot_stand(text)
    return _word(text)


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


def _is_a_value(text: str) -> bool:
    return _is_one_line(text) and text != _END


def _inert(text: str) -> str:
    """The text as a Python literal in which IPython finds no variable to put in."""
    return "".join(f"\\x{ord(letter):x}" if letter in "{}$" else letter for letter in repr(text))

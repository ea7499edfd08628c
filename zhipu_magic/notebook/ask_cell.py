"""How a cell asks: what its options name in the notebook, the reply while it grows, and what is bound of it."""

from __future__ import annotations

import builtins
import inspect
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from ..text.characters import shortened
from ..text.errors import GLMError, Interrupted, InvalidRequest
from ..text.markup import Markup
from ..text.suggestions import nearest
from ..values.references import is_name, value_of
from .cell_line import EARLIER_STAYS, CellOptions

if TYPE_CHECKING:
    from ..chat.reply import Reply
    from .display.panel import PanelMode
    from .magics import GLMMagics

_EARLIER_WENT = "What this cell has asked now replaces what it asked before; %glm undo brings that back."


def ask(magics: GLMMagics, prompt: str, given: CellOptions | None = None) -> None:
    """Ask, or show what would be asked. Raises GLMError."""
    given, chat, anchor = given or CellOptions(), magics.chat, magics.anchor()
    thread = given.asked.thread
    if magics.held_earlier[0] != anchor.run:  # the first that this execution asks
        magics.held_earlier = (anchor.run, chat.history.holds_earlier(anchor, thread))
    try:
        if not prompt.strip():
            raise InvalidRequest("There is nothing to send: the prompt is empty.", reason="prompt.empty")
        own = magics.own_names
        asked = arguments(given, magics.names, own)
        chat.renew_tools(own)
        if given.preview:
            from .display.preview import preview

            request = chat.request(prompt, anchor=anchor, **asked)
            magics.page.look_only()
            magics.tell(preview(request, priced=chat.service.priced and not chat.service.practising))
        else:
            show(magics, lambda: chat.ask(prompt, anchor=anchor, **asked), given)
    except GLMError as error:
        if magics.held_earlier[1]:
            stays = chat.history.holds_earlier(anchor, thread)
            error.outcomes.append(EARLIER_STAYS if stays else _EARLIER_WENT)
        raise


def show(magics: GLMMagics, begin: Callable[[], Reply], given: CellOptions | None = None) -> None:
    """Show the reply that `begin` asks for while it grows, and bind what is kept of it. Raises GLMError."""
    given = given or CellOptions()
    streamed = magics.stream if given.asked.stream is None else given.asked.stream
    reply: Reply | None = None
    try:
        reply = begin()
        magics.view.show(
            magics.chat,
            reply,
            panel="off" if given.quiet else cast("PanelMode", magics.panel),
            streamed=not reply.replayed and streamed,
            alone=magics.page.is_one_reply,
            notices=magics.notices,
            remote_images=magics.remote_images,
        )
    except KeyboardInterrupt:
        stopped = magics.chat.interrupt(magics.anchor())
        reply = reply or (stopped[0] if stopped else None)
        if reply is None:
            raise Interrupted("Interrupted before it began.", reason="interrupted.before") from None
        outcome = reply.progress.outcome
        raise Interrupted("Interrupted. {outcome}", reason="interrupted.during", outcome=outcome) from None
    finally:
        if reply is not None and reply.progress.has_begun:
            magics.notices.clear()  # the panel told them
        if reply is not None and reply.progress.is_kept:
            _bind(magics, reply, given.bind)
        if reply is not None:
            magics.page.remember(reply.progress.tool_errors)
        magics.follow_chat()
    value = reply.value
    if given.output:
        cast(Any, magics.shell).push({given.output: value})
    # A page that is replayed has had its new cells already.
    said = "\n\n".join([*(one.words for one in reply.rounds if not one.wrong), reply.words])
    if given.insert and not reply.replayed and not insert(magics, said):
        magics.tell(NO_PYTHON)


def _bind(magics: GLMMagics, reply: Reply, name: str | None) -> None:
    shell: Any = magics.shell
    completion = reply.so_far()
    shell.push({"_glm": completion}, interactive=False)  # not among the names that %who lists
    if name and not reply.progress.is_invalid:
        shell.push({name: completion})


NO_PYTHON = Markup("The reply contains no Python, so there is nothing to insert.")


def insert(magics: GLMMagics, words: str) -> bool:
    """Put the Python of a reply into a new cell below, which does not run by itself; whether there was any."""
    from ..text.markdown import python_blocks

    code = "\n\n".join(python_blocks(words))
    if code:
        cast(Any, magics.shell).set_next_input(code)
    return bool(code)


def arguments(given: CellOptions, names: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What `Chat.ask` takes beside the prompt and the anchor. Raises InvalidRequest for a name without a value.

    `names` are all that a reference can name, `own` those that the notebook has made itself.
    """
    options = given.asked
    if given.tools:
        options = replace(options, tools=tuple(tool_of(name, own) for name in given.tools))
    if given.as_type is not None:
        from ..values.types.answer_type import type_from

        options = replace(options, as_type=type_from(given.as_type, names))
    images = [_image_of(text, names) for text in given.images]
    return {"options": options, "names": None if given.raw else names, "images": images}


def tool_of(name: str, own: Mapping[str, Any]) -> Any:
    """The function of this name, or the tool that `confirm(name)` makes of it. Raises InvalidRequest.

    It is one of the notebook's `own`, defined or imported by its name, or a method of one of its objects: a cell's
    first line may come from elsewhere, and must not reach all that Python can do.
    """
    inner = name[len("confirm(") : -1] if name.startswith("confirm(") and name.endswith(")") else name
    found = _own_function(inner, own)
    if inner == name:
        return found
    from ..values.tools.tool import confirm

    return confirm(found)


def _own_function(name: str, own: Mapping[str, Any]) -> Any:
    root, *attributes = name.split(".")
    if root not in own or _CACHED.fullmatch(root) or not all(map(str.isidentifier, attributes)):
        if not attributes and hasattr(builtins, root):
            raise _not_the_notebooks(name, "it is Python's or IPython's")
        functions = [known for known, value in own.items() if inspect.isroutine(value)]
        near = nearest(name, functions)
        raise InvalidRequest(
            "There is no function {name} in this notebook.",
            hint="Define it in a cell first.",
            reason="tool.no_function",
            near=near,
            name=name,
        )
    found, module = own[root], None
    for attribute in attributes:
        module = found if _is_module(found) else module
        found = value_of(f"{root}.{attribute}", {root: found})
    if module is not None or _is_module(found):
        raise _not_the_notebooks(name, "it is, or comes out of, a module")
    if any(found is value for value in vars(builtins).values()):
        raise _not_the_notebooks(name, "it is Python's or IPython's")
    return found


def _is_module(value: Any) -> bool:
    return isinstance(value, ModuleType) or any(value is module for module in list(sys.modules.values()))


#: Under which IPython keeps what cells gave, and their texts.
_CACHED = re.compile(r"_+|_\d+|_i+|_i\d+|_[iod]h|In|Out")


def _not_the_notebooks(name: str, why: str) -> InvalidRequest:
    module, _, last = name.rpartition(".")
    by_name = f"Import it by its name (from {module} import {last}), or define" if module else "Define"
    return InvalidRequest(
        "{name} cannot be a tool here: {why}, and a tool must be a function that the notebook has defined or imported "
        "by name.",
        hint="{by_name} a function of your own that does only what the model may do.",
        reason="tool.not_the_notebooks",
        name=name,
        why=why,
        by_name=by_name,
    )


def _image_of(text: str, names: Mapping[str, Any]) -> Any:
    """A variable's value, else what is at this path or address."""
    path = Path(os.path.expanduser(text))
    if is_name(text, names) and (text.isidentifier() or not _is_file(path)):  # photo.jpg beside a value photo
        return value_of(text, names)
    if urlsplit(text).scheme in ("http", "https", "data"):
        return text
    if not _is_file(path):
        raise InvalidRequest(
            "There is neither a variable nor a file named {name}.",
            hint="--image takes a variable, a file, or an address.",
            reason="image.no_value",
            name=shortened(text, 100),
        )
    return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no disk takes
        return False

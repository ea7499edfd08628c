"""Scripts in a file: prompts, and the reply to each, as a teacher writes them down for a lesson.

The file is YAML or JSON: a list of entries, of which the first that fits the request answers it. If none fits, the
dialogue does. An entry has

    when         a text that the last prompt contains, or a list of such texts; `*` in it stands for anything. Case and
                 kinds of white space make no difference. Without it, the entry fits every prompt.
    reply        the answer
    reasoning    what comes before the answer, unless the request turns thinking off
    tool_calls   functions to call, each with its `name` and `arguments`. They are called once for a prompt: when their
                 results come back, an entry without calls answers.
    finish_reason, if it is not "stop"
    error        instead of all these, a code of the service, such as "1302", and perhaps a `message` of one's own
    times        how often the entry may be used

Texts with `*` are used rather than regular expressions, because those can take hours for a prompt that nobody thought
of, and the server has one thread. This way, the beginning of a prompt is searched for each text once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

from .body import MOST_LEVELS
from .dialogue import call_id, limited
from .encode import tool_call
from .faults import CODES
from .messages import N_, _, told
from .request import ChatRequest
from .script import Answer, Fault
from .script_text import PARSERS

#: Bytes of a file, values in the arguments of a call (a few lines of YAML can stand for millions), and characters of a
#: prompt that are looked at.
MOST_BYTES = 2**18
_MOST_VALUES = 10_000
_MOST_PROMPT = 100_000

_MEMBERS = ("when", "reply", "reasoning", "tool_calls", "finish_reason", "error", "message", "times")
_FINISH_REASONS = (
    *("stop", "length", "tool_calls", "sensitive", "network_error"),
    "model_context_window_exceeded",
)


class ScriptFileError(ValueError):
    """What is wrong with a file of scripts, where, and what to do about it, in the language of this process.

    `happened` is the same in English, and can be told in either language.
    """

    def __init__(self, template: str, **facts: object) -> None:
        self.happened = _(template, **facts)
        super().__init__(str.__str__(self.happened))

    def __str__(self) -> str:
        return told(self.happened)

    def in_language(self, language: str) -> str:
        """The same in a language, "en" or "zh"."""
        return self.happened.in_language(language)


@dataclass
class Entry:
    """A script, and the prompts that it is for."""

    script: Answer | Fault
    patterns: tuple[tuple[str, ...], ...] = ()
    """Any of these must fit, each given as the texts between its asterisks; without one, every prompt fits."""
    left: int | None = None
    """How often it may still be used; None is any number of times."""

    def fits(self, prompt: str, *, after_calls: bool) -> bool:
        """Whether it answers a prompt, or (`after_calls`) the results of the tools that a prompt led to."""
        if self.left == 0 or (after_calls and isinstance(self.script, Answer) and self.script.tool_calls):
            return False
        return not self.patterns or any(_contains(prompt, pattern) for pattern in self.patterns)


@dataclass
class ScriptFile:
    """The entries of a file, in order."""

    entries: list[Entry] = field(default_factory=list)

    def script_for(self, request: ChatRequest) -> Answer | Fault | None:
        """What to do with a request; None if no entry fits it."""
        prompt, after_calls = _folded(request.last_user_text[:_MOST_PROMPT]), bool(request.tool_results)
        for entry in self.entries:
            if entry.fits(prompt, after_calls=after_calls):
                if entry.left is not None:
                    entry.left -= 1
                return _as_wanted(entry.script, request)
        return None


def _as_wanted(script: Answer | Fault, request: ChatRequest) -> Answer | Fault:
    """The script as it answers this request: without reasoning if it wants none, within its `max_tokens`, and with ids
    for its calls.
    """
    if isinstance(script, Fault):
        return script
    if request.thinking == "disabled" and not request.wants_reasoning:
        script = replace(script, reasoning=None)
    calls = tuple({**call, "id": call_id(request, index)} for index, call in enumerate(script.tool_calls))
    return limited(replace(script, tool_calls=calls), request)


def read(path: str | Path) -> ScriptFile:
    """The scripts of a file. Raises ScriptFileError if it cannot be read, or is not what it should be."""
    path = Path(path)
    if path.suffix.lower() not in PARSERS:
        raise ScriptFileError(
            "{path} is neither YAML nor JSON by its name: let it end in .yaml, .yml or .json.", path=path
        )
    if path.exists() and not path.is_file():
        raise ScriptFileError("{path} is not a regular file: put the scripts into one.", path=path)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = _(getattr(error, "strerror", None) or str(error))
        raise ScriptFileError("{path} cannot be read: {why}.", path=path, why=why) from None
    if len(data) > MOST_BYTES:
        raise ScriptFileError(
            "{path} is larger than {size} KiB: put less into it.", path=path, size=MOST_BYTES // 2**10
        )
    try:
        value = PARSERS[path.suffix.lower()](data.decode("utf-8-sig"))
    except RecursionError:
        raise ScriptFileError("{path} is nested too deeply: an entry needs few levels.", path=path) from None
    except UnicodeDecodeError as error:
        raise ScriptFileError(
            "{path} is not UTF-8 text (byte {place}): save it as UTF-8.", path=path, place=error.start + 1
        ) from None
    except ValueError as error:
        raise ScriptFileError(N_("{path}, {mistake}"), path=path, mistake=error.args[0]) from None
    if not isinstance(value, list):
        raise ScriptFileError(
            "{path} is not a list: begin each entry with “- ” (YAML), or put all into [ ] (JSON).", path=path
        )
    return ScriptFile(
        [
            _Reader(_("{path}, entry {number}", path=path, number=number)).entry(each)
            for number, each in enumerate(value, 1)
        ]
    )


@dataclass(frozen=True)
class _Reader:
    """Reads one entry; `place` is where it stands."""

    place: str

    def entry(self, value: Any) -> Entry:
        if not isinstance(value, dict):
            raise self._mistake("is not an object: write members such as `when` and `reply`")
        for member in value:
            self._check_name(member)
        self._check_together(value)
        times = value.get("times")
        if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
            raise self._mistake("`times` must be a whole number from 1 on")
        return Entry(self._script(value), self._patterns(value.get("when")), times)

    def _check_name(self, member: Any) -> None:
        if member not in _MEMBERS:
            near = get_close_matches(str(member)[:40], _MEMBERS, 1)
            name, members = str(member)[:40], ", ".join(_MEMBERS)
            if near:
                raise self._mistake("nothing is called {name!r}: did you mean `{near}`", name=name, near=near[0])
            raise self._mistake("nothing is called {name!r}: there are {members}", name=name, members=members)

    def _check_together(self, value: dict[str, Any]) -> None:
        answers = [member for member in ("reply", "tool_calls", "reasoning", "finish_reason") if member in value]
        if "error" in value and answers:
            raise self._mistake(
                "has both `error` and `{other}`: an error is answered by nothing else", other=answers[0]
            )
        if "message" in value and "error" not in value:
            raise self._mistake("has a `message` without an `error`: an answer is a `reply`")
        if not {"reply", "tool_calls", "error"} & value.keys():
            raise self._mistake("does not say what to answer: give it a `reply`, `tool_calls` or an `error`")

    def _script(self, value: dict[str, Any]) -> Answer | Fault:
        if "error" in value:
            code = str(value["error"]) if type(value["error"]) in (int, str) else ""
            if code not in CODES:
                raise self._mistake(
                    "`error` must be a code of the service's error table: one of {codes}", codes=", ".join(CODES)
                )
            return Fault.of(code, self._text(value, "message"))
        reason = self._text(value, "finish_reason") or "stop"
        if reason not in _FINISH_REASONS:
            raise self._mistake("`finish_reason` must be one of {reasons}", reasons=", ".join(_FINISH_REASONS))
        return Answer(
            self._text(value, "reply") or "",
            reasoning=self._text(value, "reasoning"),
            tool_calls=self._calls(value.get("tool_calls")),
            finish_reason=reason,
        )

    def _text(self, value: dict[str, Any], member: str) -> str | None:
        text = value.get(member)
        if text is not None and not isinstance(text, str):
            raise self._mistake("`{member}` must be text: put it between quotes", member=member)
        return text

    def _patterns(self, when: Any) -> tuple[tuple[str, ...], ...]:
        if when is None:
            return ()
        texts = when if isinstance(when, list) else [when]
        if not texts or not all(isinstance(text, str) and text.strip(" *\n\t") for text in texts):
            raise self._mistake("`when` must be a text, or a list of texts: put each between quotes")
        return tuple(tuple(_folded(part) for part in text.split("*") if part.strip()) for text in texts)

    def _calls(self, calls: Any) -> tuple[dict[str, Any], ...]:
        if calls is None:
            return ()
        if not isinstance(calls, list) or not calls:
            raise self._mistake("`tool_calls` must be a list of calls, each with a `name` and `arguments`")
        return tuple(self._call(call, index) for index, call in enumerate(calls))

    def _call(self, call: Any, index: int) -> dict[str, Any]:
        if not isinstance(call, dict) or not isinstance(call.get("name"), str) or call.keys() - {"name", "arguments"}:
            raise self._mistake(
                "call {number} must have a `name`, perhaps `arguments`, and nothing else", number=index + 1
            )
        arguments = call.get("arguments") or {}
        if not isinstance(arguments, dict) or not _is_json(arguments):
            raise self._mistake(
                "the `arguments` of call {number} must be an object of texts, numbers and the like", number=index + 1
            )
        return tool_call(call["name"], arguments, id="", index=index)

    def _mistake(self, template: str, **facts: object) -> ScriptFileError:
        return ScriptFileError(N_("{place}: {words}."), place=self.place, words=_(template, **facts))


def _is_json(value: Any) -> bool:
    """Whether JSON can hold a value, and it is not too much of it."""
    level, seen = [value], 0
    for _level in range(MOST_LEVELS):
        level = list(islice((inner for item in level for inner in _inside(item)), _MOST_VALUES))
        seen += len(level)
        if seen >= _MOST_VALUES or not all(map(_is_plain, level)):
            return False
        if not level:
            return True
    return False


def _inside(value: Any) -> Iterator[Any]:
    """The items of a list; the keys and values of an object."""
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _is_plain(value: Any) -> bool:
    return (
        value is None or isinstance(value, str | int | dict | list) or (type(value) is float and math.isfinite(value))
    )


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _contains(prompt: str, parts: tuple[str, ...]) -> bool:
    """Whether the parts are in the prompt, one after the other."""
    begin = 0
    for part in parts:
        found = prompt.find(part, begin)
        if found < 0:
            return False
        begin = found + len(part)
    return True

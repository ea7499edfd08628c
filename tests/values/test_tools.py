"""Python functions as tools: what a model is told of them, and what becomes of its calls."""

from __future__ import annotations

import _thread
import asyncio
import contextvars
import enum
import functools
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Optional, TypedDict

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.tools.awaiting import _Running
from zhipu_magic.values.tools.consent import CannotAsk
from zhipu_magic.values.tools.tool import Outcome, Tool, call, check_names, confirm


class Unit(enum.Enum):
    C = "celsius"
    F = "fahrenheit"


@dataclass
class Place:
    name: str
    tags: set[str] = field(default_factory=set)


class Order(BaseModel):
    number: int
    places: list[Place] = []


class Size(TypedDict, total=False):
    width: int
    title: str


class Span(NamedTuple):
    first: date
    last: date | None = None


def run(function: Any, arguments: Any = None, tokens: int = 1000) -> Outcome:
    tool = Tool.of(function)
    text = arguments if isinstance(arguments, str) else json.dumps({} if arguments is None else arguments)
    return call([tool], tool.name, text, tokens)


def received(function: Callable[..., Any], arguments: Any) -> dict[str, Any]:
    """What the function got: it is to give back its `locals()`."""
    seen: list[Any] = []

    @functools.wraps(function)
    def noting(*given: Any, **named: Any) -> str:
        seen.append(function(*given, **named))
        return "done"

    outcome = run(noting, arguments)
    assert not outcome.failed, outcome.text
    return dict(seen[0])


def giving(result: Any) -> Callable[[], Any]:
    def give() -> Any:
        return result

    return give


def numbers() -> dict[str, list[int]]:
    return {"a": [1, 2]}


# What the model is told


def weather(city: str, days: int = 3, unit: Unit = Unit.C, note: str | None = None) -> str:
    """How the weather will be.

    Asks a station nearby.

    Args:
        city: where, in
            any language
        days (int): how far ahead
        unit: of the temperatures
    """
    return f"{city}: {days} days in {unit.value}{note or ''}"


def test_a_function_is_told_by_its_signature_hints_and_docstring() -> None:
    assert Tool.of(weather).member == {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "How the weather will be.\n\nAsks a station nearby.",
            "parameters": {
                "$defs": {"Unit": {"enum": ["celsius", "fahrenheit"], "type": "string"}},
                "additionalProperties": False,
                "properties": {
                    "city": {"type": "string", "description": "where, in any language"},
                    "days": {"type": "integer", "description": "how far ahead", "default": 3},
                    "unit": {"$ref": "#/$defs/Unit", "description": "of the temperatures", "default": "celsius"},
                    "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
                },
                "required": ["city"],
                "type": "object",
            },
        },
    }


def numpy_style(city: str, days: int) -> None:
    """How the weather will be.

    Parameters
    ----------
    city : str
        where
    days : int
        how far ahead
    """


def sphinx_style(city: str, days: int) -> None:
    """How the weather will be.

    :param city: where
    :param int days: how far ahead
    :returns: nothing
    """


def shared_style(city: str, days: str) -> None:
    """How the weather will be.

    Parameters
    ----------
    city, days : str
        as you like
    """


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (numpy_style, ["where", "how far ahead"]),
        (sphinx_style, ["where", "how far ahead"]),
        (shared_style, ["as you like", "as you like"]),
    ],
)
def test_docstrings_of_each_style_describe_the_parameters(function: Any, said: list[str]) -> None:
    tool = Tool.of(function)
    assert tool.description == "How the weather will be."
    assert [each["description"] for each in tool.parameters["properties"].values()] == said


def test_a_hint_may_describe_its_parameter_and_bound_it() -> None:
    def grow(by: Annotated[int, Field(gt=0, description="in cm")]) -> None: ...

    assert Tool.of(grow).parameters["properties"] == {
        "by": {"description": "in cm", "exclusiveMinimum": 0, "type": "integer"}
    }
    assert run(grow, {"by": -1}).text == "The arguments of grow do not fit: by: it should be greater than 0, not -1."


def test_without_hints_and_docstring_any_value_will_do() -> None:
    def look_up(what, deep=False):  # type: ignore[no-untyped-def]  # that is the case
        return locals()

    tool = Tool.of(look_up)
    assert (tool.description, tool.parameters["properties"]) == ("look up", {"what": {}, "deep": {"default": False}})
    assert received(look_up, {"what": {"a": [1]}}) == {"what": {"a": [1]}, "deep": False}


def test_names_that_mean_something_elsewhere_are_names_here() -> None:
    def odd(json: int, schema: int, copy: int, model_x: int, title: str, self_: int = 0, _hidden: int = 1) -> Any:
        return locals()

    given = {"json": 1, "schema": 2, "copy": 3, "model_x": 4, "title": "t", "_hidden": 5}
    assert received(odd, given) == {**given, "self_": 0}
    assert Tool.of(odd).parameters["properties"]["title"] == {"type": "string"}
    assert Tool.of(odd).parameters["required"] == ["json", "schema", "copy", "model_x", "title"]


def test_defaults_are_told_where_json_can_hold_them_and_alike_on_every_run() -> None:
    program = (
        "import json\nfrom zhipu_magic.values.tools.tool import Tool\n"
        "def f(a=frozenset('xyzuvw'), b=float('nan'), c=print, d=object(), e=(1, 2), g=None): ...\n"
        "print(json.dumps(Tool.of(f).member))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in "123"
    }
    assert len(told) == 1
    members = json.loads(told.pop())["function"]["parameters"]["properties"]
    assert members == {
        "a": {"default": ["u", "v", "w", "x", "y", "z"]},
        "b": {},
        "c": {},
        "d": {},
        "e": {"default": [1, 2]},
        "g": {"default": None},
    }


class Shop:
    """A shop."""

    def find(self, name: str) -> str:
        """Find a thing."""
        return f"found {name}"

    @staticmethod
    def close(day: int) -> str:
        """Close it."""
        return f"closed {day}"

    @classmethod
    def open(cls, day: int) -> str:
        """Open one."""
        return f"{cls.__name__} {day}"


class FindThings:
    """Finds things."""

    def __call__(self, name: str) -> str:
        return f"found {name}"


def add(a: int, b: int, /, c: int = 0, *rest: int, d: int = 0, **more: int) -> int:
    """Add."""
    return a + b + c + d


@functools.lru_cache
def cached(name: str) -> str:
    """Cached."""
    return name


@pytest.mark.parametrize(
    ("function", "name", "description", "parameters", "arguments", "result"),
    [
        (Shop().find, "find", "Find a thing.", ["name"], {"name": "x"}, "found x"),
        (Shop.close, "close", "Close it.", ["day"], {"day": 1}, "closed 1"),
        (Shop.__dict__["close"], "close", "Close it.", ["day"], {"day": 1}, "closed 1"),
        (Shop.open, "open", "Open one.", ["day"], {"day": 1}, "Shop 1"),
        (FindThings(), "find_things", "Finds things.", ["name"], {"name": "x"}, "found x"),
        (functools.partial(add, 1), "add", "Add.", ["b", "c", "d"], {"b": 2, "c": 3}, "6"),
        (functools.partial(add, 1, c=5), "add", "Add.", ["b", "d"], {"b": 2}, "8"),
        (functools.partial(add, 1, 2, 3), "add", "Add.", ["d"], {"d": 4}, "10"),
        (functools.partial(Shop().find, name="x"), "find", "Find a thing.", [], {}, "found x"),
        (add, "add", "Add.", ["a", "b", "c", "d"], {"a": 1, "b": 2, "d": 4}, "7"),
        (cached, "cached", "Cached.", ["name"], {"name": "x"}, "x"),
    ],
)
def test_whatever_can_be_called_by_name_is_a_tool(
    function: Any, name: str, description: str, parameters: list[str], arguments: Any, result: str
) -> None:
    tool = Tool.of(function)
    assert (tool.name, tool.description, list(tool.parameters["properties"])) == (name, description, parameters)
    outcome = call([tool], name, json.dumps(arguments), 100)
    assert (outcome.text, outcome.failed) == (result, False)


def loose(*values: int, **more: int) -> None: ...


def hidden(how: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821  # that is the case


def documented(how: "in any way you like") -> None: ...  # type: ignore[valid-type]  # noqa: F722  # the same


def taking(back: Callable[[int], int]) -> None: ...


def reading(path: str, lines: threading.Thread) -> None: ...


def 天气() -> None: ...


def long() -> None: ...


long.__name__ = "x" * 65


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: x, "A lambda cannot be a tool"),
        (5, "a value of type int"),
        (Order, "Order is a class"),
        (Shop.find, "a method without its object"),
        (loose, "loose takes *values"),
        (lambda **more: more, "lambda"),
        (hidden, "The parameter how of hidden has the type Nowhere"),
        (documented, "The parameter how of documented has the type"),
        (taking, "The parameter back of taking has the type Callable[[int], int]"),
        (reading, "The parameter lines of reading has the type Thread"),
        (天气, "天气 cannot be the name of a tool"),
        (long, "at most 64"),
        (max, "does not say what arguments it takes"),
    ],
)
def test_what_a_model_could_not_call_is_refused(function: Any, words: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        Tool.of(function)
    assert words in str(refusal.value)
    assert " at 0x" not in str(refusal.value)


def test_a_tool_stays_as_it_is_and_can_be_called() -> None:
    tool = confirm(weather)
    assert Tool.of(tool) is tool
    assert tool.asks_first and not Tool.of(weather).asks_first
    assert tool("Ulm", days=1) == "Ulm: 1 days in celsius"
    assert len({tool, confirm(weather)}) == 1


def test_two_tools_of_one_name_are_refused() -> None:
    tools = [Tool.of(weather), Tool.of(add)]
    assert check_names(iter(tools)) == tuple(tools)

    def other() -> None:
        """Another."""

    other.__name__ = "weather"
    with pytest.raises(InvalidRequest, match="Two tools have the name weather"):
        check_names([*tools, Tool.of(other)])


def test_one_function_that_is_given_twice_is_one_tool_and_asks_if_either_does() -> None:
    (tool,) = check_names([Tool.of(weather), confirm(weather), Tool.of(weather)])
    assert tool.asks_first


# Calls


def test_arguments_arrive_as_what_the_hints_say() -> None:
    def take(
        order: Order,
        size: Size,
        span: Span,
        unit: Unit,
        way: Literal["in", "out"],
        count: int,
        path: Path,
        when: Optional[date] = None,  # noqa: UP045  # both ways to write it are read
        later: date = None,  # type: ignore[assignment]  # noqa: RUF013  # as many write it
    ) -> Any:
        return locals()

    given = {
        "order": {"number": "7", "places": [{"name": "Ulm", "tags": ["a", "a"]}]},
        "size": {"width": 3, "title": "x"},
        "span": {"first": "2024-05-01"},
        "unit": "celsius",
        "way": "in",
        "count": "12",
        "path": "a/b",
        "later": None,
    }
    assert received(take, given) == {
        "order": Order(number=7, places=[Place("Ulm", {"a"})]),
        "size": {"width": 3, "title": "x"},
        "span": Span(date(2024, 5, 1)),
        "unit": Unit.C,
        "way": "in",
        "count": 12,
        "path": Path("a/b"),
        "when": None,
        "later": None,
    }
    assert Tool.of(take).parameters["$defs"]["Size"]["properties"]["title"] == {"type": "string"}


def test_left_out_arguments_are_the_functions_own_defaults() -> None:
    marker = object()

    def take(first: Any = marker, second: int = 2, /, *, third: Any = marker) -> Any:
        return locals()

    assert received(take, "") == {"first": marker, "second": 2, "third": marker}
    assert received(take, {"second": 5}) == {"first": marker, "second": 5, "third": marker}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("{}", "city: it is missing"),
        ("", "city: it is missing"),
        ('{"city": "Ulm", "days": "many"}', "days: a whole number is wanted, not 'many'"),
        ('{"city": ["Ulm"]}', 'city: a text is wanted, not ["Ulm"]'),
        ('{"city": "Ulm", "unit": "kelvin"}', "unit: it should be 'celsius' or 'fahrenheit', not 'kelvin'"),
        ('{"city": "Ulm", "town": 1}', "town: it is not known"),
        ('["Ulm"]', 'an object is wanted, not ["Ulm"]'),
        ('{"city": "Ulm"', "are not JSON: EOF"),
        ("city=Ulm", "are not JSON"),
        ('{"city": "\ud800"', "are not JSON"),
    ],
)
def test_arguments_that_do_not_fit_are_told_to_the_model(arguments: str, words: str) -> None:
    outcome = run(weather, arguments)
    assert outcome.failed
    assert words in outcome.text
    assert outcome.text.startswith("The arguments of weather ")
    assert "http" not in outcome.text


def test_an_unknown_tool_is_told_with_those_there_are() -> None:
    tools = [Tool.of(weather), Tool.of(add)]
    assert call(tools, "whether\n", "{}", 100) == Outcome(
        "There is no tool 'whether\\n'. Available tools: weather, add.", failed=True
    )
    assert call([], "weather", "{}", 100).text == "There is no tool 'weather'. Available tools: none."


def test_an_error_of_the_function_is_told_without_its_frames() -> None:
    def fail(how: str) -> None:
        raise {"long": ValueError("x" * 9000), "bare": KeyError(), "odd": Odd(), "object": TypeError(object())}.get(
            how, ValueError(how)
        )

    class Odd(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert run(fail, {"how": "no such city"}).text == "ValueError: no such city"
    assert run(fail, {"how": "bare"}).text == "KeyError"
    assert run(fail, {"how": "odd"}).text == "Odd"
    assert run(fail, {"how": "object"}).text == "TypeError: <object object>"
    assert len(run(fail, {"how": "long"}).text) == 2000
    assert all(run(fail, {"how": how}).failed for how in ("bare", "odd", "long"))


def test_an_import_that_fails_is_told_without_its_place() -> None:
    def fetch() -> None:
        from json import nothing  # type: ignore[attr-defined]  # noqa: F401  # that is the case

    assert run(fetch).text == "ImportError: cannot import name 'nothing' from 'json'"


def test_an_interrupt_goes_through() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(stop)


def test_a_result_is_rendered_within_its_tokens() -> None:
    assert run(giving("words"), {}).text == "words"
    assert json.loads(run(numbers).text.strip("`").removeprefix("json")) == {"a": [1, 2]}
    short = run(giving("word " * 5000), {}, tokens=100)
    assert not short.failed
    assert len(short.text) < 1000
    assert run(giving(""), {}).text == "[an empty text]"
    assert run(giving(None), {}).text == "None"


def test_an_image_cannot_be_given_back() -> None:
    from PIL import Image

    def draw() -> Any:
        return Image.new("RGB", (4, 4))

    outcome = run(draw)
    assert (outcome.text, outcome.failed) == ("[an image: it cannot be returned to the model]", False)


def test_a_result_that_cannot_be_shown_is_told() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no words")

    outcome = run(giving(Broken()))
    assert outcome.failed
    assert "give ran, but its result cannot be shown" in outcome.text


def test_items_that_come_one_by_one_are_a_list_with_an_end() -> None:
    def few() -> Iterator[int]:
        yield from (1, 2)

    def endless() -> Iterator[int]:
        return itertools.count()

    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    async def slowly() -> AsyncIterator[int]:
        for number in itertools.count():
            yield number

    assert run(few).text == run(giving([1, 2])).text
    assert run(endless, tokens=100_000).text.endswith("\n\n[the first 1,000 items: there are more]")
    assert run(slowly, tokens=100_000).text == run(endless, tokens=100_000).text
    stopped = run(broken)
    assert (stopped.text, stopped.failed) == ("ValueError: no more", True)


def test_what_a_tool_prints_stays_where_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    def say() -> str:
        print("aloud")
        return "quietly"

    assert run(say).text == "quietly"
    assert capsys.readouterr().out == "aloud\n"


@given(st.text() | st.text(alphabet='{}[]":, cityUlm1\ud800\\'))
@settings(deadline=None)
@example("[" * 100_000)
@example("null")
@example('{"city": 1e999}')
@example('{"city": "a", "days": ' + "9" * 5000 + "}")
def test_no_arguments_break_a_call(arguments: str) -> None:
    outcome = run(weather, arguments)
    assert outcome.text.encode()
    assert outcome.failed or "days in celsius" in outcome.text


# Coroutines

place: contextvars.ContextVar[str] = contextvars.ContextVar("place", default="nowhere")


async def ask(city: str) -> str:
    await asyncio.sleep(0)
    return f"{city} from {place.get()} in {threading.current_thread() is threading.main_thread()}"


def test_a_coroutine_runs_to_its_end() -> None:
    token = place.set("here")
    try:
        assert run(ask, {"city": "Ulm"}).text == "Ulm from here in False"
    finally:
        place.reset(token)


def test_a_coroutine_runs_while_a_loop_runs_already() -> None:
    async def cell() -> Outcome:
        return run(ask, {"city": "Ulm"})

    assert asyncio.run(cell()).text == "Ulm from nowhere in False"


def test_what_can_be_awaited_is_awaited() -> None:
    def start(city: str) -> Any:
        return ask(city)

    assert run(start, {"city": "Ulm"}).text == run(ask, {"city": "Ulm"}).text


def test_errors_in_coroutines_are_told() -> None:
    async def fail(how: str) -> None:
        if how == "cancel":
            raise asyncio.CancelledError
        raise SystemExit(3) if how == "exit" else ValueError(how)

    assert run(fail, {"how": "no"}).text == "ValueError: no"
    assert run(fail, {"how": "cancel"}).text == "RuntimeError: the call was cancelled"
    assert run(fail, {"how": "exit"}).text == "SystemExit: 3"


def test_an_interrupt_cancels_a_coroutine_and_waits_for_it_to_tidy_up() -> None:
    seen: list[str] = []

    async def wait() -> None:
        _thread.interrupt_main()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            seen.append("tidied")

    with pytest.raises(KeyboardInterrupt):
        run(wait)
    assert seen == ["tidied"]


def test_an_interrupt_leaves_a_coroutine_that_will_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhipu_magic.values.tools.awaiting._TIDY", 0.01)
    release, ended = threading.Event(), threading.Event()

    async def wait() -> None:
        _thread.interrupt_main()
        while not release.is_set():
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)
        ended.set()

    with pytest.raises(KeyboardInterrupt):
        run(wait)
    assert not ended.is_set()
    release.set()
    assert ended.wait(10)


# Asking first


def delete(path: str, force: bool = False) -> str:
    """Delete a file."""
    return f"deleted {path}"


class User:
    """What the user answers, or what happens in its place; and the calls that were shown."""

    def __init__(self, answer: bool | BaseException) -> None:
        self.answer = answer
        self.shown: list[tuple[str, str]] = []

    def __call__(self, name: str, call: str) -> bool:
        self.shown.append((name, call))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def asking(user: User | None, arguments: dict[str, Any]) -> Outcome:
    tool = replace(confirm(delete), ask=user)
    return call([tool], "delete", json.dumps(arguments), 1000)


def test_the_user_sees_the_call_and_says_yes() -> None:
    user = User(True)
    outcome = asking(user, {"path": "x", "force": True})
    assert (outcome.text, outcome.failed) == ("deleted x", False)
    assert user.shown == [("delete", "delete(path='x', force=True)")]


def test_a_no_is_a_no() -> None:
    assert asking(User(False), {"path": "x"}) == Outcome("The user declined this call.", failed=True, declined=True)


@pytest.mark.parametrize("user", [None, User(EOFError()), User(RuntimeError("this frontend does not ask"))])
def test_where_nobody_can_be_asked_nothing_runs(user: User | None) -> None:
    outcome = asking(user, {"path": "x"})
    assert (outcome.text, outcome.failed) == ("The user could not be asked here, so this call did not run.", True)


def test_a_front_end_says_why_it_cannot_ask() -> None:
    assert asking(User(CannotAsk("Nobody is at home.")), {"path": "x"}) == Outcome("Nobody is at home.", failed=True)


def test_an_interrupt_while_asking_goes_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        asking(User(KeyboardInterrupt()), {"path": "x"})


def test_calls_that_cannot_run_are_not_asked_about() -> None:
    user = User(True)
    assert "path: it is missing" in asking(user, {}).text
    assert user.shown == []


# A loop that the caller has


async def later(text: str) -> str:
    await asyncio.sleep(0)
    return f"{text} on {threading.current_thread().name}"


async def one_by_one() -> AsyncIterator[str]:
    for text in "ab":
        await asyncio.sleep(0)
        yield text


async def never() -> None:
    raise ValueError("no luck")


def test_an_async_tool_runs_where_the_caller_has_it_run() -> None:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="the caller's loop")
    thread.start()

    def on_loop(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

    tools = [Tool.of(later), Tool.of(one_by_one), Tool.of(never), Tool.of(delete)]
    try:
        texts = [
            call(tools, name, arguments, 100, run_coroutine=on_loop)
            for name, arguments in (
                ("later", '{"text": "it"}'),
                ("one_by_one", ""),
                ("never", ""),
                ("delete", '{"path": "x"}'),
            )
        ]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
    assert [each.text for each in texts] == [
        "it on the caller's loop",
        '["a", "b"]',
        "ValueError: no luck",
        "deleted x",
    ]
    assert isinstance(texts[2].error, ValueError)


# Nothing is loaded that is not needed


def test_what_is_not_used_is_not_imported() -> None:
    program = (
        "import sys\n"
        "from zhipu_magic.values.tools.tool import Tool, call\n"
        "assert not {'pydantic', 'docstring_parser', 'typing_extensions'} & sys.modules.keys()\n"
        "def f(x: int) -> int:\n    'Twice.'\n    return 2 * x\n"
        "assert call([Tool.of(f)], 'f', '{\"x\": 2}', 100).text == '4'\n"
        "assert not {'pandas', 'polars', 'numpy', 'matplotlib', 'plotly', 'torch'} & sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def tagged(tags: set[str] = {"c", "a", "b"}) -> None: ...  # noqa: B006  # it is never called


def test_the_default_of_a_set_is_the_same_in_every_run() -> None:
    assert Tool.of(tagged).parameters["properties"]["tags"]["default"] == ["a", "b", "c"]


def test_a_coroutine_that_is_cancelled_before_it_begins_never_runs() -> None:
    ran: list[int] = []

    async def late() -> None:
        ran.append(1)

    running = _Running(late())
    running.cancel()
    running.start()
    assert running.over.wait(5)
    assert str(running.failure) == "the call was cancelled" and ran == []

"""Values whose text would say nothing: refused before anything is sent, with what to name instead."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from in_process import Page

from zhipu_magic.practice import Answer, PracticeServer, tool_call
from zhipu_magic.text.errors import InvalidRequest
from zhipu_magic.values.references import resolved
from zhipu_magic.values.rendering.instead import says_nothing
from zhipu_magic.values.rendering.renderers import rendered


class Opaque:
    """Nothing of it can be seen."""

    __slots__ = ()


class Results:
    """What a library's results look like."""

    def __init__(self) -> None:
        self._fitted = True
        self.ran: list[str] = []

    def __repr__(self) -> str:
        return object.__repr__(self)

    def summary(self, width: int = 80) -> str:
        raise AssertionError("was called")

    def to_dict(self, needed: str) -> dict[str, Any]:
        raise AssertionError("was called")

    @property
    def params(self) -> Any:
        raise AssertionError("was read")


class Named:
    def __repr__(self) -> str:
        return "Named"


class Empty:
    def __repr__(self) -> str:
        return ""


def numbers() -> Iterator[int]:
    yield 1


async def later() -> int:
    return 1


async def stream() -> AsyncIterator[int]:
    yield 1


def refusal(value: Any, called: str = "res") -> str:
    with pytest.raises(InvalidRequest) as refused:
        rendered(value, 200, called=called)
    assert refused.value.reason == "render.says_nothing"
    return str(refused.value)


@pytest.mark.parametrize(
    "value",
    [object(), Opaque(), Results(), Named(), Empty(), numbers(), map(str, "a"), zip("a", "b", strict=True), iter([1]),
     iter({}.keys()), filter(None, []), enumerate("a"), weakref.ref(Opaque)],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_text_that_says_nothing_is_refused(value: Any) -> None:
    assert "{{ res | repr }} sends its repr all the same" in refusal(value)


@pytest.mark.parametrize(
    "shown",
    ["LinearRegression()", "<Response [200]>", "<Foo name='x' at 0x7f00>", "<Foo (3) at 0x7f00>", "<re.Match object; "
     "span=(0, 1), match='a'>", "<Thread main>", "<Axes: title={'center': 'x'}>", "<a>text</a>", "1", "<3 items>"],
)  # fmt: skip
def test_a_text_that_says_something_is_not(shown: str) -> None:
    assert not says_nothing(Opaque(), shown)


@pytest.mark.parametrize(
    "shown",
    ["<Foo object at 0x7f00AB>", "<a.b.Foo object>", "<Foo at 0x7f00>", "<generator object f.<locals>.<lambda> at 0x7>",
     "<weakref at 0x7f00; to 'type' at 0x7f01 (Foo)>",
     "<weakref at 0x7f00; to 'Foo' at 0x7f01>", "<weakref at 0x7f00; dead>", "Opaque", "<Opaque>", " \n"],
)  # fmt: skip
def test_such_texts_say_nothing(shown: str) -> None:
    assert says_nothing(Opaque(), shown)


def test_what_to_name_is_found_on_the_type_and_nothing_is_called() -> None:
    assert "s = res.summary(), then {{ s }}, or {{ res.params }}." in refusal(Results())
    assert "to_dict" not in refusal(Results())  # it needs an argument
    assert "items = list(parts[0].rows), then {{ items }}" in refusal(numbers(), "parts[0].rows")
    assert "Refer to a part of it, or define how it reads" in refusal(Opaque())


def test_of_what_is_awaited_its_result_is_named() -> None:
    coroutine = later()
    assert "result = await res, then {{ result }}" in refusal(coroutine)
    asyncio.run(coroutine)  # it is still to be awaited
    assert "[one async for one in res]" in refusal(stream())


def test_a_container_of_such_values_is_refused_and_one_with_more_says_what_they_are() -> None:
    one = Results()
    assert "s = [one.summary() for one in res], then {{ s }}" in refusal([one, one])
    assert "[one.summary() for one in res.values()]" in refusal({"a": one, "b": [one]})
    assert "no text that tells" in refusal({frozenset(): {Opaque()}})
    assert rendered({"a": one, "n": 1}, 200).text == '{"a": "[a value of type Results]", "n": 1}'.replace(
        "Results", f"{Results.__module__.partition('.')[0]}.Results"
    )
    assert rendered([[], {}], 200).text == "[[], {}]"


def test_an_object_whose_attributes_say_nothing_is_refused_too() -> None:
    class Holder:
        def __init__(self) -> None:
            self.inner = Opaque()

    assert "no text that tells" in refusal(Holder())


# In a cell


def test_all_of_a_cells_problems_are_told_before_anything_is_sent(page: Page, server: PracticeServer) -> None:
    page.run("import pandas as pd\nframe = pd.DataFrame({'a': [1]})\nrows = iter([1])")
    cell = page.run("%%glm\n{{ rows }}\n{{ frame.describe() }}\n{{ fram }}")
    assert str(cell.error).splitlines() == [
        "Line 2: {{ rows }} cannot be shown. A value of type list_iterator has no text that tells a model anything.",
        "Line 3: {{ frame.describe() }} is code, which is not run from a prompt. Run d = frame.describe() first, then "
        "write {{ d }}.",
        "Line 4: There is no value named fram. Did you mean frame?",
        "Nothing was sent. Refer to what you mean of it: items = list(rows), then {{ items }}. {{ rows | repr }} sends "
        "its repr all the same. --raw or a code fence sends braces as they stand.",
    ]
    assert server.requests == []
    assert page.run("%%glm\n{{ rows | repr }}").success
    assert server.requests[-1].body["messages"][-1]["content"] == "<list_iterator object>"


def test_a_tool_may_return_what_says_nothing(page: Page, server: PracticeServer) -> None:
    page.run("def begin() -> object:\n    'Begins.'\n    return object()")
    server.enqueue(Answer(tool_calls=(tool_call("begin", {}, id="1"),)), Answer("Begun."))
    assert page.run("%%glm --tool begin\nBegin").success
    assert server.requests[-1].body["messages"][-1]["content"] == (
        "[a value of type object, whose text would say nothing]"
    )


def test_a_text_that_names_no_value_is_sent_as_it_stands(page: Page, server: PracticeServer) -> None:
    text = "{{ user.name() }} {{ 2 + 2 }} `{{ frame.head() }}` {{ for x }}"
    page.run("frame = 1")
    assert page.run(f"%%glm\n{text}").success
    assert server.requests[-1].body["messages"][-1]["content"] == text
    assert resolved(text, {"frame": 1}, 100).text == text

"""a turn with a tool call: two requests and the call between them"""

from __future__ import annotations

from collections import defaultdict
from contextlib import ExitStack

from zhipu_magic.practice import Answer, tool_call

from .contenders import HTTPX, OURS, SDK
from .kernel import Bench, Kernel
from .servers import Practice
from .table import Row, above

MODEL = "glm-4"
_ANSWERS = (
    Answer(tool_calls=(tool_call("double", {"number": 21}, id="call_1"),)),
    Answer("It is 42."),
)

_SETUP = """\
import json, time

def double(number: int) -> int:
    '''Twice the number.

    Args:
        number: what is doubled
    '''
    return 2 * number

SCHEMA = {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]}
TOOLS = [{"type": "function", "function": {"name": "double", "description": "Twice the number.", "parameters": SCHEMA}}]

def answered(call):
    given = json.loads(call["function"]["arguments"])
    return {"role": "tool", "tool_call_id": call["id"], "content": str(double(**given))}

def timed(what):
    wall, cpu = time.perf_counter(), time.process_time()
    what()
    return time.perf_counter() - wall, time.process_time() - cpu
"""

_OURS = """\
from zhipu_magic import Chat
chat = Chat("glm-4", tools=[double])
def turn():
    assert chat.ask("21 doubled?", once=True).text == "It is 42."
"""

_SDK = """\
def turn():
    messages = [{"role": "user", "content": "21 doubled?"}]
    message = client.chat.completions.create(model="glm-4", messages=messages, tools=TOOLS).choices[0].message
    asked = message.model_dump(exclude_none=True)
    messages += [asked, *map(answered, asked["tool_calls"])]
    reply = client.chat.completions.create(model="glm-4", messages=messages, tools=TOOLS)
    assert reply.choices[0].message.content == "It is 42."
"""

_HTTPX = """\
def post(messages):
    body = {"model": "glm-4", "messages": messages, "tools": TOOLS}
    return http.post(url, json=body).json()["choices"][0]["message"]

def turn():
    messages = [{"role": "user", "content": "21 doubled?"}]
    asked = post(messages)
    assert post([*messages, asked, *map(answered, asked["tool_calls"])])["content"] == "It is 42."
"""


def measure(bench: Bench, *, quick: bool) -> list[Row]:
    """Measure the same turn by each, in kernels that take turns; ours also streams, validates and stores it."""
    rounds = 20 if quick else 50
    server = bench.practice()
    wall: dict[str, list[float]] = defaultdict(list)
    cpu: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        kernels = {}
        for contender, turn in ((OURS, _OURS), (SDK, _SDK), (HTTPX, _HTTPX)):
            kernel = kernels[contender.column] = stack.enter_context(bench.kernel(server))
            kernel.run(f"{contender.setup}\n{_SETUP}{turn}")
        for number in range(rounds + 1):  # the first warms
            for column, kernel in kernels.items():
                seconds = _turn(server, kernel)
                if number:
                    wall[column].append(1e3 * seconds[0])
                    cpu[column].append(1e3 * seconds[1])
    ours, raw = OURS.column, HTTPX.column
    return [
        Row("a turn with a tool call", "ms", {**wall}, [above(wall[ours], wall[raw], "ms", raw)]),  # type: ignore[dict-item]  # the keys are columns
        Row("…: processor time", "ms", {**cpu}, [above(cpu[ours], cpu[raw], "ms", raw)]),  # type: ignore[dict-item]  # the keys are columns
    ]


def _turn(server: Practice, kernel: Kernel) -> tuple[float, float]:
    for answer in _ANSWERS:
        server.answer_next(answer)
    wall, cpu = kernel.run("taken = timed(turn)", taken="taken").values["taken"]
    return wall, cpu

"""a turn after 100, 1,000 and 10,000 turns, each request with the same 50 of them"""

from __future__ import annotations

from collections import defaultdict
from contextlib import ExitStack

from zhipu_magic.practice import Answer

from .contenders import HTTPX, OURS
from .kernel import Bench, Kernel
from .past import MODEL, prompt_and_reply, write_past
from .servers import Practice
from .table import Row, at_most_times

LENGTHS = (100, 1_000, 10_000)
NO_MORE = 1.1
"""Times the cost after 100 turns, at most: the same, apart from other load on the machine."""

_REQUESTS = 50
_PIECES = 20

#: The model's context less room for its answer holds about 50 turns of the past.
_SETUP = f"""\
import time
from zhipu_magic import Chat
from zhipu_magic.service.models import CATALOGUE, Model
from zhipu_magic.chat.options import Options
from zhipu_magic.history.turn import Anchor
from zhipu_magic.chat.request import Request, key_of
from zhipu_magic.chat.window import fit
CATALOGUE["{MODEL}"] = Model("{MODEL}", context=8_000, longest_answer=700)

def timed(what):
    wall, cpu = time.perf_counter(), time.process_time()
    what()
    return time.perf_counter() - wall, time.process_time() - cpu

def request(prompt):
    before = chat.history.before(None, Anchor("a new cell", 0))
    return fit(Request(prompt, Options(), Anchor(), before, chat.model))
"""

_LOAD = """\
import gc, tracemalloc
tracemalloc.start()
chat = Chat.load({past!r})
gc.collect()
used = tracemalloc.get_traced_memory()[0]
tracemalloc.stop()
written = Chat(journal={past!r})
written.history.resume()
"""

_RAW = """\
def post():
    with http.stream("POST", url, json=body) as response:
        for line in response.iter_lines():
            if line.startswith("data: {"):
                json.loads(line[6:])
"""

_Times = dict[tuple[str, int], list[float]]


def measure(bench: Bench, *, quick: bool) -> list[Row]:
    """Measure from asking to the commit, in kernels that take turns; raw httpx posts the shortest thread's body."""
    rounds = 20 if quick else 50
    server = bench.practice()
    ours: _Times = defaultdict(list)
    raw: dict[str, list[float]] = defaultdict(list)
    memory: dict[int, float] = {}
    with ExitStack() as stack:
        kernels = {length: stack.enter_context(bench.kernel(server)) for length in LENGTHS}
        for length, kernel in kernels.items():
            memory[length] = _load(bench, server, kernel, length)
        poster = stack.enter_context(bench.kernel(server))
        _load(bench, server, poster, LENGTHS[0])
        poster.run(f"{HTTPX.setup}{_RAW}body = request({prompt_and_reply(0)[0]!r}).body")
        for number in range(rounds + 1):  # the first warms
            for length, kernel in kernels.items():
                for what, value in _turns(server, kernel, number).items():
                    ours[what, length] += [value] if number else []
            wall, cpu = _timed(server, poster, "post()", number)
            raw["wall"] += [1e3 * wall] if number else []
            raw["cpu"] += [1e3 * cpu] if number else []
        _check_the_same(list(kernels.values()))
    longest = LENGTHS[-1]
    return [
        *_rows("a turn", "ms", "wall", ours, raw["wall"]),
        *_rows("a turn: processor time", "ms", "cpu", ours, raw["cpu"]),
        *_rows("a turn, its journal on disk", "ms", "written", ours),
        *_rows("a turn: making its request", "µs", "request", ours),
        *_rows("a cell: processor time", "ms", "cell", ours),
        *_rows("the last cell again: processor time", "ms", "again", ours),
        Row(f"memory a turn, of {longest:,}", "KB", {OURS.column: [memory[longest] / longest / 1e3]}),
    ]


def _load(bench: Bench, server: Practice, kernel: Kernel, length: int) -> float:
    """Load the past into the kernel three times: in a chat, in one with its journal on disk, and on the page.

    Returns the bytes that the first takes.
    """
    paths = [bench.folder / f"{name}-{length}.jsonl" for name in ("chat", "page")]
    for path in paths:
        write_past(path, length, server)
    kernel.run(_SETUP + OURS.setup)
    used: float = kernel.run(_LOAD.format(past=str(paths[0])), used="used").values["used"]
    kernel.run(f"%glm resume {paths[1]}")
    return used


def _turns(server: Practice, kernel: Kernel, number: int) -> dict[str, float]:
    """One turn in each of the three, and the last one again."""
    prompt, _ = prompt_and_reply(number)
    asked = f"ask({prompt!r}, anchor=Anchor('cell-{number}', {number})).text"
    wall, cpu = _timed(server, kernel, f"chat.{asked}", number)
    written, _ = _timed(server, kernel, f"written.{asked}", number)
    _, made = _taken(kernel, f"[key_of(request({prompt!r}).body) for _ in range({_REQUESTS})]")
    new, again = (_cell(server, kernel, number) for _ in range(2))
    return {
        "wall": 1e3 * wall,
        "cpu": 1e3 * cpu,
        "written": 1e3 * written,
        "request": 1e6 * made / _REQUESTS,
        "cell": 1e3 * new,
        "again": 1e3 * again,
    }


def _timed(server: Practice, kernel: Kernel, expression: str, number: int) -> tuple[float, float]:
    server.answer_next(_answer(number))
    return _taken(kernel, expression)


def _taken(kernel: Kernel, expression: str) -> tuple[float, float]:
    wall, cpu = kernel.run(f"taken = timed(lambda: {expression})", taken="taken").values["taken"]
    return wall, cpu


def _cell(server: Practice, kernel: Kernel, number: int) -> float:
    """Processor time of a whole cell on a page whose cells have ids, as in JupyterLab."""
    server.answer_next(_answer(number))
    before = kernel.cpu_seconds()
    kernel.run(f"%%glm\n{prompt_and_reply(number)[0]}", cell_id=f"cell-{number}")
    return kernel.cpu_seconds() - before


def _answer(number: int) -> Answer:
    """The reply of a past turn in a few chunks, so that the window stays the same."""
    _, reply = prompt_and_reply(number)
    size = -(-len(reply) // _PIECES)
    return Answer(reply, pieces=tuple(reply[start : start + size] for start in range(0, len(reply), size)))


def _check_the_same(kernels: list[Kernel]) -> None:
    sizes = {kernel.run("", size="len(request('x').messages)").values["size"] for kernel in kernels}
    if len(sizes) > 1:
        raise RuntimeError(f"The requests are not the same: they hold {sizes} messages.")


def _rows(what: str, unit: str, name: str, ours: _Times, raw: list[float] | None = None) -> list[Row]:
    rows = [
        Row(f"{what if length == LENGTHS[0] else '…'}, after {length:,}", unit, {OURS.column: ours[name, length]})
        for length in LENGTHS
    ]
    shortest = ours[name, LENGTHS[0]]
    rows[-1].remarks.append(at_most_times(NO_MORE, ours[name, LENGTHS[-1]], shortest, f"after {LENGTHS[0]:,}"))
    if raw is not None:
        rows[0].values[HTTPX.column] = raw
    return rows

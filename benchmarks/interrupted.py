"""One long-lived process whose turns are interrupted at random moments, in every possible way."""

from __future__ import annotations

import _thread
import faulthandler
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue

from zhipu_magic import Chat
from zhipu_magic.history.events.event import State
from zhipu_magic.text.errors import GLMError

from .asker import Address, Asker, Page, Script, let_go, prompt, whole_reply

_WORDS, _FEW = 1_000, 5
#: Seconds that threads and descriptors may outlast an interrupt.
_PATIENCE = 5.0
#: Seconds after which the process is considered stuck; it then prints where.
_LONGEST = 60.0

Press = Callable[[Chat], None]


def _signal(chat: Chat) -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def _main_thread(chat: Chat) -> None:
    _thread.interrupt_main()


def _stop(chat: Chat) -> None:
    chat.interrupt()


PRESSES: tuple[Press, ...] = (_signal, _main_thread, _stop)


class _Hand(threading.Thread):
    """Interrupts after some seconds when asked to, and counts it."""

    def __init__(self) -> None:
        super().__init__(name="hand", daemon=True)
        self._orders: SimpleQueue[tuple[float, Press, Chat]] = SimpleQueue()
        self.pressed = 0

    def press(self, seconds: float, press: Press, chat: Chat) -> None:
        # Neither this nor the wait for it takes a lock that an interrupt could leave taken.
        self._orders.put((seconds, press, chat))

    def run(self) -> None:
        while True:
            seconds, press, chat = self._orders.get()
            time.sleep(seconds)
            try:
                press(chat)
            finally:
                self.pressed += 1


def interrupt(times: int, seed: int, fast: Address, slow: Address, folder: Path, results: Connection) -> None:
    """Interrupt so many turns, and send the counts of what was tried and what went wrong."""
    counts = _Soak(random.Random(seed), fast, slow, folder).run(times)
    results.send(counts)


class _Soak:
    def __init__(self, chance: random.Random, fast: Address, slow: Address, folder: Path) -> None:
        self.counts: Counter[str] = Counter()
        self._chance = chance
        self._hand = _Hand()
        self._hand.start()
        self._journals = [folder / f"interrupted-{number}.jsonl" for number in range(3)]
        self._askers: Sequence[Asker] = (
            Script(fast, self._journals[0]),
            Script(slow, self._journals[1]),
            Page(fast, self._journals[2]),
        )

    def run(self, times: int) -> Counter[str]:
        for asker in self._askers:
            asker.ask(prompt("warm", _FEW), "warm")
            let_go(asker)
        before = _resources()
        for number in range(times):
            faulthandler.dump_traceback_later(_LONGEST, exit=True)
            self._one(number, self._askers[number % 3], PRESSES[number // 3 % 3])
        faulthandler.cancel_dump_traceback_later()
        for asker, journal in zip(self._askers, self._journals, strict=True):
            let_go(asker)
            loaded, state = Chat.load(journal).state, asker.chat.state
            self.counts["journals that differ from the chat"] += _story(loaded) != _story(state)
        after = _settled(before)
        for what in before:
            self.counts[f"{what} left behind"] += max(0, after[what] - before[what])
        return self.counts

    def _one(self, number: int, asker: Asker, press: Press) -> None:
        chat, thread, asked = asker.chat, f"t{number}", prompt(str(number), _WORDS)
        # Half of them at the beginning, when most is going on.
        seconds = self._chance.choice((self._chance.uniform(0, 0.006), self._chance.uniform(0, 0.2)))
        reply = None
        try:
            self._hand.press(seconds, press, chat)
            reply = asker.ask(asked, thread)
            while self._hand.pressed <= number:
                time.sleep(0.001)
            time.sleep(0.01)  # a signal may still be on its way
        except KeyboardInterrupt:
            self.counts["turns that were stopped"] += 1
        except Exception as error:
            if press is _stop and isinstance(error, GLMError):  # whoever reads a stopped reply gets an error
                self.counts["turns that were stopped"] += 1
            else:
                self.counts["other errors"] += 1
                print(f"interrupt {number}: {type(error).__name__}: {error}", file=sys.stderr)
        self.counts["interrupts"] += 1
        self._check(chat, thread, asked, reply)
        self._go_on(asker, thread)
        if any(each.name == "zhipu_magic exchange" for each in _outlasting()):
            self.counts["exchanges left behind"] += 1

    def _check(self, chat: Chat, thread: str, asked: str, reply: str | None) -> None:
        turns = chat.thread(thread).turns
        whole = whole_reply(asked)
        replies = [turn.reply for turn in turns] + ([reply] if reply else [])
        found = {
            "turns lost": bool(reply) and not turns,
            "turns doubled": len(turns) > 1,
            "replies with a hole": not all(map(whole.startswith, replies)),
        }
        self.counts.update(found)
        self.counts["turns kept in part"] += any(turn.interrupted for turn in turns)
        for what in (what for what, so in found.items() if so):
            print(f"interrupt {thread}: {what}: {replies}", file=sys.stderr)

    def _go_on(self, asker: Asker, thread: str) -> None:
        before = asker.chat.thread(thread).turns
        asked = prompt("next", _FEW)
        try:
            reply = asker.ask(asked, thread)
        except (Exception, KeyboardInterrupt) as error:
            reply = repr(error)
        after = asker.chat.thread(thread).turns
        sound = reply == whole_reply(asked) and after[:-1] == before
        if not sound:
            made = [(turn.prompt[:20], turn.reply[-20:], turn.interrupted) for turn in after]
            print(f"after interrupt {thread}: {reply!r} of {len(before)} turns made {made}", file=sys.stderr)
        self.counts["turns after it that failed"] += not sound


def _story(state: State) -> dict[str, list[tuple[str, str, bool]]]:
    threads = state.conversation.threads
    return {
        name: [(turn.prompt, turn.reply, turn.interrupted) for turn in thread.turns]
        for name, thread in threads.items()
        if thread.turns
    }


def _outlasting() -> list[threading.Thread]:
    """The threads that exchanges have left behind, once they have had time to end."""
    deadline = time.monotonic() + _PATIENCE
    while (left := [each for each in threading.enumerate() if each.name == "zhipu_magic exchange"]) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.002)
    return left


def _resources() -> dict[str, int]:
    """The resources of this process that could be left behind."""
    links = []
    for name in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{name}"))
        except OSError:
            continue  # the descriptor of the listing itself
    return {
        "threads": threading.active_count(),
        "sockets": sum(link.startswith("socket:") for link in links),
        "descriptors": len(links),
    }


def _settled(before: dict[str, int]) -> dict[str, int]:
    deadline = time.monotonic() + _PATIENCE
    while any((after := _resources())[what] > before[what] for what in before) and time.monotonic() < deadline:
        time.sleep(0.05)
    return after

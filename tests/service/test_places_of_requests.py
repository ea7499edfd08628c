"""Places at a service: threads that wait for them, cells that go first, and what is remembered."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from platforms import needs_links

from zhipu_magic import Chat
from zhipu_magic.practice import Answer, PracticeServer
from zhipu_magic.service import learned_limits
from zhipu_magic.service.api_key import ApiKey
from zhipu_magic.service.endpoint import Endpoint
from zhipu_magic.service.error_codes import service_error
from zhipu_magic.service.limiter import Outcome
from zhipu_magic.service.places import Caller, Place, Places, outcome_of, places_of
from zhipu_magic.text.errors import ConnectionFailed, GLMError, InvalidRequest, ReplyBroken

KEY = "Q7places.Z9a-key-that-nobody-may-read"


def never() -> bool:
    return False


def new_service() -> tuple[Endpoint, Places]:
    """A service that nobody has asked before."""
    endpoint = Endpoint(f"https://{uuid4().hex}.example/v4", ApiKey(KEY), "a test")
    return endpoint, places_of(endpoint, "glm-4")


def took(place: Place | None) -> Place:
    assert place is not None
    return place


def taken(places: Places) -> Place:
    return took(places.take(first=True, given_up=never))


def at_limit(places: Places, limit: int) -> list[Place]:
    """Have the places learn this limit, which is used up then."""
    held = [taken(places) for _ in range(limit + 1)]
    held.pop().end("refused")
    assert places.state.limit == limit
    return held


class Waiter(threading.Thread):
    """Waits for a place in a thread of its own."""

    def __init__(self, take: Callable[[Callable[[], bool]], Place | None]) -> None:
        super().__init__(daemon=True)
        self._take = take
        self.place: Place | None = None
        self.given_up = threading.Event()
        self.start()

    def run(self) -> None:
        self.place = self._take(self.given_up.is_set)

    def taken(self) -> Place:
        self.join(20)
        return took(self.place)


def waiting(places: Places, *, first: bool = False) -> Waiter:
    return Waiter(lambda given_up: places.take(first=first, given_up=given_up))


def until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.005)


def test_one_address_and_model_has_one_limit_in_a_process() -> None:
    endpoint, places = new_service()
    assert places_of(Endpoint(endpoint.base_url, ApiKey("another"), "a test"), "glm-4") is places
    assert places_of(endpoint, "glm-5") is not places
    assert new_service()[1] is not places


def test_a_place_that_is_freed_goes_to_one_who_waits() -> None:
    _, places = new_service()
    held = at_limit(places, 2)
    threads = [waiting(places) for _ in range(3)]
    until(lambda: places.state.waiting == 3)
    assert places.state.in_flight == 2
    for place in held:
        place.end("answered")
    until(lambda: places.state.waiting == 1)
    assert places.state.in_flight == 2
    until(lambda: any(thread.place is not None for thread in threads))
    next(thread for thread in threads if thread.place is not None).taken().end("answered")
    until(lambda: places.state.waiting == 0)


def test_who_has_given_up_holds_no_place() -> None:
    _, places = new_service()
    held = at_limit(places, 1)
    thread = waiting(places)
    until(lambda: places.state.waiting == 1)
    thread.given_up.set()
    places.wake()
    thread.join(20)
    assert thread.place is None
    assert places.state.waiting == 0
    held[0].end("answered")
    assert places.state.in_flight == 0


def test_a_caller_holds_no_more_than_it_may() -> None:
    _, places = new_service()
    caller: Caller = places.caller(most=2)
    held = [took(caller.take(given_up=never)) for _ in range(2)]
    thread = Waiter(lambda given_up: caller.take(given_up=given_up))
    until(lambda: places.state.waiting == 1)
    other = Waiter(lambda given_up: places.caller().take(given_up=given_up))
    other.taken().end("answered")
    assert caller.held == 2
    assert thread.place is None
    held[0].end("other")
    held[0].end("answered")
    thread.taken().end("answered")
    assert caller.held == 1
    held[1].end("answered")
    assert (caller.held, places.state.in_flight) == (0, 0)


def test_a_cell_waits_for_nothing_where_no_limit_is_known() -> None:
    _, places = new_service()
    held = [taken(places) for _ in range(100)]
    assert places.state.in_flight == 100
    for place in held:
        place.end("answered")


def test_a_cell_goes_before_all_who_wait() -> None:
    _, places = new_service()
    held = at_limit(places, 1)
    others = [waiting(places) for _ in range(3)]
    until(lambda: places.state.waiting == 3)
    cell = waiting(places, first=True)
    until(lambda: places.state.waiting == 4)
    held[0].end("answered")
    cell.taken()
    assert all(other.place is None for other in others)
    for other in others:
        other.given_up.set()
    places.wake()


def test_while_a_cell_waits_no_other_goes_beyond_the_limit() -> None:
    _, places = new_service()
    held = at_limit(places, 1)
    for _ in range(200):  # after so many answers one more would be tried
        held.pop().end("answered")
        held.append(taken(places))
    cell = waiting(places, first=True)
    until(lambda: places.state.waiting == 1)
    other = waiting(places)
    until(lambda: places.state.waiting == 2)
    assert places.state.in_flight == 1
    held[0].end("answered")
    cell.taken()
    until(lambda: other.place is not None)
    assert places.state.in_flight == 2


def test_who_has_given_up_is_given_none_of_the_places_there_are() -> None:
    _, places = new_service()
    assert places.take(given_up=lambda: True) is None
    assert places.state.in_flight == 0


def test_a_cell_asks_without_a_place_in_the_end() -> None:
    _, places = new_service()
    held = at_limit(places, 1)
    cell = waiting(places, first=True)
    cell.taken()
    assert places.state.in_flight == 2
    held[0].end("answered")


def test_a_cell_that_is_stopped_while_it_waits_sends_nothing(server: PracticeServer) -> None:
    with closing(Chat(model="glm-4", base_url=server.base_url, api_key=server.api_key)) as chat:
        places = places_of(chat.service.endpoint(), "glm-4")
        held = at_limit(places, 1)
        reply = chat.ask("hello")
        until(lambda: places.state.waiting == 1)
        reply.interrupt()
        until(lambda: places.state.waiting == 0)
        held[0].end("answered")
        assert places.state.in_flight == 0
    assert server.requests == []


def test_cells_learn_the_limit_and_their_own_retries_go_on() -> None:
    with (
        PracticeServer(pace=60, limit=2, api_key=KEY) as server,
        closing(Chat(model="glm-4", base_url=server.base_url, api_key=KEY, limit=3, max_retries=10)) as chat,
    ):
        long = "yes and no " * 8
        server.enqueue(*[Answer(long)] * 6)
        replies = [chat.ask(f"question {number}", once=True) for number in range(6)]
        assert [reply.text for reply in replies] == [long] * 6
        state = places_of(chat.service.endpoint(), "glm-4").state
        assert (state.in_flight, state.waiting) == (0, 0)
        assert learned_limits.recall(server.base_url, "glm-4") in (1, 2)


def test_an_error_in_a_place_tells_how_it_ended() -> None:
    _, places = new_service()
    held = [taken(places) for _ in range(3)]
    with pytest.raises(Exception, match="too fast"), taken(places):
        raise service_error(429, {"error": {"code": "1303", "message": ""}})
    assert places.state.limit == 3
    with pytest.raises(KeyboardInterrupt), held[0]:
        raise KeyboardInterrupt
    assert places.state.in_flight == 2


def test_what_the_service_asks_to_wait_is_shown() -> None:
    _, places = new_service()
    before = time.monotonic()
    taken(places).end("busy", retry_after=30.0)
    assert places.state.busy_until >= before + 30
    thread = waiting(places)
    until(lambda: places.state.waiting == 1)
    assert thread.place is None
    taken(places).end("other")  # a cell goes out all the same
    thread.given_up.set()


def test_many_threads_lose_no_place() -> None:
    _, places = new_service()
    inside, refused, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, refused
        done = 0
        while done < 20:
            place = took(caller.take(given_up=never))
            with lock:
                inside += 1
                is_refused = inside > 4
            if not is_refused:
                time.sleep(0.002)
            with lock:
                inside -= 1
                refused += is_refused
            done += not is_refused
            place.end("refused" if is_refused else "answered")

    caller = places.caller(most=30)
    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (places.state.in_flight, places.state.waiting, caller.held) == (0, 0, 0)
    assert refused < 100


# What is remembered


def limits_file(home: Path) -> Path:
    return home / "user data" / "zhipu_magic" / "limits.json"


def test_a_limit_is_known_in_the_next_session(tmp_path: Path) -> None:
    endpoint, places = new_service()
    for place in at_limit(places, 7):
        place.end("answered")
    written = limits_file(tmp_path).read_text()
    for secret in (endpoint.base_url, endpoint.host, "glm-4", KEY):
        assert secret not in written
    again = Places(endpoint.base_url, "glm-4")
    took(again.take(given_up=never)).end("answered")
    assert again.state.limit == 4  # on its way to seven
    held = [took(again.caller().take(given_up=never)) for _ in range(7)]
    assert again.state.limit == 7
    cell = waiting(again, first=True)
    until(lambda: again.state.waiting == 1)
    held[0].end("answered")
    cell.taken()


def test_what_was_not_learned_by_a_refusal_is_not_remembered(tmp_path: Path) -> None:
    _, places = new_service()
    for _ in range(50):
        taken(places).end("answered")
    assert not limits_file(tmp_path).exists()


def test_the_page_s_own_practice_server_is_not_remembered(tmp_path: Path) -> None:
    endpoint = Endpoint(f"http://127.0.0.1:1/{uuid4().hex}", ApiKey(KEY), "a test", practice=True)
    for place in at_limit(places_of(endpoint, "glm-4"), 2):
        place.end("answered")
    assert not limits_file(tmp_path).exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"limits": []}',
        b'{"limits": {"DIGEST": 0}}',
        b'{"limits": {"DIGEST": true}}',
        b'{"limits": {"DIGEST": -3}}',
        b'{"limits": {"DIGEST": 1e300}}',
        b'{"limits": {"DIGEST": "7"}}',
        b'{"limits": {"DIGEST": 99999999999999999999999999}}',
        b"\xff\xfe",
        b"[" * 5_000,
        b" " * 100_000,
    ],
)
def test_a_broken_file_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    endpoint, _ = new_service()
    learned_limits.keep(endpoint.base_url, "glm-4", 7)
    file = limits_file(tmp_path)
    [digest] = json.loads(file.read_bytes())["limits"]
    file.write_bytes(content.replace(b"DIGEST", digest.encode()))
    assert learned_limits.recall(endpoint.base_url, "glm-4") is None
    learned_limits.keep(endpoint.base_url, "glm-4", 5)
    if len(content) < 90_000:
        assert learned_limits.recall(endpoint.base_url, "glm-4") == 5


@needs_links
def test_a_file_that_is_a_link_is_not_read(tmp_path: Path) -> None:
    endpoint, _ = new_service()
    learned_limits.keep(endpoint.base_url, "glm-4", 7)
    file, elsewhere = limits_file(tmp_path), tmp_path / "elsewhere.json"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    assert learned_limits.recall(endpoint.base_url, "glm-4") is None


def test_a_disk_that_cannot_be_written_to_fails_no_request(tmp_path: Path) -> None:
    (tmp_path / "user data").write_text("a file, where a folder should be")
    _, places = new_service()
    for place in at_limit(places, 2):
        place.end("answered")
    assert places.state.in_flight == 0


def test_the_oldest_limits_are_dropped(tmp_path: Path) -> None:
    for number in range(600):
        if number in (0, 599):
            learned_limits.keep("https://a.example", f"model {number}", 3)
        elif number == 1:
            known = json.loads(limits_file(tmp_path).read_bytes())["limits"]
            known |= {f"{one:024x}": 2 for one in range(1, 599)}
            limits_file(tmp_path).write_text(json.dumps({"limits": known}))
    assert learned_limits.recall("https://a.example", "model 0") is None
    assert learned_limits.recall("https://a.example", "model 599") == 3


# After a fork


@pytest.fixture
def forked() -> Iterator[Callable[[Callable[[], bool]], bool]]:
    """Whether a function says yes in a child."""
    if not hasattr(os, "fork"):
        pytest.skip("this platform cannot fork")

    def ask(question: Callable[[], bool]) -> bool:
        context = multiprocessing.get_context("fork")
        answers = context.SimpleQueue()
        child = context.Process(target=lambda: answers.put(question()))
        child.start()
        child.join(30)
        assert not child.is_alive()
        return bool(answers.get())

    yield ask


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_has_places_of_its_own(forked: Callable[[Callable[[], bool]], bool]) -> None:
    endpoint, places = new_service()
    held = at_limit(places, 2)
    thread = waiting(places)
    until(lambda: places.state.waiting == 1)

    def in_child() -> bool:
        same = places_of(endpoint, "glm-4")
        held[0].end("answered")  # of the parent
        mine = [took(same.take(given_up=never)) for _ in range(2)]
        state = same.state
        mine[0].end("answered")
        return (state.in_flight, state.waiting, same.state.in_flight) == (2, 0, 1)

    assert forked(in_child)
    assert places.state.in_flight == 2
    held[0].end("answered")
    thread.taken().end("answered")
    held[1].end("answered")


# What an error says of the service


def of_code(code: str, status: int = 429, words: str = "") -> GLMError:
    return service_error(status, {"error": {"code": code, "message": words}})


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "answered"),
        (of_code("1302"), "refused"),
        (of_code("1303"), "refused"),
        (of_code("1302", 200), "refused"),
        (of_code("1305"), "busy"),
        (of_code("1312"), "busy"),
        (of_code("", 503), "busy"),
        (of_code("", 529), "busy"),
        (of_code("", 429, "Rate limit reached for requests"), "refused"),
        (of_code("rate_limit_exceeded", 429), "refused"),
        (of_code("1701"), "busy"),
        (of_code("", 500), "failed"),
        (of_code("1234", 500), "failed"),
        (of_code("", 502), "failed"),
        (of_code("1301", 400), "other"),
        (of_code("1113"), "other"),
        (of_code("1308"), "other"),
        (of_code("", 429, "You have reached your monthly limit"), "other"),
        (of_code("", 401), "other"),
        (ConnectionFailed("", reason="connection.unreachable"), "failed"),
        (ReplyBroken("", reason="reply.lost"), "failed"),
        (InvalidRequest("", reason="prompt.empty"), "other"),
    ],
)
def test_an_error_says_what_it_means_for_others(error: GLMError | None, outcome: Outcome) -> None:
    assert outcome_of(error) == outcome


def test_a_service_that_asks_for_a_long_wait_is_busy() -> None:
    error = service_error(429, {"error": {"code": "1302", "message": ""}}, retry_after=3_600.0)
    assert outcome_of(error) == "busy"

"""The API key shows nowhere: not where something breaks, and not where a service sends it back."""

from __future__ import annotations

import base64
import copy
import getpass
import json
import logging
import pickle
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import Page
from keyring.backend import KeyringBackend
from story import JSON, plain

from zhipu_magic import Chat
from zhipu_magic.practice import DONE, Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call
from zhipu_magic.service import keys
from zhipu_magic.service.api_key import HIDDEN, ApiKey, Hide
from zhipu_magic.service.endpoint import Endpoint
from zhipu_magic.text.errors import GLMError

ID, SECRET = "0a1b2c3d4e5f60718293", "Secret+Half/OfTheKey=9"
KEY = f"{ID}.{SECRET}"


def leaks(text: str) -> bool:
    """Whether a telling piece of the secret is in the text, as it is or in another plain form."""
    forms = [SECRET, quote(SECRET, safe=""), json.dumps(SECRET)[1:-1]]
    for before in range(3):
        encoded = base64.b64encode(b"x" * before + KEY.encode()).decode()
        forms.append(encoded[len(encoded) // 2 : -4])
    return any(form[start : start + 10] in text for form in forms for start in range(len(form) - 9))


# The value


def test_a_key_shows_itself_only_where_a_header_is_made_of_it() -> None:
    key = ApiKey(KEY)
    endpoint = Endpoint("https://open.bigmodel.cn", key, "given in the code")
    formatted = "%s" % (key,)  # noqa: UP031  # it is this very way that is tried
    for shown in (repr(key), str(key), ascii(key), repr([key]), repr(endpoint), str(endpoint), formatted):
        assert not leaks(shown)
    assert f"Bearer {key}" == f"Bearer {KEY}" and key == KEY and ApiKey(ApiKey(KEY)) == KEY


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_no_pickle_holds_a_key(protocol: int) -> None:
    endpoint = Endpoint("https://open.bigmodel.cn", ApiKey(KEY), "given in the code")
    for value in (ApiKey(KEY), endpoint, Hide([ApiKey(KEY)])):
        pickled = pickle.dumps(value, protocol)
        assert not leaks(pickled.decode("latin-1"))
        assert type(pickle.loads(pickled)) is type(value)
    assert pickle.loads(pickle.dumps(ApiKey(KEY), protocol)) == ""
    assert not leaks(format(copy.deepcopy(ApiKey(KEY)))) and not leaks(format(copy.copy(ApiKey(KEY))))
    assert pickle.loads(pickle.dumps(Hide([ApiKey(KEY)]), protocol))("text") == "text"


def test_a_chat_refuses_to_be_pickled_and_says_what_to_do() -> None:
    chat = Chat(api_key=KEY)
    for value in (chat, chat.service):
        with pytest.raises(TypeError, match=r"cannot be pickled(.|\n)*Chat\("):
            pickle.dumps(value)


# Where something breaks


class BrokenKeyring(KeyringBackend):
    """It raises what no keyring should, with the key in its frames."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("The keyring is broken.")

    def set_password(self, service: str, username: str, password: str) -> None:
        shown = password.encode()
        raise RuntimeError(f"The keyring is broken: {len(shown)}")

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.fixture
def key_page(bare_page: Page, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[Page, PracticeServer]]:
    """A page with a key that looks like a real one, where errors show all they can."""
    monkeypatch.chdir(tmp_path)
    with PracticeServer(pace=0, api_key=KEY) as server:
        monkeypatch.setenv("ZHIPUAI_BASE_URL", server.base_url)
        monkeypatch.setenv("ZHIPUAI_API_KEY", KEY)
        bare_page.run("%load_ext zhipu_magic\n%xmode Verbose\n%config GLMMagics.journal = 'a.jsonl'")
        bare_page.run("%config GLMMagics.max_retries = 0")
        bare_page.names["key"] = lambda: KEY
        bare_page.run("from zhipu_magic import Chat")
        yield bare_page, server


@pytest.mark.parametrize(
    "cell",
    [
        "Chat(api_key=key(), journal=5)",
        "Chat(api_key=key(), replay='never')",
        "Chat(api_key=key(), tools=[5])",
        "Chat(api_key=key() + ' x').ask('hi').text",
        "Chat(api_key=key(), base_url='http://example.org').ask('hi').text",
        "Chat(api_key=key(), base_url='https://exa mple', max_retries=0).ask('hi').text",
        "Chat(api_key=key(), base_url='http://127.0.0.1:1/').service.models()",
        "Chat(api_key=key(), base_url='http://127.0.0.1:1/', max_retries=0).ask('hi').text",
        "Chat(api_key=key()).ask('hi', params={'x': object()}).text",
        "Chat(api_key=key()).service.login(5)",
        "import pickle; pickle.dumps(Chat(api_key=key()))",
    ],
)
def test_the_key_is_in_no_traceback_whatever_breaks(
    key_page: tuple[Page, PracticeServer], cell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page, _ = key_page
    done = page.run(cell)
    assert not done.success
    page.run("%tb")
    printed = capsys.readouterr()
    assert not leaks(printed.out + printed.err)
    assert_no_frame_holds_it(done.error)


def assert_no_frame_holds_it(error: BaseException | None) -> None:
    """Nor any frame of the error and of what it came from, shown or not."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if any(name in frame.f_code.co_filename for name in ("zhipu", "http", "h11", "keyring")):
                for name, value in frame.f_locals.items():
                    assert not leaks(safe_repr(value)), (error, frame, name)
        error = error.__cause__ or error.__context__


def safe_repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:  # of an object that is half made
        return repr(error)


@pytest.mark.parametrize("typed", [f"{KEY} and more", f"{KEY}\n{KEY}", f"密{KEY}", KEY])
@pytest.mark.parametrize("line", ["%glm login", "%glm login --save"])
def test_what_is_typed_at_a_login_is_not_shown(
    key_page: tuple[Page, PracticeServer],
    typed: str,
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, _ = key_page
    monkeypatch.setattr(getpass, "getpass", lambda prompt: typed)
    before = keyring.get_keyring()
    keyring.set_keyring(BrokenKeyring())
    try:
        cell = page.run(line)
        assert cell.success == (typed == KEY)
        page.run("%tb")
        assert_no_frame_holds_it(cell.error)
    finally:
        keyring.set_keyring(before)
    printed = capsys.readouterr()
    assert not leaks(printed.out + printed.err + json.dumps(cell.messages))


def test_a_keyring_that_raises_is_as_one_that_has_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(BrokenKeyring())
    try:
        assert keys.find_key("https://open.bigmodel.cn", None, None) is None
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize("key", [f"{KEY} x", f"{KEY}\x00", f"{KEY}é"])
def test_a_key_with_wrong_characters_is_not_repeated(
    key_page: tuple[Page, PracticeServer], key: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = key_page
    if "\x00" not in key:  # which no environment can hold
        monkeypatch.setenv("ZHIPUAI_API_KEY", key)
        cells = [page.run("%%glm\nhi"), page.run("%glm models"), page.run("%glm")]
        assert isinstance(cells[0].error, GLMError)
        assert_no_frame_holds_it(cells[0].error)
        assert not leaks(json.dumps([cell.messages for cell in cells]))
    page.names["key"] = lambda: key
    cell = page.run("Chat(api_key=key()).ask('hi')")
    assert isinstance(cell.error, GLMError)
    assert_no_frame_holds_it(cell.error)
    printed = capsys.readouterr()
    assert not leaks(printed.out + printed.err)


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:1", "http://127.0.0.1:port", "socks5://127.0.0.1:1", "x"])
def test_a_proxy_that_fails_shows_no_key(
    key_page: tuple[Page, PracticeServer],
    proxy: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, _ = key_page
    monkeypatch.setenv("ALL_PROXY", proxy)
    page.run("%config GLMMagics.base_url = 'https://glm.test/v4'")
    asked = page.run("%%glm\nhi")
    assert isinstance(asked.error, GLMError)
    for error in (asked.error, page.run("Chat(api_key=key(), base_url='https://glm.test').service.models()").error):
        assert_no_frame_holds_it(error)
    printed = capsys.readouterr()
    assert not leaks(printed.out + printed.err)


def test_a_fault_where_texts_are_hidden_shows_no_key(
    key_page: tuple[Page, PracticeServer], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page, server = key_page
    assert page.run("%%glm\nhi").success

    def broken(*_: Any) -> str:
        raise RuntimeError("This should not happen.")

    with monkeypatch.context() as patched:
        patched.setattr("zhipu_magic.service.api_key._without_beginnings", broken)
        error = page.run("%%glm\nhi and more words").error
        assert isinstance(error, RuntimeError)
        assert_no_frame_holds_it(error)
    printed = capsys.readouterr()
    assert "This should not happen" in printed.out + printed.err
    assert not leaks(printed.out + printed.err)
    server.enqueue(Answer("two"))
    assert page.run("%%glm\nsecond").success


def test_an_interrupt_of_a_list_of_models_shows_no_key(
    key_page: tuple[Page, PracticeServer], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = key_page

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("h11.Connection.send", interrupted)
        cell = page.run("chat = Chat(api_key=key())\nchat.service.models()")
    page.run("chat.close()")
    assert isinstance(cell.error, KeyboardInterrupt)
    assert_no_frame_holds_it(cell.error)
    assert cell.error.__context__ is None
    printed = capsys.readouterr()
    assert not leaks(printed.out + printed.err)


def test_no_log_holds_the_key(
    key_page: tuple[Page, PracticeServer], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    page, server = key_page
    with caplog.at_level(logging.DEBUG):
        page.run("%%glm\nhi")
        server.enqueue(Fault(401, "1002"))
        page.run("%%glm\nhi again")
        page.run("%glm models")
    assert "httpcore" in caplog.text
    assert not leaks(caplog.text)


# A service that sends it back

B64 = base64.b64encode(f"Bearer {KEY}".encode()).decode()
FORMS = {
    "as it is": KEY,
    "the secret alone": SECRET,
    "its end": KEY[-18:],
    "cut short": KEY[:-3],
    "in base64": B64,
    "in base64 for addresses": B64.replace("+", "-").replace("/", "_"),
    "quoted": quote(KEY, safe=""),
    "twice": KEY + KEY,
    "in a sentence": f"invalid header Authorization: Bearer {KEY}.",
}


def everywhere(form: str) -> dict[str, Any]:
    """A reply with it in every place that holds a text or a name."""
    return {
        "id": form,
        "request_id": form,
        "model": form,
        "object": form,
        form: form,
        "created": 1703487403,
        "choices": [
            {
                "index": 0,
                "finish_reason": form,
                form: [form],
                "message": {
                    "role": form,
                    "content": f"words {form} and more",
                    "reasoning_content": f"thoughts {form} and more",
                    form: {form: form},
                    "tool_calls": [
                        {
                            "id": form,
                            "type": form,
                            form: form,
                            "function": {"name": form, "arguments": json.dumps({form: form})},
                        }
                    ],
                },
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7, form: form},
        "web_search": [{"title": form, "link": f"https://a.example/{form}", "media": form, form: form}],
    }


def shown_of(page: Page, *cells: Any) -> str:
    """All that can be seen of a conversation."""
    for form in ("md", "json", "py", "ipynb"):
        page.run(f"%glm export x.{form} --force")
    more = [page.run(f"%glm {command}") for command in ("history", "history --full", "usage", "threads", "")]
    response = page.names.get("_glm")
    told = [repr(response), "" if response is None else response.model_dump_json()]
    told += [json.dumps(cell.messages) + str(cell.error) + repr(cell.error) for cell in (*cells, *more)]
    return "\n".join([*told, *(path.read_text("utf-8") for path in Path().iterdir() if path.is_file())])


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "plain"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_reply_that_repeats_the_key_shows_it_nowhere(
    key_page: tuple[Page, PracticeServer], form: str, streamed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    page, server = key_page
    body = everywhere(form)
    event = json.loads(json.dumps(body))
    event["choices"][0]["delta"] = event["choices"][0].pop("message")
    server.enqueue(Raw((sse(event), DONE)) if streamed else plain(body))
    cell = page.run("%%glm -b response\nfirst")
    assert cell.success
    assert page.names["response"].choices[0].message.content.startswith("words ")
    assert HIDDEN in page.names["response"].choices[0].message.content
    assert not leaks(shown_of(page, cell, page.run("response\nprint(response)")))
    printed = capsys.readouterr()
    assert not leaks(printed.out + printed.err)
    assert not leaks(json.dumps(page.magics.chat.thread().messages))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 13, 30])
@pytest.mark.parametrize("name", ["content", "reasoning_content"])
def test_a_key_that_comes_in_pieces_is_not_shown_while_it_grows_either(
    key_page: tuple[Page, PracticeServer], size: int, name: str
) -> None:
    page, server = key_page
    text = f"Your key is {KEY}, its secret {SECRET}, quoted {quote(KEY, safe='')}; and {ID[:4]} is no key. {KEY[:9]}"
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    steps: list[Any] = [0.005 * (number % 8 == 0) or sse({"choices": []}) for number in range(2 * len(pieces))]
    steps[::2] = [sse({"choices": [{"delta": {name: piece}}]}) for piece in pieces]
    server.enqueue(Raw((*steps, sse(chunk("" if name == "content" else "ok", finish_reason="stop")), DONE)))
    cell = page.run("%%glm -b response\nfirst")
    assert cell.success
    message = page.names["response"].choices[0].message
    known = f"Your key is {HIDDEN}, its secret {HIDDEN}, quoted {HIDDEN}; and {ID[:4]} is no key. {KEY[:9]}"
    assert getattr(message, name) == known
    assert not leaks(shown_of(page, cell))


def test_the_words_as_they_come_hold_no_key_and_nothing_else_is_lost() -> None:
    with PracticeServer(pace=0, api_key=KEY) as server:
        chat = Chat(model="glm-4", base_url=server.base_url, api_key=KEY)
        for text in (
            f"a {KEY} b",
            KEY,
            KEY[:5],
            f"{KEY[:5]} {KEY[:7]}",
            ID[:11],
            "0",
            SECRET,
            ".",
        ):
            server.enqueue(Answer(text, pieces=tuple(text)))
            reply = chat.ask("first", once=True)
            words = "".join(reply)
            assert words == reply.text == text.replace(KEY, HIDDEN).replace(SECRET, HIDDEN)
        chat.close()


@given(
    text=st.text(st.sampled_from("0aS.e1b c"), max_size=30), place=st.integers(0, 30), sizes=st.lists(st.integers(1, 9))
)
def test_hiding_loses_no_letter_however_a_text_is_cut(text: str, place: int, sizes: list[int]) -> None:
    hide = Hide([ApiKey(KEY)])
    text = text[:place] + KEY + text[place:]
    growing, start, shown = hide.growing(), 0, []
    for size in [*sizes, len(text)]:
        shown.append(growing.add(text[start : start + size]))
        start += size
    shown.append(growing.rest())
    assert "".join(shown) == text.replace(KEY, HIDDEN)
    assert not any(leaks(piece) for piece in shown)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_call_that_repeats_the_key_gives_it_to_no_function(key_page: tuple[Page, PracticeServer], form: str) -> None:
    page, server = key_page
    page.run("given = []\ndef keep(text: str) -> str:\n    given.append(text)\n    return text")
    arguments = json.dumps({"text": form})
    half = len(arguments) // 2
    pieces = [
        tool_call("keep", arguments[:half], id="a"),
        {"index": 0, "function": {"arguments": arguments[half:]}},
    ]
    steps = [sse(chunk(tool_calls=[piece])) for piece in pieces]
    server.enqueue(Raw((*steps, sse(chunk(finish_reason="tool_calls")), DONE)), Answer("done"))
    cell = page.run("%%glm --tool keep\nfirst")
    assert cell.success, cell.error
    assert HIDDEN in page.names["given"][0]
    assert not leaks(shown_of(page, cell) + str(page.names["given"]))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_an_error_that_repeats_the_key_shows_it_nowhere(
    key_page: tuple[Page, PracticeServer], form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page, server = key_page
    headers = {**JSON, "X-LOG-ID": form, "X-Request-Id": form}
    said = {"error": {"code": form, "message": form, "type": form, form: form}, "request_id": form, form: form}
    scripts = [
        plain(said, 400),
        plain(said),
        plain({"detail": [{form: form}]}, 422),
        plain({"error": {"message": {form: [form]}}}, 400),
        plain({"error": "x" * 470 + form}, 500),
        Raw((f"<p>{form}</p>".encode(),), 403, headers),
        Raw((b"<p>" + b"x" * 90 + form.encode(),), 200, headers),
        Raw((sse(chunk("half ")), sse(said))),
        Raw((sse(chunk("half ")), f"data: {{{form}\n\n".encode())),
        Raw((), 302, {"Location": f"https://example.org/{form}?key={form}"}),
        Raw((), 302, {"Location": form, **headers}),
        Fault(400, form, form, headers={"X-LOG-ID": form}),
    ]
    cells = []
    for script in scripts:
        server.enqueue(script)
        cells.append(page.run("%%glm\nfirst"))
        assert isinstance(cells[-1].error, GLMError)
        assert not leaks(repr(vars(cells[-1].error)))
        page.run("%tb")
    printed = capsys.readouterr()
    assert not leaks(printed.out + printed.err + shown_of(page, *cells))


# In time that grows with the text


@pytest.mark.parametrize(
    "filler", ["x", KEY[:12], KEY[-12:], KEY[:-1], KEY, "0", "0a", "Secret+Half/"], ids=lambda filler: filler[:6]
)
def test_hiding_takes_time_that_grows_with_the_text(filler: str) -> None:
    hide = Hide([ApiKey(KEY), ApiKey("another.KeyOfTheSame0a1b2c")])

    def seconds(size: int) -> float:
        text = filler * (size // len(filler))
        began = time.perf_counter()
        hide(text)
        growing = hide.growing()
        for start in range(0, size, 10_000):
            growing.add(text[start : start + 10_000])
        return time.perf_counter() - began

    assert min(seconds(2_000_000) for _ in range(3)) < 40 * max(seconds(200_000), 0.005)
    assert not leaks(hide(filler * (10_000 // len(filler))))

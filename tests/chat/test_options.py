"""What a turn may ask for beyond its prompt: how much the model reasons, what the service runs itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from in_process import Page
from IPython.core.error import UsageError
from other_server import OtherServer, event, words

from zhipu_magic import Chat, InvalidRequest, McpServer, Search
from zhipu_magic.chat.options import Options
from zhipu_magic.chat.request import key_of
from zhipu_magic.practice import Answer, PracticeServer
from zhipu_magic.service.models import CATALOGUE, EFFORTS
from zhipu_magic.service.profile import NAMED_ADDRESSES, PRACTICE, profile_of

ELSEWHERE = profile_of("http://127.0.0.1:8000/v1")


@pytest.fixture
def other(other_server: OtherServer) -> Iterator[Chat]:
    """A chat with a server that is not ZhiPu AI's."""
    asking = Chat(model="glm-5.3", base_url=other_server.base_url, api_key="none")
    yield asking
    asking.close()


def sent(server: PracticeServer) -> dict[str, Any]:
    body: dict[str, Any] = server.requests[-1].body
    return body


def refused(page: Page, server: PracticeServer, line: str) -> str:
    """What is said of a cell that sends nothing."""
    cell = page.run(f"%%glm {line}\n你好")
    assert not cell.success and server.requests == [] and cell.outputs == []
    return str(cell.error)


# Reasoning


@pytest.mark.parametrize(("model", "effort"), [("glm-5.3", "low"), ("GLM-5.2", "none"), ("zai-org/glm-5.2", "xhigh")])
def test_an_effort_that_the_model_has_is_sent(page: Page, server: PracticeServer, model: str, effort: str) -> None:
    server.enqueue(Answer("ok"))
    assert page.run(f"%%glm -m {model} --effort {effort}\n你好").success
    assert sent(server)["reasoning_effort"] == effort


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "-m glm-5.3 --effort medium",
            "glm-5.3 does not have the reasoning effort medium.\nNothing was sent. It has: low, ",
        ),
        (
            "-m glm-4.7 --effort low",
            "glm-4.7 has no reasoning effort to choose.\nNothing was sent. These models have: gl",
        ),
        (
            "-m glm-5.3 --no-think",
            "glm-5.3 always thinks: its reasoning cannot be turned off.\nNothing was sent. Leave ",
        ),
        ("-m glm-4.1v-thinking-flash --no-think", "glm-4.1v-thinking-flash always thinks"),
        ("-m glm-5.2 --effort hgih", "invalid choice: 'hgih' (choose from"),
    ],
)
def test_what_the_model_would_refuse_is_refused_before_anything_is_sent(
    page: Page, server: PracticeServer, line: str, words: str
) -> None:
    assert words in refused(page, server, line)
    assert words in refused(page, server, f"--preview {line}")


def test_in_python_the_same_is_said_in_python(chat: Chat, server: PracticeServer) -> None:
    with pytest.raises(InvalidRequest, match=r"(?s)always thinks.*Leave out think=False"):
        chat.ask("hi", model="glm-5.3", think=False)
    with pytest.raises(InvalidRequest, match=r"(?s)no reasoning effort.*think=True and think=False"):
        chat.ask("hi", effort="low")
    with pytest.raises(InvalidRequest, match=r"Did you mean high\?"):
        chat.ask("hi", effort="hgih")
    assert server.requests == []


def test_other_servers_are_asked_in_their_own_way_and_not_checked_against_the_catalogue(
    other: Chat, other_server: OtherServer
) -> None:
    _ = other.ask("hi", think=False).text
    _ = other.ask("hi", effort="medium").text
    _ = other.ask("hi", keep_thinking=True).text
    off, medium, second = other_server.requests
    assert (off["chat_template_kwargs"], medium["reasoning_effort"]) == ({"enable_thinking": False}, "medium")
    assert second["chat_template_kwargs"] == {"enable_thinking": True, "clear_thinking": False}


def test_a_model_that_the_catalogue_does_not_know_is_sent_any_effort(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("ok"))
    chat.service.shown.learn("glm-9", context=8_000)
    _ = chat.ask("hi", model="glm-9", effort="medium", think=True).text
    assert (sent(server)["reasoning_effort"], sent(server)["thinking"]) == ("medium", {"type": "enabled"})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"think": False, "effort": "high"}, "turned off, and wanted with the effort high"),
        ({"think": True, "effort": "none"}, "turned off by the effort none"),
        ({"once": True, "thread": "drafts"}, "in thread drafts, and outside the conversation"),
        ({"think": "no"}, "think must be True or False, not str"),
        ({"once": "no"}, "once must be True or False, not str"),
        ({"system": 5}, "system must be text, not int"),
        ({"model": 5}, "model must be text, not int"),
        ({"thread": 5}, "thread must be text, not int"),
        ({"max_tokens": "5"}, "max_tokens must be a whole number, not str"),
        ({"temperature": True}, "temperature must be a number, not bool"),
        ({"tools": 5}, "tools must be a list of functions, not int"),
        ({"params": {5: 1}}, "params must be a dictionary with names as its keys, not dict"),
        ({"stop": [5]}, "stop must be text, not list"),
        ({"names": 5}, "names must be a mapping of names to values, not int"),
        ({"options": 5}, "must be Options, not int"),
        ({"as_type": 5}, "5 is a value of type int, not a type"),
        ({"images": 5}, "A value of type int cannot be sent as an image"),
    ],
)
@pytest.mark.parametrize("model", ["glm-5.2", "glm-9"])
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    chat: Chat, server: PracticeServer, options: dict[str, Any], words: str, model: str
) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(words)):
        chat.ask("hi", **{"model": model, **options})
    assert server.requests == [] and chat.thread().size == 0


@pytest.mark.parametrize(("prompt", "found"), [(5, "int"), (None, "None"), (b"hi", "bytes"), (["hi"], "list")])
def test_a_prompt_that_is_no_text_is_refused(chat: Chat, server: PracticeServer, prompt: Any, found: str) -> None:
    for ask in (chat.ask, chat.request):
        with pytest.raises(InvalidRequest, match=rf"The prompt must be text, not {found}\.") as refused:
            ask(prompt)
        assert 'names={"x": value}' in str(refused.value)
    assert server.requests == []


@pytest.mark.parametrize(
    "settings",
    [
        *({"system": 5}, {"model": 5}, {"temperature": "warm"}, {"stream": "no"}, {"tools": 5}, {"base_url": 5}),
        *({"timeout": "x"}, {"max_retries": 1.5}, {"plain_http": 5}, {"journal": 5}, {"api_key": b"a.key"}),
    ],
)
def test_a_setting_of_another_type_is_refused_at_once(settings: dict[str, Any]) -> None:
    (name, value), *_ = settings.items()
    with pytest.raises(InvalidRequest, match=f"{name} must be .*, not {type(value).__name__}") as refused:
        Chat(**settings)
    assert "a.key" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"), [("system", 5), ("model", 5), ("temperature", "x"), ("budget", 5), ("tools", 5)]
)
def test_a_setting_cannot_become_one_of_another_type(chat: Chat, name: str, value: Any) -> None:
    before = getattr(chat, name)
    with pytest.raises(InvalidRequest, match=f"{name} must be"):
        setattr(chat, name, value)
    assert getattr(chat, name) == before


def test_the_panel_says_that_a_model_does_not_reason(page: Page, server: PracticeServer) -> None:
    cell = page.run("%%glm -m glm-4 --think\n你好")
    assert cell.success
    assert "glm-4 does not reason, although it was asked to. Leave out --think" in cell.plain(1)
    assert sent(server)["thinking"] == {"type": "enabled"}


def test_earlier_reasoning_is_kept_if_asked_for(page: Page, server: PracticeServer) -> None:
    page.run("%%glm -m glm-5 --keep-thinking\n你好")
    assert sent(server)["thinking"] == {"type": "enabled", "clear_thinking": False}
    page.run("%%glm -m glm-5 --no-think --keep-thinking\n你好")
    assert sent(server)["thinking"] == {"type": "disabled", "clear_thinking": False}


def test_a_known_answer_is_replayed_whatever_the_service_would_take(
    server: PracticeServer, other_server: OtherServer, tmp_path: Any
) -> None:
    journal = tmp_path / "talk.jsonl"
    first = Chat("glm-5.3", base_url=other_server.base_url, api_key="none", journal=journal)
    other_server.enqueue(words("quick"))
    assert first.ask("hi", think=False).text == "quick"
    first.close()
    for mode in ("auto", "only"):
        again = Chat("glm-5.3", base_url=server.base_url, api_key=server.api_key, journal=journal, replay=mode)
        assert again.ask("hi", think=False).text == "quick"
        again.close()
    assert (len(other_server.requests), server.requests) == (1, [])


# What the service runs itself


@pytest.mark.parametrize(
    ("line", "member"),
    [
        ("--search", {}),
        ('--search "GLM news"', {"search_query": "GLM news"}),
        ("--search recency=week", {"search_recency_filter": "oneWeek"}),
        ('--search "x=1 meaning"', {"search_query": "x=1 meaning"}),
        ("--search recency=oneYear", {"search_recency_filter": "oneYear"}),
        ("--search engine=pro count=50", {"search_engine": "search_pro", "count": 50}),
        ("--search engine=search_pro_sogou count=20", {"search_engine": "search_pro_sogou", "count": 20}),
        (
            "--search news domain=www.example.com size=high -q",
            {"search_query": "news", "search_domain_filter": "www.example.com", "content_size": "high"},
        ),
        ("--search 'query=a=b'", {"search_query": "a=b"}),
        ('--search "what is 1 = 1"', {"search_query": "what is 1 = 1"}),
    ],
)
def test_a_search_is_sent_as_the_service_takes_it(
    page: Page, server: PracticeServer, line: str, member: dict[str, Any]
) -> None:
    assert page.run(f"%%glm {line}\nWhat is new?").success
    (tool,) = sent(server)["tools"]
    assert tool == {
        "type": "web_search",
        "web_search": {"search_engine": "search_std", "enable": True, **member, "search_result": True},
    }


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--search engine=sogo", "The engine of a search cannot be 'sogo'. Did you mean sogou? It can be std, pro, so"),
        ("--search recency=decade", "The recency of a search cannot be 'decade'."),
        ("--search count=51", "The count of a search cannot be '51'. It can be a number from 1 to 50"),
        ("--search count=many", "The count of a search cannot be 'many'."),
        ("--search count=0", "The count of a search cannot be '0'."),
        ("--search engine=sogou count=15", "It can be 10, 20, 30, 40 or 50 with this engine"),
        ("--search engine=quark count=10", "The engine search_pro_quark has no count."),
        ("--search domain=https://example.com/x", "It can be the name of a site"),
        ("--search size=huge", "It can be medium, high"),
        ("--search recentcy=week", "a search has no setting recentcy. Did you mean recency?"),
        ("--search what is new", "put a query of several words in double quotes"),
        ("--search a recency=day recency=week", "it has one recency"),
        ("--mcp", "expected one argument"),
        ("--mcp =https://a.example", "An MCP server needs a label"),
        ("--mcp a=ftp://a.example", "The address of the MCP server a is not a valid one."),
        ("--mcp https://mcp.example.com/sse?key=k", "needs a label before it: https://mcp.example.com/sse."),
        ("--mcp a=nowhere", "The address of the MCP server a is not a valid one."),
        ("--knowledge ''", "A knowledge base has an id"),
    ],
)
def test_a_mistake_in_what_the_service_runs_is_told_before_anything_is_sent(
    page: Page, server: PracticeServer, capsys: pytest.CaptureFixture[str], line: str, words: str
) -> None:
    assert words in refused(page, server, line)
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize(
    "url",
    [
        *("https://reader:hidden@a.example/mcp", "https://hidden@a.example", "http://@hidden/"),
        *("https://a.example/sse?Authorization=hidden", "https://a.example/sse?x=1&api_key=hidden"),
    ],
)
def test_no_password_goes_into_the_address_of_an_mcp_server(page: Page, server: PracticeServer, url: str) -> None:
    said = refused(page, server, f"--mcp tools={url}")
    assert "hidden" not in said and ("a user name, a password or a key" in said or "not a valid one" in said)


def test_several_tools_go_out_together_in_one_order(
    chat: Chat, server: PracticeServer, weather: Callable[..., Any]
) -> None:
    server.enqueue(Answer("ok"))
    mcp = ["code", McpServer("maps", "https://mcp.example.com/sse")]
    _ = chat.ask("hi", tools=[weather], search="news", knowledge=["1", "2"], mcp=mcp).text
    function, *hosted = sent(server)["tools"]
    assert function["function"]["name"] == "weather"
    assert [tool["type"] for tool in hosted] == ["web_search", "retrieval", "retrieval", "mcp", "mcp"]
    assert hosted[1] == {"type": "retrieval", "retrieval": {"knowledge_id": "1"}}
    assert hosted[3] == {"type": "mcp", "mcp": {"server_label": "code"}}
    assert hosted[4] == {"type": "mcp", "mcp": {"server_label": "maps", "server_url": "https://mcp.example.com/sse"}}


def test_one_of_each_needs_no_list(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("ok"))
    _ = chat.ask("hi", knowledge="12", mcp="code").text
    assert [tool["type"] for tool in sent(server)["tools"]] == ["retrieval", "mcp"]


@pytest.mark.parametrize("wrong", [{"search": 5}, {"search": ["a"]}, {"knowledge": 5}, {"mcp": [None]}, {"mcp": 1.5}])
def test_what_is_no_text_is_refused(chat: Chat, server: PracticeServer, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        chat.ask("hi", **wrong)
    assert server.requests == []


def test_each_host_has_its_own_search_engines() -> None:
    search = Options(search=True).members()
    international = profile_of(NAMED_ADDRESSES["z.ai"])
    (tool,) = international.adapted(search, search)["tools"]
    assert tool["web_search"]["search_engine"] == "search_pro_jina"
    assert "search_pro_jina" not in PRACTICE.search_engines
    (tool,) = ELSEWHERE.adapted(search, search)["tools"]
    assert "search_engine" not in tool["web_search"]


def test_an_engine_that_the_service_does_not_have_is_refused(page: Page, server: PracticeServer) -> None:
    said = refused(page, server, "--search engine=jina")
    assert said.startswith("This service has no search engine search_pro_jina.\nNothing was sent. It has: search_std, ")


def test_what_a_search_costs_is_said_where_money_is(page: Page, server: PracticeServer) -> None:
    told = page.run("%%glm -m glm-4.7 --search --preview\nWhat is new?").plain()
    assert "each web search is billed separately, ≈ ¥0.01 to 0.05" in told
    cell = page.run("%%glm -m glm-4.7 --search\nWhat is new?")
    assert "price not known: web searches are billed separately" in cell.html(1)
    assert "¥" not in cell.plain(1)
    page.run("%%glm -m glm-4.7\nAnd else?")
    usage = page.run("%glm usage").plain()
    assert (
        "What is new? (the web search is billed separately)" in usage and "1 request whose price is not known" in usage
    )
    assert "else? (" not in usage


# Which function is called


@pytest.fixture
def weather() -> Callable[..., Any]:
    def weather(city: str) -> str:
        """The weather in a city."""
        return f"{city}: clear"

    return weather


def test_the_service_itself_lets_the_model_choose(
    page: Page, server: PracticeServer, weather: Callable[..., Any]
) -> None:
    page.names["weather"] = weather
    said = refused(page, server, "--tool weather --tool-choice required")
    assert "does not take tool_choice 'required'.\nNothing was sent. It takes only auto." in said
    assert "there is no function to call" in refused(page, server, "--tool-choice auto")
    server.enqueue(Answer("ok"))
    assert page.run("%%glm --tool weather --tool-choice auto\n你好").success
    assert sent(server)["tool_choice"] == "auto"


def test_another_server_can_be_made_to_call_a_function_once(
    other: Chat, other_server: OtherServer, weather: Callable[..., Any]
) -> None:
    call = {"index": 0, "id": "1", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
    other_server.enqueue(event({"delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}), words("It is clear."))
    assert other.ask("hi", tools=[weather], tool_choice="weather").text == "It is clear."
    first, second = (request["tool_choice"] for request in other_server.requests)
    assert first == {"type": "function", "function": {"name": "weather"}}
    assert second == "auto"
    with pytest.raises(InvalidRequest, match=r"(?s)no tool of this turn: wether. Did you mean weather\?"):
        other.ask("hi", tools=[weather], tool_choice="wether")


# What comes back of a turn's members

MADE = [
    {"think": True},
    {"think": False},
    {"keep_thinking": True},
    {"think": False, "keep_thinking": True},
    *({"effort": effort} for effort in EFFORTS),
    {"tool_choice": "required", "search": True},
    {"search": True},
    {"search": "news"},
    {"search": Search(query="news", engine="pro", recency="day", count=5, domain="a.example", size="high")},
    {"knowledge": ("1", "2"), "mcp": (McpServer("code"), McpServer("maps", "https://mcp.example.com/sse"))},
    {"temperature": 0.5, "stop": "x", "params": {"user_id": "reader-7"}},
]


@pytest.mark.parametrize("given", MADE)
def test_options_are_restored_from_the_members_that_they_set(given: dict[str, Any]) -> None:
    options = Options(model="glm-5.2", **given)
    assert Options.of("glm-5.2", options.members()) == options


@pytest.mark.parametrize(
    "members",
    [
        {"thinking": {"type": "auto"}},
        {"thinking": {"type": "enabled", "clear_thinking": True}},
        {"thinking": {"type": "enabled", "clear_thinking": 0}},
        {"thinking": "enabled"},
        {"reasoning_effort": "extreme"},
        {"reasoning_effort": ["low"]},
        {"tool_choice": "weather"},
        {"tool_choice": {"type": "function", "function": {"name": "auto"}}},
        {"tools": [{"type": "web_search", "web_search": {"enable": True}}]},
        {"tools": [{"type": "web_search", "web_search": {"enable": 1, "search_result": True}}]},
        {"tools": [{"type": "retrieval", "retrieval": {"knowledge_id": "1", "prompt_template": "x"}}]},
        {"tools": [{"type": "mcp", "mcp": {"server_label": "a", "headers": {"a": "b"}}}]},
        {"tools": [Search().member, Search().member]},
        {"tools": [McpServer("a").member, Search().member]},
        {"tools": ["x", {}, None]},
        {"tools": []},
        {"tools": 5},
        {"temperature": None},
    ],
)
def test_other_members_stay_as_they_are(members: dict[str, Any]) -> None:
    options = Options.of("glm-4", members)
    assert options.params == members
    assert options.members() == members


def test_what_was_asked_is_asked_again_in_the_same_words(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(*[Answer("ok")] * (2 * len(MADE)))
    for given in MADE:
        if "tool_choice" not in given:
            _ = chat.ask("hi", model="glm-5.2", **given).text
            first = sent(server)
            _ = chat.ask_again().text
            assert sent(server) == first


def test_a_turn_that_did_not_think_is_asked_again_as_its_new_service_takes_it(
    chat: Chat, server: PracticeServer, other_server: OtherServer
) -> None:
    _ = chat.ask("hi", model="glm-5", think=False).text
    assert sent(server)["thinking"] == {"type": "disabled"}
    chat.service.configure(base_url=other_server.base_url)
    _ = chat.ask_again().text
    assert "thinking" not in other_server.requests[0]
    assert other_server.requests[0]["chat_template_kwargs"] == {"enable_thinking": False}


def test_the_keys_of_what_was_asked_before_stay_as_they_were(chat: Chat) -> None:
    """Journals of earlier releases still answer: these keys were made before the options were there."""
    asked = {
        "plain": {},
        "think": {"think": True},
        "no-think": {"think": False, "stop": "x"},
        "search": {"search": True},
        "query": {"search": "news"},
    }
    keys = {name: key_of(chat.request("hi", model="glm-5", **given).body)[:12] for name, given in asked.items()}
    assert keys == KEYS


KEYS = {
    "plain": "5d3d25c17bae",
    "think": "257537e6f936",
    "no-think": "6e93b0001cd7",
    "search": "4bbda8bfe884",
    "query": "14485b129928",
}


def test_the_catalogue_and_the_specification_name_the_same_efforts() -> None:
    assert CATALOGUE["glm-5.2"].efforts == EFFORTS
    assert all(set(model.efforts) <= set(EFFORTS) for model in CATALOGUE.values())


def test_a_line_that_cannot_be_read_says_so_once(page: Page) -> None:
    assert isinstance(page.run("%%glm --search engine=x\n你好").error, UsageError)


# Values that the service would refuse


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--temperature 1.5", "temperature cannot be 1.5.\nNothing was sent. The service takes 0 to 1."),
        ("--temperature -0.1", "temperature cannot be -0.1."),
        ("--top-p 1.01", "top_p cannot be 1.01.\nNothing was sent. The service takes 0 to 1."),
        (
            "-m glm-5.3 --max-tokens 200000",
            "max_tokens cannot be 200000.\nNothing was sent. The service takes 1 to 131",
        ),
        ("--param max_tokens=-5", "max_tokens cannot be -5."),
        ("--param temperature=2", "temperature cannot be 2."),
        (
            "--param 'user_id=\"me\"'",
            "user_id cannot be 'me'.\nNothing was sent. The service takes 6 to",
        ),
        ("--param 'request_id=\"%s\"'" % ("x" * 65), "The service takes 6 to 64 characters."),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(
    page: Page, server: PracticeServer, line: str, words: str
) -> None:
    assert words in refused(page, server, line)


@pytest.mark.parametrize(
    "more", [{"temperature": 0}, {"temperature": 1.0}, {"top_p": 0}, {"max_tokens": 131_072, "model": "glm-5.3"}]
)
def test_the_ends_of_a_range_are_taken(chat: Chat, server: PracticeServer, more: dict[str, Any]) -> None:
    _ = chat.ask("hi", **more).text
    assert sent(server).items() >= more.items()


def test_the_ranges_are_those_of_the_service_alone(other: Chat, other_server: OtherServer) -> None:
    other_server.enqueue(words("ok"))
    assert other.ask("hi", temperature=1.5).text == "ok"


@pytest.mark.parametrize("first", ["--mcp a=https://a.example", "--mcp a"])
def test_two_mcp_servers_with_one_label_are_refused(page: Page, server: PracticeServer, first: str) -> None:
    assert "Two MCP servers have the label a." in refused(page, server, f"{first} --mcp a=https://b.example")


def test_an_mcp_server_that_is_given_twice_is_sent_once(chat: Chat, server: PracticeServer) -> None:
    _ = chat.ask("hi", mcp=["code", "code"]).text
    assert len(sent(server)["tools"]) == 1

"""The budget: it limits the answer, and a turn without room for a short one is not sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import Page

from zhipu_magic import Chat
from zhipu_magic.chat.budget_check import Spending, answer_limit
from zhipu_magic.chat.options import Options
from zhipu_magic.chat.request import Request
from zhipu_magic.history.budget import Budget, Unit
from zhipu_magic.history.conversation import Thread
from zhipu_magic.history.ledger import Entry, Sums
from zhipu_magic.history.turn import Anchor
from zhipu_magic.practice import DONE, Answer, Fault, PracticeServer, Raw, chunk, sse, tool_call
from zhipu_magic.service.models import CATALOGUE
from zhipu_magic.service.wire import Usage
from zhipu_magic.text.errors import InvalidAnswer, InvalidRequest, OverBudget


def answer(tokens: int) -> Answer:
    """A reply whose turn the service counts as so many tokens in all."""
    return Answer("yes", prompt_tokens=tokens // 2, completion_tokens=tokens - tokens // 2)


# As it is written


@pytest.mark.parametrize(
    ("written", "limit", "unit"),
    [
        ("5 yuan", 5, "yuan"),
        ("0.5 yuan", 0.5, "yuan"),
        ("¥5", 5, "yuan"),
        ("￥5", 5, "yuan"),
        ("5元", 5, "yuan"),
        ("5 YUAN", 5, "yuan"),
        ("200k tokens", 200_000, "tokens"),
        ("1.5M tokens", 1_500_000, "tokens"),
        ("1,000 tokens", 1_000, "tokens"),
        ("10_000 tokens", 10_000, "tokens"),
        ("1 token", 1, "tokens"),
        ("  300   tokens ", 300, "tokens"),
        ("20万 tokens", 200_000, "tokens"),
        ("20 万 token", 200_000, "tokens"),
        ("20万个token", 200_000, "tokens"),
        ("20w tokens", 200_000, "tokens"),
        ("1百万 tokens", 1_000_000, "tokens"),
        ("200k", 200_000, "tokens"),
        ("1.5M", 1_500_000, "tokens"),
        ("1e5 tokens", 100_000, "tokens"),
        ("1.1k tokens", 1_100, "tokens"),
        ("1,000.50 yuan", 1_000.5, "yuan"),
        ("5 RMB", 5, "yuan"),
        ("CNY 5", 5, "yuan"),
        ("3块", 3, "yuan"),
        ("1万元", 10_000, "yuan"),
        ("¥2k", 2_000, "yuan"),
        ("５元", 5, "yuan"),
        ("3千万 tokens", 30_000_000, "tokens"),
        ("1百 tokens", 100, "tokens"),
        ("20萬 tokens", 200_000, "tokens"),
        ("5元。", 5, "yuan"),
        ("5圆", 5, "yuan"),
        ("5￥", 5, "yuan"),
        ("5\u200b元", 5, "yuan"),
        ("0.125 yuan", 0.125, "yuan"),
        ("1.125k tokens", 1_125, "tokens"),
        ("２００ｋ　ｔｏｋｅｎｓ", 200_000, "tokens"),
    ],
)
def test_a_budget_is_read_as_it_is_written(written: str, limit: float, unit: str) -> None:
    assert Budget.read(written) == Budget(limit, unit)


@pytest.mark.parametrize(
    "written",
    [
        *("", "yuan", "k tokens", "five yuan", "-5 yuan", "5 dollars", "5 yuan a day", "1.2.3 yuan"),
        *(". tokens", ",", "nan yuan", "inf tokens", "5 g tokens", "¥", "¥5 tokens", "9" * 400 + " yuan"),
        *("0.5 tokens", "1e-5 yuan", "1e999 tokens", "rmb 5k tokens", "٥ yuan", "k", "5 kk tokens"),
    ],
)
def test_nonsense_is_told_with_two_examples(written: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        Budget.read(written)
    assert "is not a budget" in error.value.message
    assert "5 yuan or 200k tokens" in error.value.hint


@pytest.mark.parametrize("amount", ["5", "20万", "２０万", "3千", "1e5", "1,000"])
def test_an_amount_without_a_unit_is_told_what_to_write(page: Page, amount: str) -> None:
    told = str(page.run(f"%glm budget {amount}").error)
    assert f"{amount} is not a budget: its unit is missing." in told
    for line in (f"%glm budget {amount} tokens", f"%glm budget {amount} yuan"):
        assert line in told
        assert page.run(line).success


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("-5 元", "it is below zero"),
        ("−５ tokens", "it is below zero"),
        ("-5", "it is below zero"),
        ("1.5 tokens", "there are no parts of a token"),
        ("1e99 tokens", "it is too large"),
        ("1e99 yuan", "it is too large"),
    ],
)
def test_an_amount_that_cannot_be_kept_is_told_why(written: str, why: str) -> None:
    with pytest.raises(InvalidRequest, match=f"is not a budget: {why}"):
        Budget.read(written)


@pytest.mark.parametrize(
    ("written", "spellings"), [("1.000 tokens", ("1000 tokens", "1 tokens")), ("1.250 元", ("1250 yuan", "1.25 yuan"))]
)
def test_a_dot_that_may_part_thousands_is_refused_with_both_spellings(
    page: Page, written: str, spellings: tuple[str, str]
) -> None:
    told = str(page.run(f"%glm budget {written}").error)
    assert page.magics.chat.budget is None
    for spelling in spellings:
        assert f"%glm budget {spelling}" in told
        assert page.run(f"%glm budget {spelling}").success


def test_nonsense_leaves_the_budget_as_it_was(page: Page) -> None:
    assert page.run("%glm budget 200k tokens").success
    assert not page.run("%glm budget a lot").success
    assert page.magics.chat.budget == Budget(200_000, "tokens")


# As it is kept


def test_a_turn_that_could_pass_it_is_refused_before_it_is_sent(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(1_000, "tokens")
    server.enqueue(answer(400))
    assert chat.ask("one", max_tokens=500).text
    with pytest.raises(OverBudget) as error:
        chat.ask("two", max_tokens=600)
    assert "with an answer of 512 tokens it takes about" in error.value.message
    assert "600 tokens are left of 1,000 tokens" in error.value.message
    assert "max_tokens" in error.value.hint
    assert "Nothing was sent." in error.value.outcomes
    assert len(server.requests) == 1
    assert chat.ask("two", max_tokens=100).text


def sent_limit(server: PracticeServer) -> int | None:
    """The longest answer that the latest request asked for."""
    limit: int | None = server.requests[-1].body.get("max_tokens")
    return limit


def test_a_small_budget_limits_the_answer_and_nothing_else(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(4_000, "tokens")
    server.enqueue(answer(400), answer(400))
    reply = chat.ask("one")
    assert reply.text
    first = sent_limit(server)
    assert first == reply.progress.answer_limit == 4_000 - reply.request.tokens
    assert reply.request.options.max_tokens is None
    assert chat.thread().turns[0].members == {}
    assert chat.ask("two").text
    assert 512 <= (sent_limit(server) or 0) <= first - 400


def test_an_answer_with_room_is_not_limited(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(4_600, "tokens")
    assert chat.ask("one").read().progress.answer_limit is None
    assert sent_limit(server) is None
    assert chat.ask("two", max_tokens=300).text
    assert sent_limit(server) == 300


def test_an_answer_that_is_longer_than_the_budget_is_asked_for_shorter(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(1_000, "tokens")
    assert chat.ask("one", max_tokens=3_000).text
    assert 512 <= (sent_limit(server) or 0) < 1_000


@pytest.mark.parametrize("name", ["max_completion_tokens", "n_predict"])
def test_other_names_for_the_longest_answer_are_limited_under_these(
    chat: Chat, server: PracticeServer, name: str
) -> None:
    chat.budget = Budget(1_000, "tokens")
    assert chat.ask("one", params={name: 3_000}).text
    body = server.requests[-1].body
    assert 512 <= body[name] < 1_000
    assert body.get("max_tokens") is None


def test_three_yuan_last_for_a_thousand_short_turns(chat: Chat, server: PracticeServer) -> None:
    chat.budget = "3 yuan"
    server.enqueue(*[Answer("yes", prompt_tokens=12, completion_tokens=60)] * 3)
    for number in range(3):
        assert chat.ask(f"{number}", model="glm-5.3", once=True).text
    assert chat.budget is not None
    spent = 3 - chat.budget.left(chat.ledger.spent)
    assert 1_000 * spent / 3 < 3
    assert sent_limit(server) == pytest.approx((3 - spent) / 28e-6, rel=0.01)


@given(
    limit=st.integers(0, 200_000),
    spent=st.integers(0, 100_000),
    model=st.sampled_from(["glm-5.3", "glm-4.7", "glm-4.5-air", "glm-4-plus", "glm-4.7-flash"]),
    unit=st.sampled_from(["tokens", "yuan"]),
    most=st.none() | st.integers(1, 200_000),
)
def test_the_limit_is_the_longest_that_fits(limit: int, spent: int, model: str, unit: Unit, most: int | None) -> None:
    budget = Budget(limit * 1e-5 if unit == "yuan" else limit, unit)
    known = CATALOGUE[model]
    request = Request("p", Options(max_tokens=most), Anchor(), Thread("main"), model, known=known, tokens=100)
    sums = Sums().with_entry(Entry(model, "", Usage(spent, 0, spent), cost=spent * 1e-5, seconds=0.0))
    left, longest = budget.left(sums), most or known.longest_answer or 0

    def fits(answer: int) -> bool:
        return (100 + answer if unit == "tokens" else known.cost(100, answer) or 0.0) <= left

    try:
        found = answer_limit(budget, request, (), Spending(sums))
    except OverBudget:
        assert not fits(min(512, longest))
    else:
        assert fits(longest) if found is None else fits(found) and not fits(found + 1) and found < longest


def test_a_turn_with_tools_is_limited_anew_in_each_round(chat: Chat, server: PracticeServer) -> None:
    def weather(city: str) -> str:
        """The weather in a city."""
        return "rain"

    chat.budget = Budget(3_000, "tokens")
    server.enqueue(
        Answer(tool_calls=(tool_call("weather", {"city": "Paris"}, id="a"),), prompt_tokens=100, completion_tokens=500),
        Answer("It rains.", prompt_tokens=650, completion_tokens=10),
    )
    assert chat.ask("Paris?", tools=(weather,)).text == "It rains."
    first, second = (received.body["max_tokens"] for received in server.requests)
    assert first > second >= 512
    assert second <= 3_000 - 600 - 600


def test_what_stands_before_the_prompt_counts_too(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(answer(900))
    assert chat.ask("one").text
    chat.budget = Budget(900 + 900, "tokens")
    with pytest.raises(OverBudget):
        chat.ask("two", max_tokens=10)
    assert chat.ask("two", max_tokens=10, once=True).text


def test_a_budget_in_yuan_goes_by_the_price_table(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(0.002, "yuan")
    with pytest.raises(OverBudget) as error:
        chat.ask("one", model="glm-4-plus")
    assert "it takes about ¥0.0026, and ¥0.002 are left of ¥0.002" in error.value.message
    assert server.requests == []
    chat.budget = Budget(0.01, "yuan")
    server.enqueue(answer(1_000))
    assert chat.ask("one", model="glm-4-plus", max_tokens=1_000).text
    assert chat.budget.left(chat.ledger.spent) == pytest.approx(0.005)


def test_a_free_model_needs_no_budget(chat: Chat) -> None:
    chat.budget = Budget(0, "yuan")
    assert chat.ask("one", model="glm-4.7-flash").text


def test_the_dearest_price_that_may_apply_counts(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(0.0005, "yuan")
    assert chat.ask("one", model="glm-4.5-air", max_tokens=60).text
    with pytest.raises(OverBudget):
        chat.ask("one", model="glm-4.5-air", max_tokens=300)


def test_without_a_known_price_a_budget_in_yuan_cannot_be_kept(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(100, "yuan")
    with pytest.raises(OverBudget) as error:
        chat.ask("one")
    assert error.value.message == "The price of glm-4 is not known here, so a budget in yuan cannot be enforced."
    assert error.value.hint == 'Set a budget in tokens (chat.budget = "200k tokens"), or remove it: chat.budget = None.'
    assert server.requests == []


def test_without_a_known_length_the_answers_length_must_be_given(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(100_000, "tokens")
    with pytest.raises(OverBudget) as error:
        chat.ask("one", model="glm-none")
    assert "It is not known how long an answer of glm-none may be" in error.value.message
    assert "max_tokens=" in error.value.hint
    assert server.requests == []
    assert chat.ask("one", model="glm-none", max_tokens=100).text


def test_a_budget_is_set_as_text(chat: Chat) -> None:
    chat.budget = "200k tokens"
    assert chat.budget == Budget(200_000, "tokens")
    with pytest.raises(InvalidRequest, match="is not a budget"):
        chat.budget = "a lot"
    assert chat.budget == Budget(200_000, "tokens")
    chat.budget = None
    assert chat.budget is None


def test_to_take_a_turn_back_gives_nothing_back(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(1_000, "tokens")
    server.enqueue(answer(700))
    assert chat.ask("one", max_tokens=500).text
    chat.history.undo()
    assert chat.thread().size == 0
    with pytest.raises(OverBudget, match="300 tokens are left"):
        chat.ask("two", max_tokens=400)


def test_a_turn_that_is_asked_again_or_gone_on_from_is_checked_too(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(Answer("and", finish_reason="length"))
    assert chat.ask("one").text
    chat.budget = Budget(100, "tokens")
    for ask in (chat.ask_again, chat.go_on):
        with pytest.raises(OverBudget):
            ask()
    assert len(server.requests) == 1


def test_a_reply_that_failed_spends_nothing(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(1_000, "tokens")
    server.enqueue(Fault(400, "1301"), Fault(401, "1002"))
    for _ in range(2):
        with pytest.raises(Exception, match=r"."):
            assert chat.ask("one", max_tokens=500).text
    assert chat.budget.left(chat.ledger.spent) == 1_000


def test_a_reply_that_nobody_counted_is_reckoned(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(1_000, "tokens")
    server.enqueue(Answer("word " * 100, extra={"usage": None}))
    assert chat.ask("one", max_tokens=500).usage is None
    assert 800 <= chat.budget.left(chat.ledger.spent) <= 900


def test_an_answer_of_a_type_that_the_budget_cut_says_so(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(2_000, "tokens")
    server.enqueue(Answer('{"a": [1, 2', finish_reason="length"))
    with pytest.raises(InvalidAnswer, match=r"cut off where the budget ended, after 1,\d\d\d tokens") as error:
        _ = chat.ask("one", as_type=dict[str, list[int]]).value
    assert "budget" in error.value.hint


# As it is shown


def test_the_panel_shows_what_is_left(page: Page, server: PracticeServer) -> None:
    page.run("%glm budget 10k tokens")
    server.enqueue(answer(400), answer(1_100))
    told = page.run("%%glm -m glm-4\none").plain(1)
    assert told.endswith("budget left: 9,600 tokens of 10,000 tokens · context < 1 %")
    assert "left: 8,500 tokens of 10,000 tokens" in page.run("%%glm -m glm-4\ntwo").html(1)
    assert "budget left" in page.run("%glm").markdown()
    page.run("%glm budget off")
    assert "left:" not in page.run("%%glm -m glm-4\nthree").plain(1)


def test_the_panel_tells_what_the_budget_cut_and_a_replay_tells_the_same(
    page: Page, server: PracticeServer, tmp_path: Path
) -> None:
    page.run(f"%config GLMMagics.journal = {str(tmp_path / 'page.jsonl')!r}")
    page.run("%glm budget 2k tokens")
    server.enqueue(Answer("a long story", finish_reason="length", prompt_tokens=10, completion_tokens=1_990))
    cell = page.run("%%glm -m glm-4\none")
    limit = server.requests[-1].body["max_tokens"]
    told = f"Cut off: the budget had room for an answer of {limit:,} tokens. %glm budget raises it."
    assert cell.plain(1).startswith(told)
    assert f"<span>longest answer</span><span>{limit:,} tokens, by the budget</span>" in cell.html(1)
    page.run("%config GLMMagics.replay = 'only'")
    page.run("%glm budget off")
    again = page.run("%%glm -m glm-4 --thread other\none")
    assert again.plain(1).splitlines()[0].startswith(told)


def test_a_refused_cell_fails_with_one_message_and_shows_nothing(page: Page, server: PracticeServer) -> None:
    page.run("%glm budget 100 tokens")
    cell = page.run("%%glm -m glm-4\none")
    assert isinstance(cell.error, OverBudget)
    assert cell.outputs == []
    assert server.requests == []


def test_the_command_tells_where_things_stand(page: Page, server: PracticeServer) -> None:
    assert "There is no budget" in page.run("%glm budget").markdown()
    assert "The budget is ¥5 for the whole chat; ¥5 are left." in page.run("%glm budget 5 yuan").markdown()
    server.enqueue(Answer("yes", prompt_tokens=50_000, completion_tokens=50_000))
    page.run("%%glm -m glm-4-plus\none")
    assert "¥4.5 are left" in page.run("%glm budget").markdown()
    assert "The budget of ¥5 was removed." in page.run("%glm budget off").markdown()
    assert "There is no budget." in page.run("%glm budget off").markdown()
    assert "The budget is 1 token for" in page.run('%glm budget "1 token"').markdown()
    assert "The budget of 1 token was removed." in page.run("%glm budget OFF").markdown()
    assert page.magics.chat.budget is None


# As it lasts


def test_it_survives_a_restart_with_all_that_was_spent(server: PracticeServer, tmp_path: Path) -> None:
    def begin() -> Chat:
        return Chat("glm-4", base_url=server.base_url, api_key=server.api_key, journal=tmp_path / "page.jsonl")

    chat = begin()
    chat.budget = Budget(1_000, "tokens")
    server.enqueue(answer(700))
    assert chat.ask("one", max_tokens=500).text
    again = begin()
    again.history.resume()
    assert again.budget == Budget(1_000, "tokens")
    with pytest.raises(OverBudget, match="300 tokens are left of 1,000"):
        again.ask("two", max_tokens=400)
    again.budget = None
    third = begin()
    third.history.resume()
    assert third.budget is None
    for each in (chat, again, third):
        each.close()


def test_an_answer_from_the_journal_spends_nothing(server: PracticeServer, tmp_path: Path) -> None:
    chats = []
    for _ in range(2):
        chats.append(
            Chat(
                "glm-4",
                base_url=server.base_url,
                api_key=server.api_key,
                journal=tmp_path / "page.jsonl",
                replay="auto",
            )
        )
        chats[-1].budget = Budget(5_000, "tokens")
        assert chats[-1].ask("one").text
        chats[-1].close()
    assert len(server.requests) == 1
    spent = chats[0].ledger.spent.total_tokens
    assert spent > 0
    assert [chat.budget.left(chat.ledger.spent) for chat in chats if chat.budget] == [5_000 - spent, 5_000]


# What the service has not counted, and practice

UNCOUNTED = Raw((sse(chunk("Not counted")), sse(chunk(finish_reason="stop")), DONE))


def test_what_was_estimated_is_told_where_the_budget_is(page: Page, server: PracticeServer) -> None:
    page.run("%glm budget 10k tokens")
    for counted in (True, False):
        server.enqueue(Answer("A reply", prompt_tokens=100, completion_tokens=300) if counted else UNCOUNTED)
        page.run("%%glm -m glm-4\nhi", None)
    sums = page.magics.chat.account
    about = sums.estimated_tokens
    assert about > 0 and sums.budget_tokens == 400 + about
    for command in ("%glm", "%glm usage", "%glm budget"):
        told = page.run(command).plain()
        assert f"about {about:,} tokens" in told, command
        assert f"{10_000 - 400 - about:,} tokens" in told, command


def test_practice_rehearses_a_budget_and_takes_nothing_from_it(page: Page, server: PracticeServer) -> None:
    page.run("%glm budget 10k tokens")
    page.run("%glm practice")
    assert page.run("%%glm\n你好").success
    chat = page.magics.chat
    assert chat.budget is not None
    assert chat.budget.left(chat.account) < 10_000
    page.run("%glm practice off")
    assert chat.budget.left(chat.account) == 10_000
    assert "10,000 tokens of 10,000 tokens" in page.run("%glm").plain()
    assert "10,000 tokens of 10,000 tokens" in page.run("%glm usage").plain()
    server.enqueue(Answer("A reply", prompt_tokens=100, completion_tokens=300))
    assert "budget left: 9,600 tokens" in page.run("%%glm -m glm-4\nhi").plain(1)

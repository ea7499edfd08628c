"""The budget: a turn that could exceed it is not sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from in_process import Page

from zhipu_magic import Chat
from zhipu_magic.history.budget import Budget
from zhipu_magic.practice import Answer, Fault, PracticeServer
from zhipu_magic.text.errors import InvalidRequest, OverBudget


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
    ],
)
def test_a_budget_is_read_as_it_is_written(written: str, limit: float, unit: str) -> None:
    assert Budget.read(written) == Budget(limit, unit)


@pytest.mark.parametrize(
    "written",
    [
        *("", "5", "yuan", "k tokens", "five yuan", "-5 yuan", "5 dollars", "5 yuan a day", "1.2.3 yuan"),
        *(". tokens", ",", "nan yuan", "inf tokens", "5 g tokens", "¥", "¥5 tokens", "9" * 400 + " yuan"),
    ],
)
def test_nonsense_is_told_with_two_examples(written: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        Budget.read(written)
    assert "is not a budget" in error.value.message
    assert "5 yuan or 200k tokens" in error.value.hint


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
    assert "600 tokens are left of 1,000 tokens" in error.value.message
    assert "now 600" in error.value.hint
    assert "Nothing was sent." in error.value.outcomes
    assert len(server.requests) == 1
    assert chat.ask("two", max_tokens=100).text


def test_without_max_tokens_the_longest_answer_counts(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(4_000, "tokens")
    with pytest.raises(OverBudget, match=r"up to 4,0\d\d tokens"):
        chat.ask("one")
    chat.budget = Budget(4_100, "tokens")
    assert chat.ask("one").text


def test_what_stands_before_the_prompt_counts_too(chat: Chat, server: PracticeServer) -> None:
    server.enqueue(answer(900))
    assert chat.ask("one").text
    chat.budget = Budget(900 + 900, "tokens")
    with pytest.raises(OverBudget):
        chat.ask("two", max_tokens=10)
    assert chat.ask("two", max_tokens=10, once=True).text


def test_a_budget_in_yuan_goes_by_the_price_table(chat: Chat, server: PracticeServer) -> None:
    chat.budget = Budget(0.01, "yuan")
    with pytest.raises(OverBudget) as error:
        chat.ask("one", model="glm-4-plus")
    assert "up to ¥0.02, and ¥0.01 are left of ¥0.01" in error.value.message
    assert server.requests == []
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


# As it is shown


def test_the_panel_shows_what_is_left(page: Page, server: PracticeServer) -> None:
    page.run("%glm budget 10k tokens")
    server.enqueue(answer(400), answer(1_100))
    assert page.run("%%glm -m glm-4\none").plain(1).endswith("left: 9,600 tokens of 10,000 tokens · context < 1 %")
    assert "left: 8,500 tokens of 10,000 tokens" in page.run("%%glm -m glm-4\ntwo").html(1)
    assert "left of the budget" in page.run("%glm").markdown()
    page.run("%glm budget off")
    assert "left:" not in page.run("%%glm -m glm-4\nthree").plain(1)


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
    assert "There is no budget" in page.run("%glm budget off").markdown()
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

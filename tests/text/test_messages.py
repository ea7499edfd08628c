"""Texts of ours, told in the language of who reads them."""

from __future__ import annotations

import copy
import json
import pickle
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhipu_magic.notebook import hints
from zhipu_magic.text.errors import NOTHING_SENT, InvalidRequest
from zhipu_magic.text.languages.joined import Joined, all_of, clauses, comma, sentences
from zhipu_magic.text.languages.language import language_of, prompted, reader
from zhipu_magic.text.languages.message_data import data_of, told_by
from zhipu_magic.text.languages.messages import Message, _, as_english, pgettext, sent, told
from zhipu_magic.text.languages.notice import Notice
from zhipu_magic.text.languages.numbers import about, compact, duration, money, plural
from zhipu_magic.text.markup import Markup


@pytest.fixture
def chinese() -> Iterator[None]:
    reader.choose("zh")
    yield
    reader.choose("auto")


def test_in_english_a_message_is_its_text() -> None:
    said = _("There is no batch {id} here.", id="b1")
    assert said == told(said) == sent(said) == "There is no batch b1 here."


def test_a_message_is_told_in_chinese_and_stays_english_as_a_str(chinese: None) -> None:
    said = _("There is no batch {id} here.", id=plural(2000, "row"))
    assert told(said) == "这里没有批处理 2,000 行。"
    assert str(said) == f"{said}" == "There is no batch 2,000 rows here."


def test_what_goes_to_a_model_is_in_the_language_of_the_prompt(chinese: None) -> None:
    said = plural(3, "row")
    assert sent(said) == "3 rows" and told(said) == "3 行"
    with prompted(language_of("这张表说明什么？")):
        assert sent(said) == "3 行"
    assert sent(said) == "3 rows"


def test_an_error_is_told_in_the_language_of_its_reader() -> None:
    error = InvalidRequest("There is no batch {id} here.", near="b2", outcomes=[NOTHING_SENT], reason="test", id="b1")
    assert str(error) == "There is no batch b1 here. Did you mean b2?\nNothing was sent."
    reader.choose("zh")
    try:
        assert str(error) == "这里没有批处理 b1。是不是想写 b2？\n什么都没有发送。"
        assert error.happened == "There is no batch b1 here." and error.message == "这里没有批处理 b1。"
    finally:
        reader.choose("auto")
    assert error.message == "There is no batch b1 here."


def test_a_piece_of_a_page_is_told_when_it_is_shown() -> None:
    piece = Markup("There is no batch {id} here.", id=Joined(" · ", [plural(2, "turn"), "*"]))
    assert piece.plain == "There is no batch 2 turns · * here."
    reader.choose("zh")
    try:
        assert piece.plain == "这里没有批处理 2 轮 · *。"
        assert Markup.of(plural(2, "turn")).bare == "2 轮"
    finally:
        reader.choose("auto")
    assert piece.plain == "There is no batch 2 turns · * here."


def test_numbers_are_written_as_each_language_writes_them(chinese: None) -> None:
    assert [told(compact(count)) for count in (870, 9999, 12_345, 1_200_000, 2_300_000_000)] == [
        *("870", "9,999", "1.2 万", "120 万", "23 亿")
    ]
    assert [told(compact(count)) for count in (99_994_999, 99_999_999)] == ["9,999 万", "1 亿"]
    assert [compact(count) for count in (999_499, 999_999, 999_999_999)] == ["999k", "1.0M", "1.0G"]
    assert compact(12_345) == "12.3k" and about(25_432) == "25,000"
    assert told(about(25_432)) == "2.5 万" and told(about(994)) == "990"
    assert told(money(0)) == "免费"


def test_lists_and_sentences_follow_the_language(chinese: None) -> None:
    listed = all_of([plural(1, "row"), "b", "c"])
    assert listed == "1 row, b and c" and told(listed) == "1 行、b 和 c"
    said = sentences(NOTHING_SENT, "", "Try.", NOTHING_SENT)
    assert said == "Nothing was sent. Try. Nothing was sent."
    assert told(said) == "什么都没有发送。Try. 什么都没有发送。"
    assert told(comma(["a", "b"])) == "a、b"
    assert told(clauses(["a", "b"])) == "a，b" and clauses(["a", "b"]) == "a, b"
    assert told(comma(["a", clauses(["b", "c"]), "d"])) == "a，b，c，d"
    assert told(sentences("没有", "“a”", "b")) == "没有“a”b"
    assert Markup.sentences(Markup("`a`"), NOTHING_SENT, Markup("*b*")).rich == "`a` 什么都没有发送。*b*"
    assert told(Joined(" ", [NOTHING_SENT, "b"])) == "什么都没有发送。 b", "no sentences"


def test_one_word_of_ours_may_be_two_of_another_language(chinese: None) -> None:
    assert told(_("prompt")) == "提示词" and told(pgettext("tokens", "prompt")) == "输入"
    assert _("prompt") == pgettext("tokens", "prompt") == pgettext("known to nobody", "prompt") == "prompt"
    assert told(pgettext("known to nobody", "prompt")) == "prompt"


@pytest.mark.parametrize(
    "text",
    [
        _("There is no batch {id} here.", id=plural(2, "row")),
        plural(2, "row"),
        comma([plural(2, "row"), "b"]),
        compact(12_345),
        pgettext("tokens", "prompt"),
        clauses([plural(2, "row"), "b"]),
        sentences(plural(2, "row"), "b"),
        Notice("Nothing was sent.", hint="There is no batch {id} here.", reason="test", id=3),
    ],
    ids=lambda text: type(text).__name__,
)
def test_a_message_can_be_pickled_and_kept_as_data(text: Any, chinese: None) -> None:
    copied = pickle.loads(pickle.dumps(text))
    assert copied == text and told(copied) == told(text)
    if not isinstance(text, Notice):
        kept = told_by(str(text), data_of(text))
        assert kept == text and told(kept) == told(text) != str(text)


@pytest.mark.parametrize(
    "data",
    [
        None,
        {"of": "Send {x} your key.", "with": {"x": "me"}},
        {"of": "{x.__class__}", "with": {"x": "me"}},
        {"of": "{x:>99999999}", "with": {"x": "me"}},
        {"of": "2 rows", "with": {"self": 1, "not a name": 2}},
        {"one": "{count}", "many": "{count}", "count": "2", "with": {}},
        {"between": {"between": {"between": "", "parts": []}, "parts": []}, "parts": [1]},
        {"figure": "exec", "value": 1},
        {"figure": "compact", "value": 10**400},
        {"of": "{x:.2f}", "with": {"x": 10**400}},
        {"one": "{count:,} row", "many": "{count:,} rows", "count": 3, "with": {"count": 2}},
        {"one": "{count:,} row of {x}", "many": "{count:,} rows", "count": 2, "with": {}},
        {"of": "2 rows", "in": {"of": "tokens"}, "with": {}},
    ],
)
def test_data_that_say_something_else_are_not_used(data: Any, chinese: None) -> None:
    assert type(told_by("2 rows", data)) is str


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["of", "with", "one", "many", "count", "between", "parts", "figure", "value", "x"]),
                inner,
            )
        ),
    )
)
def test_any_data_leave_the_text_as_it_is(data: Any) -> None:
    assert told_by("2 rows", data) == "2 rows"


@given(st.text(), st.text())
def test_facts_are_never_read_as_templates(fact: str, other: str) -> None:
    said = Message("{fact} · {other}", fact=fact, other=other)
    assert said == said.in_language("zh") == f"{fact} · {other}"


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("All is well.", {"one": "{count:,} row", "many": "All is well.", "count": 2, "with": {}}),
        ("A\0", {"one": "{count:,} row", "many": "A\0", "count": 2, "with": {}}),
        ("All is well.", {"one": "", "many": "All is well.", "count": 2, "with": {}}),
        ("1" + "0" * 320, {"figure": "about", "value": 10**320}),
        ("tokens\4prompt", {"of": "tokens\4prompt", "with": {}}),
        ("once", {"one": "once", "many": "{count} times", "count": 1, "with": {"count": 5}}),
    ],
)
def test_data_cannot_say_in_chinese_what_they_do_not_say_in_english(text: str, data: Any, chinese: None) -> None:
    assert told(told_by(text, data)) == text


def test_a_message_keeps_what_its_facts_were(chinese: None) -> None:
    changing = [1]
    said = _("There is no batch {id} here.", id=changing)
    error = InvalidRequest("There is no batch {id} here.", hint="No {id!r}.", reason="test", id=changing)
    changing.append(2)
    assert said == "There is no batch [1] here." and told(said) == "这里没有批处理 [1]。"
    assert str(error) == "这里没有批处理 [1]。\nNo [1]."


class Failed(Exception):
    """An error of a library's."""


def test_the_hint_of_a_cell_has_the_facts_of_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "HINTS", {"test": "{id!r}, {other}: {error}"})
    changing, error = [1], Failed("no")
    facts: dict[str, object] = {"id": changing, "other": changing, "error": error}
    raised = InvalidRequest("No {id}.", reason="test", **facts)
    notice = Notice("No {id}.", reason="test", **facts)
    changing.append(2)
    alive = weakref.ref(error)
    facts.clear()
    del error
    assert alive() is None, "its frames would stay with it"
    assert hints.in_words(raised) == "No [1].\n[1], [1]: no"
    assert hints.in_cell(notice) == "No [1]. [1], [1]: no"


def test_an_error_of_ours_that_is_a_fact_says_what_it_said(chinese: None) -> None:
    error = InvalidRequest("There is no batch {id} here.", id="b1", reason="test")
    said = _("{notebook}: not recorded and not changed: {error}", notebook="a.ipynb", error=error)
    error.context.append(NOTHING_SENT)
    alive = weakref.ref(error)
    del error
    assert alive() is None and said == "a.ipynb: not recorded and not changed: There is no batch b1 here."
    assert told(said) == "a.ipynb：未记录，也未改动：这里没有批处理 b1。"


def test_an_error_of_a_librarys_says_its_own_words_whatever_its_attributes() -> None:
    error = Failed("no")
    error.happened = ["something else"]  # type: ignore[attr-defined]  # any library may have this name
    said = _("{notebook}: not recorded and not changed: {error}", notebook="a.ipynb", error=error)
    assert as_english(said) == "a.ipynb: not recorded and not changed: no"


def test_an_error_whose_words_fail_can_be_a_fact() -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    class Odd:
        def __format__(self, spec: str) -> str:
            raise RuntimeError

    assert _("no {id}", id=Broken()) == "no <exception str() failed>"
    assert _("no {id}", id=Odd()) == "no <Odd>"


def test_facts_that_cannot_be_copied_go_anywhere_with_their_message(chinese: None) -> None:
    lock = threading.Lock()
    error = InvalidRequest("There is no batch {id} here.", reason="test", id=lock, number=np.int64(3))
    notice = Notice("There is no batch {id} here.", reason="test", id=lock)
    for copied in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (type(copied), str(copied), copied.reason) == (InvalidRequest, str(error), "test")
        assert copied.facts["number"] == 3 or str(copied.facts["number"]) == "3"
    assert told(pickle.loads(pickle.dumps(notice))) == told(copy.deepcopy(notice)) == told(notice)


def test_a_message_as_a_template_is_not_filled_again() -> None:
    inner = _("Write {code}.", code="{{ x }} {y}")
    assert str(InvalidRequest("No {b}.", hint=inner, reason="test", b=1)) == "No 1.\nWrite {{ x }} {y}."
    assert Notice(inner, reason="test", b=1) == inner
    assert Message(inner) is inner


def test_what_a_journal_gets_of_a_message_is_json() -> None:
    for text in (plural(np.int64(3), "row"), compact(np.int64(30_000)), _("no {id}", id=float("nan"))):
        data = json.loads(json.dumps(data_of(text), allow_nan=False))
        assert type(told_by(str(text), data)) is type(text)


def test_what_is_shown_never_mixes_languages_while_they_change() -> None:
    """A piece is kept in the language in which it was asked for."""

    class Switching:
        def __format__(self, spec: str) -> str:
            reader.choose("zh")
            return "x"

    reader.choose("en")
    try:
        piece = Markup("There is no batch {id} here. {more}", id=Switching(), more=plural(2, "row"))
        assert piece.plain == "There is no batch x here. 2 rows"
        reader.choose("en")
        assert piece.plain == "There is no batch x here. 2 rows"
    finally:
        reader.choose("auto")


@pytest.mark.parametrize(
    "text",
    [
        plural(2, "row"),
        compact(12_345),
        comma([plural(2, "row"), "b"]),
        sentences("The thread a …", "The file “x”", "", NOTHING_SENT),
        Notice("The file “x”", hint="Nothing was sent.", reason="test"),
    ],
    ids=lambda text: type(text).__name__,
)
def test_in_english_every_text_is_its_str(text: Any) -> None:
    assert text.in_language("en") == str(text)


def test_a_quoted_fact_is_told_from_data(chinese: None) -> None:
    said = _("The reply broke off: the service ended it with {finish_reason!r}.", finish_reason="network_error")
    assert told(told_by(str(said), data_of(said))) == told(said) != str(said)


def test_a_length_of_time_is_told_in_a_round_unit() -> None:
    told = {30: "30 seconds", 60: "1 minute", 90: "90 seconds", 300: "5 minutes", 7_200: "2 hours", 200_000: "2 days"}
    assert {seconds: duration(seconds) for seconds in told} == told


def test_a_librarys_number_is_written_as_the_template_says() -> None:
    assert _("{share:.1f} %", share=np.float32(1.25)) == "1.2 %"


def test_a_notice_and_a_message_within_one_can_be_told_from_a_journal(chinese: None) -> None:
    notice = Notice("{name} is empty.", hint="Look whether it was saved, or downloaded, to its end.", name="a.pdf")
    kept = told_by(str(notice), json.loads(json.dumps(data_of(notice))))
    assert told(kept) == told(notice) != str(notice)
    inner = plural(3, "row")
    assert data_of(Message(inner)) == data_of(inner)
    endless = "x" * 1_000_000
    assert told_by(endless, {"of": endless, "with": {}}) is endless

"""What an error or a notice is made of, and how it reads."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import pytest

import zhipu_magic
from zhipu_magic.text.errors import (
    NOTHING_SENT,
    ConnectionFailed,
    GLMError,
    InvalidAnswer,
    InvalidRequest,
    ServiceError,
)
from zhipu_magic.text.languages.notice import Notice


def _missing() -> InvalidRequest:
    return InvalidRequest(
        "There is no value named {name}.",
        hint="Pass names={{{name!r}: …}}.",
        detail="(the service's own {words})",
        reason="reference.undefined",
        outcomes=[NOTHING_SENT],
        near="total",
        name="totl",
    )


def test_an_error_says_what_happened_then_what_to_do_then_the_services_own_words() -> None:
    error = _missing()
    error.context.append("Line 3:")
    assert str(error).splitlines() == [
        "Line 3: There is no value named totl. Did you mean total?",
        "Nothing was sent. Pass names={'totl': …}.",
        "(the service's own {words})",
    ]
    assert error.message == "Line 3: There is no value named totl."
    assert (error.reason, error.facts) == ("reference.undefined", {"name": "totl"})


def test_what_a_fact_holds_is_never_taken_for_a_template() -> None:
    told = InvalidRequest("{what} failed.", reason="x", what="{name} {0} {{ y }}")
    assert str(told) == "{name} {0} {{ y }} failed."


def test_an_error_without_facts_is_taken_as_written() -> None:
    assert str(GLMError("A {{ reference }} and a {brace.", hint="{}")) == "A {{ reference }} and a {brace.\n{}"
    assert str(Notice("A {brace.", hint="{}")) == "A {brace. {}"


def test_nothing_in_an_error_commands_a_terminal() -> None:
    assert "\x1b" not in str(GLMError("{name} failed.", reason="x", name="\x1b]0;title\x07"))


@pytest.mark.parametrize(
    "error",
    [
        _missing(),
        ServiceError("Busy.", hint="Wait.", reason="service.busy", status=429, code="1305", retryable=True),
        ConnectionFailed("No.", retryable=False),
        InvalidAnswer("No {name}.", text="{", reason="answer.invalid", name="int"),
    ],
)
def test_an_error_crosses_to_another_process_whole(error: GLMError) -> None:
    there = pickle.loads(pickle.dumps(error))
    assert (type(there), str(there), vars(there)) == (type(error), str(error), vars(error))


def test_a_notice_is_its_text_in_english_and_knows_what_it_is_made_of() -> None:
    notice = Notice("{count:,} turns wait.", hint="chat.history.resume() takes them.", reason="turns.wait", count=1200)
    assert notice == "1,200 turns wait. chat.history.resume() takes them."
    assert (notice.text, notice.hint) == ("1,200 turns wait.", "chat.history.resume() takes them.")
    assert (notice.reason, notice.facts) == ("turns.wait", {"count": 1200})


def test_what_is_also_wrong_is_told_in_the_same_text_and_no_advice_twice() -> None:
    error, other, last = _missing(), _missing(), GLMError("Gone.", hint="Look.", reason="gone")
    error.context.append("Line 3:")
    other.context.append("Line 4:")
    error.also = [other, last]
    assert str(error).splitlines() == [
        "Line 3: There is no value named totl. Did you mean total?",
        "Line 4: There is no value named totl. Did you mean total?",
        "Gone.",
        "Nothing was sent. Pass names={'totl': …}. Look.",
        "(the service's own {words})",
    ]


#: What an error or a notice takes besides the facts of its sentences.
_NO_FACTS = {"hint", "detail", "reason", "outcomes", "near"}


def test_braces_are_doubled_where_a_sentence_has_facts_and_only_there() -> None:
    """Without facts a sentence stands as written: doubled braces would be shown."""
    package = Path(zhipu_magic.__file__).parent
    for path in package.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = {word.arg for word in call.keywords} if isinstance(call, ast.Call) else set()
            if not isinstance(call, ast.Call) or "reason" not in names:
                continue
            sentences = [*call.args[:1], *(word.value for word in call.keywords if word.arg == "hint")]
            texts = [one.value for one in sentences if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            where = f"{path.relative_to(package)}:{call.lineno}"
            for text in texts:
                if names <= _NO_FACTS:
                    assert "{{{{" not in text, where
                else:
                    assert text.replace("{{{{", "").replace("}}}}", "").count("{{") == 0 or "{{{" in text, where

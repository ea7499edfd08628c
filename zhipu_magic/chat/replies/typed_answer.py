"""Reads the answer as a value of the type that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...history.rounds import is_early
from ...text.errors import InvalidAnswer
from ...text.languages.joined import distinct_notes
from ...text.languages.messages import _
from ...text.languages.notice import Notice

if TYPE_CHECKING:
    from ...values.types.answer_type import Shape

#: How JSON ends that can be whole although the reply was cut off after it; of a number or a word, more may have come.
_WHOLE = ("}", "]", '"', "`")
_NOT_IN_THE_CONVERSATION = Notice("This turn is not in the conversation.", reason="outcome.no_turn_kept")


def value_of(
    text: str, shape: Shape, finish_reason: str | None, *, answer_limit: int | None = None, was_retried: bool = True
) -> Any:
    """The text as a value of this shape. Raises InvalidAnswer, which tells a wrong answer from one that was cut off.

    `answer_limit` is the longest answer, in tokens, that the budget had room for, where it could have been longer.
    `was_retried` says whether the model was told what was wrong with an earlier answer: a batch tells it nothing.
    """
    from ...values.types.answer_type import Mismatch

    is_cut = is_early(finish_reason)
    try:
        if is_cut and not text.rstrip().endswith(_WHOLE):
            raise Mismatch(text, (_("it was cut off"),))
        return shape.read(text)
    except Mismatch as mismatch:
        if is_cut:
            raise _cut_off(text, shape, finish_reason, answer_limit) from None
        raise InvalidAnswer(
            "The answer is not a valid {type}, even after one retry: {problems}."
            if was_retried
            else "The answer is not a valid {type}: {problems}.",
            hint="Rephrase the prompt, or use another model.",
            detail=_quoted(text),
            reason="answer.invalid",
            outcomes=[_NOT_IN_THE_CONVERSATION],
            text=text,
            type=shape.name,
            problems=distinct_notes(mismatch.problems),
        ) from None


def _quoted(text: str) -> str:
    return _("The answer was: {text}", text=text) if text.strip() else ""


def _cut_off(text: str, shape: Shape, finish_reason: str | None, answer_limit: int | None) -> InvalidAnswer:
    if finish_reason == "length" and answer_limit is not None:
        return InvalidAnswer(
            "The answer was cut off where the budget ended, after {limit:,} tokens, and is not a valid {type}.",
            hint="Raise the budget, or remove it: chat.budget = None.",
            detail=_quoted(text),
            reason="answer.out_of_budget",
            outcomes=[_NOT_IN_THE_CONVERSATION],
            text=text,
            type=shape.name,
            limit=answer_limit,
        )
    return InvalidAnswer(
        "The answer was cut off at its maximum length and is not a valid {type}."
        if finish_reason == "length"
        else "The answer was cut off before its end and is not a valid {type}.",
        hint="max_tokens=NUMBER allows a longer one.",
        detail=_quoted(text),
        reason="answer.cut_off",
        outcomes=[_NOT_IN_THE_CONVERSATION],
        text=text,
        type=shape.name,
    )

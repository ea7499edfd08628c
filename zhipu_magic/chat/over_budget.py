"""Errors for a turn that the budget cannot cover, or whose cost is unknown."""

from __future__ import annotations

from ..history.budget import Budget
from ..text.errors import OverBudget
from ..text.languages.messages import ngettext


def unknown_length(model: str) -> OverBudget:
    """It is not known how long an answer of the model may be, and so not what it may cost."""
    return OverBudget(
        "It is not known how long an answer of {model} may be, so the budget cannot be enforced.",
        hint="Pass max_tokens=…, or remove the budget: chat.budget = None.",
        reason="budget.unknown_length",
        model=model,
    )


def unknown_price(model: str) -> OverBudget:
    """The price of the model is not known, and the budget is in yuan."""
    return OverBudget(
        "The price of {model} is not known here, so a budget in yuan cannot be enforced.",
        hint='Set a budget in tokens (chat.budget = "200k tokens"), or remove it: chat.budget = None.',
        reason="budget.unknown_price",
        model=model,
    )


def reserved(budget: Budget, least: float, left: float, *, answer: int, others: int) -> OverBudget:
    """There would be room for a short answer, but other replies that are under way may need it."""
    return OverBudget(
        "This turn could exceed the budget: with an answer of {answer:,} tokens it takes about {least}, and only "
        "{left} of {budget} are left besides what {others} under way may take.",
        hint="Ask again when that is done, shorten the answers (max_tokens), or raise the budget.",
        reason="budget.reserved",
        least=budget.in_words(least),
        left=budget.in_words(left),
        budget=budget.in_words(budget.limit),
        answer=answer,
        others=ngettext("{count} reply", "{count:,} replies", others),
    )


def too_many_texts(budget: Budget, tokens: float, left: float) -> OverBudget:
    """Texts have more tokens, by an estimate, than the budget has left."""
    return OverBudget(
        "These texts have about {tokens}, and {left} of {budget} are left.",
        hint="Raise the budget, or remove it: chat.budget = None.",
        reason="budget.texts",
        tokens=budget.in_words(tokens),
        left=budget.in_words(left),
        budget=budget.in_words(budget.limit),
    )


def used_up(budget: Budget) -> OverBudget:
    """Nothing of the budget is left."""
    return OverBudget(
        "The budget of {budget} is spent.",
        hint="Raise it, or remove it: chat.budget = None.",
        reason="budget.spent",
        budget=budget.in_words(budget.limit),
    )


def exceeded(budget: Budget, least: float, left: float, *, answer: int) -> OverBudget:
    """What is left does not even cover a short answer."""
    return OverBudget(
        "This turn could exceed the budget: with an answer of {answer:,} tokens it takes about {least}, and {left} are "
        "left of {budget}.",
        hint="Shorten the prompt, ask for a shorter answer (max_tokens), or raise the budget.",
        reason="budget.exceeded",
        least=budget.in_words(least),
        left=budget.in_words(left),
        budget=budget.in_words(budget.limit),
        answer=answer,
    )

"""The commands for models: which one is asked, and which there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...service.models import CATALOGUE, FREE, PRICES_DATE, Model, find
from ...service.profile import Profile
from ...text.characters import is_word, plain_name
from ...text.errors import GLMError, InvalidRequest
from ...text.languages.joined import Joined, clauses, comma, sentences
from ...text.languages.messages import _
from ...text.languages.numbers import money
from ...text.markup import Markup
from ...text.suggestions import nearest
from ...text.tables import table
from .. import costs
from .command import Command, unquoted

if TYPE_CHECKING:
    from ..session import Session


def _model(session: Session, text: str) -> None:
    note = ""
    if text:
        name = plain_name(unquoted(text))
        note = _checked(session, name)
        session.change("model", name)
    chat = session.chat
    known = chat.service.model(chat.model)
    if known is None:
        said = Markup(
            "The model is **{model}**, about which nothing else is known here. {note}", model=chat.model, note=note
        )
    else:
        facts = _facts(known, chat.service.profile)
        said = Markup("The model is **{model}**: {facts}. {note}", model=chat.model, facts=facts, note=note)
    session.answer(said)


def _checked(session: Session, name: str) -> str:
    """A note on a model that could not be looked up. Raises InvalidRequest for one that is not there.

    The service is asked only about what the catalogue of its models does not have.
    """
    service = session.chat.service
    if not is_word(name) or (service.profile.is_glm and name.lower() in CATALOGUE):
        return ""  # what is no name is refused as a setting
    if service.sealed and not service.practising:
        return ""  # what was taken when the page was recorded is taken again, and says the same
    offered, note = (None, _PRACTISING) if service.practising else _offered(session)
    names = [*(offered or ()), *(CATALOGUE if service.profile.is_glm else ())]
    if name.lower() in (known for one in names for known in (one.lower(), one.lower().removesuffix(":latest"))):
        return ""
    alike = find(name) if service.profile.is_glm else None
    versions = [one for one in names if _digits(one) == _digits(name)]  # another digit is no slip
    near = alike.name if alike else nearest(name, versions)
    if not offered and not near:
        return note or _NO_NAMES
    raise InvalidRequest(
        "No model {name} is known here: {model} is still asked.",
        hint="%glm models lists the models. One that is not listed is taken as a setting: "
        "%config GLMMagics.model = '{name}'",
        reason="model.unknown",
        near=near,
        name=name,
        model=session.chat.model,
    )


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, name))


_PRACTISING = _("The practice server takes any name.")
_NO_NAMES = _("The server lists no models, so that the name could not be checked.")


def _facts(known: Model, profile: Profile) -> str:
    """What is known of a model."""
    longest = known.longest_answer
    facts = [
        _("a context of {tokens} tokens", tokens=_tokens(known.context)) if known.context else "",
        _("answers of up to {tokens}", tokens=_tokens(longest)) if longest else "",
        _cost(known, profile),
    ]
    return clauses(facts)


def _models(session: Session, text: str) -> None:
    offered, note = _offered(session)
    if session.chat.service.profile.is_glm:
        _show_catalogue(session, offered, note)
    elif offered is None:
        session.answer(note)
    else:
        _show_list(session, offered)


def _offered(session: Session) -> tuple[list[str] | None, str]:
    """The models that the service lists; or None, and why there is no list."""
    service = session.chat.service
    if service.sealed:
        return None, _("The service was not asked, as replay is 'only'.")
    try:
        if service.profile.is_glm and service.key_source is None:
            return None, _("The service was not asked, as there is no key yet.")
        return service.models(), ""
    except GLMError as error:
        if service.profile.is_glm:
            return None, _("The service's own list is not available: {why}", why=error.happened)
        return None, _("This service does not list its models: {why}", why=error.happened)


def _show_list(session: Session, offered: Sequence[str]) -> None:
    """What a server lists that is not ZhiPu AI's: what its models can do depends on how it runs them."""
    chat = session.chat
    contexts = [known.context if (known := chat.service.model(name)) else None for name in offered]
    columns = [[_("model"), *(_marked(name, chat.model) for name in offered)]]
    if any(contexts):
        columns.append([_("context, in tokens"), *map(_tokens, contexts)])
    header, *rows = zip(*columns, strict=True)
    session.answer(Markup("{listing}\n\n`%glm model NAME` chooses one.", listing=table(header, rows)))


def _show_catalogue(session: Session, offered: Sequence[str] | None, note: str) -> None:
    """All models of the catalogue, and what else the service lists."""
    chat, profile = session.chat, session.chat.service.profile
    listed = {known.name if (known := find(name)) else name for name in offered or ()}
    names = [*CATALOGUE, *sorted(listed - CATALOGUE.keys())]
    priced = profile.priced or chat.service.practising
    header = [_("model"), _("context / longest answer"), _("thinks"), _("sees images")]
    rows = []
    for name in names:
        known = chat.service.model(name)
        row = [_marked(name, chat.model), _context(known), _THINKS[known.thinking] if known else "", _sight(known)]
        rows.append([*row, _price(known)] if priced else row)
    whose = _("practice server") if chat.service.practising else _("service")
    notes = [note if offered is None else _list_note(names, listed, whose), _efforts_note()]
    if priced:
        header.append(_("yuan per million tokens: in / out"))
        notes += [_("Prices are estimates of {date}.", date=PRICES_DATE), _TIERS]
    else:
        notes.append(_PLAN if profile.plan else _NO_PRICES)
    session.answer(
        Markup(
            "{listing}\n\n{notes} `%glm model NAME` chooses one.",
            listing=table(header, rows),
            notes=sentences(*notes),
        )
    )


_THINKS = {"none": "", "optional": _("yes"), "always": _("always")}
_TIERS = _(
    "Where there are three prices, they are for a short prompt and answer, a short prompt and a long answer, and a "
    "prompt of 32K tokens or more."
)
_PLAN = _("The coding plan is billed as a subscription, not by the token.")
_NO_PRICES = _("The prices of this service are not known here.")


def _list_note(names: Sequence[str], listed: set[str], whose: str) -> str:
    missing = [name for name in names if name not in listed]
    if not missing:
        return _("The list is the {whose}'s own.", whose=whose)
    return _("The {whose}'s own list does not have {models}.", whose=whose, models=comma(missing))


def _efforts_note() -> str:
    """Which models take which efforts."""
    by_efforts: dict[tuple[str, ...], list[str]] = {}
    for model in CATALOGUE.values():
        if model.efforts:
            by_efforts.setdefault(model.efforts, []).append(model.name)
    said = Joined(
        _("; "),
        [
            _("{models}: {efforts}", models=comma(names), efforts=comma(efforts))
            for efforts, names in by_efforts.items()
        ],
    )
    return _("Models that always think do not take --no-think. Efforts (--effort): {efforts}.", efforts=said)


def _marked(name: str, chosen: str) -> str:
    return f"{name} ←" if name.lower() == chosen.lower() else name


def _context(known: Model | None) -> str:
    if known is None or (known.context is None and known.longest_answer is None):
        return _NOT_KNOWN
    longest = _tokens(known.longest_answer)
    return _("{context} / {longest} tokens", context=_tokens(known.context), longest=longest)


_NOT_KNOWN = _("not known")


def _tokens(count: int | None) -> str:
    if count is None:
        return _NOT_KNOWN
    if count < 10_000 and count % 1_000:
        return f"{count:,}"
    return f"{count // 1_000_000}M" if count >= 1_000_000 else f"{count // 1_000}K"


def _sight(known: Model | None) -> str:
    return _("yes") if known and known.vision else ""


def _cost(known: Model | None, profile: Profile) -> str:
    if profile.plan:
        return costs.OF_PLAN
    price = _price(known) if profile.priced else costs.NOT_KNOWN
    return _("{price} per million tokens, in / out", price=price) if "¥" in price else price


def _price(known: Model | None) -> str:
    if known is None or not known.prices:
        return costs.NOT_KNOWN
    if known.prices == FREE:
        return money(0)
    shown = "≈ ¥" + " · ".join(f"{price.prompt:g} / {price.completion:g}" for price in known.prices)
    last = known.prices[-1]
    if last.prompt_below is None:
        return shown
    return _("{price} (prompts under {tokens})", price=shown, tokens=_tokens(last.prompt_below))


COMMANDS = (
    Command(
        "model",
        "%glm model [NAME]",
        "show or choose the thread's model",
        _model,
        completes="models",
        details="Later turns of this thread ask the model that you choose. For one turn only, give a cell -m NAME.",
        arguments={"NAME": "the model's name; without one, the model in use is shown"},
        examples=("%glm model", "%glm model glm-4.7-flash"),
    ),
    Command(
        "models",
        "%glm models",
        "list the models and their prices",
        _models,
        details="Lists for each model how long the conversation and the answer can be, whether it thinks before it "
        "answers, whether it sees images, and what it costs, as far as that is known.",
        examples=("%glm models",),
    ),
)

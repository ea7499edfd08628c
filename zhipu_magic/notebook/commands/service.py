"""The commands for the service: the key, practice, and the model."""

from __future__ import annotations

import getpass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.core.error import StdinNotImplementedError, UsageError

from ...service.api_key import ApiKey
from ...service.keys import OF_KEYRING, OF_SESSION, check_key, save_to_keyring
from ...service.models import CATALOGUE, FREE, PRICES_DATE, Model, find
from ...service.profile import NAMED_ADDRESSES
from ...text.addresses import host_of, without_password
from ...text.errors import GLMError, SettingsError
from ...text.markup import Markup
from ...text.numbers import plural
from ...text.suggestions import nearest
from ...text.tables import table
from .command import Command, unquoted

if TYPE_CHECKING:
    from ...chat.chat import Chat
    from ...service.quota import Limit
    from ..session import Session


def _login(session: Session, text: str) -> None:
    words = text.split()
    save = "--save" in words
    name = _address_name([word for word in words if word != "--save"])
    address = NAMED_ADDRESSES[name] if name else session.chat.service.base_url
    try:
        key = check_key(
            ApiKey(getpass.getpass(f"API key for {host_of(address) or 'the service'} (not shown as you type): "))
        )
    except (StdinNotImplementedError, EOFError):
        raise SettingsError(
            "This front end cannot prompt for input.",
            hint="Set ZHIPUAI_API_KEY before the kernel starts.",
            reason="key.no_prompt",
        ) from None
    if name:
        session.change("base_url", address)
    session.chat.service.login(key)
    if save:
        save_to_keyring(key)
    said = "It is stored in the system's keyring." if save else "It is kept until the kernel ends; --save stores it."
    source = session.chat.service.key_source or ""
    if source not in (OF_SESSION, OF_KEYRING):
        said += f" But another key takes precedence ({source}): remove it to use this one."
    following = Markup()
    if name:
        following = Markup(
            "`%%glm` asks {address} now; set ZHIPUAI_BASE_URL={name} to ask there every time.",
            address=address,
            name=name,
        )
    elif session.chat.service.profile.key_page:
        following = _OTHER_ADDRESSES
    session.answer(Markup("The key is set. {said} {following}", said=said, following=following))


_OTHER_ADDRESSES = Markup(
    "A key of the coding plan needs `%glm login coding`, one of the international service `%glm login z.ai` or "
    "`%glm login z.ai/coding`."
)


def _address_name(words: list[str]) -> str:
    """The name of an address after `%glm login`; empty without one. A key, which may stand there, is not repeated."""
    if not words:
        return ""
    name = words[0].lower()
    if len(words) == 1 and name in NAMED_ADDRESSES:
        return name
    near = nearest(name, ("--save", *NAMED_ADDRESSES))
    if len(words) == 1 and near and len(name) <= _LONGEST_ADDRESS_NAME:
        raise UsageError(f"%glm login does not take that. Did you mean {near}?")
    raise UsageError(
        "Do not write the key in a cell, where it would be saved: %glm login asks for it. All that may follow is the "
        f"name of an address ({', '.join(NAMED_ADDRESSES)}) and --save."
    )


#: Characters of what may be a mistyped name, and is no key.
_LONGEST_ADDRESS_NAME = 15


def show_plan(session: Session) -> None:
    """Show what is used of the coding plan, where one is asked."""
    service = session.chat.service
    if not service.profile.plan or service.sealed or service.key_source is None:
        return
    try:
        limits = service.plan_limits()
    except GLMError as error:
        session.answer(Markup("The coding plan bills a subscription, not tokens. {why}", why=error.message))
        return
    told = " · ".join(_limit(limit) for limit in limits)
    session.answer(Markup("The coding plan bills a subscription, not tokens. Used: {told}.", told=told))


def _limit(limit: Limit) -> str:
    used = f"{limit.used:.0f} % of the {limit.name}"
    if limit.renews is None:
        return used
    today = limit.renews.date() == datetime.now().date()
    return f"{used}, until {limit.renews.strftime('%H:%M' if today else '%Y-%m-%d %H:%M')}"


def _practice(session: Session, text: str) -> None:
    if text == "off":
        session.end_practice()
        address = without_password(session.chat.service.base_url)
        carried_over = _carried_over(session)
        session.answer(
            Markup(
                "Practice is over: `%%glm` asks {address} again.{carried_over}",
                address=address,
                carried_over=carried_over,
            )
        )
        return
    script = Path(unquoted(text)).expanduser() if text else None
    try:
        session.begin_practice(script)
    except ValueError as error:
        raise UsageError(str(error)) from None
    session.answer(
        Markup(
            "Practice: `%%glm` now asks a server inside this kernel. There is **no model behind it**, its replies are "
            "written in advance{where}, and nothing leaves this machine. `%glm practice off` goes back.{carried_over}",
            where=Markup(", in {name}", name=script.name) if script else "",
            carried_over=_carried_over(session),
        )
    )


def _carried_over(session: Session) -> Markup:
    """A note that the conversation so far is sent to the other server as well."""
    count = session.chat.thread().size
    if not count:
        return Markup()
    return Markup(
        " The conversation so far ({turns}) is sent along; `%glm thread NAME` starts over.", turns=plural(count, "turn")
    )


def _model(session: Session, text: str) -> None:
    if text:
        session.change("model", unquoted(text))
    chat = session.chat
    known = chat.service.model(chat.model)
    price = _price(known, _is_listed(chat))
    facts = f": {_context(known)}, {price}" if known else ", about which nothing else is known here"
    near = nearest(chat.model, CATALOGUE) if known is None and _is_listed(chat) else ""
    meant = f" Did you mean {near}?" if near else ""
    session.answer(Markup("The model is **{model}**{facts}.{meant}", model=chat.model, facts=facts, meant=meant))


def _is_listed(chat: Chat) -> bool:
    """Whether the catalogue describes this service, or the one that the practice server replaces."""
    return chat.service.priced or chat.service.practising


def _models(session: Session, text: str) -> None:
    if not _is_listed(session.chat):
        _other_models(session)
        return
    offered, note = list(CATALOGUE), "The service was not asked, as there is no key yet."
    if session.chat.replay == "only":
        note = "The service was not asked, as replay is 'only'."
    if session.chat.service.key_source is not None:
        try:
            offered, note = session.chat.service.models(), "The list is the service's own."
        except GLMError as error:
            note = f"The service's own list is not available: {error.message}"
    rows = []
    for name in offered:
        known = find(name)
        mark = " ←" if name == session.chat.model else ""
        rows.append((name + mark, _context(known), _price(known, True), "yes" if known and known.vision else ""))
    listing = table(("model", "context / longest answer", "yuan per million tokens: in / out", "sees images"), rows)
    tiers = (
        "Where there are three prices, they are for a short prompt and answer, a short prompt and a long answer, and a "
        "prompt of 32K tokens or more."
    )
    session.answer(
        Markup(
            "{listing}\n\n{note} Prices are estimates of {date}. {tiers} `%glm model NAME` chooses one.",
            listing=listing,
            note=note,
            date=PRICES_DATE,
            tiers=tiers,
        )
    )


def _other_models(session: Session) -> None:
    """The list of a service that is not in the catalogue."""
    try:
        names = session.chat.service.models()
    except GLMError as error:
        session.answer(f"This service does not list its models: {error.message}")
        return
    rows = [(name + (" ←" if name == session.chat.model else ""),) for name in names]
    session.answer(Markup("{listing}\n\n`%glm model NAME` chooses one.", listing=table(("model",), rows)))


def _context(known: Model | None) -> str:
    return f"{_tokens(known.context)} / {_tokens(known.longest_answer)} tokens" if known else "not known"


def _tokens(count: int | None) -> str:
    if count is None:
        return "?"
    return f"{count // 1_000_000}M" if count >= 1_000_000 else f"{count // 1_000}K"


def _price(known: Model | None, priced: bool) -> str:
    if known is None or not known.prices or not priced:
        return "price not known"
    if known.prices == FREE:
        return "free"
    shown = "≈ ¥" + " · ".join(f"{price.prompt:g} / {price.completion:g}" for price in known.prices)
    last = known.prices[-1]
    return shown if last.prompt_below is None else f"{shown} (prompts under {_tokens(last.prompt_below)})"


def _version(session: Session, text: str) -> None:
    packages = ("zhipu_magic", "zhipuai", "httpx", "ipython", "ipywidgets")
    session.answer(" · ".join(f"{name} {version(name)}" for name in packages))


COMMANDS = (
    Command(
        "login",
        "%glm login [ADDRESS] [--save]",
        "set the API key (ADDRESS: coding, z.ai, z.ai/coding); --save stores it",
        _login,
        completes=" ".join(NAMED_ADDRESSES),
    ),
    Command(
        "practice",
        "%glm practice [FILE]",
        "ask a server in this kernel that has no model, or FILE's replies; off ends it",
        _practice,
        completes="off files",
    ),
    Command("model", "%glm model [NAME]", "show or choose the thread's model", _model, completes="models"),
    Command("models", "%glm models", "list the models with their context and prices", _models),
    Command("version", "%glm version", "show the versions of this extension and its dependencies", _version),
)

"""The commands that choose whom to ask, and how."""

from __future__ import annotations

import getpass
from importlib.metadata import version
from typing import TYPE_CHECKING

from IPython.core.error import StdinNotImplementedError, UsageError

from ...history.history import turns
from ...service.api_key import ApiKey
from ...service.keys import OF_KEYRING, OF_SESSION, check_key, save_to_keyring
from ...service.models import CATALOGUE, FREE, PRICES_DATE, Model
from ...text.addresses import without_password
from ...text.errors import GLMError, SettingsError
from ...text.markup import Markup
from ...text.suggestions import nearest
from ...text.tables import table
from .command import Command, unquoted

if TYPE_CHECKING:
    from ...chat.chat import Chat
    from ..magics import GLMMagics


def _login(magics: GLMMagics, text: str) -> None:
    if text.startswith("-") and text != "--save":
        raise UsageError(f"%glm login has no option {text}. Did you mean --save?")
    if text not in ("", "--save"):
        raise UsageError("Never write the key in a cell, where it would be saved: %glm login asks for it.")
    try:
        key = check_key(ApiKey(getpass.getpass("API key (it is not shown): ")))
    except (StdinNotImplementedError, EOFError):
        raise SettingsError(
            "This front end cannot prompt for input.",
            hint="Set ZHIPUAI_API_KEY before the kernel starts.",
            reason="key.no_prompt",
        ) from None
    magics.chat.service.login(key)
    if text:
        save_to_keyring(key)
    told = "It is kept in the system's keyring." if text else "It stays until the kernel ends; --save keeps it."
    source = magics.chat.service.key_source or ""
    if source not in (OF_SESSION, OF_KEYRING):
        told += f" But another goes first ({source}): take that away to use this one."
    magics.tell(f"The key is set. {told}")


def _practice(magics: GLMMagics, text: str) -> None:
    if text not in ("", "off"):
        raise UsageError("%glm practice starts the practice server; %glm practice off goes back to the service.")
    if text == "off":
        magics.end_practice()
        address = without_password(magics.chat.service.base_url)
        carried_over = _carried_over(magics)
        magics.tell(
            Markup(
                "Practice is over: `%%glm` asks {address} again.{carried_over}",
                address=address,
                carried_over=carried_over,
            )
        )
        return
    magics.begin_practice()
    magics.tell(
        Markup(
            "Practice: `%%glm` now asks a server inside this kernel. There is **no model behind it**, its replies are "
            "written in advance, and nothing leaves this machine. `%glm practice off` goes back.{carried_over}",
            carried_over=_carried_over(magics),
        )
    )


def _carried_over(magics: GLMMagics) -> Markup:
    """What the other side will be told of the conversation so far."""
    count = magics.chat.thread().size
    if not count:
        return Markup()
    return Markup(" The conversation so far ({turns}) goes along; `%glm thread NAME` begins anew.", turns=turns(count))


def _model(magics: GLMMagics, text: str) -> None:
    chat = magics.chat  # before the setting, which until it is made is that of all threads
    if text:
        magics.set_trait("model", unquoted(text))
    known = CATALOGUE.get(chat.model)
    price = _price(known, _is_listed(chat))
    facts = f": {_context(known)}, {price}" if known else ", of which nothing more is known here"
    near = nearest(chat.model, CATALOGUE) if known is None and _is_listed(chat) else None
    meant = f" Did you mean {near}?" if near else ""
    magics.tell(Markup("The model is **{model}**{facts}.{meant}", model=chat.model, facts=facts, meant=meant))


def _is_listed(chat: Chat) -> bool:
    """Whether the catalogue speaks of the service, or of the one that practice stands in for."""
    return chat.service.priced or chat.service.practising


def _models(magics: GLMMagics, text: str) -> None:
    if not _is_listed(magics.chat):
        _other_models(magics)
        return
    offered, note = list(CATALOGUE), "The service was not asked, for there is no key yet."
    if magics.chat.replay == "only":
        note = "Replay is 'only': the service was not asked."
    if magics.chat.service.key_source is not None:
        try:
            offered, note = magics.chat.service.models(), "The list is the service's own."
        except GLMError as error:
            note = f"The service's own list could not be had: {error.message}"
    rows = []
    for name in offered:
        known = CATALOGUE.get(name)
        mark = " ←" if name == magics.chat.model else ""
        rows.append((name + mark, _context(known), _price(known, True), "yes" if known and known.vision else ""))
    listing = table(("model", "context / longest answer", "yuan per million tokens: in / out", "sees images"), rows)
    tiers = (
        "Several prices are for a short prompt and answer, a short prompt and a long answer, and a prompt of 32K "
        "tokens or more."
    )
    magics.tell(
        Markup(
            "{listing}\n\n{note} Prices are estimates of {date}. {tiers} `%glm model NAME` chooses one.",
            listing=listing,
            note=note,
            date=PRICES_DATE,
            tiers=tiers,
        )
    )


def _other_models(magics: GLMMagics) -> None:
    """The list of a service that the catalogue does not speak of."""
    try:
        names = magics.chat.service.models()
    except GLMError as error:
        magics.tell(f"This service gives no list of its models: {error.message}")
        return
    rows = [(name + (" ←" if name == magics.chat.model else ""),) for name in names]
    magics.tell(Markup("{listing}\n\n`%glm model NAME` chooses one.", listing=table(("model",), rows)))


def _context(known: Model | None) -> str:
    return f"{_tokens(known.context)} / {_tokens(known.longest_answer)} tokens" if known else "not known"


def _tokens(count: int) -> str:
    return f"{count // 1_000_000}M" if count >= 1_000_000 else f"{count // 1_000}K"


def _price(known: Model | None, priced: bool) -> str:
    if known is None or not known.prices or not priced:
        return "price not known"
    if known.prices == FREE:
        return "free"
    shown = "≈ ¥" + " · ".join(f"{price.prompt:g} / {price.completion:g}" for price in known.prices)
    last = known.prices[-1]
    return shown if last.prompt_below is None else f"{shown} (prompts under {_tokens(last.prompt_below)})"


def _version(magics: GLMMagics, text: str) -> None:
    packages = ("zhipu_magic", "zhipuai", "httpx", "ipython", "ipywidgets")
    magics.tell(" · ".join(f"{name} {version(name)}" for name in packages))


COMMANDS = (
    Command("login", "%glm login [--save]", "set the API key; --save keeps it in the system's keyring", _login),
    Command(
        "practice",
        "%glm practice [off]",
        "ask a server in this kernel: no key, no model behind",
        _practice,
        completes="off",
    ),
    Command("model", "%glm model [NAME]", "show or choose the thread's model", _model, completes="models"),
    Command("models", "%glm models", "list the models, with their context and price", _models),
    Command("version", "%glm version", "the versions of this extension and what it stands on", _version),
)

"""The commands for the service: the key, practice, and the model."""

from __future__ import annotations

import getpass
import os
from contextlib import suppress
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.core.error import StdinNotImplementedError, UsageError

from ...service.api_key import ApiKey
from ...service.keys import KEY_VARIABLE, check_key, save_to_keyring
from ...service.profile import NAMED_ADDRESSES
from ...text.addresses import host_of, without_password
from ...text.errors import GLMError, SettingsError
from ...text.languages.joined import comma, dotted, sentences
from ...text.languages.messages import _, told
from ...text.languages.numbers import plural
from ...text.markup import Markup
from ...text.own_version import OWN_VERSION
from ...text.suggestions import nearest
from ..hints import door
from .command import Command, unquoted

if TYPE_CHECKING:
    from ...service.quota import Limit
    from ..session import Session


def _login(session: Session, text: str) -> None:
    words = text.split()
    save = "--save" in words
    name = _address_name([word for word in words if word != "--save"])
    ended = session.chat.service.practising
    if ended:  # who logs in wants the service
        session.end_practice()
    address = NAMED_ADDRESSES[name] if name else session.chat.service.base_url
    try:
        key = check_key(ApiKey(getpass.getpass(told(_asking(address)))))
    except (StdinNotImplementedError, EOFError):
        raise SettingsError(
            "This front end cannot prompt for input.",
            hint="Set ZHIPUAI_API_KEY before the kernel starts.",
            reason="key.no_prompt",
        ) from None
    if name:
        session.change("base_url", address)
    session.chat.service.login(key)
    said = [
        _saved(key, session.chat.service.base_url) if save else _("It is kept until the kernel ends; --save stores it.")
    ]
    if os.environ.get(KEY_VARIABLE, "").strip():
        said.append(_("It goes before the one in {variable}.", variable=KEY_VARIABLE))
    if ended:
        said.append(_("Practice is over."))
    following = Markup()
    if name:
        following = Markup(
            "`%%glm` asks {address} now; set ZHIPUAI_BASE_URL={name} to ask there every time.",
            address=address,
            name=name,
        )
    elif session.chat.service.profile.key_page:
        following = _OTHER_ADDRESSES
    session.answer(Markup("The key is set. {said} {following}", said=sentences(*said), following=following))


def _asking(address: str) -> str:
    """What asks for the key; what is typed follows it."""
    return _("API key for {host} (not shown as you type): ", host=host_of(address) or _("the service"))


def _saved(key: ApiKey, address: str) -> str:
    """Store the key for this address, if the system can. Returns what to say of it."""
    try:
        with door():
            save_to_keyring(key, address)
    except SettingsError as error:
        return sentences(_("It is kept until the kernel ends."), error.happened, error.hint)
    return _("It is stored in the system's keyring.")


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
        raise UsageError(sentences(_("%glm login does not take that."), _("Did you mean {near}?", near=near)))
    raise UsageError(
        _(
            "Do not write the key in a cell, where it would be saved: %glm login asks for it. All that may follow is "
            "the name of an address ({names}) and --save.",
            names=comma(NAMED_ADDRESSES),
        )
    )


#: Characters of what may be a mistyped name, and is no key.
_LONGEST_ADDRESS_NAME = 15


def show_plan(session: Session) -> None:
    """Show what is used of the coding plan, where one is asked."""
    service = session.chat.service
    if not service.profile.plan or service.sealed:
        return
    try:
        if service.key_source is None:
            return
        limits = service.plan_limits()
    except GLMError as error:
        session.answer(
            Markup("The coding plan is billed as a subscription, not by the token. {why}", why=error.happened)
        )
        return
    used = dotted(map(_limit, limits))
    session.answer(Markup("The coding plan is billed as a subscription, not by the token. Used: {used}.", used=used))


def _limit(limit: Limit) -> str:
    used = _("{used:.0f} % of the {limit}", used=limit.used, limit=limit.name)
    if limit.renews is None:
        return used
    today = limit.renews.date() == datetime.now().date()
    return _("{used}, until {time}", used=used, time=limit.renews.strftime("%H:%M" if today else "%Y-%m-%d %H:%M"))


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
        raise UsageError(error) from None
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
        " The conversation so far ({turns}) is sent along with the next one; `%glm thread NAME` starts over.",
        turns=plural(count, "turn"),
    )


def _version(session: Session, text: str) -> None:
    installed = {"zhipu_magic": OWN_VERSION}
    for name in ("zhipuai", "zai-sdk", "httpx", "ipython", "ipywidgets"):
        with suppress(PackageNotFoundError):  # of the SDK and its successor, one is enough
            installed[name] = version(name)
    session.answer(" · ".join(f"{name} {number}" for name, number in installed.items()))


COMMANDS = (
    Command(
        "login",
        "%glm login [ADDRESS] [--save]",
        "enter the API key; --save keeps it",
        _login,
        completes=" ".join(NAMED_ADDRESSES),
        details="Asks for the key without showing it: never write a key in a cell, where it would be saved. It is kept "
        "until the kernel ends, unless it is saved.",
        arguments={
            "ADDRESS": "where the key belongs, if it is not the general mainland service: coding is its coding plan, "
            "z.ai the international service, z.ai/coding the coding plan of that",
            "--save": "store the key in the system's keyring, for later sessions",
        },
        examples=("%glm login", "%glm login coding --save"),
    ),
    Command(
        "practice",
        "%glm practice [FILE]",
        "ask a practice server: no key, no model",
        _practice,
        completes="off files",
        details="From now on cells ask a small server inside this kernel. There is no model behind it: its replies are "
        "written in advance, cost nothing, and nothing leaves this machine. It is for trying things out, for teaching "
        "and for tests.",
        arguments={"FILE": "a YAML file with replies of your own; or off, which goes back to the service"},
        examples=("%glm practice", "%glm practice lesson.yaml", "%glm practice off"),
    ),
    Command(
        "version",
        "%glm version",
        "show the versions of what is installed",
        _version,
        details="Shows the versions of this extension and of the packages that it uses, for a report of a fault.",
        examples=("%glm version",),
    ),
)

"""Where the API key is found and stored. The key itself is never shown (see `api_key`)."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from contextlib import suppress

from ..text.addresses import origin_of
from ..text.errors import SettingsError
from ..text.languages.notice import Notice
from .api_key import ApiKey
from .colab import colab_secret
from .profile import DEFAULT_BASE_URL

KEY_VARIABLE = "ZHIPUAI_API_KEY"

_KEYRING_SERVICE = "zhipu_magic"
_KEYRING_USER = "api_key"


def find_key(address: str, api_key: ApiKey | None, login: ApiKey | None) -> tuple[ApiKey, Notice] | None:
    """The first key that is set for this address, and where it came from; None if there is none.

    `login` is what was typed for it in this session. Raises SettingsError for a key that cannot be sent, or read.
    """
    for key, source in _found(address, api_key, login):
        if key and key.strip():
            return check_key(key), source
    return None


def _found(address: str, api_key: ApiKey | None, login: ApiKey | None) -> Iterator[tuple[ApiKey | None, Notice]]:
    """The keys, the user's latest word first. Each is looked up only where those before it are not set.

    Colab's secrets come last: looking there may ask the user, and one of them is for all hosts and notebooks, while the
    keyring has what was saved for this host.
    """
    yield api_key, IN_CODE
    yield login, OF_SESSION
    yield ApiKey(os.environ.get(KEY_VARIABLE, "")), OF_ENVIRONMENT
    yield _from_keyring(_keyring_user(address)), OF_KEYRING
    yield ApiKey(colab_secret(KEY_VARIABLE) or ""), OF_COLAB


#: Where a key came from.
IN_CODE = Notice("given in the code", reason="key.in_code")
OF_SESSION = Notice("set in this session", reason="key.of_session")
OF_ENVIRONMENT = Notice("the environment variable ZHIPUAI_API_KEY", reason="key.of_environment")
OF_KEYRING = Notice("the system's keyring", reason="key.of_keyring")
OF_COLAB = Notice("Colab's secrets", reason="key.of_colab")


def check_key(key: ApiKey) -> ApiKey:
    """The key without spaces around it. Raises SettingsError, without the key, if it cannot go into a header."""
    key = ApiKey(key.strip())
    if not key or not _IN_A_HEADER.fullmatch(key):
        raise SettingsError(
            "The API key contains characters that no key has (spaces, line breaks, or letters beyond ASCII).",
            hint="Copy it again from the page where it was created; one of ZhiPu AI's looks like id.secret.",
            reason="key.malformed",
        )
    return key


_IN_A_HEADER = re.compile("[!-~]+")


def save_to_keyring(key: ApiKey, address: str) -> None:
    """Store the key for the host of this address in the system's keyring. Raises SettingsError if there is none."""
    try:
        import keyring
    except ImportError:
        raise SettingsError(
            "The key is not saved: that needs the keyring package.",
            hint="Install it (pip install keyring), and save the key again.",
            reason="keyring.not_installed",
        ) from None
    with suppress(Exception):  # keyrings raise errors of all kinds, with frames that hold the key
        keyring.set_password(_KEYRING_SERVICE, _keyring_user(address), key)
        _from_keyring.cache_clear()
        return
    raise SettingsError(
        "The key is not saved: this system has no keyring that can do so.",
        hint="Set ZHIPUAI_API_KEY to have it every time.",
        reason="keyring.none",
    )


def _keyring_user(address: str) -> str:
    """Under which name the keyring has the key: each host has its own."""
    origin = origin_of(address)
    return _KEYRING_USER if origin == origin_of(DEFAULT_BASE_URL) else f"{_KEYRING_USER} for {origin}"


@functools.cache  # a keyring may ask the user each time
def _from_keyring(user: str) -> ApiKey | None:
    try:
        import keyring
    except ImportError:
        return None
    try:
        return ApiKey(keyring.get_password(_KEYRING_SERVICE, user) or "")
    except Exception:
        return None

"""Where the API key is found and stored. The key itself is never shown (see `api_key`)."""

from __future__ import annotations

import functools
import os
import re
from contextlib import suppress

from ..text.errors import SettingsError
from ..text.notice import Notice
from .api_key import ApiKey

KEY_VARIABLE = "ZHIPUAI_API_KEY"

_KEYRING_SERVICE = "zhipu_magic"
_KEYRING_USER = "api_key"


def find_key(api_key: ApiKey | None, saved_key: ApiKey | None) -> tuple[ApiKey, str] | None:
    """The first key that is set, and where it came from; None if there is none."""
    if api_key:
        return check_key(api_key), _IN_CODE
    if os.environ.get(KEY_VARIABLE, "").strip():
        return check_key(ApiKey(os.environ[KEY_VARIABLE])), KEY_VARIABLE
    if saved_key:
        return check_key(saved_key), OF_SESSION
    stored = _from_keyring()
    return (check_key(stored), OF_KEYRING) if stored else None


#: Where a key came from.
_IN_CODE = Notice("given in the code", reason="key.in_code")
OF_SESSION = Notice("for this session only", reason="key.of_session")
OF_KEYRING = Notice("in the system's keyring", reason="key.of_keyring")


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


def save_to_keyring(key: ApiKey) -> None:
    """Store the key in the system's keyring. Raises SettingsError if there is none."""
    try:
        import keyring
    except ImportError:
        raise SettingsError(
            "Saving the key needs the keyring package.",
            hint='pip install "zhipu_magic[keyring]"',
            reason="keyring.not_installed",
        ) from None
    with suppress(Exception):  # keyrings raise errors of all kinds, with frames that hold the key
        keyring.set_password(_KEYRING_SERVICE, _KEYRING_USER, key)
        _from_keyring.cache_clear()
        return
    raise SettingsError(
        "This system has no keyring that can save the key.",
        hint="The key is set for this session only; set ZHIPUAI_API_KEY to have it every time.",
        reason="keyring.none",
    )


@functools.cache  # a keyring may ask the user each time
def _from_keyring() -> ApiKey | None:
    try:
        import keyring
    except ImportError:
        return None
    try:
        return ApiKey(keyring.get_password(_KEYRING_SERVICE, _KEYRING_USER) or "")
    except Exception:
        return None

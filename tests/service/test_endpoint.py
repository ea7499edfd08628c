"""Where the key comes from, where it may go, and that it is never seen."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend

from zhipu_magic.service import endpoint, keys
from zhipu_magic.service.api_key import ApiKey
from zhipu_magic.service.endpoint import Endpoint
from zhipu_magic.text.errors import SettingsError


class MemoryKeyring(KeyringBackend):
    """A keyring that lasts as long as a test."""

    priority = 1

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def memory_keyring() -> Any:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    yield
    keyring.set_keyring(before)


def test_the_argument_goes_before_the_environment_before_the_login_before_the_keyring(
    memory_keyring: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keys.find_key(None, None) is None
    keys.save_to_keyring(ApiKey("kept.key"))
    assert keys.find_key(None, None) == ("kept.key", "in the system's keyring")
    assert keys.find_key(None, "login.key") == ("login.key", "for this session only")
    monkeypatch.setenv("ZHIPUAI_API_KEY", "environment.key")
    assert keys.find_key(None, "login.key") == ("environment.key", "ZHIPUAI_API_KEY")
    assert keys.find_key("given.key", "login.key") == ("given.key", "given in the code")


def test_without_the_keyring_package_saving_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    with pytest.raises(SettingsError, match=r'pip install "zhipu_magic\[keyring\]"'):
        keys.save_to_keyring(ApiKey("a.key"))
    assert keys.find_key(None, None) is None


def test_a_system_without_a_keyring_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    try:
        with pytest.raises(SettingsError, match="no keyring"):
            keys.save_to_keyring(ApiKey("a.key"))
        assert keys.find_key(None, None) is None
    finally:
        keyring.set_keyring(before)


def test_the_key_does_not_show_itself() -> None:
    where = Endpoint(endpoint.DEFAULT_BASE_URL, ApiKey("hidden.secret"), "given in the code")
    for shown in (repr(where), repr(where.key), repr(SimpleNamespace(key=where.key)), repr([where.key])):
        assert "hidden" not in shown
    assert f"Bearer {where.key}" == "Bearer hidden.secret"


@pytest.mark.parametrize("key", ["two words", "line\nend", "密钥", "", "  "])
def test_a_key_that_no_header_can_hold_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(SettingsError) as refused:
        keys.check_key(key)
    assert not key.strip() or key not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://open.bigmodel.cn/api/paas/v4",
        "https://api.z.ai/api/paas/v4/",
        "http://127.0.0.1:8000/v1",
        "http://localhost:11434/v1",
        "http://[::1]:8000/v1",
        "http://127.9.9.9/v1",
    ],
)
def test_an_address_with_tls_or_on_this_machine_is_taken(url: str) -> None:
    assert endpoint.check_base_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://open.bigmodel.cn/api/paas/v4", "without encryption"),
        ("http://127.0.0.1.example.com/v1", "without encryption"),
        ("http://192.168.0.7:8000/v1", "without encryption"),
        ("http://localhost.example.com", "without encryption"),
        ("open.bigmodel.cn", "not a valid address"),
        ("ftp://open.bigmodel.cn", "not a valid address"),
        ("https://", "not a valid address"),
        ("https://reader:hidden@open.bigmodel.cn", "a user name or a password"),
        ("ftp://reader:hidden@open.bigmodel.cn", "not a valid address"),
        ("http://[::1", "not a valid address"),
        ("https://host:port/v1", "not a valid address"),
    ],
)
def test_any_other_address_is_refused_with_the_reason(url: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as refused:
        endpoint.check_base_url(url)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "priced"),
    [
        ("https://open.bigmodel.cn/api/paas/v4", True),
        ("http://127.0.0.1:8000/api/paas/v4", True),
        ("http://127.0.0.1:8000/v1", False),
        ("https://api.z.ai/api/paas/v4", False),
        ("http://[::1", False),
        ("https://open.bigmodel.cn.example.com/v4", False),
    ],
)
def test_prices_are_those_of_the_mainland_service_alone(url: str, priced: bool) -> None:
    assert Endpoint(url, ApiKey("a.key"), "given in the code").profile.priced is priced
